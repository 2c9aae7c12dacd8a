"""When a study is complete: a pure function of arrivals and the clock."""

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from router.assembly import Pending, Waiting, complete, next_look

NOON = dt.datetime(2026, 1, 10, 12, tzinfo=dt.UTC)
WAITING = Waiting(quiet=dt.timedelta(seconds=10), patience=dt.timedelta(seconds=60))


def pending(first: float, last: float, *, sending: bool = False, key: str = "s") -> Pending:
    """A study whose instances arrived so many seconds before noon."""
    return Pending(
        key, "site", NOON - dt.timedelta(seconds=first), NOON - dt.timedelta(seconds=last), sending
    )


def test_waits_for_quiet() -> None:
    assert complete([pending(30, 9.9)], WAITING, NOON) == []
    assert [c.because for c in complete([pending(30, 10)], WAITING, NOON)] == ["quiet"]


def test_never_while_an_association_is_sending_it() -> None:
    assert complete([pending(3600, 600, sending=True)], WAITING, NOON) == []


def test_patience_ends_a_trickle() -> None:
    assert [c.because for c in complete([pending(60, 1)], WAITING, NOON)] == ["patience"]


def test_oldest_first() -> None:
    found = complete([pending(20, 20, key="b"), pending(40, 20, key="a")], WAITING, NOON)
    assert [c.study_id for c in found] == ["a", "b"]


def test_next_look_is_when_the_first_one_is_due() -> None:
    studies = [pending(5, 4), pending(9, 7), pending(100, 50, sending=True)]
    assert next_look(studies, WAITING, NOON) == dt.timedelta(seconds=3)
    assert next_look([], WAITING, NOON) is None


@given(st.lists(st.tuples(st.floats(0, 200), st.floats(0, 1), st.booleans()), max_size=8))
def test_looking_again_at_the_right_time_completes_one(
    arrivals: list[tuple[float, float, bool]],
) -> None:
    studies = [
        pending(first, first * part, sending=sending, key=str(number))
        for number, (first, part, sending) in enumerate(arrivals)
    ]
    wait = next_look(studies, WAITING, NOON)
    done = complete(studies, WAITING, NOON + wait) if wait is not None else []
    assert bool(done) == any(not study.sending for study in studies)
    assert not any(s.sending for s in studies if s.study_id in {d.study_id for d in done})
