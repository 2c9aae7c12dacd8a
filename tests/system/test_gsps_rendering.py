"""Presentation states as DCMTK renders them: the same grey, and the annotations in place.

`dcmp2pgm` applies a state to its image (modality LUT, VOI LUT, polarity, displayed area) and
tells which annotations it would draw on a frame. It draws none into its picture, so the
tests draw what it tells: nothing here is read by the code that wrote the states.
"""

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from pydicom import Dataset

from core.domain import codes
from core.domain.finding import Finding, Outcome, Region
from core.domain.profile import Profile
from highdicom_out.encode import encode
from highdicom_out.shown import shown
from simulator import studies
from tests.highdicom_out import samples
from tests.services import dcmtk
from tests.system.studies import written

Grey = NDArray[np.uint8]

PROFILE = Profile(objects=("gsps",), language="en")
#: (column, row), as `Region` has them.
OUTLINE = ((30.0, 20.5), (75.5, 33.0), (61.25, 70.0), (30.0, 20.5))


@dataclasses.dataclass(frozen=True)
class Drawn:
    """What DCMTK would draw on one frame, by graphic layer."""

    lines: dict[str, list[list[tuple[float, float]]]]
    words: dict[str, list[str]]


@dataclasses.dataclass(frozen=True)
class Scene:
    """An image, its state, and what DCMTK makes of the two."""

    image: Path
    state: Path

    def rendered(self, frame: int = 1) -> tuple[Grey, Drawn]:
        """(rows, columns) of the displayed area, and the annotations of the frame."""
        picture = self.state.with_suffix(".pgm")
        asked = ("-v", "-f", str(frame), "-p", self.state)
        ran = dcmtk.run("dcmp2pgm", *asked, self.image, picture)
        assert ran.status == 0, ran.output
        assert not re.search(r"^[EW]: ", ran.output, re.MULTILINE), ran.output
        with Image.open(picture) as opened:
            return np.asarray(opened), _told(ran.output)

    def alone(self) -> Grey:
        """The image as DCMTK shows it without a state."""
        picture = self.image.with_suffix(".pgm")
        ran = dcmtk.run("dcmp2pgm", self.image, picture)
        assert ran.status == 0, ran.output
        with Image.open(picture) as opened:
            return np.asarray(opened)


def _told(output: str) -> Drawn:
    """The dump that `dcmp2pgm` makes of its state."""
    layer, drawn = "", Drawn({}, {})
    for line in output.splitlines():
        if found := re.search(r"Graphic Layer #\d+ \[(.+)\]", line):
            layer = found[1]
        elif found := re.search(r'text \d+: "(.*)"', line):
            drawn.words.setdefault(layer, []).append(found[1])
        elif found := re.search(r"coordinates: (.*)", line):
            pairs = [one.split("\\") for one in found[1].strip(" ,").split(", ")]
            points = [(float(x), float(y)) for x, y in pairs]
            drawn.lines.setdefault(layer, []).append(points)
    return drawn


def scene(folder: Path, image: Dataset, *findings: Finding) -> Scene:
    """The image and the state of these findings, as files."""
    uid = str(image.SOPInstanceUID)
    result = samples.result(Outcome.FINDINGS, *findings, read=(uid,))
    (state,) = encode(result, [image], at=samples.AT, profile=PROFILE)
    path = folder / "state.dcm"
    path.write_bytes(state.data)
    return Scene(written(image, folder / "image.dcm"), path)


def pixels(image: Dataset, low: int, high: int, *, bits: int = 12) -> Dataset:
    """`image` with a ramp from `low` to `high`, both included; every frame another way round."""
    rows, columns, frames = 90, 101, int(image.get("NumberOfFrames", 1))
    ramp = np.linspace(low, high, rows * columns).round().reshape(rows, columns)
    stored = np.stack([np.roll(ramp, 7 * frame, axis=0) for frame in range(frames)])
    image.Rows, image.Columns, image.SamplesPerPixel = rows, columns, 1
    image.BitsAllocated, image.BitsStored, image.HighBit = 16, bits, bits - 1
    image.PixelRepresentation = int(low < 0)
    image.PatientName = image.get("PatientName") or "Nobody"  # DCMTK opens no state without one
    image.PixelData = stored.astype("<i2" if low < 0 else "<u2").tobytes()
    return image


def radiograph(**changes: object) -> Dataset:
    image = samples.radiograph()
    for keyword, value in changes.items():
        setattr(image, keyword, value)
    return pixels(image, 0, 4095)


