"""Storage commitment (PS3.4 J): what is asked, what is answered, and what becomes of it."""

import datetime as dt
from collections.abc import Iterator
from typing import Final

from core.domain import commitment
from core.domain.commitment import Commitment, CommitmentState, Report
from core.sections import Destination
from router import destinations, dimse, event_report
from router.commitment import MOST_AT_ONCE
from router.negotiation import COMMITMENT, Offer
from varde.conformance import asked, names
from varde.conformance.markdown import heading, paragraph, table

EXPLICIT: Final = "1.2.840.10008.1.2.1"
OBJECT: Final = "1.2.840.99999.1.1"
TRANSACTION: Final = "1.2.840.99999.2.1"
NOW: Final = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
#: What becomes of an object, by the state that an answer leads to.
FATES: Final = {
    CommitmentState.COMMITTED: "committed",
    CommitmentState.LACKED: "sent once more, then asked for again",
    CommitmentState.WANTED: "asked for again later",
    CommitmentState.REFUSED: "refused: kept, listed, restartable",
}
#: Statuses that an N-EVENT-REPORT is answered with.
ANSWERS: Final = {
    dimse.SUCCESS: "the report is durable",
    dimse.PROCESSING_FAILURE: "unknown transaction UID, or the database does not answer",
    dimse.NO_SUCH_INSTANCE: f"another SOP instance than {event_report.INSTANCE}",
    dimse.NO_SUCH_EVENT: f"event type is neither {event_report.COMMITTED} nor "
    f"{event_report.FAILURES_EXIST}",
    dimse.INVALID_ARGUMENT: "the event information cannot be read",
    dimse.NO_SUCH_CLASS: "another SOP class",
    dimse.RESOURCE_LIMITATION: f"longer than {event_report.LONGEST_REPORT} bytes",
}


def section() -> Iterator[str]:
    """Storage Commitment Push Model SCU: COMMITMENT asks, it or ROUTER hears the answer."""
    default, patience = (
        Destination.model_fields[name].default for name in ("commitment", "commitment_s")
    )
    yield from paragraph(
        "Storage Commitment Push Model SCU, where `destinations.*.commitment` says so "
        f"({str(default).lower()} unless it is set). COMMITMENT asks by N-ACTION over an "
        "association of its own, and leaves it open for a moment; the N-EVENT-REPORT may come over "
        "it, or over one that the archive opens to ROUTER with the AE titles the other way round."
    )
    yield from table(("policy", "value"), _policies(float(patience)))
    yield from heading(4, "Answers to an N-EVENT-REPORT")
    yield from table(
        ("status", "when"), [(f"{status:04X}", why) for status, why in sorted(ANSWERS.items())]
    )
    yield from heading(4, "Failure reasons and statuses handled")
    yield from table(("reported", "the object is"), _handled())


def _policies(patience: float) -> Iterator[tuple[str, str]]:
    for one in asked.proposed(commitment=True).contexts:
        if one.sop_class_uid == COMMITMENT:
            syntaxes = ", ".join(map(names.syntax, one.syntaxes))
            yield "presentation context proposed", f"{COMMITMENT} as {one.roles}: {syntaxes}"
    answer = asked.answered(COMMITMENT, [EXPLICIT], Offer(storage=False, reports=True))
    chosen = f"in {names.syntax(answer.chosen)}, for instance" if answer.chosen else "never"
    yield "presentation context accepted from an archive", chosen
    role = "SCP_SCU_RoleSelectionNegotiation" in answer.items
    yield "SCP/SCU role selection answered to an archive", "yes, it is SCP" if role else "no"
    yield "objects in one transaction", f"{MOST_AT_ONCE} at most"
    yield "patience for a report", f"{patience:g} s (`destinations.*.commitment_s`)"
    waits = [commitment.patience(n, dt.timedelta(seconds=1)).total_seconds() for n in (1, 2, 3)]
    grows = ", ".join(f"{wait:g}" for wait in waits)
    yield (
        "requests without an answer",
        f"{commitment.MOST_ASKS}, with {grows}, … times the patience",
    )


def _handled() -> Iterator[tuple[str, str]]:
    """What an archive may say of an object, and what the code makes of it."""
    kept = Report(TRANSACTION, frozenset({(EXPLICIT, OBJECT)}), {})
    yield "committed (Referenced SOP Sequence)", _fate(kept)
    for reason, words in commitment.REASONS.items():
        refused = Report(TRANSACTION, frozenset(), {OBJECT: reason})
        yield f"failed: {reason:04X} {words}", _fate(refused)
    refusals = ", ".join(f"{one:04X}" for one in sorted(destinations._NOT_OFFERED))  # noqa: SLF001
    yield f"N-ACTION status {refusals}, or no context accepted", "not asked for: not offered there"
    yield "any other N-ACTION status but 0000", FATES[CommitmentState.WANTED]


def _fate(report: Report) -> str:
    """What `core.domain.commitment` makes of a report on an object that was asked for once."""
    waiting = Commitment(
        id=1, job_id="", destination="", kind="", sop_class_uid=EXPLICIT, sop_uid=OBJECT, path="",
        sha256="", state=CommitmentState.ASKED, asks=1, transaction_uid=TRANSACTION,
    )  # fmt: skip
    after = commitment.answered(waiting, report, NOW, dt.timedelta(seconds=1))
    return FATES.get(after.state, str(after.state))
