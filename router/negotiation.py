"""Association negotiation as the acceptor (PS3.8 7.1.1): who may send, and what in which syntax.

Storage is for the senders of sites. The storage commitment push model is for archives that
report what they keep: the requestor is its SCP then, and must propose that role (PS3.4 J.3.3,
PS3.7 D.3.3.4). We are no SCP of it: proposed in the ordinary roles, it is turned down.
"""

import dataclasses
from typing import Final

from pydicom.uid import UID, AllTransferSyntaxes
from pynetdicom.pdu import A_ASSOCIATE_AC, A_ASSOCIATE_RJ, A_ASSOCIATE_RQ
from pynetdicom.pdu_primitives import (
    _UI,
    A_ASSOCIATE,
    ImplementationClassUIDNotification,
    ImplementationVersionNameNotification,
    MaximumLengthNotification,
    SCP_SCU_RoleSelectionNegotiation,
)
from pynetdicom.presentation import AllStoragePresentationContexts, PresentationContext

from core.domain.identity import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION

VERIFICATION: Final = "1.2.840.10008.1.1"
COMMITMENT: Final = "1.2.840.10008.1.20.1"  #: Storage Commitment Push Model SOP Class
#: Retired storage classes that scanners and archives still send (PS3.6 A, PS3.4 2004).
RETIRED: Final = frozenset(
    {
        "1.2.840.10008.5.1.4.1.1.3",
        "1.2.840.10008.5.1.4.1.1.5",
        "1.2.840.10008.5.1.4.1.1.6",
        "1.2.840.10008.5.1.4.1.1.9",
        "1.2.840.10008.5.1.4.1.1.10",
        "1.2.840.10008.5.1.4.1.1.11",
        "1.2.840.10008.5.1.4.1.1.12.3",
        "1.2.840.10008.5.1.4.1.1.77.1",
        "1.2.840.10008.5.1.4.1.1.77.2",
    }
)
STORAGE: Final = RETIRED | {
    str(context.abstract_syntax) for context in AllStoragePresentationContexts
}
#: Not those whose pixels are somewhere else: what is acknowledged must be here.
SYNTAXES: Final = frozenset(
    str(one) for one in AllTransferSyntaxes if "JPIP" not in one.name and "SMPTE" not in one.name
)
_PLAIN: Final = frozenset({"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"})

ACCEPTED, NO_SUCH_CLASS, NO_SUCH_SYNTAX = 0, 3, 4  # PS3.8 table 9-18

#: (result, source, diagnostic) of A-ASSOCIATE-RJ, PS3.8 table 9-21.
CALLING_UNKNOWN: Final = (1, 1, 3)
CALLED_UNKNOWN: Final = (1, 1, 7)
CONGESTED: Final = (2, 3, 1)
TOO_MANY: Final = (2, 3, 2)


@dataclasses.dataclass(frozen=True, slots=True)
class Request:
    """An A-ASSOCIATE-RQ, decoded; its titles are hostile text of at most 16 characters."""

    called: str
    calling: str
    primitive: A_ASSOCIATE


def read(body: bytes) -> Request:
    """Decode an A-ASSOCIATE-RQ PDU (with its six bytes of head); any error is the peer's."""
    pdu = A_ASSOCIATE_RQ()
    pdu.decode(body)
    primitive = pdu.to_primitive()
    return Request(
        called=str(primitive.called_ae_title or "").strip(),
        calling=str(primitive.calling_ae_title or "").strip(),
        primitive=primitive,
    )


def reject(verdict: tuple[int, int, int]) -> bytes:
    """An A-ASSOCIATE-RJ PDU."""
    primitive = A_ASSOCIATE()
    primitive.result, primitive.result_source, primitive.diagnostic = verdict
    pdu = A_ASSOCIATE_RJ()
    pdu.from_primitive(primitive)
    return bytes(pdu.encode())


@dataclasses.dataclass(frozen=True, slots=True)
class Offer:
    """What a requestor may propose, by who it is."""

    storage: bool = True  #: it sends for a site
    reports: bool = False  #: it may report on storage commitment


SENDER: Final = Offer()


def accept(
    request: Request, *, max_pdu: int, offer: Offer = SENDER
) -> tuple[bytes, dict[int, tuple[str, str]]]:
    """An A-ASSOCIATE-AC PDU and what was accepted: context id to (SOP class, syntax)."""
    allowed = _allowed(offer, reporting=offer.reports and _proposes_to_report(request))
    answers = [
        _judge(context, allowed)
        for context in request.primitive.presentation_context_definition_list
    ]
    accepted = {
        int(answer.context_id or 0): (str(answer.abstract_syntax), str(answer.transfer_syntax[0]))
        for answer in answers
        if answer.result == ACCEPTED
    }
    primitive = A_ASSOCIATE()
    primitive.application_context_name = UID("1.2.840.10008.3.1.1.1")
    primitive.calling_ae_title = request.primitive.calling_ae_title
    primitive.called_ae_title = request.primitive.called_ae_title
    primitive.result, primitive.result_source = 0, 1
    primitive.presentation_context_definition_results_list = answers
    primitive.user_information = _about_us(max_pdu)
    if any(abstract == COMMITMENT for abstract, _ in accepted.values()):
        primitive.user_information.append(_role())
    pdu = A_ASSOCIATE_AC()
    pdu.from_primitive(primitive)
    return bytes(pdu.encode()), accepted


def _allowed(offer: Offer, *, reporting: bool) -> frozenset[str]:
    """The SOP classes that this association may carry."""
    known = {VERIFICATION, COMMITMENT} if reporting else {VERIFICATION}
    return STORAGE | known if offer.storage else frozenset(known)


def _proposes_to_report(request: Request) -> bool:
    """Whether the requestor wants to be SCP of storage commitment."""
    return any(
        isinstance(item, SCP_SCU_RoleSelectionNegotiation)
        and item.sop_class_uid == COMMITMENT
        and bool(item.scp_role)
        for item in request.primitive.user_information
    )


def _role() -> SCP_SCU_RoleSelectionNegotiation:
    """The requestor is SCP of storage commitment, and nothing but SCP."""
    role = SCP_SCU_RoleSelectionNegotiation()
    role.sop_class_uid = UID(COMMITMENT)
    role.scu_role, role.scp_role = False, True
    return role


def _about_us(max_pdu: int) -> list[_UI]:
    """User information (PS3.7 D.3.3): maximum length, implementation class and version."""
    length = MaximumLengthNotification()
    length.maximum_length_received = max_pdu
    implementation = ImplementationClassUIDNotification()
    implementation.implementation_class_uid = UID(IMPLEMENTATION_CLASS_UID)
    version = ImplementationVersionNameNotification()
    version.implementation_version_name = IMPLEMENTATION_VERSION
    return [length, implementation, version]


def _judge(asked: PresentationContext, classes: frozenset[str]) -> PresentationContext:
    """Accept the first syntax of the requestor's that we keep, for one of `classes`."""
    answer = PresentationContext()
    answer.context_id = asked.context_id
    answer.abstract_syntax = asked.abstract_syntax
    proposed = [str(syntax) for syntax in asked.transfer_syntax]
    allowed = SYNTAXES if asked.abstract_syntax in STORAGE else _PLAIN
    chosen = next((syntax for syntax in proposed if syntax in allowed), None)
    if asked.abstract_syntax not in classes:
        answer.result = NO_SUCH_CLASS
    else:
        answer.result = ACCEPTED if chosen else NO_SUCH_SYNTAX
    answer.transfer_syntax = [UID(chosen or proposed[0] if proposed else "1.2.840.10008.1.2")]
    return answer
