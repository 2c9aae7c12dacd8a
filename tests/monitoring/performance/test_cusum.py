"""The Bernoulli CUSUM: run lengths, daily counts, and what is watched."""

import datetime as dt
import itertools
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.feedback import Source
from core.domain.watch import Standing
from core.store.watch.concordance import Counted
from monitoring.performance.baseline import FULL_ERRORS, LOWEST
from monitoring.performance.confusion import Confusion
from monitoring.performance.cusum import Cusum, path
from monitoring.performance.run_length import LARGEST_LIMIT, Weights, limit_for, run_length
from monitoring.performance.watching import LEAST, Error, Watched, by_day, watch

WEIGHTS = Weights.of(0.04, 0.08)
DAY = dt.date(2026, 1, 1)


def simulated(limit: float, rate: float, runs: int, seed: int) -> np.ndarray:
    """(runs,) studies to the signal, study by study: nothing of the chain is used."""
    random = np.random.default_rng(seed)
    value, length, found = np.zeros(runs), np.zeros(runs, dtype=int), np.zeros(runs, dtype=int)
    open_ = np.arange(runs)
    while open_.size:
        errors = random.random(open_.size) < rate
        value[open_] += np.where(errors, WEIGHTS.error, WEIGHTS.right)
        np.maximum(value, 0, out=value)
        length[open_] += 1
        done = value[open_] >= limit
        found[open_[done]] = length[open_[done]]
        open_ = open_[~done]
    return found


@pytest.mark.parametrize(
    ("limit", "rate", "told"),
    [
        # Section 3 of the method, itself measured by simulation: within 6 % of the exact value.
        (4.0, 0.04, 5100),
        (4.0, 0.08, 207),
        (5.0, 0.04, 13500),
        (5.0, 0.08, 257),
        (5.0, 0.06, 800),
    ],
)
def test_the_run_lengths_of_the_method_come_out(limit: float, rate: float, told: float) -> None:
    assert run_length(WEIGHTS, limit, rate) == pytest.approx(told, rel=0.06)


@pytest.mark.parametrize(
    ("limit", "rate", "runs"), [(4.0, 0.04, 1500), (4.0, 0.08, 20000), (5.0, 0.08, 20000)]
)
def test_the_chain_agrees_with_simulation(limit: float, rate: float, runs: int) -> None:
    lengths = simulated(limit, rate, runs, seed=5)
    error = lengths.std() / np.sqrt(runs)
    assert (
        abs(run_length(WEIGHTS, limit, rate) - lengths.mean()) < 3 * error + 0.02 * lengths.mean()
    )


@pytest.mark.parametrize("rate", [0.002, 0.04, 0.3])
@pytest.mark.parametrize("wanted", [2000.0, 100_000.0])
def test_the_limit_is_the_smallest_with_the_wanted_run_length(rate: float, wanted: float) -> None:
    chart = Cusum.for_run_length(rate, wanted)
    odds = [one / (1 - one) for one in (chart.in_control, chart.out_of_control)]
    assert odds[1] == pytest.approx(2 * odds[0])
    assert run_length(chart.weights, chart.limit, rate) >= wanted
    assert run_length(chart.weights, chart.limit - 0.01, rate) < wanted * 1.02


def test_no_limit_is_beyond_the_largest() -> None:
    assert limit_for(Weights.of(0.3, 0.5), 0.3, 1e30) <= LARGEST_LIMIT


@pytest.mark.parametrize(("one", "other"), [(0.0, 0.1), (0.2, 0.1), (0.5, 1.0), (0.1, 0.1)])
def test_shares_that_cannot_be_told_apart_are_refused(one: float, other: float) -> None:
    with pytest.raises(ValueError, match="does not hold"):
        Weights.of(one, other)


@pytest.mark.parametrize(("limit", "rate"), [(0.0, 0.1), (3.0, 0.0), (3.0, 1.0)])
def test_what_has_no_run_length_is_refused(limit: float, rate: float) -> None:
    with pytest.raises(ValueError, match="no run length"):
        run_length(WEIGHTS, limit, rate)


CHART = Cusum(0.04, 0.08, 4.0)

