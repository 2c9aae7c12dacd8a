"""Networking (PS3.2): application entities, associations, contexts, statuses."""

import itertools
from collections.abc import Iterable, Iterator
from typing import Final

from core.domain import errors
from core.domain.identity import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION
from core.domain.profile import SYNTAXES
from core.sections import Delivery, Destination, Dicom
from router import destinations, dimse, negotiation
from varde.conformance import asked, names
from varde.conformance.configured import default
from varde.conformance.markdown import columns, heading, paragraph, table

STORAGE: Final = "PS3.4 B.5"
STATUSES: Final = 1 << 16
ROOT: Final = "1.2.840.10008.5.1.4.1.1"  #: of most Storage SOP classes
CT: Final = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT: Final = SYNTAXES["explicit"]
#: A-ASSOCIATE-RJ (PS3.8 table 9-21), by the constant that the code rejects with.
REJECTIONS: Final = {
    negotiation.CALLED_UNKNOWN: "nobody is called so: no site, and nobody who asks for commitment",
    negotiation.CALLING_UNKNOWN: "no site's `calling`, and no archive that reports under this name",
    negotiation.TOO_MANY: "`dicom.max_associations` are open",
    negotiation.CONGESTED: "the database does not answer: try again",
}
#: Further negotiation (PS3.7 D.3.3), by the item that would be answered.
NEGOTIATED: Final = {
    "AsynchronousOperationsWindowNegotiation": "asynchronous operations window",
    "SCP_SCU_RoleSelectionNegotiation": "SCP/SCU role selection",
    "SOPClassExtendedNegotiation": "SOP class extended negotiation",
    "UserIdentityNegotiation": "user identity",
}


def receiving() -> Iterator[str]:
    """The AE that receives: Storage and Verification SCP."""
    answer = asked.answered(CT, [names.DEFLATED, EXPLICIT])
    yield from paragraph(
        "Takes studies from the senders that `site.toml` names. Success is answered when the "
        "instance is durable: its file and its row are written."
    )
    rows = [(names.sop_class(uid), f"`{uid}`", "SCP") for uid in [negotiation.VERIFICATION]]
    rows.append((f"{len(negotiation.STORAGE)} Storage SOP classes", "see below", "SCP"))
    rows.append(
        (names.sop_class(negotiation.COMMITMENT), f"`{negotiation.COMMITMENT}`", "SCU, 3.4")
    )
    yield from table(("SOP class", "UID", "role"), rows)
    dicom = Dicom()
    yield from heading(4, "Association policies")
    yield from table(
        ("policy", "value", "setting"),
        [
            ("application context name", "1.2.840.10008.3.1.1.1", "–"),
            ("associations at once", str(dicom.max_associations), "`dicom.max_associations`"),
            ("associations initiated", "none", "–"),
            ("largest PDU received", f"{answer.longest_pdu} bytes", "`dicom.max_pdu`"),
            ("idle association is aborted after", f"{dicom.idle_s:g} s", "`dicom.idle_s`"),
            *_further(answer.items),
            *_implementation(),
        ],
    )
    yield from heading(4, "Association rejection")
    yield from table(
        ("result", "source", "reason", "when"),
        [(*map(str, verdict), why) for verdict, why in REJECTIONS.items()],
    )
    yield from heading(4, "Presentation contexts accepted")
    yield from paragraph(
        "Every Storage SOP class below in every transfer syntax below, as SCP; Verification in "
        f"the uncompressed ones. Of several syntaxes the first one that the sender proposes is "
        f"taken: of {names.syntax(names.DEFLATED)} and {names.syntax(EXPLICIT)}, in this order, "
        f"{names.syntax(answer.chosen)}. Instances are kept in the syntax in which they came, "
        "without coercion of any attribute (level 2, full storage; PS3.4 B.4.1)."
    )
    yield from columns(
        ("transfer syntax", "UID"),
        [(names.syntax(uid), uid) for uid in _in_order(negotiation.SYNTAXES)],
        3,
    )
    yield from paragraph(f"UIDs that begin with a dot go on from {ROOT}.")
    yield from columns(
        ("storage SOP class", "UID"),
        [
            (names.sop_class(uid).removesuffix(" Storage"), _short(uid))
            for uid in _in_order(negotiation.STORAGE)
        ],
        5,
    )
    yield from heading(4, "C-STORE and C-ECHO status codes returned")
    yield from table(("status", "error", "meaning", "send again?"), _returned())


def _short(uid: str) -> str:
    return uid.removeprefix(ROOT)


def _implementation() -> list[tuple[str, str, str]]:
    return [
        ("implementation class UID", IMPLEMENTATION_CLASS_UID, "–"),
        ("implementation version name", IMPLEMENTATION_VERSION, "–"),
    ]


