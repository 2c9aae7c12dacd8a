"""OHIF before an Orthanc that got our objects shows what they say, and where it is.

The lesions are painted into simulated images in a white of their own, so that the screen
itself tells where they are: the outline and the overlay are the pixels that change when the
viewer hides them, and they must lie on the white ones.
"""

import contextlib
import dataclasses
import json
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter
from pydicom import Dataset

from core import mask
from core.domain import codes
from core.domain.finding import Finding, Outcome, Region, Result, Segment
from core.domain.profile import PRESETS
from highdicom_out.encode import encode
from simulator import studies
from tests.highdicom_out import samples
from tests.services import dcmtk
from tests.services.devtools import Chromium, chromium
from tests.services.ohif import installed, ohif_server
from tests.services.orthanc import orthanc_server
from tests.services.process import EndedError
from tests.system.studies import written

Bits = NDArray[np.bool_]

PROFILE = dataclasses.replace(PRESETS["ohif"], language="en")
#: In pixels of the radiograph; no symmetry, so that nothing can be turned unseen.
LESION = ((300.0, 120.0), (420.0, 135.0), (405.0, 215.0), (320.0, 180.0), (300.0, 120.0))
SIZE = 256  #: rows and columns of a slice
SLOW_S = 90.0  #: for a machine whose cores are all busy
#: Whiter than any tissue here.
WHITE = 250
NEAR = 3.0  #: pixels of the screen

_READY = """(() => {
  const one = window.cornerstone?.getRenderingEngines()[0]?.getViewports()[0];
  return !!one?.getImageData?.() && one.viewportStatus === 'rendered';
})()"""
_SERIES = "[...document.querySelectorAll('[data-cy^=\"study-browser-thumbnail\"]')]"
_VIEWPORT = "cornerstone.getRenderingEngines()[0].getViewports()[0]"


@dataclasses.dataclass
class Viewer:
    """OHIF in a browser, and the studies that its archive holds."""

    url: str
    browser: Chromium
    chest: Dataset
    slices: list[Dataset]
    nodule: Bits  #: (slices, rows, columns)

    def open(self, study_uid: str) -> None:
        """Show a study's images."""
        self.browser.open(f"{self.url}/viewer?StudyInstanceUIDs={study_uid}")
        self.browser.wait_for(f"{_SERIES}.length > 1", within=SLOW_S)
        self.browser.wait_for(_READY, within=SLOW_S)

    def show(self, modality: str) -> None:
        """Double-click on the series of a modality."""
        place = f"""(() => {{
          const one = {_SERIES}.find(each => each.innerText.startsWith('{modality}'));
          const box = one?.getBoundingClientRect();
          return box && [box.x + box.width / 2, box.y + box.height / 2];
        }})()"""
        self.browser.click(*self.browser.wait_for(place), times=2)

    def draw(self, study_uid: str, modality: str, drawn: str) -> None:
        """Show the series of a modality until `drawn`, a script, says that OHIF has drawn it.

        On a busy machine OHIF has left an outline undrawn until its study was opened anew.
        """
        for within in (SLOW_S / 4, SLOW_S / 2, SLOW_S):
            self.open(study_uid)
            self.show(modality)
            with contextlib.suppress(EndedError):
                self.browser.wait_for(drawn, within=within)
                return
        self.browser.wait_for(drawn, within=1)

    def press(self, words: str) -> None:
        """Click on the button that says `words`."""
        script = f"""(() => {{
          const one = [...document.querySelectorAll('button')].find(b => b.innerText === '{words}');
          one?.click();
          return !!one;
        }})()"""
        self.browser.wait_for(script, within=SLOW_S)

    def said(self) -> str:
        """Every text of the page."""
        return str(self.browser.evaluate("document.body.innerText"))

    def changed_by(self, hide: str) -> tuple[Bits, NDArray[np.uint8]]:
        """(the pixels of the screen that `hide`, a script, changes; the screen afterwards)."""
        shown = self.browser.steady_picture()
        self.browser.evaluate(hide)
        hidden = self.browser.steady_picture()
        changed = np.abs(shown.astype(int) - hidden).max(axis=2) > 24
        return changed, hidden

    def canvas(self) -> tuple[float, float, float, float]:
        """Left, top, width and height of the viewport on the screen."""
        script = f"""(() => {{
          const box = {_VIEWPORT}.canvas.getBoundingClientRect();
          return [box.x, box.y, box.width, box.height];
        }})()"""
        left, top, width, height = self.browser.evaluate(script)
        return left, top, width, height

    def stayed_here(self) -> None:
        """Nothing was asked of another machine, and no script has failed."""
        asked = [one for one in self.browser.requests if not one.startswith(("data:", "blob:"))]
        assert len(asked) > 20
        assert [one for one in asked if not one.startswith(f"{self.url}/")] == []
        assert self.browser.faults == []


