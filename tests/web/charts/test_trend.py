"""A line over days: gaps stay gaps, what is outside has its own shape, labels are only text."""

import datetime as dt
import itertools

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from tests.web.charts.drawing import of_class, parsed, places, words
from web.charts import trend
from web.charts.frame import LEFT, RIGHT, WIDTH, Mark
from web.charts.trend import Dot, Line, Trend, runs
from web.words import Words

FIRST = dt.date(2026, 3, 2)
NB, EN = Words("nb"), Words("en")
HOSTILE = "<script>alert(1)</script>\"'&]]>\x00\x08\ud800�"


def day(number: int) -> dt.date:
    return FIRST + dt.timedelta(number)


def figure(dots: list[Dot], last: int = 27, **more: object) -> Trend:
    return Trend(
        "Navn", "Beskrivelse", FIRST, day(last), (Line("a", tuple(dots)),), gap="ingen",
        **more,  # type: ignore[arg-type]
    )  # fmt: skip


def test_points_lie_where_they_should() -> None:
    dots = [Dot(day(number), float(number)) for number in range(28)]
    root = parsed(trend.draw(figure(dots, floor=0.0, height=150.0), NB))
    (line,) = of_class(root, "line")
    found = places(line.get("d", ""))
    assert len(found) == 28
    step = (WIDTH - RIGHT - LEFT) / 28
    assert found[0] == pytest.approx((LEFT + step / 2, 130), abs=0.06)
    assert [round(b[0] - a[0], 1) for a, b in itertools.pairwise(found)] == pytest.approx(
        [step] * 27, abs=0.11
    )
    assert found[-1][1] < found[0][1], "larger is higher"


def test_a_missing_day_is_a_gap_never_joined_and_never_zero() -> None:
    have = [number for number in range(28) if number not in {9, 10, 20}]
    root = parsed(trend.draw(figure([Dot(day(number), 5.0) for number in have]), NB))
    (line,) = of_class(root, "line")
    assert line.get("d", "").count("M") == 3, "three runs, not joined"
    assert len(places(line.get("d", ""))) == 25
    gaps = of_class(root, "gap")
    step = (WIDTH - RIGHT - LEFT) / 28
    assert [float(one.get("width", "")) for one in gaps] == pytest.approx(
        [2 * step, step], abs=0.06
    )
    assert [title.text for one in gaps for title in one] == ["ingen", "ingen"]


def test_a_day_alone_is_a_dot() -> None:
    root = parsed(trend.draw(figure([Dot(day(3), 1.0), Dot(day(5), 2.0)]), NB))
    assert not of_class(root, "line")
    assert len(of_class(root, "alone")) == 2


def test_outside_is_a_shape_and_not_only_a_colour() -> None:
    dots = [Dot(day(0), 0.5), Dot(day(1), 1.4, outside=True), Dot(day(2), 1.1, watched=True),
            Dot(day(3), 9.0, outside=True)]  # fmt: skip
    root = parsed(trend.draw(figure(dots, limit=1.0, ceiling=3.0, floor=0.0), NB))
    outside = of_class(root, "outside")
    assert len(outside) == 2
    assert "beyond" in outside[1].get("class", ""), "what lies beyond the figure points upwards"
    assert outside[0].get("d", "").count("l") == 1
    assert [one.text for mark in outside for one in mark] == [
        "03.03.2026: 1,40",
        "05.03.2026: 9,00",
    ]
    (ring,) = of_class(root, "watched")
    assert ring.tag == "circle"
    (limit,) = of_class(root, "limit")
    assert limit.get("d")


def test_the_band_ends_where_the_data_do() -> None:
    dots = [Dot(day(number), 1.0, 0.5, 1.5) for number in range(5)]
    dots += [Dot(day(10), 1.0, 0.5, 1.5)]
    root = parsed(trend.draw(figure(dots), NB))
    bands = of_class(root, "band")
    assert len(bands) == 2, "also a day alone has its band"


def test_events_are_flags_that_do_not_cover_each_other() -> None:
    marks = tuple(
        Mark(day(number), str(number), f"hendelse {number}") for number in (3, 3, 4, 20, 99)
    )
    root = parsed(trend.draw(figure([Dot(day(0), 1.0)], marks=marks), NB))
    events = of_class(root, "event")
    assert len(events) == 4, "not the one beyond the days"
    boxes = [
        (float(box.get("x", "")), float(box.get("y", "")), float(box.get("width", "")))
        for event in events for box in event if box.tag == "rect"
    ]  # fmt: skip
    for index, one in enumerate(boxes):
        for other in boxes[index + 1 :]:
            apart = one[0] + one[2] <= other[0] or other[0] + other[2] <= one[0]
            assert apart or one[1] != other[1]


def test_numbers_and_days_as_the_reader_writes_them() -> None:
    dots = [Dot(day(number), number / 10) for number in range(28)]
    norwegian, english = (words(parsed(trend.draw(figure(dots), one))) for one in (NB, EN))
    assert {"1,0", "2,0"} <= set(norwegian)
    assert {"1.0", "2.0"} <= set(english)
    assert "9. mars" in norwegian
    assert "Mar\N{NO-BREAK SPACE}9" in english


def test_hostile_labels_are_only_text() -> None:
    made = Trend(
        HOSTILE, HOSTILE, FIRST, day(9), (Line(HOSTILE, (Dot(day(1), 1.0),)),),
        (Mark(day(2), HOSTILE, HOSTILE),), gap=HOSTILE,
    )  # fmt: skip
    drawn = trend.draw(made, NB)
    root = parsed(drawn)
    assert "<script>alert(1)</script>" in (root.findtext("title") or "")
    assert "\x00" not in drawn


def test_a_figure_has_a_name_and_a_description() -> None:
    root = parsed(trend.draw(figure([]), NB))
    assert root.get("role") == "img"
    assert root.get("aria-label") == "Navn. Beskrivelse"
    assert root.findtext("desc") == "Beskrivelse"
    assert root.get("viewBox") == "0 0 360 150"
    assert root.get("width") is None, "as wide as its place"


@settings(derandomize=True, max_examples=60)
@given(
    st.dictionaries(
        st.integers(0, 89),
        st.tuples(st.floats(-1e12, 1e12), st.floats(-1e6, 1e6), st.booleans()),
    )
)
def test_whatever_the_numbers_it_is_well_formed_and_the_same_again(
    told: dict[int, tuple[float, float, bool]],
) -> None:
    dots = [
        Dot(day(number), value, low, low + 1, out) for number, (value, low, out) in told.items()
    ]
    drawn = trend.draw(figure(dots, last=89), NB)
    assert drawn == trend.draw(figure(dots, last=89), NB)
    parsed(drawn)
    assert "nan" not in drawn
    assert sum(len(run) for run in runs(dots)) == len(dots)
