"""What the engine says of quick streams, and what it never says."""

import dataclasses
import datetime as dt
import random
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from core.domain.watch import NATIONAL, TRUST, Chart, Evaluation, Signal, Standing, Stream
from core.sections import Watch
from monitoring.aggregates.aggregate import Aggregate, total
from monitoring.drift.engine import HORIZON_DAYS, Reference, evaluate, learn, learn_many
from tests.monitoring.drift.streams import (
    DAYS,
    FIRST,
    LAST,
    TRUSTS,
    History,
    Shift,
    country,
    history,
)

SHIFTED = 400  #: the day of a shift, counted from FIRST
Known = Mapping[str, Reference]
Histories = Mapping[str, History]


def day(at: int) -> dt.date:
    return FIRST + dt.timedelta(at)


def judged(
    histories: Histories, known: Known, days: Sequence[dt.date], site: str = "a"
) -> list[Evaluation]:
    asked = known if site.startswith(TRUST) else {one: known[one] for one in known if one == site}
    numbered = {one: (3, made) for one, made in asked.items()}
    found = evaluate(histories, numbered, days, Watch(), trust_of=TRUSTS, algorithm="x")
    return [one for one in found if one.stream.site == site]


def of(one: Evaluation, signal: Signal, chart: Chart) -> Standing:
    return next(p.standing for p in one.points if (p.signal, p.chart) == (signal, chart))


def outside(found: Sequence[Evaluation]) -> list[dt.date]:
    return [one.day for one in found if one.standing is Standing.OUTSIDE]


AFTER = [day(at) for at in range(SHIFTED, SHIFTED + 30)]


def test_nothing_happens_and_nothing_is_said(calm: Histories, references: Known) -> None:
    days = [day(at) for at in range(364, DAYS)]
    numbered = {one: (1, made) for one, made in references.items()}
    found = evaluate(calm, numbered, days, Watch(), trust_of=TRUSTS, algorithm="x")
    assert outside(found) == []
    large = [one for one in found if one.stream.site in "abcdef"]
    assert {one.standing for one in large} <= {Standing.INSIDE, Standing.WATCHED}
    assert sum(one.standing is Standing.INSIDE for one in large) > 0.99 * len(large)
    assert {one.stream for one in found} == {
        Stream(site, "x") for site in (*"abcdefst", NATIONAL, TRUST + "z")
    }
    signals = {point.signal for point in large[0].points}
    assert signals == set(Signal)
    assert {point.chart for point in large[0].points} == {Chart.OWN, Chart.PEERS}
    assert {p.chart for one in found for p in one.points if one.stream.site == NATIONAL} == {
        Chart.NATIONAL
    }


@pytest.mark.parametrize(
    ("shift", "signal", "at_most"),
    [
        (Shift(SHIFTED, pixels=0.06), Signal.INPUT, 3),
        (Shift(SHIFTED, network=0.3), Signal.EMBEDDING, 8),
        (Shift(SHIFTED, odds=0.7), Signal.POSITIVE, 15),
        (Shift(SHIFTED, refused=0.25), Signal.REFUSED, 4),
    ],
)
def test_a_shift_at_one_site_is_found_there_and_in_its_family(
    calm: Histories, references: Known, shift: Shift, signal: Signal, at_most: int
) -> None:
    faulty = {**calm, "a": country(sites="a", shift=shift)["a"]}
    found = judged(faulty, references, AFTER)
    assert outside(found), signal
    assert (outside(found)[0] - AFTER[0]).days < at_most
    last = found[-1]
    assert of(last, signal, Chart.OWN) is Standing.OUTSIDE
    assert of(last, signal, Chart.PEERS) is Standing.OUTSIDE
    assert outside(judged(faulty, references, AFTER, "b")) == []
    assert outside(judged(faulty, references, AFTER, NATIONAL)) == []


