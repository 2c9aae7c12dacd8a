"""What the objects of a result cost, beside highdicom making the same kind of object."""

import io
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

import highdicom as hd
import numpy as np
import pytest
from highdicom.pr import (
    GraphicAnnotation,
    GraphicLayer,
    GraphicObject,
    GrayscaleSoftcopyPresentationState,
    TextObject,
)
from highdicom.sr import (
    Comprehensive3DSR,
    FindingSite,
    ImageRegion,
    Measurement,
    MeasurementReport,
    ObservationContext,
    PlanarROIMeasurementsAndQualitativeEvaluations,
    SourceImageForRegion,
    TrackingIdentifier,
)
from pydicom import Dataset
from pydicom.sr.codedict import codes

from core.domain.finding import Outcome, Result
from core.domain.profile import Profile
from highdicom_out.encode import encode, warm_up
from highdicom_out.headers import TYPE_2
from tests.bench.table import told
from tests.conftest import ROOT
from tests.highdicom_out import samples

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]

SQUARE = np.array([[10, 10], [60, 10], [60, 60], [10, 60], [10, 10]], np.float32)
#: What the peer needs besides, in every object.
SERIES = {
    "series_instance_uid": "2.25.3", "series_number": 1, "sop_instance_uid": "2.25.4",
    "instance_number": 1, "manufacturer": "Peer", "manufacturer_model_name": "Peer",
    "software_versions": "1", "device_serial_number": "1",
}  # fmt: skip


def milliseconds(make: Callable[[], object], runs: int) -> float:
    """The median of `runs`, after one that does not count."""
    make()
    took = []
    for _ in range(runs):
        begun = time.perf_counter()
        make()
        took.append(time.perf_counter() - begun)
    return 1000 * statistics.median(took)


def saved(made: Dataset) -> bytes:
    """The bytes of a file."""
    buffer = io.BytesIO()
    made.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def ours(result: Result, sources: Sequence[Dataset], *kinds: str) -> Callable[[], object]:
    """An encoding of `kinds`."""
    profile = Profile(objects=kinds)
    return lambda: encode(result, sources, at=samples.AT, profile=profile)


def row(what: str, mine: float, peer: float) -> None:
    """One line of the table."""
    told(what, ours=f"{mine:.1f} ms", peer=f"highdicom {peer:.1f} ms", ratio=f"{mine / peer:.2f}")


def test_a_report() -> None:
    source = samples.radiograph()
    result = samples.of(Outcome.FINDINGS, source)
    warm_up()
    mine = milliseconds(ours(result, [source], "sr"), 50)
    peer = milliseconds(lambda: saved(_report(source)), 20)
    row(f"SR with {len(result.present)} findings", mine, peer)
    assert mine <= 15


def _report(source: Dataset) -> Dataset:
    """Highdicom's measurement report with one located finding and one measurement."""
    observer = hd.sr.ObserverContext(
        codes.DCM.Device, hd.sr.DeviceObserverIdentifyingAttributes("2.25.9", "Peer")
    )
    region = ImageRegion(
        hd.sr.GraphicTypeValues.POLYLINE, SQUARE,
        SourceImageForRegion(source.SOPClassUID, source.SOPInstanceUID),
    )  # fmt: skip
    group = PlanarROIMeasurementsAndQualitativeEvaluations(
        TrackingIdentifier("2.25.8", "one"), referenced_region=region,
        finding_type=codes.SCT.Nodule, finding_sites=[FindingSite(codes.SCT.Lung)],
        measurements=[Measurement(codes.SCT.Diameter, 8.0, codes.UCUM.Millimeter)],
    )  # fmt: skip
    report = MeasurementReport(
        ObservationContext(observer), codes.LN.CTUnspecifiedBodyRegion, [group]
    )
    names = {"device_serial_number": "1", "manufacturer": "Peer"}
    rest = {name: value for name, value in SERIES.items() if name not in names}
    rest.pop("manufacturer_model_name")
    rest.pop("software_versions")
    return Comprehensive3DSR(
        evidence=[source], content=report[0], is_complete=True, is_final=False,
        is_verified=False, manufacturer="Peer", **rest,  # type: ignore[arg-type]
    )  # fmt: skip


