"""What is noted of a result: beside it, in its transaction, and never at its cost."""

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from celery.exceptions import SoftTimeLimitExceeded
from pydicom import Dataset

from core.domain.errors import UnreadableError
from core.domain.finding import Outcome
from core.domain.job import PLATFORM, State
from core.domain.reason import ReasonCode
from core.store import jobs
from core.store.watch import events, observations
from core.store.watch.observations import Observed
from core.store.watch.tables import ObservationRow
from models.registry import Algorithm
from monitoring.aggregates import wire
from monitoring.aggregates.aggregate import Aggregate
from tests.workers.instances import image, ramp
from tests.workers.place import SITE, Place
from workers import brightness, headers, observing, pipeline, serials, tasks
from workers.station import Station

DAY = dt.date(2026, 1, 2)
TAGS = {
    "PatientOrientation": ["L", "F"], "PatientSex": "F", "PatientBirthDate": "19500101",
    "StudyDate": "20260102", "KVP": "120", "Manufacturer": "Fjell Medical",
    "ManufacturerModelName": "Fjell DR 100", "SoftwareVersions": "3.1.0",
    "DeviceSerialNumber": "SN4711-7",
}  # fmt: skip
FINDING = "36118008"


def bright() -> Dataset:
    """An image that the tiny network finds something on."""
    return image(ramp(24, 24) // 2 + 2047, stored=12, tags=TAGS)


@pytest.fixture
def job(place: Place) -> str:
    """A queued job of the tiny algorithm on a study of two images."""
    return place.job(place.study([bright(), bright()]))


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path, tiny: Algorithm) -> Iterator[Place]:
    """A place on each of the two databases."""
    more: dict[str, Any] = {}
    if request.param == "postgresql":
        more = {"database": {"url": request.getfixturevalue("postgres_url")}}
    made = Place(tmp_path / "var", {"tiny": tiny}, **more)
    yield made
    made.close()


def observed(place: Place, algorithm: str = "tiny") -> list[Observed]:
    """What was noted that day."""
    with place.station.database.read() as connection:
        return observations.of_day(connection, SITE, algorithm, DAY)


def only(place: Place) -> tuple[Observed, Aggregate]:
    """The one observation there is, and its sums."""
    (row,) = observed(place)
    return row, wire.load(row.body)


def broken(error: BaseException) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> Any:
        raise error

    return fail


def test_a_result_is_noted_in_its_own_transaction(either: Place) -> None:
    job = either.job(either.study([bright(), bright()]))
    tasks.perform(either.station, job)
    row, sums = only(either)
    assert (row.job_id, row.run, row.site) == (job, 1, SITE)
    assert (row.version, row.modality, row.at) == ("1.0.0", "DX", either.clock())
    assert row.groups == ("sex:F", "age:65-79")
    assert (sums.studies, sums.evaluated, sums.positives) == (1, 1, 1)
    assert sums.outputs[FINDING].sum() == 1
    assert sums.numbers["kvp"].mean == 120
    assert sums.numbers["age_years"].mean == pytest.approx(76.0, abs=0.01)
    assert sums.numbers["pixel_mean"].mean == pytest.approx(0.75, abs=0.01)
    assert sums.categories["view"] == {"PA": 1}
    assert sums.groups == {"age:65-79": (1, 1), "sex:F": (1, 1)}
    assert sums.features.count == 0  # the tiny network has no embedding
    with either.station.database.read() as connection:
        told = [one.kind.value for one in events.between(connection, SITE, "tiny", DAY, DAY)]
    assert told == ["version", "scanner"]


def test_the_day_is_that_of_the_last_instance_in_norway(place: Place, job: str) -> None:
    place.clock.advance(3 * 86_400)
    tasks.perform(place.station, job)
    assert [one.day for one in observed(place)] == [DAY]


def test_a_day_in_norway_begins_before_midnight_utc(place: Place) -> None:
    place.clock.now = dt.datetime(2026, 1, 1, 23, 30, tzinfo=dt.UTC)
    tasks.perform(place.station, place.job(place.study([bright()])))
    assert [one.day for one in observed(place)] == [DAY]