def test_members_tell_value_and_band_in_their_own_unit(calm: Histories, references: Known) -> None:
    faulty = {**calm, "a": history(0, 80, DAYS, shift=Shift(SHIFTED, pixels=0.06))}
    one = judged(faulty, references, AFTER)[-1]
    point = next(p for p in one.points if (p.signal, p.chart) == (Signal.INPUT, Chart.OWN))
    first = point.members[0]
    assert first.name == "pixel_mean"
    assert first.value == pytest.approx(0.46, abs=0.01)
    assert first.low < 0.4 < first.high < first.value
    assert first.score > 1
    assert [m.score for m in point.members] == sorted(
        (m.score for m in point.members), reverse=True
    )
    kvp = next(m for m in point.members if m.name == "kvp")
    assert kvp.low < kvp.value < kvp.high
    assert kvp.low > 110
    assert kvp.score < 1
    names = {m.name for p in one.points for m in p.members}
    assert {"positive", "refused", "view:PA", "disagree:twin", "score:36118008"} <= names
    bare = evaluate(
        faulty, {"a": (1, references["a"])}, AFTER[-1:], Watch(),
        trust_of=TRUSTS, algorithm="x", members=False,
    )  # fmt: skip
    again = next(e for e in bare if e.stream.site == "a")
    assert again.scores() == one.scores()
    assert not any(p.members for p in again.points)


def test_what_all_sites_see_is_the_countrys_alarm_and_not_each_sites(references: Known) -> None:
    common = np.zeros(DAYS)
    common[SHIFTED:] = 0.6
    everywhere = country(common=common)
    national = judged(everywhere, references, AFTER, NATIONAL)
    assert outside(national)
    assert of(national[-1], Signal.POSITIVE, Chart.NATIONAL) is Standing.OUTSIDE
    alarms = {site: judged(everywhere, references, AFTER, site) for site in "abcdef"}
    for found in alarms.values():
        assert of(found[-1], Signal.POSITIVE, Chart.PEERS) is not Standing.OUTSIDE
        own = max(one.scores()[Signal.POSITIVE, Chart.OWN] for one in found)
        peers = max(one.scores()[Signal.POSITIVE, Chart.PEERS] for one in found)
        assert peers < own
    assert sum(bool(outside(found)) for found in alarms.values()) <= 1
    quiet = [found for found in alarms.values() if not outside(found)]
    assert any(of(one[-1], Signal.POSITIVE, Chart.OWN) is Standing.WATCHED for one in quiet)


def test_one_evaluation_outside_is_watched_and_two_are_an_alarm(
    calm: Histories, references: Known
) -> None:
    monday = next(at for at in range(SHIFTED, SHIFTED + 9) if day(at).weekday() == 0)
    shift = Shift(monday, pixels=0.2)
    found = judged(
        {**calm, "a": history(0, 80, DAYS, shift=shift)}, references,
        [day(at) for at in range(monday - 1, monday + 2)],
    )  # fmt: skip
    assert [one.standing for one in found] == [Standing.INSIDE, Standing.WATCHED, Standing.OUTSIDE]


def test_a_day_without_studies_is_no_second_evaluation(calm: Histories, references: Known) -> None:
    monday = next(at for at in range(SHIFTED, SHIFTED + 9) if day(at).weekday() == 0)
    hit = history(0, 80, DAYS, shift=Shift(monday, pixels=0.2))
    del hit[day(monday + 1)]
    found = judged({**calm, "a": hit}, references, [day(at) for at in range(monday, monday + 3)])
    assert [one.standing for one in found] == [
        Standing.WATCHED, Standing.WATCHED, Standing.OUTSIDE,
    ]  # fmt: skip
    assert found[1].today == 0
    assert found[1].notes == (f"missing:{day(monday + 1).isoformat()}",)


def test_an_alarm_ends_when_the_stream_is_as_before(references: Known, calm: Histories) -> None:
    shift = Shift(SHIFTED, SHIFTED + 10, pixels=0.06)
    found = judged(
        {**calm, "a": history(0, 80, DAYS, shift=shift)}, references,
        [day(at) for at in range(SHIFTED, DAYS)],
    )  # fmt: skip
    assert found[9].standing is Standing.OUTSIDE
    assert found[-1].standing is Standing.INSIDE


def test_silence_is_never_inside(calm: Histories, references: Known) -> None:
    silent = {date: one for date, one in calm["a"].items() if date < day(SHIFTED)}
    found = judged({**calm, "a": silent}, references, AFTER)
    working = [one for one in found if (one.day - day(SHIFTED)).days >= 3]
    assert {one.standing for one in working} == {Standing.NO_DATA}
    assert found[-1].studies == 0
    assert found[-1].today == 0
    assert judged({**calm, "a": {}}, references, AFTER)[-1].standing is Standing.NO_DATA
    lost = {site: one for site, one in calm.items() if site != "a"}
    assert judged(lost, references, AFTER)[-1].standing is Standing.NO_DATA


