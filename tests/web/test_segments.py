"""Outlines of segments: on the border's pixels and nowhere else, and not sent twice."""

import io

import numpy as np
import PIL.Image
import pytest

from tests.web import kinds
from tests.web.conftest import Seeded
from tests.web.visitor import TestClient
from web import segments


def outline(client: TestClient, study: str, number: int) -> np.ndarray:
    """(rows, columns) of what is drawn over an image."""
    answer = client.get(f"/studies/{study}/instances/{number}/segments.png")
    assert answer.headers["content-type"] == "image/png"
    return np.asarray(PIL.Image.open(io.BytesIO(answer.content)).convert("RGBA"))[..., 3] > 0


def test_the_outline_is_the_border_of_the_segments(client: TestClient, seeded: Seeded) -> None:
    _, lungs = kinds.thorax_slices()
    drawn = outline(client, seeded.house.thorax, 31)
    inside = lungs[:, 30].any(axis=0)
    assert drawn.any()
    assert not (drawn & ~inside).any()
    neighbours = np.stack([np.roll(inside, way, axis) for axis in (0, 1) for way in (1, -1)])
    assert np.array_equal(drawn, inside & ~neighbours.all(axis=0))


def test_a_study_without_segments_has_nothing_drawn(client: TestClient, seeded: Seeded) -> None:
    assert not outline(client, seeded.house.fracture, 1).any()


def test_known_outlines_are_not_sent_again(client: TestClient, seeded: Seeded) -> None:
    url = f"/studies/{seeded.house.thorax}/instances/31/segments.png"
    tag = client.get(url).headers["etag"]
    again = client.get(url, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("number", ["0", "61", "x", "9" * 400])
def test_no_such_image(client: TestClient, seeded: Seeded, number: str) -> None:
    url = f"/studies/{seeded.house.thorax}/instances/{number}/segments.png"
    assert client.get(url).status_code == 404


def test_the_border_of_the_image_is_outside() -> None:
    assert segments._edge(np.ones((4, 5), np.bool_)).sum() == 4 * 5 - 2 * 3
