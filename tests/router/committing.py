"""Storage commitment in tests: a delivered job, our own SCP, and archives of all kinds."""

import datetime as dt
import queue
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE, build_role, evt
from pynetdicom.events import Event

from core.domain.commitment import Commitment, CommitmentState
from core.sections import Delivery, Destination
from core.store import commitments
from router.commitment import Asker
from router.delivery import Deliverer
from router.event_report import INSTANCE
from router.negotiation import COMMITMENT
from tests.router.conftest import Scp, settings_of
from tests.router.test_delivery import GSPS, SR, Post
from tests.services.process import free_port

OUT = "VARDE_OUT"  #: we call from this title; no site is called by it
UIDS = ("2.25.300.1", "2.25.300.2")  #: the objects of `Post`
PATIENCE = Delivery(first_delay_s=0.05, factor=2, longest_delay_s=0.2, attempts=4, linger_s=0.1)
Failed = Sequence[tuple[str, int]]


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def event_information(
    transaction: str, kept: Iterable[str] = (), failed: Failed = (), *, sop_class: str = SR
) -> Dataset:
    """PS3.4 table J.3-2."""

    def item(uid: str, reason: int | None = None) -> Dataset:
        made = Dataset()
        made.ReferencedSOPClassUID, made.ReferencedSOPInstanceUID = sop_class, uid
        if reason is not None:
            made.FailureReason = reason
        return made

    data = Dataset()
    data.TransactionUID = transaction
    if found := [item(uid) for uid in kept]:
        data.ReferencedSOPSequence = found
    if lost := [item(uid, reason) for uid, reason in failed]:
        data.FailedSOPSequence = lost
    return data


class Keeper:
    """An archive that is asked for storage commitment, and reports when it is told to."""

    def __init__(
        self,
        *,
        offers: bool = True,
        action_status: int = 0,
        during: Callable[[Dataset], None] | None = None,
        same: Callable[[Dataset], Dataset] | None = None,
    ) -> None:
        """`during` is called with each request before it is answered; `same` makes the report
        that follows on the same association.
        """
        self.received: list[str] = []
        self.requests: queue.Queue[Dataset] = queue.Queue()
        self.stored = threading.Semaphore(0)
        self.asked = 0
        self.statuses: queue.Queue[int] = queue.Queue()  #: our answers to reports over `same`
        self.action_status = action_status
        self._during = during
        self._same = same
        self.port = free_port()
        entity = AE(ae_title="ARCHIVE")
        for sop_class in (SR, GSPS):
            entity.add_supported_context(sop_class, ExplicitVRLittleEndian)
        if offers:
            entity.add_supported_context(COMMITMENT)
        handlers: Any = [(evt.EVT_C_STORE, self._store), (evt.EVT_N_ACTION, self._action)]
        self._server: Any = entity.start_server(
            ("127.0.0.1", self.port), block=False, evt_handlers=handlers
        )

    def _store(self, event: Event) -> int:
        self.received.append(str(getattr(event.request, "AffectedSOPInstanceUID", "")))
        self.stored.release()
        return 0

    def _action(self, event: Event) -> tuple[int, None]:
        request: Any = event.request
        assert (request.ActionTypeID, request.RequestedSOPInstanceUID) == (1, INSTANCE)
        information = event.action_information
        self.asked += 1
        if self._during:
            self._during(information)
        if self._same and not self.action_status:
            threading.Thread(target=self._report, args=(event.assoc, information)).start()
        self.requests.put(information)
        return self.action_status, None

    def _report(self, association: Any, information: Dataset) -> None:
        assert self._same
        said = self._same(information)
        kind = 2 if "FailedSOPSequence" in said else 1
        answer, _ = association.send_n_event_report(said, kind, COMMITMENT, INSTANCE)
        self.statuses.put(int(answer.Status))

    def request(self) -> Dataset:
        """The next request that came."""
        return self.requests.get(timeout=20)

    def stop(self) -> None:
        """Stop it."""
        self._server.shutdown()


