"""What the exporter tells of the watch: on SQLite and on PostgreSQL alike."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.domain.activation import Activation
from core.domain.finding import Outcome
from core.domain.watch import NATIONAL, Evaluation, Standing, Stream
from core.store import jobs
from core.store.tables import JobRow
from core.store.watch import aggregates, evaluations, nights
from core.store.watch.tables import AggregateRow, ConcordanceRow
from monitoring import exporter_jobs, exporter_tallies
from monitoring.exporter import Exporter
from monitoring.exporter_watch import began, midnight
from tests.monitoring.test_exporter import read
from tests.monitoring.watched import STREAM, audited, day, evaluation, stored, watch
from tests.web.house import fill
from tests.web.seed import NOW, Seed, chest, dataset, open_seed


def at(name: str, **labels: str) -> str:
    """A series of the stream, its labels in the order in which they are written."""
    told = {"algorithm": "chest_xray", "site": "drammen", **labels}
    inner = ",".join(f'{key}="{told[key]}"' for key in sorted(told))
    return f"{name}{{{inner}}}"


@pytest.fixture(params=["sqlite", "postgresql"])
def seed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Seed]:
    """An empty house on one of the two databases."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""
    _, made = open_seed(tmp_path, url)
    yield made
    made.database.close()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Seed]:
    """An empty house on SQLite."""
    _, made = open_seed(tmp_path)
    yield made
    made.database.close()


def answered(seed: Seed, outcome: Outcome, *, made: dt.datetime, after_s: float = 3) -> str:
    """A study read; returns the job's id."""
    study = seed.study([dataset(chest(8, 8))], at=made)
    seed.complete(study, at=made)
    job = seed.job(study, at=made)
    seed.claim(job, at=made)
    seed.answer(job, outcome, at=made + dt.timedelta(seconds=after_s))
    return job


def written(seed: Seed, *found: Evaluation, now: dt.datetime = NOW) -> None:
    with seed.database.write() as connection:
        evaluations.write(connection, found, now)


def test_everything_that_the_watch_says(seed: Seed) -> None:
    fill(seed)
    watch(seed)
    found = read(Exporter(seed.database))
    assert found["varde_exporter_caught_up"] == 1
    score = at("varde_drift_control_score", chart="peers", signal="output")
    assert found[score] == 1.5
    for standing in Standing:
        told = found[at("varde_drift_standing", standing=standing)]
        assert told == (standing is Standing.OUTSIDE)
    ended = found[at("varde_drift_last_evaluation_timestamp_seconds")]
    assert ended == midnight(day(0))
    assert found[at("varde_drift_outside_since_timestamp_seconds")] == midnight(day(1))
    settled = NOW - dt.timedelta(days=19)
    assert found[at("varde_drift_settled_timestamp_seconds")] == settled.timestamp()
    assert found[at("varde_drift_skipped", why="missing")] == 1
    assert found[at("varde_drift_skipped", why="unreadable")] == 0
    assert found[at("varde_drift_reference_studies")] == 9000
    assert found[at("varde_drift_reference_number")] == 1
    assert found["varde_night_finished_timestamp_seconds"] == NOW.timestamp()
    assert found["varde_night_duration_seconds"] == 90
    assert found["varde_night_failed"] == 0
    assert found["varde_night_streams"] == 3
    assert found[at("varde_aggregates_unreadable")] == 1
    assert (
        found[
            at("varde_aggregated_studies")
            .replace("}", "")
            .replace('algorithm="chest_xray",', 'algorithm="chest_xray",outcome="findings",')
            + "}"
        ]
        == 10
    )
    assert found[at("varde_scores", below="0.00669")] == 30
    assert found[at("varde_scores", below="1")] == 8
    pair = at("varde_algorithm_pairs", other="other_chest", pattern="only_this")
    assert found[pair] == 2
    audit = at("varde_concordance_comparisons", outcome="false_negative", source="audit")
    assert found[audit] == 1
    assert found[at("varde_audit_negatives")] == 300
    # Clopper and Pearson: 1 of 300, one-sided 95 %.
    assert found[at("varde_audit_missed_upper95_ratio")] == pytest.approx(0.01571, abs=1e-4)
    assert found[at("varde_audits_drawn_total")] == 1
    assert found[at("varde_audits_answered_total", role="radiologist")] == 1
    word = at("varde_feedback_total", role="orthopaedist", word="disagree")
    assert found[word] == 1
    assert found[at("varde_cases_open", kind="errors")] == 1
    assert at("varde_cases_open", kind="drift") not in found
    oldest = found[at("varde_case_oldest_timestamp_seconds", kind="errors")]
    assert oldest == (NOW - dt.timedelta(days=2)).timestamp()
    for state in Activation:
        told = found[at("varde_activation", state=state)]
        assert told == (state is Activation.SUPERVISED)