def test_the_row_holds_no_patient_and_no_serial_number(
    place: Place, job: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tasks.perform(place.station, job)
    row, sums = only(place)
    with place.station.database.read() as connection:
        tables = ("observation", "equipment", "watch_event", "watch_case")
        rows = [
            str(found)
            for table in tables
            for found in connection.execute(sa.text(f"SELECT * FROM {table}"))  # noqa: S608
        ]
    assert len(rows) == 6
    told = "\n".join([*rows, str(row), str(sums), *capsys.readouterr()])
    for word in ("Nordmann", "13116900216", "19500101", "SN4711", str(bright().StudyInstanceUID)):
        assert word not in told


def test_a_later_run_replaces_what_an_earlier_one_left(
    place: Place, job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(pipeline, "evaluate", broken(UnreadableError("broken")))
        tasks.perform(place.station, job)
    assert only(place)[1].outcomes == {"failed": 1}
    with place.station.database.write() as connection:
        connection.execute(
            sa.text("UPDATE job SET state = :state"), {"state": State.DELIVERED.value}
        )
        jobs.retry(connection, job, place.clock())
    place.clock.advance(60)
    tasks.perform(place.station, job)
    row, sums = only(place)
    assert (row.run, row.at, sums.outcomes) == (2, place.clock(), {"findings": 1})


def test_a_study_that_is_not_evaluated_is_noted_with_its_reason(place: Place) -> None:
    dark = image(ramp(24, 24) // 99, stored=12, tags=TAGS)
    tasks.perform(place.station, place.job(place.study([dark])))
    row, sums = only(place)
    assert sums.outcomes == {"not_evaluated": 1}
    assert sums.reasons == {ReasonCode.NOT_THIS_REGION.value: 1}
    assert (sums.evaluated, sums.outputs) == (0, {})
    assert sums.numbers["pixel_mean"].mean < 0.02
    assert row.equipment


def test_images_that_no_gate_lets_in_are_noted_by_what_made_them(place: Place) -> None:
    ct = image(ramp(), tags={**TAGS, "Modality": "CT"})
    tasks.perform(place.station, place.job(place.study([ct])))
    row, sums = only(place)
    assert sums.reasons == {ReasonCode.MODALITY.value: 1}
    assert (row.modality, bool(row.equipment)) == ("CT", True)


def test_a_failed_job_is_noted_without_scores(
    place: Place, job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "evaluate", broken(UnreadableError("broken")))
    tasks.perform(place.station, job)
    row, sums = only(place)
    assert place.state(job).outcome is Outcome.FAILED
    assert (sums.outcomes, sums.reasons) == ({"failed": 1}, {ReasonCode.ERROR.value: 1})
    assert sums.outputs == {}
    assert row.equipment  # the header of what the answer is about says it


def test_a_job_that_ran_out_of_time_is_noted(
    place: Place, job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "evaluate", broken(SoftTimeLimitExceeded()))
    tasks.perform(place.station, job)
    _, sums = only(place)
    assert (sums.outcomes, sums.reasons) == ({"failed": 1}, {ReasonCode.TIMEOUT.value: 1})


def test_an_attempt_that_is_tried_again_is_not_noted(
    place: Place, job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "evaluate", broken(OSError("gone")))
    tasks.perform(place.station, job)
    assert place.state(job).state is State.QUEUED
    assert observed(place) == []


def test_the_end_of_the_time_is_not_swallowed_while_noting(
    place: Place, job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(brightness, "of_image", broken(SoftTimeLimitExceeded()))
    tasks.perform(place.station, job)
    _, sums = only(place)
    assert sums.reasons == {ReasonCode.TIMEOUT.value: 1}


@pytest.mark.parametrize(
    ("where", "name"),
    [
        (brightness, "of_image"), (headers, "read"), (serials.Serials, "below"),
        (brightness, "mean"),
    ],
)  # fmt: skip
def test_a_crash_in_noting_keeps_the_result_and_its_outcome(
    place: Place, job: str, monkeypatch: pytest.MonkeyPatch, where: object, name: str
) -> None:
    monkeypatch.setattr(where, name, broken(ValueError("Nordmann")))
    tasks.perform(place.station, job)
    assert place.state(job).outcome is Outcome.FINDINGS
    _, sums = only(place)
    assert sums.outcomes == {"findings": 1}
    assert sums.evaluated == 1


@pytest.mark.parametrize("function", ["record", "last_instance"])
def test_a_crash_in_writing_keeps_the_result(
    either: Place, function: str, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    job = either.job(either.study([bright()]))

    def fail(connection: sa.Connection, *_: object) -> None:
        connection.execute(sa.insert(ObservationRow).values(job_id="half"))  # lacks columns

    monkeypatch.setattr(observations, function, fail)
    tasks.perform(either.station, job)
    assert (either.state(job).state, either.state(job).outcome) == (
        State.ENCODED, Outcome.FINDINGS,
    )  # fmt: skip
    assert len(either.deliveries(job)) == 3
    assert observed(either) == []
    assert "a result is not observed" in capsys.readouterr().out


def test_what_varde_itself_says_is_not_noted(place: Place) -> None:
    ct = image(ramp(), tags={"Modality": "CT"})
    tasks.perform(place.station, place.job(place.study([ct]), algorithm=PLATFORM, version="0.1.0"))
    assert observed(place, PLATFORM) == []


def test_a_study_in_memory_says_what_a_job_would_note(
    place: Place, job: str, tiny: Algorithm
) -> None:
    tasks.perform(place.station, job)
    _, stored = only(place)
    again = observing.observed(tiny, [bright(), bright()], place.station.runtime)
    assert wire.dump(again) == wire.dump(stored)


def test_a_station_reads_every_file_as_before(
    place: Place, job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    before = Station.read

    def counted(station: Station, instance: Any) -> Dataset:
        read.append(instance.sop_uid)
        return before(station, instance)

    monkeypatch.setattr(Station, "read", counted)
    tasks.perform(place.station, job)
    assert len(read) == 2
    np.testing.assert_equal(only(place)[1].studies, 1)
