"""A day's observations become rows: whatever their order, and however often."""

import dataclasses
import datetime as dt
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.store.watch.observations import Observed
from core.store.watch.offered import Declined
from monitoring.aggregates import wire
from monitoring.aggregates.aggregate import Aggregate, total
from monitoring.nights import folding

DAY = dt.date(2026, 6, 10)
AT = dt.datetime(2026, 6, 10, 12, tzinfo=dt.UTC)
HERE = {"site": "haukeland", "algorithm": "chest_xray", "day": DAY, "at": AT}


def one(job: str, *, found: bool = False, equipment: str = "e1", **more: object) -> Observed:
    """An observation of one evaluated study."""
    outcome = "findings" if found else "nothing_found"
    body = Aggregate(1, 1, int(found), {outcome: 1}, categories={"view": {f"view {job}": 1}})
    values = {
        "run": 1, "site": "haukeland", "algorithm": "chest_xray", "version": "1.0.0",
        "equipment": equipment, "modality": "DX", "day": DAY, "at": AT, "groups": (),
        "body": wire.dump(body),
    }  # fmt: skip
    return Observed(job_id=job, **{**values, **more})  # type: ignore[arg-type]


def folded(
    *observed: Observed,
    declined: tuple[Declined, ...] = (),
    others: Mapping[str, folding.Found] | None = None,
) -> folding.Folded:
    return folding.fold(observed, declined, others or {}, **HERE)  # type: ignore[arg-type]


def test_a_row_for_each_version_and_equipment() -> None:
    made = folded(
        one("a", found=True), one("b"), one("c", equipment="e2"), one("d", version="2.0.0")
    )
    assert [(row.key, row.studies) for row in made.rows] == [
        (("1.0.0", "e1"), 2), (("1.0.0", "e2"), 1), (("2.0.0", "e1"), 1),
    ]  # fmt: skip
    assert all(row.intact for row in made.rows)
    assert wire.load(made.rows[0].body).positives == 1


@given(st.permutations([one(f"{n}", found=n % 3 == 0) for n in range(8)]))
@settings(derandomize=True, max_examples=30)
def test_the_order_of_arrival_means_nothing(observed: list[Observed]) -> None:
    assert folded(*observed) == folded(*sorted(observed, key=lambda each: each.job_id))


def test_what_a_gate_declined_is_offered_and_not_evaluated() -> None:
    refused = (
        Declined("haukeland", "chest_xray", "1.0.0", "age", 3),
        Declined("haukeland", "chest_xray", "1.0.0", "view", 2),
    )
    made = folded(one("a"), declined=refused)
    row = next(row for row in made.rows if row.equipment == "")
    body = wire.load(row.body)
    assert (row.studies, row.modality) == (5, "DX")  # the day's modality: its own is not known
    assert (body.studies, body.evaluated, body.outcomes) == (5, 0, {"declined": 5})
    assert body.reasons == {"age": 3, "view": 2}


def test_a_damaged_observation_is_told_and_left_out() -> None:
    made = folded(one("a"), one("b", body=b"no aggregate"), one("c"))
    assert made.unreadable == ("b",)
    assert [row.studies for row in made.rows] == [2]


def test_pairs_of_algorithms_with_one_purpose() -> None:
    made = folded(
        one("a", found=True), one("b", found=True), one("c"), one("d"),
        others={"a": {"vendor": True}, "b": {"vendor": False}, "c": {"vendor": False}},
    )  # fmt: skip
    table = wire.load(made.rows[0].body).pairs["vendor"]
    np.testing.assert_array_equal(table, [[1, 0], [1, 1]])  # the vendor did not read d


def test_what_was_not_evaluated_is_in_no_pair() -> None:
    failed = Aggregate(1, 0, 0, {"failed": 1})
    assert folding.pairs(failed, {"vendor": True}) == {}


@given(
    st.dictionaries(st.text(min_size=1, max_size=5), st.integers(1, 1000), max_size=80),
)
@settings(derandomize=True, max_examples=200)
def test_categories_are_bounded_and_nothing_is_lost(counts: dict[str, int]) -> None:
    kept = folding.bounded({"kernel": counts})["kernel"]
    assert len(kept) <= folding.MOST_VALUES
    assert sum(kept.values()) == sum(counts.values())
    assert folding.bounded({"kernel": kept})["kernel"] == kept
    rarest_kept = min((n for value, n in kept.items() if value != folding.OTHER), default=0)
    lost = [n for value, n in counts.items() if value not in kept and value != folding.OTHER]
    assert all(n <= rarest_kept for n in lost)


def test_rare_values_of_a_day_become_other() -> None:
    made = folded(*(one(f"{n:03}") for n in range(100)))
    values = wire.load(made.rows[0].body).categories["view"]
    assert len(values) == folding.MOST_VALUES
    assert values[folding.OTHER] == 100 - (folding.MOST_VALUES - 1)


@pytest.mark.parametrize(
    ("fresh", "kept", "expected"), [(3, 2, True), (2, 2, True), (1, 2, False), (0, 0, False)]
)
def test_a_day_is_never_replaced_by_less_of_it(fresh: int, kept: int, expected: bool) -> None:
    made = folded(*(one(f"{n}") for n in range(fresh))).rows
    there = folded(*(one(f"{n}") for n in range(kept))).rows
    assert folding.replaces(made, there) is expected


def test_the_sum_of_a_day_is_that_of_its_observations() -> None:
    observed = [one(f"{n}", found=n % 2 == 0, equipment=f"e{n % 3}") for n in range(9)]
    summed = total(wire.load(row.body) for row in folded(*observed).rows)
    alone = total(wire.load(each.body) for each in observed)
    assert dataclasses.replace(summed, categories={}, pairs={}).outcomes == alone.outcomes
    assert (summed.studies, summed.positives) == (9, 5)