def test_decisions_results_and_the_last_of_them(seed: Seed) -> None:
    fill(seed)
    found = read(Exporter(seed.database))
    chosen = at("varde_routing_decisions_total", outcome="chosen")
    assert found[chosen] >= 1
    declined = [name for name in found if name.startswith("varde_input_rejections_total")]
    assert any('reason="modality"' in name for name in declined)
    with seed.database.read() as connection:
        jobs_with = sa.select(sa.func.count()).where(
            JobRow.algorithm == "chest_xray", JobRow.site == "drammen",
            JobRow.outcome == "findings",
        )  # fmt: skip
        expected = connection.execute(jobs_with).scalar_one()
        last = sa.select(sa.func.max(JobRow.finished_at)).where(
            JobRow.algorithm == "chest_xray", JobRow.site == "drammen",
            JobRow.outcome == "findings",
        )  # fmt: skip
        at_last = connection.execute(last).scalar_one()
    assert at_last
    result = at("varde_inference_results_total", outcome="findings", version="1.0.0")
    assert found[result] == expected > 0
    assert found[at("varde_last_result_timestamp_seconds")] == at_last.timestamp()


def results(exporter: Exporter) -> dict[str, float]:
    """The counter of results by outcome."""
    found = read(exporter)
    return {
        name.partition('outcome="')[2].partition('"')[0]: value
        for name, value in found.items()
        if name.startswith("varde_inference_results_total")
    }


def test_counters_are_the_same_after_a_restart_and_never_fall(house: Seed) -> None:
    clock = [NOW + dt.timedelta(hours=1)]
    exporter = Exporter(house.database, clock=lambda: clock[0])
    job = answered(house, Outcome.FAILED, made=NOW)
    answered(house, Outcome.FINDINGS, made=NOW)
    first = results(exporter)
    assert first == {"failed": 1, "findings": 1}
    with house.database.write() as connection:
        jobs.retry(connection, job, NOW)
    assert results(exporter) == first, "the failed run is not forgotten while another goes on"
    house.claim(job, at=NOW)
    assert results(exporter) == first
    house.execute(sa.update(JobRow).where(JobRow.id == job).values(
        state="delivered", outcome="findings", finished_at=NOW, delivered_at=NOW))  # fmt: skip
    assert results(exporter) == {"failed": 1, "findings": 2}
    clock[0] += dt.timedelta(hours=1)
    assert results(exporter) == {"failed": 1, "findings": 2}
    assert results(Exporter(house.database, clock=lambda: clock[0])) == results(exporter)
    delivery = at("varde_result_delivery_seconds_count")
    again = read(Exporter(house.database, clock=lambda: clock[0]))
    assert read(exporter)[delivery] == again[delivery] == 2


def test_a_job_is_counted_once_wherever_it_stands(house: Seed) -> None:
    clock = [NOW]
    exporter = Exporter(house.database, clock=lambda: clock[0])
    answered(house, Outcome.FINDINGS, made=NOW - dt.timedelta(seconds=10))  # may be late yet
    assert results(exporter) == {"findings": 1}
    for _ in range(3):
        clock[0] += dt.timedelta(minutes=1)
        assert results(exporter) == {"findings": 1}


def test_what_is_not_counted_to_the_end_is_left_out(
    house: Seed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporter_tallies, "PART", 2)
    monkeypatch.setattr(exporter_jobs, "PART", 2)
    for number in range(7):
        answered(house, Outcome.FINDINGS, made=NOW + dt.timedelta(seconds=number))
    later = NOW + dt.timedelta(hours=1)
    exporter = Exporter(house.database, clock=lambda: later, patience_s=0)
    told = [read(exporter) for _ in range(12)]
    caught_up = [one["varde_exporter_caught_up"] for one in told]
    assert caught_up == sorted(caught_up)
    assert caught_up[0] == 0
    assert caught_up[-1] == 1
    name = at("varde_inference_results_total", outcome="findings", version="1.0.0")
    assert {one.get(name) for one in told} == {None, 7.0}
    studies = 'varde_studies_received_total{site="drammen"}'
    assert {one.get(studies) for one in told} == {None, 7.0}


def test_an_evaluation_is_told_once_it_is_written(house: Seed) -> None:
    exporter = Exporter(house.database)
    name = at("varde_drift_standing", standing="outside")
    assert name not in read(exporter)
    written(house, evaluation(Standing.INSIDE))
    assert read(exporter)[name] == 0
    written(house, evaluation(Standing.OUTSIDE), now=NOW + dt.timedelta(seconds=1))
    assert read(exporter)[name] == 1
    written(house, evaluation(Standing.INSIDE, 0), now=NOW + dt.timedelta(seconds=2))
    assert read(exporter)[name] == 0


