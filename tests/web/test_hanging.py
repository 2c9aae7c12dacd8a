"""How images are hung: right on the left, back to back, and what is missing is said."""

from typing import Any

import pytest

from core.domain.study import Instance
from web import hanging
from web.images import Image


def image(number: int, modality: str = "MG", frames: int = 1, **attributes: str) -> Image:
    """An image with these header values."""
    instance = Instance(
        f"1.2.{number}", "1.3", "1.4", "1.5", "x", 1, modality, 1, attributes=attributes
    )
    return Image(number, instance, 500, 400, frames, 1.0, "stamp")


def view(number: int, side: str, position: str, towards: str = "") -> Image:
    """A mammography view; columns increase `towards` A or P."""
    said: dict[str, Any] = {"PatientOrientation": [towards, "F"]} if towards else {}
    return image(number, ImageLaterality=side, ViewPosition=position, **said)


FOUR = [view(1, "L", "MLO"), view(2, "R", "CC"), view(3, "L", "CC"), view(4, "R", "MLO")]


def titles(images: list[Image]) -> list[list[str]]:
    return [[panel.title for panel in row] for row in hanging.hang(images)]


def test_four_views_hang_right_on_the_left() -> None:
    assert titles(FOUR) == [["R CC", "L CC"], ["R MLO", "L MLO"]]
    numbers = [[panel.image and panel.image.number for panel in row] for row in hanging.hang(FOUR)]
    assert numbers == [[2, 3], [4, 1]]


def test_a_missing_view_leaves_its_place_empty() -> None:
    (_, (right, left)) = hanging.hang(FOUR[:3])
    assert (right.title, right.image) == ("R MLO", None)
    assert left.image is FOUR[0] or (left.image and left.image.number == 1)


def test_a_view_taken_twice_and_a_further_projection_have_rows_of_their_own() -> None:
    more = [*FOUR, view(5, "L", "CC"), view(6, "R", "ML")]
    assert titles(more) == [
        ["R CC", "L CC"], ["R CC", "L CC"], ["R MLO", "L MLO"], ["R ML", "L ML"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("side", "towards", "flip"),
    [("R", "P", False), ("R", "A", True), ("L", "A", False), ("L", "P", True), ("L", "", False)],
)
def test_the_chest_wall_is_inside(side: str, towards: str, *, flip: bool) -> None:
    rows = hanging.hang([view(1, side, "CC", towards), view(2, side, "MLO", towards)])
    hung = [panel.image.flip for row in rows for panel in row if panel.image]
    assert hung == [flip, flip]


def test_two_radiographs_hang_side_by_side() -> None:
    pair = [image(1, "DX", ViewPosition="PA"), image(2, "CR", ViewPosition="LAT")]
    assert titles(pair) == [["DX · PA", "CR · LAT"]]
    assert [len(row) for row in hanging.hang([image(n, "DX") for n in range(1, 6)])] == [3, 2]


@pytest.mark.parametrize(
    "images",
    [
        [],
        [image(1, "DX")],
        [image(1, "CT"), image(2, "CT")],
        [image(1, "DX"), image(2, "DX", frames=30)],
        [image(n, "DX") for n in range(hanging.MOST + 1)],
    ],
    ids=["none", "one", "slices", "frames", "many"],
)
def test_others_are_browsed_one_at_a_time(images: list[Image]) -> None:
    assert hanging.hang(images) == []


def test_mammograms_without_a_side_hang_in_their_order() -> None:
    assert titles([image(1), image(2)]) == [["MG", "MG"]]


def test_writing_is_larger_on_smaller_images() -> None:
    one, two = hanging.hang([image(1, "DX"), image(2, "DX")]), hanging.hang(FOUR)
    letters = [hanging.letters(rows, 48) for rows in ([], one, two)]
    assert letters == sorted(letters, reverse=True)
    assert letters[0] == 48
