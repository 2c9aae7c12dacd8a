"""Which result takes the place of which: the rules."""

import datetime as dt
import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain import succession as rules
from core.domain.finding import Outcome
from core.domain.job import PLATFORM
from core.domain.succession import Standing

NOW = dt.datetime(2026, 1, 10, 12, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(minutes=1)


def standing(revision: int = 1, outcome: Outcome = Outcome.FINDINGS, **more: object) -> Standing:
    facts: dict[str, object] = {
        "job_id": f"job-{revision}", "run": 1, "created_at": NOW, "algorithm": "chest",
        "version": "1.0.0", **more,
    }  # fmt: skip
    return Standing(revision=revision, outcome=outcome, **facts)  # type: ignore[arg-type]


any_standing = st.builds(
    Standing,
    job_id=st.sampled_from("abc"),
    run=st.integers(1, 3),
    revision=st.integers(1, 3),
    created_at=st.sampled_from([NOW, LATER]),
    algorithm=st.sampled_from(["chest", "bone", PLATFORM]),
    version=st.sampled_from(["1.0.0", "2.0.0"]),
    outcome=st.sampled_from(list(Outcome)),
)


def test_a_later_revision_version_or_run_takes_the_place_of_an_earlier_one() -> None:
    first = standing()
    assert rules.succeeds(standing(2), first)
    assert rules.succeeds(standing(version="2.0.0", created_at=LATER), first)
    assert rules.succeeds(standing(run=2), first)
    assert not rules.succeeds(first, standing(2))
    assert not rules.succeeds(first, first)


def test_another_algorithm_stands_beside() -> None:
    assert not rules.succeeds(standing(2, algorithm="bone"), standing())


def test_failed_takes_the_place_of_failed_alone() -> None:
    failed = standing(2, Outcome.FAILED)
    assert rules.succeeds(failed, standing(1, Outcome.FAILED))
    for outcome in (Outcome.FINDINGS, Outcome.NOTHING_FOUND, Outcome.NOT_EVALUATED):
        assert not rules.succeeds(failed, standing(1, outcome))
        assert rules.succeeds(standing(3, outcome), failed)


def test_no_algorithm_gives_way_to_any_algorithm_and_never_the_other_way() -> None:
    answer = standing(1, Outcome.NOT_EVALUATED, algorithm=PLATFORM)
    assert rules.succeeds(standing(2), answer)
    assert rules.succeeds(standing(2, Outcome.FAILED, algorithm="bone"), answer)
    later = standing(3, Outcome.NOT_EVALUATED, algorithm=PLATFORM)
    assert rules.succeeds(later, answer)
    assert not rules.succeeds(later, standing(2))


@settings(derandomize=True, deadline=None)
@given(st.lists(any_standing, min_size=3, max_size=6))
def test_succession_is_an_order_whatever_the_results(known: list[Standing]) -> None:
    for one, two, three in itertools.permutations(known, 3):
        assert not (rules.succeeds(one, two) and rules.succeeds(two, one))
        if rules.succeeds(one, two) and rules.succeeds(two, three):
            assert rules.succeeds(one, three)


@settings(derandomize=True, deadline=None)
@given(any_standing, st.lists(any_standing, max_size=5))
def test_whoever_is_outdated_is_so_by_the_newest(one: Standing, known: list[Standing]) -> None:
    newer = rules.outdated(one, known)
    older = rules.replaced(one, known)
    assert (newer is None) is not any(rules.succeeds(other, one) for other in known)
    assert newer is None or all(newer.rank >= o.rank for o in known if rules.succeeds(o, one))
    assert [o.rank for o in older] == sorted(o.rank for o in known if rules.succeeds(one, o))