def test_an_episode_goes_on_over_quiet_days(house: Seed) -> None:
    outside, inside = Standing.OUTSIDE, Standing.INSIDE
    days = {30: outside, 9: outside, 8: inside, 4: Standing.NO_DATA, 1: outside}
    written(house, *(evaluation(standing, before) for before, standing in days.items()))
    found = read(Exporter(house.database))
    assert found[at("varde_drift_outside_since_timestamp_seconds")] == midnight(day(9))
    assert began([day(15), day(1)]) == day(1)
    assert began([day(14), day(1)]) == day(14)


def test_nothing_outside_has_no_since(house: Seed) -> None:
    written(house, evaluation(Standing.OUTSIDE, 2), evaluation(Standing.INSIDE, 1))
    found = read(Exporter(house.database))
    assert at("varde_drift_outside_since_timestamp_seconds") not in found


def test_scopes_wider_than_a_site_have_no_activation(house: Seed) -> None:
    wide = Evaluation(Stream(NATIONAL, "chest_xray"), day(1), 1, 9, 9, Standing.INSIDE)
    written(house, wide, evaluation(Standing.INSIDE))
    found = read(Exporter(house.database))
    assert found['varde_drift_standing{algorithm="chest_xray",site="*",standing="inside"}'] == 1
    live = [name for name in found if name.startswith("varde_activation") and found[name]]
    assert live == [at("varde_activation", state="live")]


def test_a_stream_out_of_use_is_forgotten_in_the_end(house: Seed) -> None:
    other = Evaluation(Stream("baerum", "chest_xray"), day(70), 1, 9, 9, Standing.INSIDE)
    written(house, other, evaluation(Standing.INSIDE))
    assert not any("baerum" in name for name in read(Exporter(house.database)))


def test_a_night_that_failed_is_said_and_the_last_good_one_stays(house: Seed) -> None:
    with house.database.write() as connection:
        for hours, error in ((48, ""), (24, "chest_xray: disk full")):
            began_at = NOW - dt.timedelta(hours=hours)
            night, _ = nights.claim(connection, day(1), by="t", now=began_at)
            nights.finish(connection, night, streams=1, error=error, notes={}, now=began_at)
        nights.claim(connection, day(0), by="t", now=NOW)  # it runs
    found = read(Exporter(house.database))
    assert found["varde_night_failed"] == 1
    good = (NOW - dt.timedelta(hours=48)).timestamp()
    assert found["varde_night_finished_timestamp_seconds"] == good
    assert not any("disk full" in name for name in found)


def test_days_are_read_once_and_again_when_written_again(
    house: Seed, monkeypatch: pytest.MonkeyPatch
) -> None:
    exporter = Exporter(house.database, clock=lambda: NOW + dt.timedelta(minutes=5))
    name = at("varde_aggregates_unreadable")
    with house.database.write() as connection:
        aggregates.write(connection, [stored(1), stored(2), stored(40)])
    assert read(exporter)[name] == 0
    with house.database.write() as connection:  # a byte of it falls over, its time stays
        connection.execute(sa.update(AggregateRow).where(AggregateRow.day == day(2)).values(
            body=b"?", at=NOW + dt.timedelta(minutes=4, seconds=50)))  # fmt: skip
    assert read(exporter)[name] == 1
    findings = next(key for key in read(exporter) if 'outcome="findings"' in key)
    assert read(exporter)[findings] == 10, "the broken day counts for nothing"
    called: list[object] = []
    monkeypatch.setattr("monitoring.aggregates.wire.load", called.append)
    later = Exporter(house.database, clock=lambda: NOW + dt.timedelta(minutes=6))
    later._days = exporter._days
    read(later)
    assert len(called) <= 1, "only what may be new"


def test_comparisons_are_read_again_after_a_while(house: Seed) -> None:
    written(house, evaluation(Standing.INSIDE))
    exporter = Exporter(house.database)
    ticks = [0.0]
    exporter._compared._clock = lambda: ticks[0]
    name = at("varde_audit_negatives")
    assert name not in read(exporter)
    with house.database.write() as connection:
        connection.execute(sa.insert(ConcordanceRow), [audited(0, 100)])
    ticks[0] += 61
    found = read(exporter)
    assert found[name] == 100
    assert found[at("varde_audit_missed_upper95_ratio")] == pytest.approx(1 - 0.05**0.01, rel=1e-9)


def test_no_part_of_the_watch_fails_a_scrape(house: Seed) -> None:
    written(house, evaluation(Standing.OUTSIDE))
    house.execute(sa.text("UPDATE evaluation SET standing = 'sideways'"))
    assert read(Exporter(house.database)) == {"varde_database_up": 0}
    house.execute(sa.text("UPDATE evaluation SET standing = 'outside'"))
    assert STREAM.site in str(read(Exporter(house.database)))
