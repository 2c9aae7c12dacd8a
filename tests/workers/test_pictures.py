"""The images of a study as a reader sees them: every form of pixels, and those that are gone."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.uid import JPEG2000Lossless

from core.domain.job import State
from models.registry import Algorithm
from tests.workers import instances
from tests.workers.place import Place
from workers import pictures, tasks
from workers.pictures import Pictures

WINDOW = {"WindowCenter": "2048", "WindowWidth": "4096"}


def over(place: Place, *images: Dataset) -> Pictures:
    """The pictures of a study of `images`, received and on disk."""
    return Pictures(place.station, place.instances(place.study(images)))


def coloured(pixels: NDArray[np.uint8], photometric: str = "RGB") -> Dataset:
    """An image of (rows, columns, 3)."""
    made = instances.image(pixels[..., 0], allocated=8)
    made.SamplesPerPixel, made.PlanarConfiguration = 3, 0
    made.PhotometricInterpretation = photometric
    made.PixelData = pixels.tobytes()
    return made


def test_grey_in_the_window_that_the_image_names(place: Place) -> None:
    image = instances.image(instances.ramp(), stored=12, tags=WINDOW)
    found = over(place, image)(str(image.SOPInstanceUID), 1)
    assert found is not None
    assert found.shape == (16, 24)
    expected = np.rint(255 * ((instances.ramp() - 2047.5) / 4095 + 0.5))
    assert np.array_equal(found, expected.astype(np.uint8))


def test_another_window_is_another_picture(place: Place) -> None:
    narrow = instances.image(
        instances.ramp(), stored=12, tags={"WindowCenter": "1000", "WindowWidth": "200"}
    )
    found = over(place, narrow)(str(narrow.SOPInstanceUID), 1)
    assert found is not None
    values = instances.ramp()
    assert found[values < 890].max() == 0
    assert found[values > 1110].min() == 255


def test_monochrome1_is_bright_where_a_reader_sees_it_bright(place: Place) -> None:
    plain = instances.image(instances.ramp(), stored=12, tags=WINDOW)
    turned = instances.image(instances.ramp(), stored=12, photometric="MONOCHROME1", tags=WINDOW)
    shown = over(place, plain, turned)
    one, other = (shown(str(image.SOPInstanceUID), 1) for image in (plain, turned))
    assert one is not None
    assert other is not None
    assert np.array_equal(other, 255 - one)
    assert other[0, 0] == 255


def test_colour_stays_colour(place: Place) -> None:
    pixels = np.zeros((8, 10, 3), np.uint8)
    pixels[:4, ..., 0], pixels[4:, ..., 2] = 200, 90
    image = coloured(pixels)
    found = over(place, image)(str(image.SOPInstanceUID), 1)
    assert found is not None
    assert np.array_equal(found, pixels)


def test_ybr_becomes_rgb(place: Place) -> None:
    grey = np.full((8, 10, 3), 128, np.uint8)
    grey[..., 0] = 77
    image = coloured(grey, "YBR_FULL")
    found = over(place, image)(str(image.SOPInstanceUID), 1)
    assert found is not None
    assert np.array_equal(found, np.full((8, 10, 3), 77))


def test_each_frame_of_a_multi_frame_is_its_own_picture(place: Place) -> None:
    frames = np.stack([np.full((6, 8), value) for value in (0, 2000, 4095)])
    image = instances.image(frames, stored=12, tags=WINDOW)
    shown = over(place, image)
    found = [shown(str(image.SOPInstanceUID), frame) for frame in (1, 2, 3)]
    assert [one[0, 0] for one in found if one is not None] == [0, 125, 255]


@pytest.mark.parametrize("frame", [-1, 0, 4])
def test_a_frame_that_is_not_there_is_no_picture(frame: int, place: Place) -> None:
    image = instances.image(np.zeros((3, 6, 8), np.int64), stored=12)
    assert over(place, image)(str(image.SOPInstanceUID), frame) is None


def test_what_cannot_be_decoded_is_no_picture(place: Place) -> None:
    image = instances.image(instances.ramp(64, 64), stored=12)
    image.compress(JPEG2000Lossless)
    cut = instances.cut(image, 0.3)
    assert over(place, cut)(str(cut.SOPInstanceUID), 1) is None


def test_a_header_without_pixels_is_no_picture(place: Place) -> None:
    image = instances.image(instances.ramp(), stored=12)
    del image.PixelData
    assert over(place, image)(str(image.SOPInstanceUID), 1) is None


def test_a_file_that_is_gone_is_no_picture(place: Place) -> None:
    image = instances.image(instances.ramp(), stored=12)
    shown = over(place, image)
    for file in (place.station.files.home / "instances").rglob("*.dcm"):
        file.unlink()
    assert shown(str(image.SOPInstanceUID), 1) is None


def test_an_instance_of_another_study_is_no_picture(place: Place) -> None:
    image = instances.image(instances.ramp(), stored=12)
    assert over(place, image)("1.2.3", 1) is None


def test_a_frame_is_decoded_once_and_nobody_can_draw_into_it(place: Place) -> None:
    image = instances.image(instances.ramp(), stored=12)
    shown, uid = over(place, image), str(image.SOPInstanceUID)
    found = shown(uid, 1)
    for file in (place.station.files.home / "instances").rglob("*.dcm"):
        file.unlink()
    assert shown(uid, 1) is found
    assert found is not None
    with pytest.raises(ValueError, match="read-only"):
        found[0, 0] = 1


def test_only_as_much_is_kept_as_there_is_room_for(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = np.stack([np.full((6, 8), value) for value in (0, 2000, 4095)])
    image = instances.image(frames, stored=12, tags=WINDOW)
    shown, uid = over(place, image), str(image.SOPInstanceUID)
    monkeypatch.setattr(pictures, "ROOM", 2 * 6 * 8)
    first = shown(uid, 1)
    second = shown(uid, 2)
    third = shown(uid, 3)
    assert shown(uid, 2) is second
    assert shown(uid, 3) is third
    assert shown(uid, 1) is not first


def test_a_job_burns_the_images_of_its_study_into_captures(tmp_path: Path, tiny: Algorithm) -> None:
    """All the way: received, read, encoded for a destination that shows images, on disk."""
    peer = {"ae_title": "PEER", "host": "127.0.0.1", "port": 104}
    shows = {**peer, "objects": ["sr", "capture", "pdf"]}
    place = Place(tmp_path / "var", {"tiny": tiny}, destinations={"pacs": shows, "report": peer})
    values = instances.ramp(24, 24) // 2 + 2047
    image = instances.image(values, stored=12, tags={**WINDOW, "PatientOrientation": ["L", "F"]})
    job = place.job(place.study([image]))
    tasks.perform(place.station, job)
    assert place.state(job).state is State.ENCODED
    objects = {one.kind: one for one in place.objects(job)}
    capture, document = (
        pydicom.dcmread(place.station.files.absolute(objects[kind].path))
        for kind in ("capture", "pdf")
    )
    grey = np.rint(255 * ((values - 2047.5) / 4095 + 0.5)).astype(np.uint8)
    shown = np.stack([grey] * 3, axis=2)
    windows = np.lib.stride_tricks.sliding_window_view(capture.pixel_array, (24, 24, 3))
    same = np.all(windows[:, :, 0] == shown, axis=-1).mean(axis=(-1, -2))
    assert same.max() > 0.5, "the image of the study, but for outlines and their numbers"
    assert document.EncapsulatedDocument.startswith(b"%PDF-")
    place.close()
