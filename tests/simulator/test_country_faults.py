"""Every fault does what its truth says: from its day, at its site, and to what it should touch."""

import datetime as dt
import functools

import numpy as np
import pytest
from scipy.stats import norm

from core.domain.errors import NotFoundError
from monitoring.aggregates import wire
from monitoring.aggregates.aggregate import Aggregate, Moments, total
from simulator.country import Fault, World
from simulator.country.algorithms import KINDS
from simulator.country.faults import DATA, EFFECTS, NEW_VERSION
from simulator.country.sums import EVALUATED, Studies

SITE, DAY = "furu-storby", dt.date(2024, 2, 12)
BEFORE = DAY - dt.timedelta(1)


@functools.cache
def history(kind: str, algorithm: str = "fracture", site: str = SITE) -> dict[dt.date, Aggregate]:
    faults = [Fault(kind, site, DAY)] if kind else []
    return World(21, years=0.25).history(SITE, algorithm, faults)


@functools.cache
def studies(kind: str, algorithm: str = "fracture") -> tuple[Studies, ...]:
    world = World(21, years=0.5)
    faults = [Fault(kind, "*", world.days[0])] if kind else []
    return tuple(world.studies(SITE, algorithm, span, faults) for span in world.months())


def rates(kind: str, algorithm: str = "fracture") -> tuple[float, float, float]:
    """Sensitivity, specificity and share of findings, all labels pooled."""
    made = studies(kind, algorithm)
    truth = np.concatenate([one.present[one.end < EVALUATED] for one in made])
    called = np.concatenate([one.called[one.end < EVALUATED] for one in made])
    return float(called[truth].mean()), float(1 - called[~truth].mean()), float(truth.mean())


def number(kind: str, name: str, algorithm: str = "fracture") -> float:
    both = total(one for day, one in history(kind, algorithm).items() if day >= DAY)
    return both.numbers[name].mean


def probits(after: float, before: float) -> float:
    return float(norm.ppf(after) - norm.ppf(before))


#: From the table of measured shifts: (sensitivity, specificity), against .898 and .908 without.
MEASURED = {
    "contrast_8": (0.912, 0.881),
    "contrast_20": (0.920, 0.778),
    "subtler": (0.826, 0.917),
}


@pytest.mark.parametrize("kind", MEASURED)
@pytest.mark.parametrize("algorithm", ["fracture", "ct_thorax"])
def test_sensitivity_and_specificity_move_as_measured(kind: str, algorithm: str) -> None:
    """In probits, since the models begin at other sensitivities than the one that was measured."""
    before, after = rates("", algorithm), rates(kind, algorithm)
    moved = [probits(a, b) for a, b in zip(after[:2], before[:2], strict=True)]
    wanted = [probits(MEASURED[kind][0], 0.898), probits(MEASURED[kind][1], 0.908)]
    assert moved[0] == pytest.approx(wanted[0], abs=0.09)
    # A label with a specificity of 0.998 moves less in the pool of labels.
    assert moved[1] == pytest.approx(wanted[1], abs=0.09 if algorithm == "fracture" else 0.16)


@pytest.mark.parametrize("kind", ["scanner", "software", "subgroup", "version"])
def test_other_changes_cost_specificity_and_gain_some_sensitivity(kind: str) -> None:
    before, after = rates(""), rates(kind)
    assert after[1] < before[1] - 0.01
    assert after[0] > before[0] - 0.005


def test_prevalence_and_one_finding_multiply_what_is_there() -> None:
    before, more, one = (
        np.concatenate([made.present for made in studies(kind)]).sum(0)
        for kind in ("", "prevalence", "finding")
    )
    np.testing.assert_allclose(more / before, 1.5, atol=0.12)
    assert one[1] / before[1] == pytest.approx(2, abs=0.2)
    np.testing.assert_allclose(np.delete(one / before, 1), 1, atol=1e-9)
    assert rates("prevalence")[0] == pytest.approx(rates("")[0], abs=0.01)


@pytest.mark.parametrize("kind", EFFECTS)
def test_nothing_changes_before_the_day_and_something_after(kind: str) -> None:
    without, with_it = history(""), history(kind)
    for day in without:
        assert (wire.dump(without[day]) == wire.dump(with_it[day])) == (day < DAY)


def test_a_fault_elsewhere_changes_nothing_here() -> None:
    without, elsewhere = history(""), history("contrast_20", site="bre-havn")
    assert all(wire.dump(without[day]) == wire.dump(elsewhere[day]) for day in without)
    nationwide = history("contrast_20", site="*")
    assert wire.dump(nationwide[DAY]) != wire.dump(without[DAY])


