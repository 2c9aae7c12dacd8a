"""`varde demo` on real studies: the data beside the project, for reading only."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataset import Dataset

from tests.conftest import ROOT
from tests.services.need import absent
from tests.services.process import free_port
from tests.services.validators import dciodvfy, pixelmed_sr

DATA = ROOT.parent / "shared" / "data"


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


def test_a_ct_that_no_algorithm_reads(tmp_path: Path) -> None:
    told, paths = demo(tmp_path, "ct_chest_lidc_0001")
    (job,) = told["jobs"]
    assert (job["outcome"], job["reason"]) == (
        "not_evaluated",
        "no algorithm here reads this study (CT)",
    )
    (path,) = paths
    report = pydicom.dcmread(path)
    assert report.Modality == "SR"
    assert any("ikke vurdert" in text.lower() for text in texts(report))
    assert not any("ingen funn" in text.lower() for text in texts(report))
    for verdict in (dciodvfy(path), pixelmed_sr(path)):
        assert verdict, verdict.output
