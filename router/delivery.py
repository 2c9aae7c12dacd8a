"""Delivery of results: a thread a destination, growing delay, an end, and receipts.

Whether a destination keeps what it took is asked by another thread (`router.commitment`).
"""

import datetime as dt
import threading
from collections.abc import Callable

from core.domain.errors import DeliveryError, VardeError
from core.domain.job import Delivery
from core.logs import logger
from core.sections import Delivery as Patience
from core.sections import Destination
from core.store import deliveries
from core.store.database import Database
from core.store.files import Files
from router.destinations import Peer
from router.made import intact

_LONGEST_SLEEP_S = 2.0  #: news may get lost: look again after this


def delay(attempts: int, patience: Patience) -> dt.timedelta:
    """How long to wait after the `attempts`-th failure in a row (1, 2, …)."""
    seconds = patience.first_delay_s * patience.factor ** min(attempts - 1, 64)
    return dt.timedelta(seconds=min(seconds, patience.longest_delay_s))


class Deliverer(threading.Thread):
    """Sends what is due to one destination, over one association while there is work."""

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
        super().__init__(name=f"delivery-{key}", daemon=True)
        self._key = key
        self._destination = destination
        self._patience = patience
        self._database = database
        self._files = files
        self._clock = clock
        self._wake = threading.Event()
        self._stopping = threading.Event()

    def wake(self) -> None:
        """Something may be due."""
        self._wake.set()

    def stop(self) -> None:
        """End after the object that is being sent."""
        self._stopping.set()
        self._wake.set()

    def run(self) -> None:
        """Deliver until stopped; an error of our own costs a pause, not the thread."""
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                if due := self._due():
                    self._associate(due)
                    continue
                wait = self._sleep()
            except VardeError as error:
                logger().warning("delivery waits", destination=self._key, error=str(error))
                wait = _LONGEST_SLEEP_S
            except Exception:  # noqa: BLE001 - logged; the thread lives on
                logger().exception("delivery failed", destination=self._key)
                wait = _LONGEST_SLEEP_S
            self._wake.wait(wait)

    def _due(self) -> list[Delivery]:
        with self._database.read() as connection:
            return deliveries.due(connection, self._key, self._clock())

    def _sleep(self) -> float:
        """Seconds until the next delivery may be tried."""
        with self._database.read() as connection:
            again = deliveries.next_due(connection, self._key)
        if again is None:
            return _LONGEST_SLEEP_S
        return min(max((again - self._clock()).total_seconds(), 0.0), _LONGEST_SLEEP_S)

    def _associate(self, due: list[Delivery]) -> None:
        """One association for all that is due, and for what comes within `linger_s`."""
        try:
            with Peer(self._destination) as peer:
                while due and peer.usable() and not self._stopping.is_set():
                    for delivery in due:
                        if not peer.usable() or self._stopping.is_set():
                            break
                        if self._claimed(delivery):
                            self._deliver(peer, delivery)
                    due = self._due() or self._lingered()
        except DeliveryError as error:
            for delivery in due:
                self._failed(delivery, error)

    def _claimed(self, delivery: Delivery) -> bool:
        """Whether it is ours to send: another router serves the same destinations."""
        until = self._clock() + dt.timedelta(seconds=self._destination.timeout_s + 5)
        with self._database.write() as connection:
            return deliveries.claimed(connection, delivery, until=until)

    def _lingered(self) -> list[Delivery]:
        """Wait a moment for more before the association is released."""
        self._wake.clear()
        due = self._due()
        if due or not self._wake.wait(self._patience.linger_s):
            return due
        return self._due()

    def _deliver(self, peer: Peer, delivery: Delivery) -> None:
        """Send one object; its receipt or its failure becomes a row before the next is sent."""
        try:
            receipt = peer.send(intact(self._files, delivery))
        except DeliveryError as error:
            self._failed(delivery, error)
            return
        except Exception as error:  # noqa: BLE001 - one object must not hold up the others
            logger().exception("delivery failed", destination=self._key, job=delivery.job_id)
            message = f"it could not be sent: {type(error).__name__}"
            self._failed(delivery, DeliveryError(message, status=None, recoverable=True))
            return
        with self._database.write() as connection:
            done = deliveries.delivered(
                connection, delivery, receipt=receipt, now=self._clock(), ask_at=self._ask_at()
            )
        log = logger().bind(job=delivery.job_id, destination=self._key)
        log.info("delivered", kind=delivery.kind, status=f"0x{receipt:04X}")
        if done:
            log.info("job delivered")

    def _ask_at(self) -> dt.datetime | None:
        """When to ask for commitment: by then more of the job will have arrived."""
        if not self._destination.commitment:
            return None
        return self._clock() + dt.timedelta(seconds=self._patience.linger_s)

    def _failed(self, delivery: Delivery, error: DeliveryError) -> None:
        """Try again later, or never."""
        attempts = delivery.attempts + 1
        now = self._clock()
        log = logger().bind(job=delivery.job_id, destination=self._key, attempts=attempts)
        with self._database.write() as connection:
            if not error.recoverable or attempts >= self._patience.attempts:
                deliveries.undeliverable(
                    connection, delivery, receipt=error.status, error=str(error), now=now
                )
                log.error("undeliverable", kind=delivery.kind, error=str(error))
                return
            again = now + delay(attempts, self._patience)
            deliveries.postponed(
                connection, delivery, receipt=error.status, error=str(error), again=again
            )
        log.warning("not delivered yet", kind=delivery.kind, error=str(error))