@pytest.mark.parametrize(
    ("kind", "name", "factor"),
    [
        ("contrast_20", "pixel_sd", 0.8),
        ("contrast_8", "pixel_sd", 0.92),
        ("contrast_20", "pixel_gradient", 0.8),
        ("subtler", "pixel_sd", 1.0),
        ("prevalence", "kvp", 1.0),
        ("version", "pixel_mean", 1.0),
    ],
)
def test_inputs_change_by_what_was_done_to_them(kind: str, name: str, factor: float) -> None:
    assert number(kind, name) / number("", name) == pytest.approx(factor, abs=0.02)


def test_a_subgroup_shift_is_of_younger_and_smaller_people() -> None:
    assert number("subgroup", "age_years") < number("", "age_years") - 4
    assert number("subgroup", "mas") < 0.92 * number("", "mas")
    before = total(history("").values()).groups["age:0-17"][0]
    assert total(history("subgroup").values()).groups["age:0-17"][0] > 1.1 * before


def test_a_new_scanner_is_new_equipment_and_a_silent_software_is_not() -> None:
    world = World(21, years=0.25)
    span = next(one for one in world.months() if world.days[one[0]].month == 3)
    keys = {
        kind: {
            day.equipment.key
            for day in world.by_equipment(
                SITE, "fracture", span, [Fault(kind, SITE, DAY)] if kind else []
            )[0]
        }
        for kind in ("", "scanner", "software")
    }
    new = world.machines(SITE, "fracture")[-1].equipment.key
    old = world.machines(SITE, "fracture")[0].equipment.key
    assert keys["software"] == keys[""]
    assert keys["scanner"] == keys[""] - {old} | {new}


def test_the_embedding_moves_with_what_it_carries_and_not_with_what_it_does_not() -> None:
    def apart(kind: str) -> float:
        one, other = (
            total(x for day, x in history(k).items() if day >= DAY).features for k in ("", kind)
        )
        return float(((one.mean - other.mean) ** 2).sum())

    assert apart("prevalence") > apart("subtler")
    assert apart("contrast_20") > 10 * apart("subtler") > 0
    assert apart("version") > apart("contrast_20")


def test_a_new_version_is_told_from_its_day() -> None:
    world = World(21, years=0.25)
    span = next(one for one in world.months() if world.days[one[0]].month == 2)
    days, _ = world.by_equipment(SITE, "fracture", span, [Fault("version", "*", DAY)])
    told = {one.day >= DAY: one.version for one in days}
    assert told == {False: KINDS["fracture"].version, True: KINDS["fracture"].version + NEW_VERSION}


def test_silence_leaves_no_study_and_the_days_before_alone() -> None:
    quiet = history("silence")
    assert max(quiet) == BEFORE
    assert all(wire.dump(quiet[day]) == wire.dump(history("")[day]) for day in quiet)


def test_data_faults_lose_double_or_keep_days_for_later() -> None:
    whole = history("")
    for kind in ("missing", "corrupt"):
        assert history(kind).keys() == {day for day in whole if day < DAY}
    assert history("duplicated")[DAY].studies == 2 * whole[DAY].studies
    wire.load(wire.dump(history("duplicated")[DAY]))
    lost = whole.keys() - history("late").keys()
    assert lost == {day for day in whole if (max(whole) - day).days < 5}


def test_a_fault_can_last_some_days_of_one_algorithm() -> None:
    fault = Fault.parse("missing@furu-storby@2024-02-12+3@chest_xray")
    assert fault == Fault("missing", "furu-storby", DAY, "chest_xray", 3)
    world = World(21, years=0.25)
    assert world.history(SITE, "fracture", [fault]).keys() == history("").keys()
    gone = history("", "chest_xray").keys() - world.history(SITE, "chest_xray", [fault]).keys()
    assert gone == {DAY + dt.timedelta(n) for n in range(3)}


@pytest.mark.parametrize("text", ["", "contrast_20", "none@x@2024-01-01", "version@x@2024-13-01"])
def test_what_is_no_fault_is_refused_with_its_form(text: str) -> None:
    with pytest.raises(NotFoundError):
        Fault.parse(text)


def test_every_fault_of_the_list_is_tested_here() -> None:
    assert {*EFFECTS} == {
        "contrast_8", "contrast_20", "scanner", "software", "prevalence", "finding", "subtler",
        "subgroup", "version",
    }  # fmt: skip
    assert {*DATA} == {"silence", "missing", "duplicated", "late", "corrupt"}
    assert Moments.of([]).count == 0
