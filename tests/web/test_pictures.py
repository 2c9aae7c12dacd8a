"""Frames as PNG: every codec, caching, and a message where there is no picture."""

import io

import numpy as np
import PIL.Image
import pytest
from pydicom.uid import UID, JPEG2000Lossless, JPEGLSLossless, RLELossless

from core.settings import Settings
from tests.web.conftest import URL, Seeded
from tests.web.seed import Seed, chest, dataset
from tests.web.visitor import TestClient
from web.app import create_app


def pixels(body: bytes) -> np.ndarray:
    """The picture's samples."""
    return np.asarray(PIL.Image.open(io.BytesIO(body)))


def test_a_frame(client: TestClient, seeded: Seeded) -> None:
    answer = client.get(f"/studies/{seeded.house.findings}/instances/1/frames/1.png")
    assert answer.headers["content-type"] == "image/png"
    assert pixels(answer.content).shape == (640, 560)
    assert "private" in answer.headers["cache-control"]


def test_a_known_frame_is_not_sent_again(client: TestClient, seeded: Seeded) -> None:
    url = f"/studies/{seeded.house.findings}/instances/1/frames/1.png"
    tag = client.get(url).headers["etag"]
    again = client.get(url, headers={"If-None-Match": tag})
    assert again.status_code == 304
    assert not again.content
    assert client.get(url, headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_window_of_the_readers_choice(client: TestClient, seeded: Seeded) -> None:
    """Lung at -850 HU is black in the image's own window, and grey in the lungs'."""
    url = f"/studies/{seeded.house.thorax}/instances/31/frames/1.png"
    own, lung = client.get(url), client.get(url + "?window=-600,1500")
    row, column = 30, 69  # within the left lung
    assert pixels(own.content)[row, column] == 0
    assert pixels(lung.content)[row, column] == round(255 * ((-850 + 600.5) / 1499 + 0.5))
    assert own.headers["etag"] != lung.headers["etag"]


@pytest.mark.parametrize("window", ["1", "a,b", "40,0", "40,-400", "40,400,3", "1e3,5", "٤,٥"])
def test_no_such_window(client: TestClient, seeded: Seeded, window: str) -> None:
    url = f"/studies/{seeded.house.thorax}/instances/31/frames/1.png"
    assert client.get(url, params={"window": window}).status_code == 404


@pytest.mark.parametrize("syntax", [JPEG2000Lossless, JPEGLSLossless, RLELossless])
def test_compressed_frames_show_the_same(empty: tuple[Settings, Seed], syntax: UID) -> None:
    settings, seed = empty
    plain, packed = dataset(chest(64, 48)), dataset(chest(64, 48))
    packed.compress(syntax, generate_instance_uid=False)
    studies = [seed.study([image]) for image in (plain, packed)]
    with TestClient(create_app(settings, seed.database, algorithms={}), base_url=URL) as client:
        shown = [
            pixels(client.get(f"/studies/{study}/instances/1/frames/1.png").content)
            for study in studies
        ]
    assert np.array_equal(shown[0], shown[1])


def test_large_images_are_made_smaller(empty: tuple[Settings, Seed]) -> None:
    settings, seed = empty
    study = seed.study([dataset(np.zeros((2000, 3000), np.uint8))])
    with TestClient(create_app(settings, seed.database, algorithms={}), base_url=URL) as client:
        answer = client.get(f"/studies/{study}/instances/1/frames/1.png")
    assert pixels(answer.content).shape == (1024, 1536)


@pytest.mark.parametrize("damage", ["short", "text", "gone"])
def test_what_cannot_be_shown_is_said(empty: tuple[Settings, Seed], damage: str) -> None:
    settings, seed = empty
    study = seed.study([dataset(chest(64, 48))])
    (file,) = seed.files.home.glob("instances/*/*/*.dcm")
    if damage == "short":
        file.write_bytes(file.read_bytes()[:-3000])
    elif damage == "text":
        file.write_text("this is no DICOM file")
    else:
        file.unlink()
    with TestClient(create_app(settings, seed.database, algorithms={}), base_url=URL) as client:
        answer = client.get(f"/studies/{study}/instances/1/frames/1.png")
        assert client.get(f"/studies/{study}").status_code == 200
    assert answer.status_code == 422
    assert answer.text.startswith("Bildet kan ikke vises")


@pytest.mark.parametrize(
    "path",
    ["0/frames/1", "2/frames/1", "1/frames/0", "1/frames/2", "x/frames/1", "1/frames/-1",
     "1/frames/" + "9" * 500, "١/frames/1", "1/frames/..%2f1"],
)  # fmt: skip
def test_no_such_frame(client: TestClient, seeded: Seeded, path: str) -> None:
    assert client.get(f"/studies/{seeded.house.findings}/instances/{path}.png").status_code == 404