def slice_of_ct(**changes: object) -> Dataset:
    image = samples.slice_of_ct()
    for keyword, value in changes.items():
        setattr(image, keyword, value)
    return pixels(image, 0, 4095)


def table(curve: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> Dataset:
    """A lookup table of 4096 entries of 16 bits; `curve` takes 0..1 to 0..1."""
    item = Dataset()
    entries = (curve(np.linspace(0, 1, 4096)) * 65535).round().astype("<u2")
    item.add_new("LUTDescriptor", "US", [4096, 0, 16])
    item.LUTExplanation = "A CURVE"
    item.add_new("LUTData", "OW", entries.tobytes())
    return item


def plain(**changes: object) -> Dataset:
    """A radiograph without windows and rescaling."""
    image = radiograph(**changes)
    del image.WindowCenter, image.WindowWidth, image.WindowCenterWidthExplanation
    del image.RescaleSlope, image.RescaleIntercept, image.RescaleType
    return image


def looked_up(photometric: str) -> Dataset:
    """Values of interest by a table that is no straight line."""
    return plain(PhotometricInterpretation=photometric, VOILUTSequence=[table(np.square)])


def both() -> Dataset:
    """A table and a window: one of the two is to be applied, and always the same one."""
    return radiograph(VOILUTSequence=[table(np.sqrt), table(np.square)])


def rescaled_by_table() -> Dataset:
    """A modality LUT, and a window in its values."""
    item = table(np.square)
    item.ModalityLUTType = "US"
    image = plain(ModalityLUTSequence=[item])
    image.WindowCenter, image.WindowWidth = "30000", "40000"
    return image


def cropped() -> Dataset:
    """The middle of a radiograph, of odd size, as a modality cuts it to its collimation."""
    image = radiograph()
    stored = np.frombuffer(image.PixelData, "<u2").reshape(90, 101)[11:88, 4:95]
    image.Rows, image.Columns = stored.shape
    image.PixelData = stored.tobytes() + b"\0" * (stored.nbytes % 2)
    return image


IMAGES: dict[str, Callable[[], Dataset]] = {
    "monochrome2": radiograph,
    "monochrome1": lambda: radiograph(PhotometricInterpretation="MONOCHROME1"),
    "narrow": lambda: radiograph(WindowCenter="1500.5", WindowWidth="333"),
    "cropped": cropped,
    "ct": slice_of_ct,
    "ct-slope": lambda: slice_of_ct(RescaleSlope="0.37", RescaleIntercept="-512.25"),
    "ct-signed": lambda: pixels(samples.slice_of_ct(), -1024, 2047),
    "ct-monochrome1": lambda: slice_of_ct(PhotometricInterpretation="MONOCHROME1"),
    "table": lambda: looked_up("MONOCHROME2"),
    "table-monochrome1": lambda: looked_up("MONOCHROME1"),
    "table-and-window": both,
    "modality-table": rescaled_by_table,
}


@pytest.mark.parametrize("name", IMAGES)
def test_a_state_shows_the_image_as_it_shows_itself(name: str, tmp_path: Path) -> None:
    image = IMAGES[name]()
    made = scene(tmp_path, image, samples.finding(sop_uid=str(image.SOPInstanceUID)))
    grey, _ = made.rendered()
    expected = shown(made.image, 1)
    assert grey.shape == expected.shape, "the displayed area is the whole image"
    # DCMTK rounds rescaled values to whole numbers before it applies a window.
    assert np.abs(grey.astype(int) - expected).max() <= (2 if name == "ct-slope" else 1)
    assert np.ptp(expected) > 200
    assert np.array_equal(grey, made.alone()), "DCMTK shows no difference at all"


def test_without_a_window_the_state_sets_none(tmp_path: Path) -> None:
    """How such an image is opened is the viewer's choice, and stays it."""
    image = pixels(plain(), 900, 3100)
    made = scene(tmp_path, image, samples.finding(sop_uid=str(image.SOPInstanceUID)))
    grey, _ = made.rendered()
    assert np.array_equal(grey, made.alone())


def test_a_sigmoid_window_stays_one(tmp_path: Path) -> None:
    """By reading alone: `dcmp2pgm` 3.6.7 takes every window for a linear one."""
    made = scene(tmp_path, radiograph(VOILUTFunction="SIGMOID"), samples.finding())
    (window,) = pydicom.dcmread(made.state).SoftcopyVOILUTSequence
    assert window.VOILUTFunction == "SIGMOID"
    assert (window.WindowCenter, window.WindowWidth) == (2048, 4096)


def test_every_frame_has_its_own_window(tmp_path: Path) -> None:
    image = pixels(samples.enhanced(), 0, 4095)
    made = scene(tmp_path, image, samples.finding(sop_uid=str(image.SOPInstanceUID)))
    seen = []
    for frame in (1, 2, 3):
        grey, _ = made.rendered(frame)
        assert np.abs(grey.astype(int) - shown(made.image, frame)).max() <= 1, f"frame {frame}"
        seen.append(np.mean(grey > 127))
    assert seen[0] == pytest.approx(seen[1], abs=0.001)
    assert seen[2] < seen[0] - 0.1, "the third frame's window lies 560 HU higher"


def test_an_outline_lies_where_the_result_says(tmp_path: Path) -> None:
    """The triangle is white in the image; drawn as DCMTK reads it, it covers the white exactly."""
    image = radiograph(PhotometricInterpretation="MONOCHROME1")
    image.PixelData = np.where(_inside(OUTLINE, 101, 90), 0, 4000).astype("<u2").tobytes()
    uid = str(image.SOPInstanceUID)
    made = scene(tmp_path, image, samples.located(uid, region=Region(uid, OUTLINE)))
    grey, drawn = made.rendered()
    (line,) = drawn.lines["PNEUMOTHORAX"]
    assert np.abs(np.subtract(line, OUTLINE)).max() < 0.001
    assert np.array_equal(_inside(tuple(line), 101, 90), grey > 200)
    assert drawn.words["PNEUMOTHORAX"] == ["Pneumothorax 87%"]
    assert any("AI, not verified" in words for words in drawn.words["VARDE_AI"])


def test_the_lesions_of_a_simulated_radiograph(tmp_path: Path) -> None:
    """At full size: the outlines about the known lesions, each in the layer of its kind."""
    (image, *_), truth = studies.study("chest", 5, scanner="strand", salt="states")
    uid = str(image.SOPInstanceUID)
    by_name = {"nodule": codes.NODULE, "consolidation": codes.CONSOLIDATION}
    lesions = [one for one in truth.findings if one.name in by_name]
    found = [
        samples.finding(by_name[one.name], 0.9, sop_uid=uid, region=Region(uid, _about(one.box)))
        for one in lesions
    ]
    made = scene(tmp_path, image, *found)
    grey, drawn = made.rendered()
    assert np.abs(grey.astype(int) - shown(made.image, 1)).max() <= 1
    told = {layer: sorted(map(_box, lines)) for layer, lines in drawn.lines.items()}
    assert told == {
        name.upper(): sorted(tuple(map(float, one.box)) for one in lesions if one.name == name)
        for name in by_name
    }


@pytest.mark.parametrize("frame", [1, 2])
def test_an_annotation_is_drawn_on_its_frame_alone(frame: int, tmp_path: Path) -> None:
    """DCMTK tells what is drawn on the first frame, whichever it renders."""
    image = pixels(samples.enhanced(), 0, 4095)
    uid = str(image.SOPInstanceUID)
    made = scene(tmp_path, image, samples.located(uid, region=Region(uid, OUTLINE, frame)))
    _, drawn = made.rendered()
    assert drawn.lines == ({"PNEUMOTHORAX": [[*OUTLINE]]} if frame == 1 else {})
    assert "VARDE_AI" in drawn.words, "who says it stands on every frame"


def _inside(points: tuple[tuple[float, float], ...], columns: int, rows: int) -> NDArray[np.bool_]:
    """The pixels of (rows, columns) whose centres a polyline encloses."""
    big = 8  # the centre of pixel n is at n + 0.5 (PS3.3 C.10.5.1.2)
    canvas = Image.new("1", (columns * big, rows * big))
    ImageDraw.Draw(canvas).polygon([(x * big, y * big) for x, y in points], fill=1)
    return np.asarray(canvas)[big // 2 :: big, big // 2 :: big]


def _about(box: tuple[int, int, int, int]) -> tuple[tuple[float, float], ...]:
    left, top, right, bottom = map(float, box)
    return (left, top), (right, top), (right, bottom), (left, bottom), (left, top)


def _box(points: list[tuple[float, float]]) -> tuple[float, float, float, float]:
    columns, rows = zip(*points, strict=True)
    return min(columns), min(rows), max(columns), max(rows)