@pytest.fixture(scope="module")
def viewer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Viewer]:
    """OHIF with a chest radiograph and its SR, and a CT with its SR and SEG."""
    installed()
    chest, region = _chest()
    slices, nodule = _ct()
    folder = tmp_path_factory.mktemp("viewers")
    paths = [
        *(written(one, folder / "in" / f"{n}.dcm") for n, one in enumerate([chest, *slices])),
        *_encoded(folder, _seen(chest, region), [chest]),
        *_encoded(folder, _marked(slices, nodule), slices),
    ]
    with orthanc_server(folder) as archive:
        sent = dcmtk.dcmsend(paths, archive.dicom_port, called=archive.ae_title)
        assert sent.status == 0, sent.output
        archive.wait_for(len(paths))
        with ohif_server(archive.http_port) as url, chromium(size=(1100, 800)) as browser:
            browser.open(url)
            browser.wait_for("document.body?.innerText.includes('Study List')", within=SLOW_S)
            browser.evaluate("localStorage.setItem('shownTours', '[\"basicViewerTour\"]')")
            yield Viewer(url, browser, chest, slices, nodule)


def _chest() -> tuple[Dataset, Region]:
    """A radiograph in MONOCHROME1 with a white quadrilateral, and its outline."""
    (image, *_), _ = studies.study("chest", 5, scanner="fjord", salt="viewer", size=512)
    assert image.PhotometricInterpretation == "MONOCHROME1"
    painted = Image.new("1", (int(image.Columns), int(image.Rows)))
    ImageDraw.Draw(painted).polygon([(x - 0.5, y - 0.5) for x, y in LESION], fill=1)
    pixels = np.where(np.asarray(painted), 0, image.pixel_array)
    image.PixelData = pixels.astype(np.uint16).tobytes()
    return image, Region(str(image.SOPInstanceUID), LESION)


def _ct() -> tuple[list[Dataset], Bits]:
    """A thorax in slices of 6 mm with a white nodule that has a tail, and the nodule."""
    slices, _ = studies.study(
        "thorax", 6, scanner="fjell", salt="viewer", size=SIZE,
        thickness=6.0, increment=6.0, phantom_mm=3.0,
    )  # fmt: skip
    place, row, column = np.mgrid[: len(slices), :SIZE, :SIZE]
    ball = ((place - 20) * 4) ** 2 + (row - 110) ** 2 + (column - 76) ** 2 < 10**2
    tail = (abs(place - 20) < 2) & (abs(row - 116) < 3) & (column > 59) & (column < 76)
    nodule: Bits = ball | tail
    for image, marked in zip(slices, nodule, strict=True):
        stored = image.pixel_array
        image.PixelData = np.where(marked, 3000, stored).astype(stored.dtype).tobytes()
    return slices, nodule


def _seen(chest: Dataset, region: Region) -> Result:
    uid = str(chest.SOPInstanceUID)
    found = Finding(codes.PNEUMOTHORAX, 0.87, 0.42, uid, site=codes.LUNG, region=region)
    return samples.result(Outcome.FINDINGS, found, read=(uid,))


def _marked(slices: list[Dataset], nodule: Bits) -> Result:
    uids = tuple(str(one.SOPInstanceUID) for one in slices)
    segment = Segment(
        samples.STRUCTURE, codes.NODULE, uids, (len(uids), SIZE, SIZE), mask.pack(nodule)
    )
    return dataclasses.replace(
        samples.read_as_volume(slices), segments=(segment,), job_id="job-of-the-ct"
    )


