"""Streams that lack most of what a stream has, or have it once: an answer, and no warning."""

import dataclasses
import datetime as dt
from collections.abc import Callable, Mapping

import numpy as np
import pytest

from core.domain.watch import NATIONAL, Signal, Standing
from core.sections import Watch
from monitoring.aggregates.aggregate import Aggregate, Features, Moments
from monitoring.drift.engine import Reference, evaluate, learn_many
from tests.monitoring.drift.streams import DAYS, FIRST, LAST, TRUSTS, History

SAME = Aggregate(
    studies=30, evaluated=30, positives=6, outcomes={"findings": 6, "nothing_found": 24},
    outputs={"1": np.eye(50, dtype=np.int64)[20] * 30}, numbers={"kvp": Moments(30, 3e3, 3e5)},
    categories={"view": {"PA": 30}}, features=Features(30, np.full(128, 0.5)),
    groups={"sex:F": (30, 6)},
)  # fmt: skip
ODD: Mapping[str, Callable[[Aggregate, dt.date], Aggregate]] = {
    "all the same": lambda _, __: SAME,
    "nothing evaluated": lambda one, _: Aggregate(
        studies=one.studies, outcomes={"failed": one.studies}, reasons={"error": one.studies}
    ),
    "only counted": lambda one, _: Aggregate(
        studies=one.studies, evaluated=one.studies, outcomes={"nothing_found": one.studies}
    ),
    "no features and no outputs": lambda one, _: dataclasses.replace(
        one, features=Features(), outputs={}
    ),
    "always positive": lambda one, _: dataclasses.replace(
        one, positives=one.evaluated,
        outcomes={"findings": one.evaluated, "declined": one.studies - one.evaluated},
        groups={key: (n, n) for key, (n, _) in one.groups.items()},
    ),
    "one study a week": lambda one, day: one if day.weekday() == 2 else Aggregate(),
}  # fmt: skip


def changed(of: Mapping[str, History], sites: str, odd: str) -> dict[str, History]:
    def made(history: History) -> History:
        found = {day: ODD[odd](one, day) for day, one in history.items()}
        return {day: one for day, one in found.items() if one.studies}

    return {site: made(one) if site in sites else dict(one) for site, one in of.items()}


@pytest.mark.parametrize("sites", ["a", "abcdefst"])
@pytest.mark.parametrize("odd", ODD)
def test_an_odd_stream_is_learned_and_judged(
    calm: Mapping[str, History], sites: str, odd: str
) -> None:
    histories = changed({site: calm[site] for site in "abcds"}, sites, odd)
    made = learn_many(histories, ["a", "b", NATIONAL], FIRST, LAST, Watch(), trust_of=TRUSTS)
    assert all(Reference.load(one.dump()).dump() == one.dump() for one in made.values())
    days = [FIRST + dt.timedelta(at) for at in range(380, DAYS, 10)]
    found = evaluate(
        histories, {site: (1, one) for site, one in made.items()}, days, Watch(),
        trust_of=TRUSTS, algorithm="x",
    )  # fmt: skip
    judged = [one for one in found if one.stream.site in {"a", "b", NATIONAL}]
    assert not any(one.standing is Standing.OUTSIDE for one in judged)
    scores = [score for one in judged for score in one.scores().values()]
    assert np.isfinite(scores).all()
    assert all(
        np.isfinite(dataclasses.astuple(member)[1:]).all()
        for one in judged for point in one.points for member in point.members
    )  # fmt: skip


def test_what_never_varied_and_changes_is_outside(calm: Mapping[str, History]) -> None:
    histories = {"a": dict.fromkeys(calm["a"], SAME), "b": dict(calm["b"])}
    made = learn_many(histories, ["a"], FIRST, LAST, Watch(), trust_of=TRUSTS)
    start = FIRST + dt.timedelta(400)
    other = dataclasses.replace(
        SAME, positives=25, outcomes={"findings": 25, "nothing_found": 5},
        categories={"view": {"AP": 30}}, groups={"sex:F": (30, 25)},
    )  # fmt: skip
    histories["a"] = {day: other if day >= start else one for day, one in histories["a"].items()}
    found = evaluate(
        histories, {"a": (1, made["a"])}, [start + dt.timedelta(9)], Watch(),
        trust_of=TRUSTS, algorithm="x",
    )  # fmt: skip
    one = next(one for one in found if one.stream.site == "a")
    out = {point.signal for point in one.points if point.standing is Standing.OUTSIDE}
    assert {Signal.POSITIVE, Signal.CATEGORY} <= out
    assert Signal.EMBEDDING not in out
