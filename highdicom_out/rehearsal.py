"""A made-up result and image, encoded once at start and then thrown away."""

import dataclasses
import datetime as dt
from collections.abc import Iterable

import numpy as np
from pydicom import Dataset
from pydicom.uid import DigitalXRayImageStorageForPresentation

from core import mask
from core.domain import codes
from core.domain.finding import Finding, Outcome, Provenance, Region, Result, Segment

AT = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
SOP_UID = "2.25.1"


def source() -> Dataset:
    """The header of an image of nobody, 100 rows and columns."""
    made = Dataset()
    made.SOPClassUID = DigitalXRayImageStorageForPresentation
    made.SOPInstanceUID, made.SeriesInstanceUID, made.StudyInstanceUID = SOP_UID, "2.25.2", "2.25.3"
    made.Modality = "DX"
    made.Rows = made.Columns = 100
    made.PhotometricInterpretation = "MONOCHROME2"
    made.WindowCenter, made.WindowWidth = "50", "100"
    made.FrameOfReferenceUID, made.PixelSpacing = "2.25.4", [1, 1]
    made.ImagePositionPatient, made.ImageOrientationPatient = [0, 0, 0], [1, 0, 0, 0, 1, 0]
    return made


RESULT = Result(
    job_id="rehearsal",
    outcome=Outcome.FINDINGS,
    provenance=Provenance(
        algorithm="rehearsal",
        name="Rehearsal",
        version="0",
        weights_sha256="",
        device_uid="",
        intended_use="Thrown away",
        platform_version="",
        provider="",
        worker="",
        started_at=AT,
        finished_at=AT,
    ),
    findings=(
        Finding(
            code=codes.NODULE,
            probability=0.9,
            threshold=0.5,
            sop_uid=SOP_UID,
            site=codes.LUNG,
            laterality=codes.LEFT,
            position=(15.0, 15.0, 0.0),
            region=Region(SOP_UID, ((10.0, 10.0), (20.0, 10.0), (20.0, 20.0), (10.0, 10.0))),
        ),
        Finding(code=codes.CARDIOMEGALY, probability=0.1, threshold=0.5, sop_uid=SOP_UID),
    ),
    read=(SOP_UID,),
    segments=(
        Segment(
            category=codes.LUNG,
            code=codes.LUNG,
            sop_uids=(SOP_UID,),
            shape=(1, 100, 100),
            bits=mask.pack(np.ones((1, 100, 100), np.bool_)),
            laterality=codes.LEFT,
        ),
    ),
)


def of(provenance: Provenance, findings: Iterable[Finding]) -> Result:
    """A throw-away result of an algorithm: all that it looks for is there, and nothing is real."""
    placed = [
        dataclasses.replace(one, probability=1.0, sop_uid=SOP_UID, region=RESULT.findings[0].region)
        for one in findings
    ]
    return dataclasses.replace(RESULT, provenance=provenance, findings=tuple(placed))