def _encoded(folder: Path, result: Result, sources: list[Dataset]) -> list[Path]:
    paths = []
    for one in encode(result, sources, at=samples.AT, profile=PROFILE):
        paths.append(folder / f"{one.sop_uid}.dcm")
        paths[-1].write_bytes(one.data)
    return paths


def test_the_objects_stand_under_their_study(viewer: Viewer) -> None:
    viewer.browser.open(viewer.url)
    viewer.browser.wait_for("document.body?.innerText.includes('SEG')", within=SLOW_S)
    listed = viewer.said().replace("\\", "/")
    assert "CT/OT/SEG/SR" in listed  # OT: the captures
    assert "DX/OT/SR" in listed
    viewer.open(str(viewer.slices[0].StudyInstanceUID))
    series = viewer.browser.evaluate(f"{_SERIES}.map(each => each.innerText)")
    told = {words.split()[0] if len(words.split()) > 1 else words: words for words in series}
    for modality, number in (("SR", 9001), ("SEG", 9003)):
        (words,) = (one for one in series if one.startswith(modality))
        assert "Varde CT thorax 1.0.0 – AI, not verified" in words, told
        assert f"S:{number}" in words
    viewer.stayed_here()


def test_the_region_of_a_report_lies_on_the_lesion(viewer: Viewer) -> None:
    viewer.draw(str(viewer.chest.StudyInstanceUID), "SR", _DRAWN)
    label = viewer.browser.evaluate("document.querySelector('svg.svg-layer text').textContent")
    assert "Probability: 87.00 %" in label
    assert "Lung" in label
    hide = "document.querySelectorAll('svg.svg-layer polyline').forEach(l => l.remove())"
    outline, screen = viewer.changed_by(hide)
    expected = _on_screen(viewer.canvas(), viewer.chest)
    lesion = _white(screen, _box_of(expected))
    assert lesion.sum() > 1000
    assert _box(outline) == pytest.approx(_box(lesion), abs=NEAR)
    assert _box(outline) == pytest.approx(_box_of(expected), abs=NEAR)
    assert np.mean(_edge(lesion)[outline]) > 0.97, "the outline follows the lesion's edge"
    assert np.mean(_grown(outline)[_edge(lesion, 1)]) > 0.9, "and all of it"
    viewer.stayed_here()


def test_a_segment_lies_on_its_lesion_and_nowhere_else(viewer: Viewer) -> None:
    viewer.open(str(viewer.slices[0].StudyInstanceUID))
    viewer.show("SEG")
    viewer.press("Yes")
    held = json.loads(viewer.browser.wait_for(_VOXELS, within=SLOW_S))
    assert held["label"] == "Nodule"
    assert math.dist(held["centre"], _centre(viewer)) < 3.5, "mm: OHIF rounds it to a voxel"
    assert held["planes"] == _planes(viewer), "every voxel is in its place"
    for number, marked in ((20, True), (30, False)):
        uid = str(viewer.slices[number].SOPInstanceUID)
        viewer.browser.evaluate(_GO.replace("UID", uid))
        viewer.browser.evaluate(_HIDE.replace("SHOWN", "true"))
        overlay, screen = viewer.changed_by(_HIDE.replace("SHOWN", "false"))
        if not marked:
            assert not overlay.any()
            continue
        lesion = _white(screen, _box(overlay))
        assert lesion.sum() > 1000
        assert _box(overlay) == pytest.approx(_box(lesion), abs=NEAR)
        assert (overlay & lesion).sum() / (overlay | lesion).sum() > 0.85
    viewer.stayed_here()


