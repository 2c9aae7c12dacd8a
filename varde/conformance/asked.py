"""What the network programs say when they are asked: their own PDUs, on a loopback socket."""

import contextlib
import dataclasses
import socket
import threading
from collections.abc import Sequence
from typing import Final

from pydicom.uid import UID
from pynetdicom.pdu import A_ASSOCIATE_AC, A_ASSOCIATE_RQ
from pynetdicom.pdu_primitives import (
    _UI,
    A_ASSOCIATE,
    AsynchronousOperationsWindowNegotiation,
    ImplementationClassUIDNotification,
    MaximumLengthNotification,
    SCP_SCU_RoleSelectionNegotiation,
    SOPClassExtendedNegotiation,
    UserIdentityNegotiation,
)
from pynetdicom.presentation import PresentationContext

from core.domain.errors import VardeError
from core.domain.profile import Kind
from core.sections import Destination, Dicom
from router import negotiation, upper_layer
from router.destinations import Peer
from router.event_report import EventReport

_PATIENCE_S: Final = 10.0
_CONTEXT_NAME: Final = "1.2.840.10008.3.1.1.1"


@dataclasses.dataclass(frozen=True, slots=True)
class Context:
    """A presentation context as it is proposed: scu and scp are the roles asked for."""

    sop_class_uid: str
    syntaxes: tuple[str, ...]
    roles: str


@dataclasses.dataclass(frozen=True, slots=True)
class Proposal:
    """An A-ASSOCIATE-RQ: its contexts, its largest PDU, and what it would negotiate further."""

    contexts: tuple[Context, ...]
    longest_pdu: int
    items: tuple[str, ...]


def proposed(**settings: object) -> Proposal:
    """What the storage SCU proposes to a destination with these settings."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(_PATIENCE_S)
        told: list[negotiation.Request] = []
        answering = threading.Thread(target=_reject, args=(listening, told))
        answering.start()
        where = Destination.model_validate(
            {
                "ae_title": "ANY", "host": "127.0.0.1", "port": listening.getsockname()[1],
                "timeout_s": _PATIENCE_S, "objects": tuple(Kind), **settings,
            }
        )  # fmt: skip
        with contextlib.suppress(VardeError), Peer(where, _heard if where.commitment else None):
            pass
        answering.join()
    return _read(told[0].primitive)


def _heard(report: EventReport) -> int:
    """A report on storage commitment; none comes, as the association is rejected."""
    return len(report.body)


def _reject(listening: socket.socket, told: list[negotiation.Request]) -> None:
    """Read one A-ASSOCIATE-RQ and reject it."""
    peer, _ = listening.accept()
    wire = upper_layer.Wire(peer, idle_s=_PATIENCE_S)
    kind, body = wire.pdu()
    head = bytes((kind, 0)) + len(body).to_bytes(4, "big")
    told.append(negotiation.read(head + bytes(body)))
    wire.send(negotiation.reject(negotiation.CALLED_UNKNOWN))
    wire.close()


def _read(primitive: A_ASSOCIATE) -> Proposal:
    roles: dict[str, str] = {}
    longest = 0
    for item in primitive.user_information:
        if isinstance(item, MaximumLengthNotification):
            longest = int(item.maximum_length_received or 0)
        elif isinstance(item, SCP_SCU_RoleSelectionNegotiation):
            asked = [("SCU", item.scu_role), ("SCP", item.scp_role)]
            roles[str(item.sop_class_uid)] = ", ".join(role for role, wanted in asked if wanted)
    contexts = tuple(
        Context(
            str(one.abstract_syntax),
            tuple(map(str, one.transfer_syntax)),
            roles.get(str(one.abstract_syntax), "SCU"),
        )
        for one in primitive.presentation_context_definition_list
    )
    return Proposal(contexts, longest, _items(primitive))


def _items(primitive: A_ASSOCIATE) -> tuple[str, ...]:
    """The kinds of user information (PS3.7 D.3.3), once each."""
    return tuple(dict.fromkeys(type(item).__name__ for item in primitive.user_information))


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """An A-ASSOCIATE-AC: what of everything that can be negotiated was answered."""

    items: tuple[str, ...]
    longest_pdu: int
    chosen: str  #: the transfer syntax that was accepted of several


def answered(
    sop_class_uid: str, syntaxes: Sequence[str], offer: negotiation.Offer | None = None
) -> Answer:
    """What the SCP answers to a request that asks for all there is to negotiate.

    `offer` is what the peer may propose; that of a sender where it is None.
    """
    asked = A_ASSOCIATE()
    asked.application_context_name = UID(_CONTEXT_NAME)
    asked.calling_ae_title = asked.called_ae_title = "ANY"
    context = PresentationContext()
    context.context_id, context.abstract_syntax = 1, UID(sop_class_uid)
    context.transfer_syntax = [UID(one) for one in syntaxes]
    asked.presentation_context_definition_list = [context]
    asked.user_information = _everything(sop_class_uid)
    pdu = A_ASSOCIATE_RQ()
    pdu.from_primitive(asked)
    data, accepted = negotiation.accept(
        negotiation.read(pdu.encode()), max_pdu=Dicom().max_pdu, offer=offer or negotiation.Offer()
    )
    back = A_ASSOCIATE_AC()
    back.decode(data)
    answer = back.to_primitive()
    return Answer(_items(answer), _longest(answer), accepted.get(1, ("", ""))[1])


def _longest(primitive: A_ASSOCIATE) -> int:
    found = (
        item.maximum_length_received
        for item in primitive.user_information
        if isinstance(item, MaximumLengthNotification)
    )
    return int(next(found, 0) or 0)


def _everything(sop_class_uid: str) -> list[_UI]:
    """User information with every kind of negotiation in it."""
    length = MaximumLengthNotification()
    length.maximum_length_received = 16384
    implementation = ImplementationClassUIDNotification()
    implementation.implementation_class_uid = UID("1.2.840.99999.9")
    window = AsynchronousOperationsWindowNegotiation()
    window.maximum_number_operations_invoked = window.maximum_number_operations_performed = 5
    role = SCP_SCU_RoleSelectionNegotiation()
    role.sop_class_uid, role.scu_role, role.scp_role = UID(sop_class_uid), True, True
    extended = SOPClassExtendedNegotiation()
    extended.sop_class_uid = UID(sop_class_uid)
    extended.service_class_application_information = b"\x02\x00\x03\x00\x01\x00"
    identity = UserIdentityNegotiation()
    identity.user_identity_type, identity.primary_field = 1, b"somebody"
    identity.positive_response_requested = True
    return [length, implementation, window, role, extended, identity]