orders = st.lists(st.lists(st.booleans(), min_size=0, max_size=30), min_size=1, max_size=25)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(orders)
def test_a_signal_by_days_is_one_in_every_order_of_the_studies(days: list[list[bool]]) -> None:
    """And so the days' counts never give a false alarm that the studies would not have given."""
    counts = [(DAY + dt.timedelta(i), sum(day), len(day)) for i, day in enumerate(days)]
    ours = path(CHART, counts)
    first = next((i for i, step in enumerate(ours) if step.outside), None)
    value, reached = 0.0, False
    for i, day in enumerate(days):
        for error in day:
            value = max(0.0, value + (WEIGHTS.error if error else WEIGHTS.right))
            reached = reached or value >= CHART.limit - 1e-9
        if not reached:
            assert ours[i].value <= value + 1e-9
        if first == i:
            assert reached


def test_a_path_can_be_resumed_from_its_counts_and_is_the_same() -> None:
    counts = [(DAY + dt.timedelta(i), i % 4, 20) for i in range(60)]
    assert path(CHART, counts)[:30] == path(CHART, counts[:30])
    assert path(CHART, ()) == ()


def test_a_signal_holds_until_the_sum_has_halved() -> None:
    bad = [(DAY + dt.timedelta(i), 8, 40) for i in range(5)]
    good = [(DAY + dt.timedelta(5 + i), 0, 10) for i in range(10)]
    steps = path(CHART, [*bad, *good])
    assert [step.outside for step in steps[:2]] == [True, True]
    assert max(step.value for step in steps) == CHART.limit
    assert max(step.score for step in steps) == 1.0
    ended = next(i for i, step in enumerate(steps) if i > 1 and not step.outside)
    assert steps[ended].value < CHART.limit / 2 <= steps[ended - 1].value


def stream(
    days: int, *, changed: int | None = None, seed: int = 1, source: Source = Source.REPORT
) -> Mapping[dt.date, Mapping[Source, Confusion]]:
    """40 studies a day without, 6 with the finding; false positives 4 %, from `changed` 10 %."""
    random = np.random.default_rng(seed)
    found = {}
    for number in range(days):
        rate = 0.10 if changed is not None and number >= changed else 0.04
        wrong, missed = int(random.binomial(40, rate)), int(random.binomial(6, 0.08))
        found[DAY + dt.timedelta(number)] = {
            source: Confusion(6 - missed, wrong, missed, 40 - wrong, 3)
        }
    return found


def one(watched: tuple[Watched, ...], source: Source, error: Error) -> Watched:
    return next(each for each in watched if (each.source, each.error) == (source, error))


def test_more_false_positives_are_found_and_only_they() -> None:
    days = stream(200, changed=100)
    found = watch(days, since=DAY, until=max(days))
    false = one(found, Source.REPORT, Error.FALSE_POSITIVE)
    assert false.standing is Standing.OUTSIDE
    assert false.since == false.signals[-1]
    delay = (false.signals[0] - (DAY + dt.timedelta(100))).days
    assert 0 <= delay <= 14
    assert one(found, Source.REPORT, Error.FALSE_NEGATIVE).standing is Standing.INSIDE
    assert one(found, Source.AUDIT, Error.FALSE_POSITIVE).standing is Standing.NO_DATA


def test_the_baseline_is_the_first_days_and_the_chart_begins_after_them() -> None:
    days = stream(20)
    false = one(watch(days, since=DAY, until=max(days)), Source.REPORT, Error.FALSE_POSITIVE)
    assert false.preliminary
    assert false.baseline is not None
    assert false.learned is not None
    assert false.baseline.count >= LEAST[Error.FALSE_POSITIVE] > false.baseline.count - 40
    assert [step.day for step in false.steps] == [
        day for day in sorted(days) if day > false.learned
    ]
    assert false.chart is not None
    # In control is where the truth may well lie, not where luck put it.
    assert false.baseline.value < false.chart.in_control < false.baseline.high * 1.03


def test_a_full_baseline_takes_the_place_of_the_first() -> None:
    days = stream(80)
    until = max(days)
    first = one(
        watch(days, since=DAY, until=DAY + dt.timedelta(20)), Source.REPORT, Error.FALSE_POSITIVE
    )
    full = one(watch(days, since=DAY, until=until), Source.REPORT, Error.FALSE_POSITIVE)
    assert not full.preliminary
    assert first.baseline is not None
    assert full.baseline is not None
    errors = full.baseline.value * full.baseline.count
    assert FULL_ERRORS <= errors < FULL_ERRORS + 10
    assert full.baseline.high - full.baseline.low < first.baseline.high - first.baseline.low
    # What the first chart said stays as it was.
    assert full.steps[: len(first.steps)] == first.steps