class Reporter:
    """An association that an archive opens to report."""

    def __init__(
        self, port: int, *, called: str = OUT, calling: str = "ARCHIVE", role: bool = True,
        scu: bool = False,
    ) -> None:  # fmt: skip
        """Associate; `role`: propose to be SCP of storage commitment, `scu`: to be SCU as well."""
        entity = AE(ae_title=calling)
        entity.add_requested_context(COMMITMENT)
        roles: Any = [build_role(COMMITMENT, scu_role=scu, scp_role=True)] if role else None
        self.association: Any = entity.associate("127.0.0.1", port, ae_title=called, ext_neg=roles)

    @property
    def accepted(self) -> list[str]:
        """The SOP classes that were accepted."""
        return [str(one.abstract_syntax) for one in self.association.accepted_contexts]

    def report(
        self, data: Dataset | None, *, kind: int | None = None, instance: str = INSTANCE
    ) -> int:
        """N-EVENT-REPORT; the status that answers it."""
        chosen = kind or (2 if data is not None and "FailedSOPSequence" in data else 1)
        answer, _ = self.association.send_n_event_report(data, chosen, COMMITMENT, instance)
        return int(answer.Status)

    def release(self) -> None:
        """Release."""
        self.association.release()


class Asked(Post):
    """A job with two objects, a deliverer that asks for commitment, and our own SCP."""

    def __init__(self, home: Path, *, commitment_s: float = 60) -> None:
        """`start` starts the deliverer and the SCP."""
        super().__init__(home)
        self.commitment_s = commitment_s
        self.scp: Scp | None = None
        self.askers: list[Asker] = []
        self.home = home

    @property
    def port(self) -> int:
        """Where reports go."""
        assert self.scp
        return self.scp.port

    def destination(self, port: int, ae_title: str = "ARCHIVE") -> Destination:
        """The archive, as `site.toml` has it."""
        return Destination(
            ae_title=ae_title, host="127.0.0.1", port=port, timeout_s=5, calling=OUT,
            commitment=True, commitment_s=self.commitment_s,
        )  # fmt: skip

    def listen(self, port: int, ae_title: str = "ARCHIVE") -> None:
        """Our SCP; two more destinations, of which one is asked too."""
        other = Destination(ae_title="OTHER", host="127.0.0.1", port=9, calling=OUT)
        also = other.model_copy(update={"ae_title": "ALSO", "commitment": True})
        destinations = {"pacs": self.destination(port, ae_title), "other": other, "also": also}
        self.scp = Scp(settings_of(self.home, destinations=destinations))

    def start(self, port: int, ae_title: str = "ARCHIVE") -> None:
        """Deliver, ask and listen."""
        if self.scp is None:
            self.listen(port, ae_title)
        where = ("pacs", self.destination(port, ae_title), PATIENCE)
        with_: Any = {"database": self.database, "files": self.files, "clock": _now}
        self.deliverer = Deliverer(*where, **with_)
        self.deliverer.start()
        self.askers.append(Asker(*where, **with_))
        self.askers[-1].start()

    def wake(self) -> None:
        """Something is to be asked for."""
        for asker in self.askers:
            asker.wake()

    def found(self) -> list[Commitment]:
        """Both commitments as they are."""
        with self.database.read() as connection:
            return commitments.of_jobs(connection, [self.job_id])

    def states(self) -> list[CommitmentState]:
        """The state of each."""
        return [one.state for one in self.found()]

    def wait_states(self, *states: CommitmentState) -> list[Commitment]:
        """Wait until both are as wanted; one state stands for both."""
        wanted = [*states] * (2 // len(states))
        deadline = threading.Event()
        for _ in range(500):
            if self.states() == wanted:
                return self.found()
            deadline.wait(0.04)
        pytest.fail(f"{self.found()} instead of {wanted}")

    def stop(self) -> None:
        """Stop everything."""
        for asker in self.askers:
            asker.stop()
            asker.join(10)
        if self.scp:
            self.scp.stop()
        super().stop()
