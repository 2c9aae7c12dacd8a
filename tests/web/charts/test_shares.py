"""Shares by month with intervals or limits, and as rows of a table."""

import datetime as dt

import pytest

from tests.web.charts.drawing import of_class, parsed, words
from web.charts import forest, shares
from web.charts.shares import Share, Shares
from web.words import Words

NB, EN = Words("nb"), Words("en")
FIRST, LAST = dt.date(2026, 1, 1), dt.date(2026, 12, 31)


def figure(told: list[Share], **more: object) -> Shares:
    return Shares("Andel", "Måned for måned", FIRST, LAST, tuple(told), **more)  # type: ignore[arg-type]


def month(number: int, value: float, *, outside: bool = False, half: float = 0.05) -> Share:
    return Share(dt.date(2026, number, 15), value, 120, value - half, value + half, outside)


def test_each_month_has_its_interval() -> None:
    root = parsed(shares.draw(figure([month(1, 0.8), month(2, 0.9), month(7, 0.85)]), NB))
    assert len(of_class(root, "interval")) == 3
    dots = of_class(root, "dot")
    assert dots[0].findtext("title") == ("15.01.2026: 80,0\N{NO-BREAK SPACE}% (n = 120)")
    heights = [float(one.get("cy", "")) for one in dots]
    assert heights[1] < heights[2] < heights[0]
    assert not of_class(root, "line"), "months are not joined"


def test_a_p_chart_has_limits_and_outside_is_a_diamond() -> None:
    told = [month(1, 0.10), month(2, 0.11), month(3, 0.30, outside=True)]
    root = parsed(shares.draw(figure(told, centre=0.12), NB))
    assert len(of_class(root, "limit")) == 2
    assert len(of_class(root, "centre")) == 1
    (outside,) = of_class(root, "outside")
    assert outside.tag == "path"
    assert len(of_class(root, "dot")) == 2


def test_nothing_is_an_empty_frame() -> None:
    root = parsed(shares.draw(figure([], centre=0.0), NB))
    assert not of_class(root, "dot")
    assert of_class(root, "axis")


def test_shares_stay_between_nothing_and_all() -> None:
    told = [Share(FIRST, 1.0, 3, 0.3, 1.0), Share(LAST, 0.0, 3, 0.0, 0.7)]
    root = parsed(shares.draw(figure(told), EN))
    shown = [one for one in words(root) if one.endswith("%")]
    assert shown[0] == "0%"
    assert shown[-1] == "100%"


@pytest.mark.parametrize(("pale", "reference"), [(True, None), (False, 0.9)])
def test_a_row_says_what_it_draws(pale: bool, reference: float | None) -> None:
    drawn = forest.row(0.92, (0.88, 0.95), (0.5, 1.0), "92,0 % <b>", pale=pale, reference=reference)
    root = parsed(drawn)
    assert root.get("aria-label") == "92,0 % <b>"
    assert ("pale" in root.get("class", "")) is pale
    assert bool(of_class(root, "centre")) is (reference is not None)
    (dot,) = of_class(root, "dot")
    assert float(dot.get("cx", "")) == pytest.approx(16 + (0.92 - 0.5) / 0.5 * 208, abs=0.1)


def test_rows_share_the_axis() -> None:
    root = parsed(forest.axis(0.5, 1.0, NB))
    assert "60\N{NO-BREAK SPACE}%" in words(root)
    assert root.get("viewBox") == "0 0 240 20"