def test_a_signal_of_the_first_chart_is_no_part_of_a_baseline() -> None:
    days = stream(120, changed=14)
    found = one(watch(days, since=DAY, until=max(days)), Source.REPORT, Error.FALSE_POSITIVE)
    assert found.preliminary
    assert found.standing is Standing.OUTSIDE
    assert found.baseline is not None
    assert found.baseline.count < 400


def test_where_errors_are_rare_a_year_is_a_full_baseline() -> None:
    days = {DAY + dt.timedelta(i): {Source.REPORT: Confusion(true_negative=10)} for i in range(400)}
    found = one(watch(days, since=DAY, until=max(days)), Source.REPORT, Error.FALSE_POSITIVE)
    assert (found.preliminary, found.standing) == (False, Standing.INSIDE)
    assert found.learned == DAY + dt.timedelta(363)
    assert found.chart is not None
    assert found.chart.in_control >= LOWEST


def test_until_there_are_enough_truths_it_is_learning_and_never_inside() -> None:
    days = stream(5)
    for each in watch(days, since=DAY, until=max(days)):
        expected = Standing.LEARNING if each.source is Source.REPORT else Standing.NO_DATA
        assert each.standing is expected
        assert each.signals == ()
        assert each.since is None


def test_when_truths_stop_coming_the_chart_says_so() -> None:
    days = stream(60)
    late = max(days) + dt.timedelta(29)
    found = one(watch(days, since=DAY, until=late), Source.REPORT, Error.FALSE_POSITIVE)
    assert found.standing is Standing.NO_DATA
    assert watch({}, since=DAY, until=DAY)[0].standing is Standing.NO_DATA


def test_what_came_before_since_or_after_until_is_not_looked_at() -> None:
    days = stream(150, changed=60)
    since, until = DAY + dt.timedelta(20), DAY + dt.timedelta(59)
    found = one(watch(days, since=since, until=until), Source.REPORT, Error.FALSE_POSITIVE)
    assert found.standing is Standing.INSIDE
    assert {step.day for step in found.steps} <= {day for day in days if since <= day <= until}
    # From within the change on, the change is the baseline: nothing becomes worse.
    later = one(
        watch(days, since=DAY + dt.timedelta(70), until=max(days)),
        Source.REPORT,
        Error.FALSE_POSITIVE,
    )
    assert later.baseline is not None
    assert later.baseline.value > 0.06


def test_a_late_report_changes_the_day_that_it_belongs_to() -> None:
    days = dict(stream(60))
    before = one(watch(days, since=DAY, until=max(days)), Source.REPORT, Error.FALSE_POSITIVE)
    day = DAY + dt.timedelta(40)
    days[day] = {Source.REPORT: days[day][Source.REPORT] + Confusion(false_positive=5)}
    after = one(watch(days, since=DAY, until=max(days)), Source.REPORT, Error.FALSE_POSITIVE)
    changed = [
        (a.day, b.errors - a.errors)
        for a, b in zip(before.steps, after.steps, strict=True)
        if a.errors != b.errors
    ]
    assert changed == [(day, 5)]


def test_the_evidence_of_a_case_is_numbers() -> None:
    days = stream(200, changed=100)
    found = watch(days, since=DAY, until=max(days))
    told = one(found, Source.REPORT, Error.FALSE_POSITIVE).evidence
    assert told["source"] == "report"
    assert told["error"] == "false_positive"
    assert told["recent_known"] == 28 * 40
    assert float(told["recent_errors"]) > 0.06 * 28 * 40
    assert one(found, Source.AUDIT, Error.FALSE_POSITIVE).evidence == {
        "source": "audit",
        "error": "false_positive",
    }


def test_rows_of_the_table_become_days_and_subgroups_are_left_out() -> None:
    def row(day: dt.date, version: str, source: Source, subgroup: str) -> Counted:
        return Counted("a", "fracture", version, day, "any", source, subgroup, 1, 2, 3, 4, 5)

    later = DAY + dt.timedelta(1)
    days = by_day(
        row(day, version, source, subgroup)
        for day, version, source, subgroup in itertools.product(
            (DAY, later), ("1.0.0", "1.1.0"), (Source.REPORT, Source.AUDIT), ("", "sex:F")
        )
    )
    both = Confusion(2, 4, 6, 8, 10)
    assert days == {day: {Source.REPORT: both, Source.AUDIT: both} for day in (DAY, later)}