def test_a_collapsed_volume_is_never_inside(calm: Histories, references: Known) -> None:
    hardly = history(0, 80, DAYS, shift=Shift(SHIFTED, volume=0.03))
    found = judged({**calm, "a": hardly}, references, AFTER)
    assert Standing.INSIDE not in {one.standing for one in found[7:]}
    assert sum(one.standing is Standing.NO_DATA for one in found[7:]) > 0.9 * len(found[7:])
    assert all(one.studies > 0 for one in found)


def test_weekends_without_studies_are_no_silence(calm: Histories) -> None:
    closed = {date: one for date, one in calm["a"].items() if date.weekday() < 5}
    histories = {**calm, "a": closed}
    made = learn(histories, "a", FIRST, LAST, Watch(), trust_of=TRUSTS)
    found = judged(histories, {"a": made}, [day(at) for at in range(364, 440)])
    assert {one.standing for one in found} <= {Standing.INSIDE, Standing.WATCHED}
    assert not any(note for one in found for note in one.notes)


def test_a_small_site_is_never_green_and_its_trust_is_watched(
    calm: Histories, references: Known
) -> None:
    assert references["t"].small
    assert not references["a"].small
    sparse = {date: one for date, one in calm["t"].items() if date.toordinal() % 2}
    found = judged({**calm, "t": sparse}, references, AFTER, "t")
    assert {one.standing for one in found} == {Standing.TOO_FEW}
    trust = judged(calm, references, AFTER, TRUST + "z")
    assert {one.standing for one in trust} == {Standing.INSIDE}
    assert trust[0].studies > judged(calm, references, AFTER, "e")[0].studies


def test_a_trust_with_a_small_site_is_asked_for_although_it_has_no_reference(
    calm: Histories, references: Known
) -> None:
    without = {site: one for site, one in references.items() if not site.startswith(TRUST)}
    found = judged(calm, without, AFTER, TRUST + "z")
    assert {one.standing for one in found} == {Standing.LEARNING}
    assert judged(calm, without, AFTER, TRUST + "w") == []  # one site is no pool
    assert judged(calm, without, AFTER, TRUST + "x") == []


def test_a_first_reference_alarms_by_peers_and_only_shows_its_own_chart(calm: Histories) -> None:
    last = FIRST + dt.timedelta(125)
    made = learn_many(calm, ["a", "b", NATIONAL], FIRST, last, Watch(), trust_of=TRUSTS)
    days = [day(at) for at in range(150, 170)]
    quiet = judged(calm, made, days)
    assert {one.standing for one in quiet} == {Standing.INSIDE}, "its peers tell"
    assert {of(one, Signal.INPUT, Chart.OWN) for one in quiet} == {Standing.LEARNING}
    assert {of(one, Signal.INPUT, Chart.PEERS) for one in quiet} == {Standing.INSIDE}
    assert all((Signal.INPUT, Chart.OWN) in one.scores() for one in quiet)
    faulty = {**calm, "a": history(0, 80, DAYS, shift=Shift(155, pixels=0.06))}
    found = judged(faulty, made, days)
    assert outside(found)
    assert {of(one, Signal.INPUT, Chart.OWN) for one in found} == {Standing.LEARNING}


def test_less_than_a_first_reference_is_learning(calm: Histories) -> None:
    short = learn(calm, "a", FIRST, FIRST + dt.timedelta(40), Watch(), trust_of=TRUSTS)
    assert judged(calm, {"a": short}, AFTER)[0].standing is Standing.LEARNING
    assert judged(calm, {"a": short}, AFTER)[0].points == ()
    none = judged(calm, {}, AFTER)
    assert {(one.standing, one.reference) for one in none} == {(Standing.LEARNING, 0)}
    empty = learn({}, "a", FIRST, LAST, Watch(), trust_of={})
    assert (empty.days, empty.studies) == (0, 0)
    assert judged(calm, {"a": empty}, AFTER)[0].standing is Standing.LEARNING


