"""The life of a result: what takes its place, what withdraws it, and what comes too late."""

import dataclasses
import io
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom import Dataset

from core.domain.errors import ModelError, UnavailableError
from core.domain.finding import Outcome
from core.domain.job import PLATFORM, DeliveryState, Job, Priority, State
from core.store import assembly, deliveries, jobs
from core.store.results import StoredObject
from core.store.succession import Succession
from models.registry import Algorithm
from tests.workers import tiny_onnx
from tests.workers.instances import image, ramp
from tests.workers.place import SITE, Place, RealClock
from tests.workers.test_tasks import broken
from workers import batch, pipeline, storing, tasks
from workers.station import Station

PEER = {"ae_title": "PEER", "host": "127.0.0.1", "port": 104}
DESTINATIONS = {
    "archive": {**PEER, "objects": ["sr", "gsps"], "withdraw": True},
    "pacs": {**PEER, "objects": ["sr", "gsps"]},
}


class Ward(Place):
    """A place whose studies get one revision after the other."""

    def __init__(self, home: Path, tiny: Algorithm, **more: Any) -> None:
        destinations = more.setdefault("destinations", DESTINATIONS)
        site = {"name": "Ward", "trust": "t", "calling": ["*"], "destinations": [*destinations]}
        super().__init__(home, {"tiny": tiny}, sites={SITE: site}, **more)
        self.first = image(ramp(24, 24) // 2 + 2047, stored=12)
        self.id = self.study([self.first])

    def revise(self) -> None:
        """A further image arrives."""
        later = image(ramp(24, 24) // 2 + 2047, stored=12)
        later.StudyInstanceUID = self.first.StudyInstanceUID
        later.SeriesInstanceUID = self.first.SeriesInstanceUID
        if not isinstance(self.clock, RealClock):
            self.clock.advance(60)
        assert self.study([later]) == self.id

    def asked(self, revision: int, algorithm: str = "tiny", version: str = "1.0.0") -> str:
        """A queued job of that revision."""
        with self.station.database.write() as connection:
            wish = assembly.Wish(algorithm, version, "cpu", Priority.ROUTINE, 60)
            return assembly.create_job(connection, self.id, SITE, revision, wish, now=self.clock())

    def answered(self, revision: int, algorithm: str = "tiny", version: str = "1.0.0") -> str:
        """A job of that revision with its result."""
        job = self.asked(revision, algorithm, version)
        tasks.perform(self.station, job)
        assert self.state(job).state is State.ENCODED, self.state(job).error
        return job

    def performed(self, job: str) -> Job:
        """The job as a worker leaves it."""
        tasks.perform(self.station, job)
        return self.state(job)

    def deliver(self, job: str) -> None:
        """Every destination takes every object."""
        with self.station.database.write() as connection:
            for one in deliveries.of_jobs(connection, [job]):
                deliveries.delivered(connection, one, receipt=0, now=self.clock())

    def sent(self, job: str, destination: str) -> list[tuple[str, str]]:
        """(kind, SOP Instance UID) in the order in which a destination gets them."""
        return [
            (one.kind, one.sop_uid)
            for one in self.deliveries(job)
            if one.destination == destination
        ]

    def opened(self, job: str, destination: str, kind: str) -> Dataset:
        """The one object of a kind that goes to a destination."""
        (uid,) = (uid for found, uid in self.sent(job, destination) if found == kind)
        (made,) = (one for one in self.objects(job) if one.sop_uid == uid)
        return pydicom.dcmread(self.station.files.absolute(made.path))


@pytest.fixture(params=["sqlite", "postgresql"])
def ward(request: pytest.FixtureRequest, tmp_path: Path, tiny: Algorithm) -> Iterator[Ward]:
    """One study, on one of the two databases."""
    more: dict[str, Any] = {}
    if request.param == "postgresql":
        more["database"] = {"url": request.getfixturevalue("postgres_url")}
    made = Ward(tmp_path / "var", tiny, **more)
    yield made
    made.close()


def withdrawn(note: Dataset) -> set[str]:
    """What a note names in its evidence."""
    return _named(note.CurrentRequestedProcedureEvidenceSequence)


def predecessors(report: Dataset) -> set[str]:
    """The reports that a report names."""
    return _named(report.get("PredecessorDocumentsSequence", []))


def _named(studies: Sequence[Dataset]) -> set[str]:
    return {
        str(one.ReferencedSOPInstanceUID)
        for study in studies
        for series in study.ReferencedSeriesSequence
        for one in series.ReferencedSOPSequence
    }


def uids(sent: list[tuple[str, str]]) -> set[str]:
    """All but rejection notes."""
    return {uid for kind, uid in sent if kind != "rejection"}


def data(place: Place, objects: Sequence[StoredObject]) -> list[bytes]:
    return [place.station.files.absolute(one.path).read_bytes() for one in objects]


def test_the_next_revision_withdraws_the_first_where_that_is_understood(ward: Ward) -> None:
    first = ward.answered(1)
    ward.revise()
    second = ward.answered(2)
    assert [kind for kind, _ in ward.sent(first, "archive")] == ["sr", "gsps"]
    assert [kind for kind, _ in ward.sent(second, "archive")] == ["rejection", "sr", "gsps", "gsps"]
    assert [kind for kind, _ in ward.sent(second, "pacs")] == ["sr", "gsps", "gsps"]
    note = ward.opened(second, "archive", "rejection")
    assert withdrawn(note) == uids(ward.sent(first, "archive"))
    for key in ("archive", "pacs"):
        earlier = ward.opened(first, key, "sr")
        assert predecessors(earlier) == set()
        assert predecessors(ward.opened(second, key, "sr")) == {earlier.SOPInstanceUID}


def test_of_three_revisions_the_last_replaces_the_second(ward: Ward) -> None:
    ward.answered(1)
    ward.revise()
    second = ward.answered(2)
    ward.revise()
    third = ward.answered(3)
    assert withdrawn(ward.opened(third, "archive", "rejection")) == uids(
        ward.sent(second, "archive")
    )
    for key in ("archive", "pacs"):
        (report,) = predecessors(ward.opened(third, key, "sr"))
        assert report == ward.opened(second, key, "sr").SOPInstanceUID


def test_a_new_version_replaces_the_old_one(ward: Ward, tmp_path: Path) -> None:
    first = ward.answered(1)
    newer = tiny_onnx.folder(tmp_path / "models", version="2.0.0")
    ward.station = dataclasses.replace(ward.station, algorithms={"tiny": newer})
    ward.clock.advance(60)
    second = ward.answered(1, version="2.0.0")
    note = ward.opened(second, "archive", "rejection")
    assert withdrawn(note) == uids(ward.sent(first, "archive"))
    assert "2.0.0" in note.ContentSequence[-3].TextValue


def test_a_further_run_replaces_the_failure_before_it(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = ward.asked(1)
    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "evaluate", broken(ModelError("output is not finite")))
        tasks.perform(ward.station, job)
    assert ward.state(job).outcome is Outcome.FAILED
    failed = uids(ward.sent(job, "archive"))
    ward.deliver(job)
    with ward.station.database.write() as connection:
        jobs.retry(connection, job, ward.clock())
    tasks.perform(ward.station, job)
    assert (ward.state(job).outcome, ward.state(job).run) == (Outcome.FINDINGS, 2)
    assert withdrawn(ward.opened(job, "archive", "rejection")) == failed
    again = [kind for kind, uid in ward.sent(job, "archive") if uid not in failed]
    assert again == ["rejection", "sr", "gsps"]


def test_a_late_finisher_is_kept_and_not_sent(ward: Ward) -> None:
    first = ward.asked(1)
    ward.revise()
    second = ward.answered(2)
    now = ward.performed(first)
    assert (now.state, now.outcome) == (State.DELIVERED, Outcome.FINDINGS)
    assert now.error == "not sent: tiny 1.0.0 has answered revision 2 already"
    assert ward.result(first)
    assert (ward.objects(first), ward.deliveries(first), ward.files_of(first)) == ([], [], [])
    assert [kind for kind, _ in ward.sent(second, "archive")] == ["sr", "gsps", "gsps"]
    ward.revise()
    third = ward.answered(3)
    assert withdrawn(ward.opened(third, "archive", "rejection")) == uids(
        ward.sent(second, "archive")
    )


def test_a_failure_withdraws_nothing_and_the_next_success_both(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ward.answered(1)
    ward.revise()
    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "evaluate", broken(ModelError("output is not finite")))
        second = ward.answered(2)
    assert [kind for kind, _ in ward.sent(second, "archive")] == ["sr"]
    assert predecessors(ward.opened(second, "archive", "sr")) == set()
    ward.revise()
    third = ward.answered(3)
    assert withdrawn(ward.opened(third, "archive", "rejection")) == (
        uids(ward.sent(first, "archive")) | uids(ward.sent(second, "archive"))
    )


def test_no_algorithm_is_withdrawn_once_one_reads_the_study(ward: Ward) -> None:
    answer = ward.answered(1, PLATFORM, "0.1.0")
    ward.revise()
    second = ward.answered(2)
    note = ward.opened(second, "archive", "rejection")
    assert withdrawn(note) == uids(ward.sent(answer, "archive"))
    report = ward.opened(second, "pacs", "sr")
    assert predecessors(report) == uids(ward.sent(answer, "pacs"))


def test_a_result_that_comes_in_between_is_withdrawn_too(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first revision is stored after the second was encoded, before it is stored."""
    first = ward.asked(1)
    ward.revise()
    second = ward.asked(2)
    write = storing._write

    def slow(station: Station, *rest: Any) -> Any:
        monkeypatch.setattr(storing, "_write", write)
        written = write(station, *rest)
        tasks.perform(station, first)
        return written

    monkeypatch.setattr(storing, "_write", slow)
    tasks.perform(ward.station, second)
    assert withdrawn(ward.opened(second, "archive", "rejection")) == uids(
        ward.sent(first, "archive")
    )
    stored = sorted(Path(one.path).name for one in ward.objects(second))
    assert ward.files_of(second) == stored


def test_a_result_that_is_overtaken_while_it_is_stored_is_not_sent(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ward.asked(1)
    ward.revise()
    second = ward.asked(2)
    write = storing._write

    def slow(station: Station, *rest: Any) -> Any:
        monkeypatch.setattr(storing, "_write", write)
        written = write(station, *rest)
        tasks.perform(station, second)
        return written

    monkeypatch.setattr(storing, "_write", slow)
    tasks.perform(ward.station, first)
    assert ward.state(first).state is State.DELIVERED
    assert (ward.deliveries(first), ward.files_of(first)) == ([], [])
    assert [kind for kind, _ in ward.sent(second, "archive")] == ["sr", "gsps", "gsps"]


def test_a_retry_finds_the_same_predecessors_and_writes_the_same_bytes(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    ward.answered(1)
    ward.revise()
    second = ward.asked(2)
    commit, seen = storing._commit, []

    def lost(station: Station, *rest: Any, **more: Any) -> int:
        seen.append(data(ward, more["written"]))
        if len(seen) == 1:
            message = "the database is away"
            raise UnavailableError(message)
        return commit(station, *rest, **more)

    monkeypatch.setattr(storing, "_commit", lost)
    tasks.perform(ward.station, second)
    assert ward.state(second).state is State.QUEUED
    tasks.perform(ward.station, second)
    assert ward.state(second).state is State.ENCODED
    assert seen[0] == seen[1]
    assert pydicom.dcmread(io.BytesIO(seen[0][0])).Modality == "KO"


def test_each_destination_is_told_of_what_it_holds(tmp_path: Path, tiny: Algorithm) -> None:
    """Two destinations of one profile but for the kinds of object."""
    ward = Ward(
        tmp_path / "var",
        tiny,
        destinations={
            "all": {**PEER, "objects": ["sr", "gsps"], "withdraw": True},
            "report": {**PEER, "objects": ["sr"], "withdraw": True},
        },
    )
    first = ward.answered(1)
    ward.revise()
    second = ward.answered(2)
    for key in ("all", "report"):
        note = ward.opened(second, key, "rejection")
        assert withdrawn(note) == uids(ward.sent(first, key))
    assert len(ward.sent(first, "all")) == 2
    assert len(ward.sent(first, "report")) == 1
    assert ward.sent(second, "all")[1] == ward.sent(second, "report")[1]
    ward.close()


def test_what_was_refused_for_good_is_not_withdrawn(tmp_path: Path, tiny: Algorithm) -> None:
    ward = Ward(tmp_path / "var", tiny)
    first = ward.answered(1)
    with ward.station.database.write() as connection:
        for one in deliveries.of_jobs(connection, [first]):
            if one.destination == "archive":
                deliveries.undeliverable(
                    connection, one, receipt=0x0122, error="no", now=ward.clock()
                )
    ward.revise()
    second = ward.answered(2)
    assert [kind for kind, _ in ward.sent(second, "archive")] == ["sr", "gsps", "gsps"]
    assert {one.state for one in ward.deliveries(second)} == {DeliveryState.WAITING}
    ward.close()


def test_a_site_without_destinations_has_reports_that_name_each_other(
    tmp_path: Path, tiny: Algorithm
) -> None:
    ward = Ward(tmp_path / "var", tiny, destinations={})
    first = ward.asked(1)
    tasks.perform(ward.station, first)
    ward.revise()
    second = ward.asked(2)
    tasks.perform(ward.station, second)
    (made,) = ward.objects(second)
    report = pydicom.dcmread(ward.station.files.absolute(made.path))
    assert predecessors(report) == {one.sop_uid for one in ward.objects(first)}
    ward.close()


def test_a_study_that_never_comes_to_rest_is_given_back(
    tmp_path: Path, tiny: Algorithm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between each encoding and its storing another result of the study comes in."""
    ward = Ward(tmp_path / "var", tiny)
    job = ward.asked(1)
    real, asked = batch.standing, itertools.count()

    def restless(*args: Any) -> Succession:
        return dataclasses.replace(real(*args), replaced={str(next(asked)): ()})

    monkeypatch.setattr(storing, "standing", restless)
    tasks.perform(ward.station, job)
    now = ward.state(job)
    assert (now.state, now.error) == (
        State.QUEUED, "other results of the study keep coming in between",
    )  # fmt: skip
    assert next(asked) == 2 * storing.TRIES
    assert ward.files_of(job) == []
    ward.close()
