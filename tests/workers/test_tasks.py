import hashlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydicom
import pytest
from celery.exceptions import SoftTimeLimitExceeded
from pydicom import Dataset

from core.domain.errors import ModelError, StorageFullError, UnavailableError
from core.domain.finding import Outcome
from core.domain.job import PLATFORM, State
from core.domain.profile import Kind, Profile
from core.domain.reason import ReasonCode
from core.store import jobs
from highdicom_out import encode
from models.registry import Algorithm
from tests.workers import tiny_onnx
from tests.workers.instances import image, ramp
from tests.workers.place import SITE, Place
from workers import attempt, pipeline, storing, tasks
from workers.lease import Lease
from workers.station import Station

SOON_S = 10.0


def bright() -> Dataset:
    """An image that the tiny network finds something on."""
    return image(ramp(24, 24) // 2 + 2047, stored=12, tags={"PatientOrientation": ["L", "F"]})


@pytest.fixture
def job(place: Place) -> str:
    """A queued job of the tiny algorithm on a study of two images."""
    return place.job(place.study([bright(), bright()]))


def broken(error: BaseException) -> Callable[..., Any]:
    """A function that raises."""

    def fail(*_: object, **__: object) -> Any:
        raise error

    return fail


def test_a_job_becomes_a_stored_result_and_deliveries(place: Place, job: str) -> None:
    tasks.perform(place.station, job)
    now = place.state(job)
    assert (now.state, now.outcome, now.error) == (State.ENCODED, Outcome.FINDINGS, "")
    result = place.result(job)
    assert result
    assert len(result.read) == 2
    assert [one.kind for one in place.objects(job)] == ["sr", "gsps", "gsps"]
    assert sorted((one.destination, one.kind) for one in place.deliveries(job)) == [
        ("pacs", "gsps"), ("pacs", "gsps"), ("pacs", "sr"), ("report", "sr"),
    ]  # fmt: skip
    assert place.news.words == ["result"]
    assert place.due() == []


def test_the_objects_on_disk_are_those_of_the_rows(place: Place, job: str) -> None:
    tasks.perform(place.station, job)
    study_uid = place.study_uid(place.state(job).study_id)
    for one in place.objects(job):
        data = place.station.files.absolute(one.path).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (one.size, one.sha256)
        made = pydicom.dcmread(place.station.files.absolute(one.path))
        assert (made.SOPInstanceUID, made.StudyInstanceUID) == (one.sop_uid, study_uid)


def test_postgresql_does_the_same(tmp_path: Path, tiny: Algorithm, postgres_url: str) -> None:
    place = Place(tmp_path / "var", {"tiny": tiny}, database={"url": postgres_url})
    job = place.job(place.study([bright()]))
    for _ in range(2):
        tasks.perform(place.station, job)
    assert (place.state(job).state, place.state(job).attempts) == (State.ENCODED, 1)
    assert [one.kind for one in place.objects(job)] == ["sr", "gsps"]
    assert len(place.deliveries(job)) == 3
    place.close()


def test_a_second_message_does_nothing(place: Place, job: str) -> None:
    tasks.perform(place.station, job)
    before = (place.state(job), place.files_of(job), place.result(job))
    tasks.perform(place.station, job)
    assert (place.state(job), place.files_of(job), place.result(job)) == before
    assert place.news.words == ["result"]


def test_a_message_for_an_unknown_job_does_nothing(place: Place) -> None:
    tasks.perform(place.station, "0" * 32)
    assert place.news.words == []


def test_a_job_that_another_worker_holds_is_left_alone(place: Place, job: str) -> None:
    with place.station.database.write() as connection:
        jobs.claim(connection, job, owner="other", now=place.clock(), lease=place.station.lease)
    tasks.perform(place.station, job)
    assert (place.state(job).state, place.state(job).attempts) == (State.RUNNING, 1)


def test_a_platform_job_answers_why_not(place: Place) -> None:
    ct = image(ramp(), tags={"Modality": "CT"})
    job = place.job(place.study([ct]), algorithm=PLATFORM, version="0.1.0")
    tasks.perform(place.station, job)
    result = place.result(job)
    assert result
    assert result.outcome is Outcome.NOT_EVALUATED
    assert result.reason
    assert result.reason.code is ReasonCode.NO_ALGORITHM
    assert result.reason.facts == {"found": "CT"}
    told = result.provenance
    assert (told.algorithm, told.name, told.weights_sha256) == ("varde", "Varde", "")
    assert told.parameters == {"tiny": "modaliteten er CT, den leser CR, DX"}
    assert [one.kind for one in place.deliveries(job)] == ["sr", "sr"]


def test_a_result_without_images_refers_to_one_instance_of_each_series(place: Place) -> None:
    datasets = [image(ramp(), tags={"Modality": "CT"}) for _ in range(14)]
    for dataset in datasets[1:3]:
        dataset.SeriesInstanceUID = datasets[0].SeriesInstanceUID
    datasets[0].Modality = datasets[3].Modality = "SR"
    instances = place.instances(place.study(datasets))
    chosen = [one.sop_uid for one in storing._first_of_series(instances)]
    uids = [str(one.SOPInstanceUID) for one in datasets]
    assert chosen == [uids[1], *uids[4:13]]


def test_a_site_without_destinations_is_settled_at_once(tmp_path: Path, tiny: Algorithm) -> None:
    site = {"name": "Ward", "trust": "t", "calling": ["*"], "destinations": []}
    place = Place(tmp_path / "var", {"tiny": tiny}, sites={SITE: site})
    job = place.job(place.study([bright()]))
    tasks.perform(place.station, job)
    assert place.state(job).state is State.DELIVERED
    assert [one.kind for one in place.objects(job)] == ["sr"]
    place.close()


def test_the_objects_are_what_destinations_take_and_the_manifest_gives(
    place: Place, tiny: Algorithm
) -> None:
    settings = place.station.settings
    assert storing.wanted(settings, SITE, tiny)["pacs"].objects == ("sr", "gsps")
    pacs = settings.destinations["pacs"].model_copy(update={"objects": tuple(Kind)})
    fussy = settings.model_copy(update={"destinations": {**settings.destinations, "pacs": pacs}})
    given = ("sr", "cad", "gsps", "capture", "pdf", "kos")  # `tiny` has no segments to give
    assert storing.wanted(fussy, SITE, tiny)["pacs"].objects == given
    assert storing.wanted(settings, "closed", tiny) == {"": Profile(objects=("sr",))}


def test_what_may_pass_is_tried_again_later(
    place: Place, job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Station, "read", broken(UnavailableError("the disk is away")))
        tasks.perform(place.station, job)
    now = place.state(job)
    assert (now.state, now.attempts, now.error) == (State.QUEUED, 1, "the disk is away")
    assert place.due() == []
    place.clock.advance(attempt.FIRST_DELAY_S)
    assert place.due() == [job]
    tasks.perform(place.station, job)
    assert place.state(job).outcome is Outcome.FINDINGS


def test_the_delay_grows_and_ends() -> None:
    delays = [attempt.delay(number).total_seconds() for number in (1, 2, 3, 9, 10_000)]
    assert delays == [5, 20, 80, 600, 600]


@pytest.mark.parametrize("error", [UnavailableError("away"), ZeroDivisionError("Nordmann^Ola")])
def test_the_last_attempt_ends_as_a_delivered_failure(
    place: Place,
    job: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    error: Exception,
) -> None:
    monkeypatch.setattr(pipeline, "evaluate", broken(error))
    for _ in range(3):
        assert place.state(job).state is State.QUEUED
        tasks.perform(place.station, job)
        place.clock.advance(1000)
    now = place.state(job)
    assert (now.state, now.outcome, now.attempts) == (State.ENCODED, Outcome.FAILED, 3)
    assert "Nordmann" not in now.error
    told = capfd.readouterr()
    assert "in attempt.py:" in told.out + told.err
    assert "Nordmann" not in told.out + told.err
    result = place.result(job)
    assert result
    assert result.reason
    assert result.reason.code is ReasonCode.ERROR
    assert result.provenance.name == "Tiny"
    assert [one.kind for one in place.deliveries(job)] == ["sr", "sr"]


def test_what_cannot_pass_fails_at_once(
    place: Place, job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "evaluate", broken(ModelError("output is not finite")))
    tasks.perform(place.station, job)
    now = place.state(job)
    assert (now.outcome, now.attempts) == (Outcome.FAILED, 1)
    assert now.error == "the algorithm failed: output is not finite"


def test_a_version_that_is_not_here_waits_for_a_worker_that_has_it(
    tmp_path: Path, tiny: Algorithm
) -> None:
    newer = tiny_onnx.folder(tmp_path / "models", version="2.0.0")
    place = Place(tmp_path / "var", {"tiny": newer})
    job = place.job(place.study([bright()]))
    tasks.perform(place.station, job)
    now = place.state(job)
    assert (now.state, now.error) == (
        State.QUEUED, "this worker has no tiny 1.0.0: it has 2.0.0",
    )  # fmt: skip
    place.close()


def test_a_study_that_kills_workers_ends_as_a_delivered_failure(
    place: Place, job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        with place.station.database.write() as connection:
            assert jobs.claim(
                connection, job, owner="killed", now=place.clock(), lease=place.station.lease
            )
        place.clock.advance(61)
        with place.station.database.write() as connection:
            assert jobs.release_lost(connection, place.clock()) == [job]
    monkeypatch.setattr(pipeline, "evaluate", lambda *_, **__: pytest.fail("ran again"))
    tasks.perform(place.station, job)
    result = place.result(job)
    assert result
    assert result.reason
    assert result.reason.code is ReasonCode.GAVE_UP
    assert result.reason.facts == {"detail": "3"}
    assert place.state(job).state is State.ENCODED


def test_celerys_time_limit_is_a_delivered_failure(
    place: Place, job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "evaluate", broken(SoftTimeLimitExceeded()))
    tasks.perform(place.station, job)
    assert place.state(job).outcome is Outcome.FAILED
    assert place.state(job).error == "the algorithm took more than 20 s"


def test_a_time_limit_that_a_decoder_swallowed_still_counts(place: Place) -> None:
    job = place.job(place.study([bright()]), limit_s=0.0)
    tasks.perform(place.station, job)
    assert place.state(job).error == "the algorithm took more than 0 s"


def test_a_lost_lease_leaves_nothing_behind(
    place: Place, job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker was silent while it encoded; another one has done the job meanwhile."""
    write = storing._write

    def slow(station: Station, *rest: Any) -> Any:
        monkeypatch.setattr(storing, "_write", write)
        place.clock.advance(61)
        with place.station.database.write() as connection:
            jobs.release_lost(connection, place.clock())
        tasks.perform(place.station, job)
        return write(station, *rest)

    monkeypatch.setattr(storing, "_write", slow)
    tasks.perform(place.station, job)
    assert place.state(job).attempts == 2
    assert place.files_of(job) == sorted(Path(one.path).name for one in place.objects(job))
    for one in place.objects(job):
        data = place.station.files.absolute(one.path).read_bytes()
        assert hashlib.sha256(data).hexdigest() == one.sha256
    assert place.news.words == ["result"]


def test_a_withdrawn_job_stops_between_images(
    tmp_path: Path, tiny: Algorithm, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path / "var", {"tiny": tiny}, worker={"lease_s": 0.05, "threads": 1})
    job = place.job(place.study([bright(), bright()]))
    leases: list[Lease] = []
    enter = Lease.__enter__

    def kept(self: Lease) -> Lease:
        leases.append(self)
        return enter(self)

    monkeypatch.setattr(Lease, "__enter__", kept)
    read = Station.read

    def first(self: Station, instance: Any) -> Dataset:
        with self.database.write() as connection:
            jobs.cancel(connection, job, self.clock())
        assert leases[0].wait_lost(SOON_S)
        return read(self, instance)

    monkeypatch.setattr(Station, "read", first)
    tasks.perform(place.station, job)
    assert place.state(job).state is State.CANCELLED
    assert place.result(job) is None
    assert place.files_of(job) == []
    place.close()


def test_a_long_job_keeps_its_lease(
    tmp_path: Path, tiny: Algorithm, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path / "var", {"tiny": tiny}, worker={"lease_s": 0.05, "threads": 1})
    job = place.job(place.study([bright()]))
    read = Station.read
    renewals = threading.Semaphore(0)
    renew = attempt.Attempt._renew

    def counted(self: attempt.Attempt) -> bool:
        held = renew(self)
        renewals.release()
        return held

    def patient(self: Station, instance: Any) -> Dataset:
        for _ in range(3):
            assert renewals.acquire(timeout=SOON_S)
        return read(self, instance)

    monkeypatch.setattr(attempt.Attempt, "_renew", counted)
    monkeypatch.setattr(Station, "read", patient)
    tasks.perform(place.station, job)
    assert place.state(job).outcome is Outcome.FINDINGS
    place.close()


def test_a_result_that_cannot_be_encoded_is_a_failure_that_can(
    place: Place, job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = encode.encode

    def picky(result: Any, *rest: Any, **more: Any) -> Any:
        if result.outcome is Outcome.FINDINGS:
            raise ValueError
        return real(result, *rest, **more)

    monkeypatch.setattr(encode, "encode", picky)
    for _ in range(3):
        tasks.perform(place.station, job)
        place.clock.advance(1000)
    assert (place.state(job).state, place.state(job).outcome) == (State.ENCODED, Outcome.FAILED)
    assert place.state(job).error == "the algorithm failed: ValueError"


def test_where_nothing_can_be_encoded_the_job_says_it(
    place: Place, job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encode, "encode", broken(ValueError()))
    for _ in range(3):
        tasks.perform(place.station, job)
        place.clock.advance(1000)
    now = place.state(job)
    assert now.state is State.FAILED
    assert now.error == (
        "the algorithm failed: ValueError; and no answer could be made: ValueError"
    )


def test_a_full_disk_is_waited_for_however_often(
    place: Place, job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        full = StorageFullError("the disk is full")
        patch.setattr(type(place.station.files), "write_results", broken(full))
        for _ in range(5):
            tasks.perform(place.station, job)
            place.clock.advance(1000)
            assert place.state(job).state is State.QUEUED
    tasks.perform(place.station, job)
    now = place.state(job)
    assert (now.state, now.outcome) == (State.ENCODED, Outcome.FAILED)


def test_a_database_that_is_away_costs_time_and_nothing_else(
    place: Place, job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(storing, "_commit", broken(UnavailableError("the database is away")))
        patch.setattr(jobs, "release", broken(UnavailableError("the database is away")))
        tasks.perform(place.station, job)
    assert place.state(job).state is State.RUNNING
    place.clock.advance(61)
    with place.station.database.write() as connection:
        jobs.release_lost(connection, place.clock())
    assert place.due() == [job]
    tasks.perform(place.station, job)
    assert place.state(job).outcome is Outcome.FINDINGS


def test_a_claim_without_a_database_is_left_to_the_outbox(
    place: Place, job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(jobs, "claim", broken(UnavailableError("the database is away")))
        tasks.perform(place.station, job)
    assert place.due() == [job]


def test_an_instance_that_is_gone_from_disk_is_tried_again(place: Place, job: str) -> None:
    (first, _) = place.instances(place.state(job).study_id)
    path = place.station.files.absolute(first.path)
    path.rename(path.with_suffix(".away"))
    tasks.perform(place.station, job)
    assert place.state(job).error == (
        "an instance cannot be read from disk: No such file or directory"
    )
    path.with_suffix(".away").rename(path)
    place.clock.advance(10)
    tasks.perform(place.station, job)
    assert place.state(job).outcome is Outcome.FINDINGS


def test_instances_that_stay_gone_end_as_a_delivered_failure(place: Place, job: str) -> None:
    for instance in place.instances(place.state(job).study_id):
        place.station.files.absolute(instance.path).unlink()
    for _ in range(place.station.settings.dispatch.attempts):
        tasks.perform(place.station, job)
        place.clock.advance(1000)
    now = place.state(job)
    assert (now.state, now.outcome) == (State.ENCODED, Outcome.FAILED)
    (report,) = (one for one in place.objects(job) if one.kind == "sr")
    made = pydicom.dcmread(place.station.files.absolute(report.path))
    assert made.StudyInstanceUID == place.study_uid(now.study_id)


def test_a_disk_that_stays_full_is_given_up_in_the_open(
    place: Place, job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = broken(StorageFullError("the disk is full"))
    monkeypatch.setattr(type(place.station.files), "write_results", full)
    for _ in range(place.station.settings.dispatch.attempts + attempt.LAST_RESORT):
        tasks.perform(place.station, job)
        place.clock.advance(10_000)
    assert place.state(job).state is State.FAILED


def test_a_file_that_is_no_dicom_any_more_is_told(place: Place, job: str) -> None:
    (first, second) = place.instances(place.state(job).study_id)
    place.station.files.absolute(first.path).write_bytes(b"damaged")
    tasks.perform(place.station, job)
    result = place.result(job)
    assert result
    assert result.read == (second.sop_uid,)
    assert "the file is damaged" in result.provenance.parameters["not_read"]


def test_a_claim_that_breaks_unforeseen_ends_without_an_error(
    place: Place, job: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(jobs, "claim", broken(ZeroDivisionError("Nordmann^Ola")))
    tasks.perform(place.station, job)
    told = capfd.readouterr()
    assert "the task stopped" in told.out + told.err
    assert "Nordmann" not in told.out + told.err