#: Whether an outline is drawn; where it is not yet, it is asked for as a mouse over it would.
_DRAWN = """(() => {
  if (document.querySelector('svg.svg-layer polyline')) return true;
  cornerstone.getRenderingEngines()[0]?.getViewports().forEach(
    one => cornerstoneTools.utilities.triggerAnnotationRenderForViewportIds([one.id]));
  return false;
})()"""
_SEGMENTATION = "services.segmentationService.getSegmentations()[0]"
#: The voxels that OHIF holds: of each slice with any, their number and the sum of their places.
_VOXELS = f"""(() => {{
  const one = window.services && {_SEGMENTATION}, found = one?.segments[1];
  const ids = one?.representationData?.Labelmap?.imageIds;
  if (!ids || !found?.cachedStats?.center) return null;
  const planes = ids.map(id => cornerstone.cache.getImage(id)).map(image => {{
    let count = 0, sum = 0;
    image.voxelManager.getScalarData().forEach((value, n) => {{ if (value) count++, sum += n; }});
    return [image.referencedImageId.match(/instances\\/([0-9.]+)/)[1], count, sum];
  }});
  return JSON.stringify({{
    label: found.label, centre: found.cachedStats.center.world,
    planes: Object.fromEntries(planes.filter(p => p[1]).map(p => [p[0], p.slice(1)])),
  }});
}})()"""
_GO = f"""(async () => {{
  const one = {_VIEWPORT};
  await one.setImageIdIndex(one.getImageIds().findIndex(id => id.includes('/UID/')));
}})()"""
_HIDE = f"""cornerstoneTools.segmentation.config.visibility.setSegmentationRepresentationVisibility(
  {_VIEWPORT}.id, {{segmentationId: {_SEGMENTATION}.segmentationId, type: 'Labelmap'}}, SHOWN)"""


def _planes(viewer: Viewer) -> dict[str, list[int]]:
    """What `_VOXELS` should tell."""
    return {
        str(image.SOPInstanceUID): [int(plane.sum()), int(np.flatnonzero(plane).sum())]
        for image, plane in zip(viewer.slices, viewer.nodule, strict=True)
        if plane.any()
    }


def _centre(viewer: Viewer) -> NDArray[np.float64]:
    """The nodule's centre in the patient, LPS in mm, by PS3.3 C.7.6.2.1.1."""
    place, row, column = np.argwhere(viewer.nodule).mean(axis=0)
    low, high = (viewer.slices[number] for number in (math.floor(place), math.ceil(place)))
    first, second = (np.array(one.ImagePositionPatient, float) for one in (low, high))
    along = np.array(low.ImageOrientationPatient, float).reshape(2, 3)
    down, across = (float(one) for one in low.PixelSpacing)
    start = first + (second - first) * (place % 1)
    centre: NDArray[np.float64] = start + along[0] * column * across + along[1] * row * down
    return centre


def _on_screen(
    canvas: tuple[float, float, float, float], image: Dataset
) -> list[tuple[float, float]]:
    """The lesion's corners on the screen, as an image that fills its viewport shows them."""
    left, top, width, height = canvas
    columns, rows = int(image.Columns), int(image.Rows)
    scale = min(width / columns, height / rows)
    across = left + (width - scale * columns) / 2
    down = top + (height - scale * rows) / 2
    return [(across + x * scale, down + y * scale) for x, y in LESION]


def _box_of(points: list[tuple[float, float]]) -> tuple[float, float, float, float]:
    columns, rows = zip(*points, strict=True)
    return min(columns), min(rows), max(columns), max(rows)


def _box(found: Bits) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of what is true, outer edges."""
    rows, columns = np.nonzero(found)
    assert len(rows), "nothing of it is on the screen"
    return float(columns.min()), float(rows.min()), columns.max() + 1.0, rows.max() + 1.0


def _white(screen: NDArray[np.uint8], about: tuple[float, float, float, float]) -> Bits:
    """What is whiter than tissue on the screen, about a box."""
    left, top, right, bottom = (round(one) for one in about)
    part = slice(max(top - 12, 0), bottom + 12), slice(max(left - 12, 0), right + 12)
    found = np.zeros(screen.shape[:2], np.bool_)
    found[part] = screen[part].min(axis=2) > WHITE
    return found


def _grown(found: Bits, by: int = 3) -> Bits:
    image = Image.fromarray(found.astype(np.uint8) * 255).filter(ImageFilter.MaxFilter(2 * by + 1))
    return np.asarray(image) > 0


def _edge(found: Bits, by: int = 3) -> Bits:
    """What is nearer than `by` pixels to the edge of `found`."""
    return _grown(found, by) & _grown(~found, by)
