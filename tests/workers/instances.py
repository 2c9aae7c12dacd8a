"""Images made with pydicom, in every form of pixel data that the tests need."""

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    DigitalXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    generate_uid,
)

Numbers = NDArray[Any]


def image(
    values: Numbers,
    *,
    allocated: int = 16,
    stored: int | None = None,
    high: int | None = None,
    signed: bool = False,
    photometric: str = "MONOCHROME2",
    syntax: UID = ExplicitVRLittleEndian,
    tags: Mapping[str, Any] | None = None,
) -> Dataset:
    """A DX image whose words are `values`, as (rows, columns) or (frames, rows, columns)."""
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = syntax
    made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = (
        DigitalXRayImageStorageForPresentation
    )
    made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    made.SeriesInstanceUID, made.StudyInstanceUID = generate_uid(), generate_uid()
    made.Modality, made.BodyPartExamined, made.ViewPosition = "DX", "CHEST", "PA"
    made.PatientID, made.PatientName = "13116900216", "Nordmann^Ola"
    made.Rows, made.Columns = values.shape[-2:]
    if values.ndim > 2:
        made.NumberOfFrames = values.shape[0]
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, photometric
    made.BitsAllocated, made.BitsStored = allocated, stored or allocated
    made.HighBit = made.BitsStored - 1 if high is None else high
    made.PixelRepresentation = int(signed)
    order = "<" if syntax.is_little_endian else ">"
    data = values.astype(f"{order}{'i' if signed else 'u'}{allocated // 8}").tobytes()
    made.PixelData = data + b"\0" * (len(data) % 2)
    made["PixelData"].VR = "OB" if allocated == 8 else "OW"
    for keyword, value in (tags or {}).items():
        setattr(made, keyword, value)
    return made


def ramp(rows: int = 16, columns: int = 24, *, top: int = 4095) -> Numbers:
    """(rows, columns) of int64 that run from 0 to `top`."""
    return np.linspace(0, top, rows * columns).astype(np.int64).reshape(rows, columns)


def as_file(dataset: Dataset) -> bytes:
    """`dataset` as a PS3.10 file."""
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def through_file(dataset: Dataset) -> Dataset:
    """`dataset` as it is read back from a file."""
    return pydicom.dcmread(io.BytesIO(as_file(dataset)))


def cut(dataset: Dataset, share: float) -> Dataset:
    """A compressed image of one frame whose code stream ends too early."""
    stream = next(pydicom.encaps.generate_frames(dataset.PixelData, number_of_frames=1))
    dataset.PixelData = encapsulate([stream[: int(len(stream) * share)]])
    return dataset
