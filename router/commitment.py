"""Asking a destination to commit to what it has acknowledged, and following it up (PS3.4 J.3.2).

A thread a destination and associations of its own: an archive that is slow or odd here holds
no delivery up. What is next is decided in `core.domain.commitment`; here it is read, sent and
stored. A transaction's UID is stored before the request goes out: no report comes too early.
"""

import datetime as dt
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from typing import Final

from core.domain import commitment
from core.domain.commitment import Commitment, CommitmentState
from core.domain.errors import DeliveryError, VardeError
from core.domain.profile import REJECTION
from core.logs import logger
from core.sections import Delivery as Patience
from core.sections import Destination
from core.store import commitments, jobs
from core.store.database import Database
from core.store.files import Files
from router.destinations import NotOfferedError, Peer
from router.event_report import EventReport, Reports
from router.made import intact

MOST_AT_ONCE: Final = 200  #: objects in one transaction
_LONGEST_SLEEP_S = 2.0  #: a delivery does not tell: look again after this


def fresh_uid() -> str:
    """A transaction UID (PS3.5 B.2)."""
    return f"2.25.{uuid.uuid4().int}"


class Asker(threading.Thread):
    """Storage commitment of one destination."""

    def __init__(
        self,
        key: str,
        destination: Destination,
        patience: Patience,
        *,
        database: Database,
        files: Files,
        clock: Callable[[], dt.datetime],
    ) -> None:
        """`key` is the destination's name in `site.toml`."""
        super().__init__(name=f"commitment-{key}", daemon=True)
        self._key = key
        self._destination = destination
        self._linger = dt.timedelta(seconds=patience.linger_s)
        self._wait = dt.timedelta(seconds=destination.commitment_s)
        self._database = database
        self._files = files
        self._clock = clock
        self._reports = Reports({key: destination}, database, clock)
        self._said = False
        self._wake = threading.Event()
        self._stopping = threading.Event()

    def wake(self) -> None:
        """Something may be due."""
        self._wake.set()

    def stop(self) -> None:
        """End after the request that is being made."""
        self._stopping.set()
        self._wake.set()

    def run(self) -> None:
        """Ask until stopped; an error of our own costs a pause, not the thread."""
        while not self._stopping.is_set():
            self._wake.clear()
            wait = _LONGEST_SLEEP_S
            try:
                if self._due():
                    self._associate()
                    continue
                wait = self._sleep()
            except VardeError as error:
                logger().warning("commitment waits", destination=self._key, error=str(error))
            except Exception:  # noqa: BLE001 - logged; the thread lives on
                logger().exception("commitment failed", destination=self._key)
            self._wake.wait(wait)

    def _due(self) -> bool:
        """Whether something is to be asked for or sent again now; what has had no answer in
        time is first made so, or ends.
        """
        now = self._clock()
        late = self._in(CommitmentState.ASKED)
        self._move((one, commitment.overdue(one, now)) for one in late)
        return bool(self._in(CommitmentState.WANTED) or self._in(CommitmentState.LACKED))

    def _sleep(self) -> float:
        """Seconds until the next one is due."""
        with self._database.read() as connection:
            again = commitments.next_due(connection, self._key)
        if again is None:
            return _LONGEST_SLEEP_S
        return min(max((again - self._clock()).total_seconds(), 0.0), _LONGEST_SLEEP_S)

    def _associate(self) -> None:
        """One association: send again what is lacked, ask for all that is wanted, and leave it
        open for a moment, as the report may come over it.
        """
        try:
            with Peer(self._destination, self._heard) as peer:
                for one in self._in(CommitmentState.LACKED):
                    self._resend(peer, one)
                transaction = self._ask(peer) if peer.usable() else self._ended()
                if transaction:
                    self._listen(peer, transaction)
        except DeliveryError as error:
            self._unreachable(error)

    def _ended(self) -> str:
        """The association is gone before anything was asked for."""
        message = f"{self._destination.ae_title} ended the association"
        raise DeliveryError(message, status=None, recoverable=True)

    def _ask(self, peer: Peer) -> str:
        """Ask for what is wanted now or in a moment: the transaction that is out, or ""."""
        transaction, now = fresh_uid(), self._clock()
        asked = self._move(
            (one, commitment.asked(one, transaction, now, self._wait))
            for one in self._in(CommitmentState.WANTED, ahead=self._linger)
        )
        if not asked:
            return ""
        log = logger().bind(destination=self._key, transaction=transaction, count=len(asked))
        try:
            peer.ask(transaction, asked)
        except NotOfferedError as error:
            self._declined(asked, error)
            return ""
        except DeliveryError as error:
            log.warning("not asked for commitment", error=str(error))
            if error.status is not None:  # else it may have got there: an answer may come
                self._postponed(asked, str(error))
            return ""
        log.info("asked for commitment")
        return transaction

    def _listen(self, peer: Peer, transaction: str) -> None:
        """Wait a moment for the report; it may as well come over an association to us."""
        until = time.monotonic() + self._linger.total_seconds()
        while peer.usable() and not self._stopping.is_set():
            self._wake.clear()
            left = until - time.monotonic()
            if left <= 0 or not self._open(transaction):
                return
            self._wake.wait(left)

    def _open(self, transaction: str) -> bool:
        """Whether a transaction still waits for its report."""
        with self._database.read() as connection:
            found = commitments.of_transaction(connection, transaction, (self._key,))
        return any(one.state is CommitmentState.ASKED for one in found)

    def _heard(self, report: EventReport) -> int:
        """A report over our own association; returns the status that answers it."""
        try:
            return self._reports.take(report, (self._key,))[0]
        finally:
            self._wake.set()

    def _unreachable(self, error: DeliveryError) -> None:
        """No association came about for what is due."""
        now, why = self._clock(), str(error)
        self._postponed(self._in(CommitmentState.WANTED), why)
        self._move(
            (one, commitment.not_resent(one, why, now, self._wait, recoverable=True))
            for one in self._in(CommitmentState.LACKED)
        )

    def _in(self, state: CommitmentState, ahead: dt.timedelta = dt.timedelta()) -> list[Commitment]:
        """What is due in `state` now, or in so long."""
        until = self._clock() + ahead
        with self._database.read() as connection:
            return commitments.due(connection, self._key, state, until, MOST_AT_ONCE)

    def _move(self, pairs: Iterable[tuple[Commitment, Commitment]]) -> list[Commitment]:
        """Store the moves in one transaction; returns what is as it was moved to."""
        if not (wanted := list(pairs)):
            return []
        with self._database.write() as connection:
            done = [new for old, new in wanted if commitments.moved(connection, old, new)]
        for one in done:
            if one.state in commitment.BROKEN - {CommitmentState.UNSUPPORTED}:
                log = logger().bind(job=one.job_id, destination=self._key)
                log.error("not committed", kind=one.kind, state=one.state, error=one.error)
        return done

    def _postponed(self, those: list[Commitment], why: str) -> None:
        """It could not be asked for this time."""
        now = self._clock()
        self._move((one, commitment.unasked(one, why, now, self._wait)) for one in those)

    def _declined(self, those: list[Commitment], error: DeliveryError) -> None:
        """The destination does not do it: said once, as `commitment` in `site.toml` is wrong."""
        now = self._clock()
        self._move((one, commitment.declined(one, str(error), now)) for one in those)
        if not self._said:
            self._said = True
            logger().error("storage commitment not offered", destination=self._key,
                           error=f"{error}; see destinations.{self._key}.commitment")  # fmt: skip

    def _resend(self, peer: Peer, one: Commitment) -> None:
        """The destination lacks an object that it has acknowledged: send it once more.

        Not what a newer result has taken the place of: it may be lacked because it was withdrawn,
        and would come back as valid.
        """
        if self._replaced(one):
            self._move([(one, commitment.replaced(one, self._clock()))])
            log = logger().bind(job=one.job_id, destination=self._key)
            log.info("not sent again", kind=one.kind, reason="a newer result has taken its place")
            return
        held = self._move([(one, commitment.held(one, self._clock(), self._lease()))])
        if not held:
            return
        log = logger().bind(job=one.job_id, destination=self._key)
        try:
            receipt = peer.send(intact(self._files, one))
        except DeliveryError as error:
            log.warning("not sent again", kind=one.kind, error=str(error))
            moved = commitment.not_resent(
                held[0], str(error), self._clock(), self._wait, recoverable=error.recoverable
            )
        else:
            log.info("sent again", kind=one.kind, status=f"0x{receipt:04X}")
            moved = commitment.resent(held[0], self._clock())
        self._move([(held[0], moved)])

    def _replaced(self, one: Commitment) -> bool:
        """Whether an object is of a result that is no longer the valid one; notes always hold."""
        with self._database.read() as connection:
            job = jobs.get(connection, one.job_id)
            return one.kind != REJECTION and jobs.outdated_by(connection, job) is not None

    def _lease(self) -> dt.timedelta:
        """How long an object that is being sent is ours: another router may serve here too."""
        return dt.timedelta(seconds=self._destination.timeout_s + 5)
