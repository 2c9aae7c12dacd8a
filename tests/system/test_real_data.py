"""`varde demo` on real studies: the data beside the project, for reading only."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.dataset import Dataset

from tests.conftest import ROOT
from tests.services.need import absent
from tests.services.process import free_port
from tests.services.validators import dciodvfy, pixelmed_sr

DATA = ROOT.parent / "shared" / "data"
CT = DATA / "ct_chest_lidc_0001"


def demo(tmp_path: Path, name: str) -> tuple[dict[str, Any], list[Path]]:
    """(what `varde demo` says of the one study, the objects as the archive got them)."""
    folder = DATA / name
    if not folder.is_dir():
        absent(f"the real study {name}", "the data beside the project")
    env = {
        **os.environ,
        "VARDE_HOME": str(tmp_path / "var"),
        **{f"VARDE_{key}__PORT": str(free_port()) for key in ("DICOM", "WEB", "MONITOR")},
    }
    command = [sys.executable, "-m", "varde", "demo", "--once", "--json"]
    done = subprocess.run(
        [*command, "--out", str(tmp_path / "out"), str(folder)],
        env=env, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    return json.loads(line), sorted((tmp_path / "out").rglob("*.dcm"))


def texts(item: Dataset) -> list[str]:
    """Every text value of a content tree."""
    own = [str(item.TextValue)] if "TextValue" in item else []
    return own + [text for child in item.get("ContentSequence", []) for text in texts(child)]


def units(item: Dataset) -> list[str]:
    """Every unit of a content tree."""
    values = item.get("MeasuredValueSequence", [])
    own = [str(value.MeasurementUnitsCodeSequence[0].CodeValue) for value in values]
    return own + [unit for child in item.get("ContentSequence", []) for unit in units(child)]


def test_a_chest_radiograph_in_two_compressions(tmp_path: Path) -> None:
    """JPEG 2000 and JPEG-LS, MONOCHROME1, a pixel spacing of 0.000, no patient age."""
    told, paths = demo(tmp_path, "cr_chest")
    assert told["delivered"] is True
    (job,) = told["jobs"]
    assert (job["algorithm"], job["state"]) == ("chest_xray", "delivered")
    assert job["outcome"] in {"findings", "nothing_found"}
    objects = [pydicom.dcmread(path) for path in paths]
    assert sorted(data.Modality for data in objects) == ["PR", "PR", "SR"]
    sources = {
        str(pydicom.dcmread(path, specific_tags=["SOPInstanceUID"]).SOPInstanceUID)
        for path in (DATA / "cr_chest").glob("*.dcm")
    }
    shown = {
        str(image.ReferencedSOPInstanceUID)
        for data in objects
        if data.Modality == "PR"
        for series in data.ReferencedSeriesSequence
        for image in series.ReferencedImageSequence
    }
    assert shown == sources
    (report,) = (data for data in objects if data.Modality == "SR")
    evidence = report.CurrentRequestedProcedureEvidenceSequence[0]
    assert str(evidence.StudyInstanceUID) == told["study_uid"]
    assert {
        str(image.ReferencedSOPInstanceUID)
        for series in evidence.ReferencedSeriesSequence
        for image in series.ReferencedSOPSequence
    } == sources
    assert set(units(report)) <= {"%", "1", "{ratio}"}, "no millimetres can be known"
    assert any("klinisk" in text for text in texts(report))
    for path in paths:
        verdict = dciodvfy(path)
        assert verdict, verdict.output
    verdict = pixelmed_sr(next(p for p in paths if pydicom.dcmread(p).Modality == "SR"))
    assert verdict, verdict.output


def test_the_lungs_and_the_nodule_of_a_real_ct(tmp_path: Path) -> None:
    """LIDC-IDRI-0001: four readers mark one nodule, from z -125 to -105 mm about x 317, y 365."""
    told, paths = demo(tmp_path, "ct_chest_lidc_0001")
    assert told["delivered"] is True
    (job,) = told["jobs"]
    assert (job["algorithm"], job["outcome"]) == ("ct_thorax", "findings")
    objects = {str(data.Modality): data for data in map(pydicom.dcmread, paths)}
    assert {"SR", "PR", "SEG"} <= set(objects)
    first = [one for one in job["findings"] if one["present"]][:3]
    assert any(_in_the_nodule(one["sop_uid"], paths) for one in first)
    segments = [str(one.SegmentLabel) for one in objects["SEG"].SegmentSequence]
    assert len(segments) == 2
    assert any("klinisk" in text for text in texts(objects["SR"]))
    for path in paths:
        verdict = dciodvfy(path)
        assert verdict, verdict.output
    verdict = pixelmed_sr(next(p for p in paths if pydicom.dcmread(p).Modality == "SR"))
    assert verdict, verdict.output


def _in_the_nodule(sop_uid: str, paths: list[Path]) -> bool:
    """Whether a presentation state of that slice marks the place where the readers did."""
    slices = (pydicom.dcmread(path, stop_before_pixels=True) for path in CT.glob("*.dcm"))
    (height,) = (
        float(one.ImagePositionPatient[2]) for one in slices if one.SOPInstanceUID == sop_uid
    )
    states = [data for data in map(pydicom.dcmread, paths) if data.Modality == "PR"]
    marked = [
        np.reshape(shape.GraphicData, (-1, 2)).mean(axis=0)
        for state in states
        for layer in state.GraphicAnnotationSequence
        for image in layer.get("ReferencedImageSequence", [])
        if image.ReferencedSOPInstanceUID == sop_uid
        for shape in layer.get("GraphicObjectSequence", [])
    ]
    near = any(np.hypot(*(place - (317, 365))) < 20 for place in marked)
    return -127.5 <= height <= -102.5 and near
