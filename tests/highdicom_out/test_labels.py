"""Boxes of text: inside the page, and not on each other while there is room."""

from hypothesis import given
from hypothesis import strategies as st

from highdicom_out.labels import Page

size = st.integers(1, 4000)
text = st.text(max_size=80)


@given(columns=size, rows=size, words=st.lists(text, min_size=1, max_size=8))
def test_boxes_are_inside_the_page(columns: int, rows: int, words: list[str]) -> None:
    page = Page(columns, rows)
    for word in words:
        for box in (
            page.at_top(word),
            page.at_bottom(word),
            page.beside((0.0, 0.0, columns, rows), word),
        ):
            left, top, right, bottom = box
            assert 0 <= left < right <= columns
            assert 0 <= top < bottom <= rows


def test_boxes_give_way_to_each_other() -> None:
    page = Page(2000, 2000)
    region = (500.0, 500.0, 800.0, 800.0)
    boxes = [page.beside(region, "Pneumotoraks 87 %") for _ in range(5)]
    assert boxes[0][3] == region[1]
    assert boxes[1][1] == region[3]
    assert len(set(boxes)) == 5
    assert page.at_bottom("a")[1] > page.at_bottom("b")[1]


def test_a_label_at_the_top_edge_goes_below_its_region() -> None:
    page = Page(2000, 2000)
    assert page.beside((0.0, 0.0, 100.0, 100.0), "Nodulus 90 %") == (0.0, 100.0, 360.0, 150.0)