def _further(items: Iterable[str]) -> list[tuple[str, str, str]]:
    """What of PS3.7 D.3.3 is negotiated."""
    there = set(items)
    return [
        (what, "supported" if item in there else "not supported", "–")
        for item, what in NEGOTIATED.items()
    ]


def _in_order(uids: Iterable[str]) -> list[str]:
    return sorted(uids, key=lambda uid: [int(part) for part in uid.split(".")])


def _returned() -> list[tuple[str, ...]]:
    """Statuses by number: success, the errors that have one of their own, and the rest."""
    rows = [
        (dimse.SUCCESS, "–", "the instance is durable, now or since it was sent before", "–"),
        (dimse.UNRECOGNISED_OPERATION, "–", "neither C-STORE nor C-ECHO", "no"),
        *(
            (error.dimse_status, f"`{error.code}`", _sentence(error), _again(error))
            for error in _errors()
        ),
    ]  # fmt: skip
    return [(f"{status:04X}", *rest) for status, *rest in sorted(rows)]


def _errors() -> Iterator[type[errors.VardeError]]:
    """Errors with a status of their own, without the one that rejects associations."""
    for error in vars(errors).values():
        if isinstance(error, type) and issubclass(error, errors.VardeError):
            own = "dimse_status" in vars(error)
            if own and error is not errors.AssociationRejectedError:
                yield error


def _sentence(error: type[errors.VardeError]) -> str:
    if error is errors.VardeError:
        return "none of the others"
    return (error.__doc__ or "").strip().splitlines()[0].rstrip(".")


def _again(error: type[errors.VardeError]) -> str:
    return "yes" if error.retryable else "no"


def sending() -> Iterator[str]:
    """The AE that sends results: Storage SCU."""
    proposal = asked.proposed()
    delivery = Delivery()
    yield from paragraph(
        "Sends the objects of a result to the destinations of its site, byte for byte the same at "
        "every try. Each destination has its own queue; one association carries all that is due."
    )
    yield from heading(4, "Association policies")
    yield from table(
        ("policy", "value", "setting"),
        [
            ("application context name", "1.2.840.10008.3.1.1.1", "–"),
            ("associations at once", "1 a destination and router", "–"),
            ("associations accepted", "none", "–"),
            ("largest PDU received", f"{proposal.longest_pdu} bytes", "–"),
            (
                "patience for association and answers",
                f"{default(Destination, 'timeout_s')} s",
                "`destinations.*.timeout_s`",
            ),
            (
                "idle association is released after",
                f"{delivery.linger_s:g} s",
                "`delivery.linger_s`",
            ),
            *_further(proposal.items),
            *_implementation(),
        ],
    )
    yield from heading(4, "Presentation contexts proposed")
    yield from table(
        ("SOP class", "UID", "transfer syntax (`destinations.*.transfer_syntax`)", "role"),
        proposals(),
    )
    yield from heading(4, "C-STORE status codes handled")
    yield from table(("status", "handled as"), _handled())
    yield from paragraph(
        f"A delivery that failed is tried again after {delivery.first_delay_s:g} s, then after "
        f"{delivery.factor:g} times as long each time, at most {delivery.longest_delay_s:g} s, "
        f"{delivery.attempts} times in all. So is one without an association or an answer."
    )


def proposals() -> list[tuple[str, str, str, str]]:
    """What is proposed, for each transfer syntax that a destination can be set to."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for setting in SYNTAXES:
        for one in asked.proposed(transfer_syntax=setting).contexts:
            told = found.setdefault((one.sop_class_uid, one.roles), {})
            told.update(dict.fromkeys(map(names.syntax, one.syntaxes)))
    return [
        (names.sop_class(uid), f"`{uid}`", ", ".join(told), roles)
        for (uid, roles), told in found.items()
    ]


DELIVERED, LATER, NEVER = (
    "delivered; the status is the receipt",
    "tried again later",
    "undeliverable: kept, listed, restartable",
)


def _handled() -> Iterator[tuple[str, str]]:
    """The statuses that are handled alike; most of all are listed last, as the rest."""
    runs: dict[str, list[str]] = {}
    for fate, statuses in itertools.groupby(range(STATUSES), _fate):
        first, *more = statuses
        shown = f"{first:04X}–{more[-1]:04X}" if more else f"{first:04X}"
        runs.setdefault(fate, []).append(shown)
    yield from ((", ".join(runs[fate]), fate) for fate in (DELIVERED, NEVER))
    yield "every other", LATER


def _fate(status: int) -> str:
    """What `router.destinations` makes of a C-STORE status."""
    if status in {dimse.SUCCESS, destinations.DUPLICATE} or status in destinations._WARNINGS:  # noqa: SLF001
        return DELIVERED
    return NEVER if destinations._hopeless(status) else LATER  # noqa: SLF001


def accepts(sop_class_uid: str) -> bool:
    """Whether instances of a SOP class are received."""
    return sop_class_uid in negotiation.STORAGE