def test_too_few_peers_are_said_and_a_lonely_site_has_its_own_chart(calm: Histories) -> None:
    alone = {"a": calm["a"]}
    made = learn_many(alone, ["a", NATIONAL], FIRST, LAST, Watch(), trust_of=TRUSTS)
    assert set(made["a"].charts) == {Chart.OWN}
    one = judged(alone, made, AFTER)[0]
    assert one.standing is Standing.INSIDE
    assert one.notes == ("peers:0",)
    assert judged(alone, made, AFTER, NATIONAL)[0].standing is Standing.INSIDE
    faulty = {"a": history(0, 80, DAYS, shift=Shift(SHIFTED, pixels=0.06))}
    assert outside(judged(faulty, made, AFTER))
    few = learn_many(calm, ["a"], FIRST, LAST, Watch(), trust_of=TRUSTS)
    gone = {site: {d: x for d, x in calm[site].items() if d < day(350)} for site in "bcdefst"}
    later = judged({**gone, "a": calm["a"]}, few, AFTER)[-1]
    assert "peers:0" in later.notes
    assert of(later, Signal.INPUT, Chart.PEERS) is Standing.TOO_FEW
    assert of(later, Signal.INPUT, Chart.OWN) is Standing.INSIDE
    assert later.standing is Standing.INSIDE


def test_many_days_at_once_are_each_day_alone(calm: Histories, references: Known) -> None:
    together = judged(calm, references, AFTER[::7])
    alone = [judged(calm, references, [one])[0] for one in AFTER[::7]]
    assert [one.standing for one in together] == [one.standing for one in alone]
    for one, other in zip(together, alone, strict=True):
        assert one.scores() == pytest.approx(other.scores(), abs=2e-4)
        assert (one.studies, one.today, one.notes) == (other.studies, other.today, other.notes)
    assert judged(calm, references, []) == []


def test_what_lies_before_the_horizon_changes_nothing(calm: Histories, references: Known) -> None:
    start = AFTER[0] - dt.timedelta(HORIZON_DAYS)
    recent = {s: {d: x for d, x in one.items() if d >= start} for s, one in calm.items()}
    wild = Aggregate(studies=900, evaluated=900, positives=900, outcomes={"findings": 900})
    older = {s: {start - dt.timedelta(1): wild, **one} for s, one in recent.items()}
    assert judged(recent, references, AFTER[:1]) == judged(older, references, AFTER[:1])
    assert judged(recent, references, AFTER[:1]) == judged(calm, references, AFTER[:1])


def test_neither_the_order_of_days_nor_that_of_sums_matters(
    calm: Histories, references: Known
) -> None:
    rng = random.Random(1)
    dates = list(calm["a"])
    rng.shuffle(dates)
    halves = {
        date: total([calm["b"][date], calm["a"][date]]) for date in dates if date in calm["b"]
    }
    swapped = {date: total([calm["a"][date], calm["b"][date]]) for date in sorted(halves)}
    one = judged({**calm, "a": halves}, references, AFTER[:3])
    other = judged({**calm, "a": swapped}, references, AFTER[:3])
    assert [e.standing for e in one] == [e.standing for e in other]
    assert one[0].scores() == pytest.approx(other[0].scores(), abs=2e-4)


def test_a_late_day_gives_the_recomputed_answer(calm: Histories, references: Known) -> None:
    at = next(at for at in range(SHIFTED, SHIFTED + 9) if day(at).weekday() == 2)
    without = {date: one for date, one in calm["a"].items() if date != day(at)}
    before = judged({**calm, "a": without}, references, [day(at + 2)])[0]
    after = judged(calm, references, [day(at + 2)])[0]
    assert before.notes == (f"missing:{day(at).isoformat()}",)
    assert after.notes == ()
    assert before.scores() != after.scores()
    assert before.studies < after.studies
    # A missing day is not a day of nothing: no channel falls towards zero for want of it.
    assert before.standing is after.standing is Standing.INSIDE


def test_references_are_the_same_whoever_else_is_learned_with_them(calm: Histories) -> None:
    one = learn(calm, "a", FIRST, LAST, Watch(), trust_of=TRUSTS)
    many = learn_many(calm, ["b", "a"], FIRST, LAST, Watch(), trust_of=TRUSTS)
    assert one.dump() == many["a"].dump()
    wider = learn(calm, "a", FIRST, LAST, Watch(margin=2.4), trust_of=TRUSTS)
    for signal, levels in one.charts[Chart.OWN].levels.items():
        finite = levels < 1e8
        np.testing.assert_allclose(
            wider.charts[Chart.OWN].levels[signal][finite], 2 * levels[finite], rtol=1e-6
        )
    assert dataclasses.asdict(one)["studies"] == sum(
        x.studies for date, x in calm["a"].items() if date <= LAST
    )
