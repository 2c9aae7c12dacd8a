"""What an archive reports on storage commitment: the SCU's half of PS3.4 J.3.3.

The same for a report on an association that the archive opens to us and for one that comes
on the association over which we asked. It is answered after the rows are committed.
"""

import dataclasses
import datetime as dt
import io
from collections.abc import Callable, Collection, Mapping
from typing import Final

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import UID
from pynetdicom.dsutils import decode

from core.domain.commitment import Commitment, CommitmentState, Report, answered
from core.domain.errors import VardeError
from core.domain.study import valid_uid
from core.logs import logger
from core.sections import Destination
from core.settings import Settings
from core.store import commitments
from core.store.database import Database
from router import dimse
from router.negotiation import COMMITMENT

INSTANCE: Final = "1.2.840.10008.1.20.1.1"  #: Storage Commitment Push Model SOP Instance
COMMITTED, FAILURES_EXIST = 1, 2  # event types, PS3.4 table J.3-2
#: Bytes of a report: one on all that we ever ask for at a time has some 40 KB.
LONGEST_REPORT: Final = 1 << 20
_UNSAID: Final = 0x0110  # processing failure: a failed object without a reason


@dataclasses.dataclass(frozen=True, slots=True)
class EventReport:
    """An N-EVENT-REPORT-RQ as it came; hostile."""

    sop_class_uid: str
    sop_uid: str
    event_type: int
    body: bytes
    syntax: str


class Body:
    """The data set of a report on its way in; in memory, up to a limit."""

    def __init__(self) -> None:
        """Empty."""
        self.data = bytearray()
        self.too_long = False

    def write(self, fragment: memoryview) -> None:
        """One fragment; what is too much is passed over."""
        if len(self.data) + len(fragment) > LONGEST_REPORT:
            self.too_long = True
            self.data.clear()
        if not self.too_long:
            self.data += fragment

    def discard(self) -> None:
        """The association is gone: nothing is left behind anyway."""


def reporters(settings: Settings, called: str, calling: str) -> tuple[str, ...]:
    """The destinations that `calling` may report for: those that we ask from `called`."""
    return tuple(
        key
        for key, one in settings.destinations.items()
        if one.commitment and (one.calling.strip(), one.ae_title.strip()) == (called, calling)
    )


def read(report: EventReport) -> Report:
    """The event information, table J.3-2; any error is the peer's."""
    syntax = UID(report.syntax)
    data = decode(io.BytesIO(report.body), syntax.is_implicit_VR, syntax.is_little_endian)
    kept = {
        (str(item.ReferencedSOPClassUID), str(item.ReferencedSOPInstanceUID))
        for item in _items(data, "ReferencedSOPSequence")
    }
    failed = {
        str(item.ReferencedSOPInstanceUID): int(item.get("FailureReason") or _UNSAID)
        for item in _items(data, "FailedSOPSequence")
    }
    return Report(valid_uid(str(data.TransactionUID), "TransactionUID"), frozenset(kept), failed)


def _items(data: Dataset, keyword: str) -> list[Dataset]:
    """The items of a sequence, none where it is absent."""
    value = data.get(keyword)
    if value is None:
        return []
    if not isinstance(value, Sequence):
        message = f"{keyword} is no sequence"
        raise TypeError(message)
    return list(value)


class Reports:
    """Takes reports for one router."""

    def __init__(
        self,
        destinations: Mapping[str, Destination],
        database: Database,
        clock: Callable[[], dt.datetime],
    ) -> None:
        """`destinations` are those of `site.toml`."""
        self._destinations = destinations
        self._database = database
        self._clock = clock

    def take(self, report: EventReport, destinations: Collection[str]) -> tuple[int, str]:
        """Make a report that came from `destinations` durable; returns (status, error comment)."""
        log = logger().bind(destination=sorted(destinations))
        status, comment = self._take(report, destinations)
        if status != dimse.SUCCESS:
            log.warning(
                "storage commitment report refused", status=f"0x{status:04X}", error=comment
            )
        return status, comment

    def _take(self, report: EventReport, destinations: Collection[str]) -> tuple[int, str]:
        if report.sop_class_uid != COMMITMENT:
            return dimse.NO_SUCH_CLASS, "not the storage commitment push model"
        if report.sop_uid != INSTANCE:
            return dimse.NO_SUCH_INSTANCE, "not the well-known SOP instance"
        if report.event_type not in {COMMITTED, FAILURES_EXIST}:
            return dimse.NO_SUCH_EVENT, "event type is neither 1 nor 2"
        try:
            told = read(report)
        except Exception as error:  # noqa: BLE001 - the peer's bytes in a library's decoder
            return dimse.INVALID_ARGUMENT, f"cannot be read: {type(error).__name__}"
        try:
            return self._settle(told, destinations)
        except VardeError as error:
            return dimse.PROCESSING_FAILURE, str(error)

    def _settle(self, told: Report, destinations: Collection[str]) -> tuple[int, str]:
        """One transaction: every object of the report's transaction gets its answer."""
        now = self._clock()
        with self._database.write() as connection:
            known = commitments.of_transaction(connection, told.transaction_uid, destinations)
            news = [
                new
                for old in known
                if (new := answered(old, told, now, self._wait(old))) != old
                and commitments.moved(connection, old, new)
            ]
        if not known:
            return dimse.PROCESSING_FAILURE, "unknown transaction UID"
        _log(told, known, news)
        return dimse.SUCCESS, ""

    def _wait(self, one: Commitment) -> dt.timedelta:
        return dt.timedelta(seconds=self._destinations[one.destination].commitment_s)


def _log(told: Report, known: list[Commitment], news: list[Commitment]) -> None:
    """What changed, and what a report says that it should not."""
    log = logger().bind(destination=known[0].destination, transaction=told.transaction_uid)
    ours = {one.sop_uid for one in known}
    kept = {uid for _, uid in told.committed}
    if strange := len((kept | set(told.refused)) - ours):
        log.warning("report on objects that were not asked for", count=strange)
    if twice := len(kept & set(told.refused)):
        log.warning("report commits to and refuses the same objects", count=twice)
    if done := sum(one.state is CommitmentState.COMMITTED for one in news):
        log.info("committed", count=done)
    for one in news:
        if one.state is not CommitmentState.COMMITTED:
            level = log.error if one.state is CommitmentState.REFUSED else log.warning
            level("not committed", job=one.job_id, kind=one.kind, state=one.state, error=one.error)