def test_a_presentation_state() -> None:
    source = samples.radiograph()
    result = samples.of(Outcome.FINDINGS, source)
    warm_up()
    mine = milliseconds(ours(result, [source], "gsps"), 50)
    peer = milliseconds(lambda: saved(_state(source)), 20)
    row(f"GSPS with {len(result.present)} findings", mine, peer)
    assert mine <= 5


def _state(source: Dataset) -> Dataset:
    """Highdicom's presentation state with one outline and one text."""
    layer = GraphicLayer("ONE", 1)
    words = TextObject("one", hd.pr.AnnotationUnitsValues.PIXEL, (10, 62, 60, 70))
    outline = GraphicObject("POLYLINE", SQUARE, "PIXEL")
    drawn = GraphicAnnotation([source], layer, graphic_objects=[outline], text_objects=[words])
    return GrayscaleSoftcopyPresentationState(
        [source], content_label="PEER", graphic_layers=[layer], graphic_annotations=[drawn],
        **SERIES,  # type: ignore[arg-type]
    )  # fmt: skip


def test_a_segmentation_of_400_slices() -> None:
    sources = samples.volume(400, rows=512, columns=512)
    for source in sources:
        for keyword in TYPE_2:
            setattr(source, keyword, source.get(keyword) or "")
    voxels = np.zeros((400, 512, 512), bool)
    voxels[:, 100:300, 60:220] = True
    result = samples.read_as_volume(sources, segments=(samples.segment(sources, voxels),))
    warm_up()
    mine = milliseconds(ours(result, sources, "seg"), 5)
    peer = milliseconds(lambda: saved(_segmentation(sources, voxels)), 1)
    row("SEG of 400 slices of 512 by 512", mine, peer)
    profile = Profile(objects=("seg",), segmentation="labelmap")
    label_map = milliseconds(lambda: encode(result, sources, at=samples.AT, profile=profile), 5)
    told(
        "the same as a label map", ours=f"{label_map:.1f} ms", peer=f"binary {mine:.1f} ms",
        ratio=f"{label_map / mine:.2f}",
    )  # fmt: skip
    assert mine <= 300


def _segmentation(sources: Sequence[Dataset], voxels: np.ndarray) -> Dataset:
    """Highdicom's binary segmentation of the same voxels."""
    algorithm = hd.AlgorithmIdentificationSequence("Peer", codes.DCM.ArtificialIntelligence, "1")
    described = hd.seg.SegmentDescription(
        1, "lung", codes.SCT.AnatomicalStructure, codes.SCT.Lung, "AUTOMATIC", algorithm
    )
    return hd.seg.Segmentation(
        sources, voxels, "BINARY", [described],
        **SERIES,  # type: ignore[arg-type]
    )  # fmt: skip


FRESH = """
import json, time
from core.domain.finding import Outcome
from highdicom_out import rehearsal
from highdicom_out.encode import encode, warm_up
from tests.highdicom_out import samples
known = samples.of(Outcome.FINDINGS, samples.radiograph(99))
warm_up([rehearsal.of(known.provenance, known.findings)])  # as a worker does
took = []
for number in range(1, 11):
    source = samples.radiograph(number)
    result = samples.of(Outcome.FINDINGS, source)
    begun = time.perf_counter()
    encode(result, [source], at=samples.AT)
    took.append(time.perf_counter() - begun)
print(json.dumps(took))
"""


def test_the_first_result_of_a_fresh_worker() -> None:
    """Five fresh processes: the first encoding beside the tenth."""
    firsts, tenths = [], []
    for _ in range(5):
        done = subprocess.run(
            [sys.executable, "-c", FRESH], cwd=ROOT, capture_output=True, text=True, check=True
        )
        took = json.loads(done.stdout.splitlines()[-1])
        firsts.append(1000 * took[0])
        tenths.append(1000 * took[-1])
    first, tenth = statistics.median(firsts), statistics.median(tenths)
    told(
        "first SR and GSPS of a fresh worker", ours=f"{first:.1f} ms",
        peer=f"its tenth {tenth:.1f} ms", ratio=f"{first / tenth:.2f}",
    )  # fmt: skip
    assert first <= 1.2 * tenth
