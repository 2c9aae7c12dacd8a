import datetime as dt
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.watch import Chart, Signal
from core.sections import Watch
from monitoring.aggregates.wire import CorruptError
from monitoring.drift import reference
from monitoring.drift.engine import Reference, evaluate, learn
from tests.monitoring.drift.streams import TRUSTS, History


@pytest.fixture(scope="module")
def data(references: Mapping[str, Reference]) -> bytes:
    return references["a"].dump()


def test_a_reference_comes_back_and_says_the_same(
    calm: Mapping[str, History], references: Mapping[str, Reference], data: bytes
) -> None:
    back = Reference.load(data)
    assert back.dump() == data
    assert (back.site, back.span, back.days) == ("a", 364, references["a"].days)
    assert back.ground.digest == references["a"].ground.digest
    assert set(back.charts) == {Chart.OWN, Chart.PEERS}
    assert Signal.EMBEDDING in back.ground.axes
    days = [dt.date(2025, 2, 3), dt.date(2025, 2, 4)]
    one, other = (
        evaluate(calm, {"a": (1, made)}, days, Watch(), trust_of=TRUSTS, algorithm="x")
        for made in (references["a"], back)
    )
    assert one == other
    assert len(data) < 150_000


def test_a_reference_of_nothing_comes_back() -> None:
    made = learn({}, "a", dt.date(2024, 1, 1), dt.date(2024, 3, 1), Watch(), trust_of={})
    assert Reference.load(made.dump()).dump() == made.dump()


@settings(max_examples=60, derandomize=True, deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255))
def test_a_changed_byte_is_never_a_reference(place: float, flip: int) -> None:
    made = learn({}, "a", dt.date(2024, 1, 1), dt.date(2024, 3, 1), Watch(), trust_of={}).dump()
    changed = bytearray(made)
    changed[int(place * len(made))] ^= flip
    with pytest.raises(CorruptError):
        Reference.load(bytes(changed))


@pytest.mark.parametrize("wrong", [b"", b"varde reference", b"x" * 200])
def test_other_bytes_are_no_reference(wrong: bytes, data: bytes) -> None:
    for one in (wrong, data[:-10], data + b"x", data[: len(reference.MARK)] + b"\x09" + data[17:]):
        with pytest.raises(CorruptError):
            Reference.load(one)
