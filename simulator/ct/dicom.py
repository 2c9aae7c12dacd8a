"""Simulated chest CT as DICOM: CT Image Storage (PS3.3 A.3), one series a study.

The patient is invented from the seed; nothing in the data sets tells the truth.
"""

import dataclasses
from collections.abc import Sequence as Several
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import CTImageStorage

from simulator import header
from simulator.ct import body as bodies
from simulator.ct import scan, thorax
from simulator.ct.body import Body, Wanted
from simulator.ct.scan import PADDING, Geometry
from simulator.ct.scanners import KERNELS, SCANNERS, Scanner
from simulator.ct.truth import Truth
from simulator.header import Header

__all__ = ["SCANNERS", "Acquired", "Truth", "Wanted", "acquire", "study"]

INTERCEPT: Final = -1024
PHANTOM_MM: Final = 1.0  #: between the points on which the body is made


@dataclasses.dataclass(frozen=True, slots=True)
class Acquired:
    """A scan before it is DICOM: `voxels` HU (slices from feet to head, rows, columns)."""

    voxels: NDArray[np.int16]
    geometry: Geometry
    body: Body
    truth: Truth


def acquire(
    seed: int,
    *,
    scanner: str | None = None,
    wanted: Wanted | None = None,
    kernel: str = "",
    thickness: float | None = None,
    increment: float | None = None,
    size: int = 512,
    tilt: float = 0.0,
    mirrored: tuple[bool, bool] = (False, False),
    phantom_mm: float = PHANTOM_MM,
) -> Acquired:
    """The patient of `seed` scanned; the arguments are those of `study`.

    `phantom_mm`: between the points on which the body is made; coarser is faster.
    """
    names = tuple(SCANNERS)
    name = names[seed % len(names)] if scanner is None else scanner
    maker = SCANNERS[name]
    made = bodies.build(seed, wanted or Wanted(), phantom_mm)
    geometry = _geometry(
        made, seed, size=size, tilt=tilt, mirrored=mirrored,
        thickness=thickness or maker.thickness, increment=increment or maker.increment,
    )  # fmt: skip
    body = made.thorax
    planes = scan.image(body.hu, body.grid, geometry, maker, seed=seed, kernel=kernel)
    truth = _truth(made, name, kernel or maker.kernel, geometry)
    return Acquired(np.stack(list(planes)), geometry, made, truth)


def study(
    seed: int,
    *,
    salt: str = "",
    feet_first: bool = False,
    missing: Several[int] = (),
    **how: Any,  # noqa: ANN401 - the arguments of acquire
) -> tuple[list[Dataset], Truth]:
    """One series of axial slices, in the order in which they were taken, and what is true.

    The seed decides the patient and the findings; another `salt` gives other UIDs.
    `feet_first`: the other way through the gantry; `missing`: numbers of slices, from 0 at
    the feet, that are left out. And by name: `scanner` of `SCANNERS`, drawn where None;
    `wanted` findings (see `Wanted`); `kernel` of `KERNELS`, `thickness` and `increment` in mm
    in place of the protocol's (another kernel is a fault that monitoring must see); `size`,
    pixels a side; `tilt` of the gantry in degrees, at most 30; `mirrored` rows and columns;
    `phantom_mm`, see `acquire`.
    """
    made = acquire(seed, **how)
    truth = dataclasses.replace(made.truth, missing=tuple(missing))
    maker, geometry = SCANNERS[truth.scanner], made.geometry
    who = Header(seed, salt, truth.age, truth.sex, "CT", "CT Thorax")
    order = range(geometry.shape[0])[:: 1 if feet_first else -1]
    told = []
    for number, place in enumerate(order, start=1):
        if place not in truth.missing:
            dataset = _instance(
                who, maker, geometry, place=place, number=number, kernel=truth.kernel
            )
            dataset.PatientPosition = "FFS" if feet_first else "HFS"
            _pixels(dataset, made.voxels[place], geometry, maker)
            told.append(dataset)
    return told, truth


def _geometry(
    made: Body,
    seed: int,
    *,
    size: int,
    tilt: float,
    mirrored: tuple[bool, bool],
    thickness: float,
    increment: float,
) -> Geometry:
    """A field of view about the chest, a little off its middle."""
    rng = np.random.default_rng([seed, 61])
    patient = made.thorax.patient
    low, high = (np.array(corner) for corner in thorax.extent(patient))
    wide = 2 * (patient.width + 25 + 1.6 * patient.fat + 12 * patient.muscle)
    view = float(np.clip(wide * rng.uniform(0.98, 1.12), 0.6 * 512, 0.9 * 512))
    off = rng.normal(0, 5, 2)
    low[0] = high[0] = off[0]
    low[1] = high[1] = (patient.back - patient.front) / 2 + off[1]
    return scan.lay(
        low, high, pixel=round(view / size, 6), size=size, thickness=thickness,
        increment=increment, tilt=tilt, mirrored=mirrored,
    )  # fmt: skip


def _truth(made: Body, name: str, kernel: str, geometry: Geometry) -> Truth:
    patient, cell = made.thorax.patient, made.thorax.grid.spacing**3 / 1000
    return Truth(
        age=patient.age, sex=patient.sex, scanner=name, kernel=kernel,
        thickness=geometry.thickness, increment=float(np.linalg.norm(geometry.step)),
        contrast=patient.contrast, nodules=made.nodules, effusions=made.effusions,
        ground_glass=made.ground_glass, left_ml=float(made.thorax.left.sum()) * cell,
        right_ml=float(made.thorax.right.sum()) * cell,
    )  # fmt: skip


def _instance(
    who: Header, maker: Scanner, geometry: Geometry, *, place: int, number: int, kernel: str
) -> Dataset:
    """Everything but the pixels of slice number `place`."""
    dataset = who.dataset(CTImageStorage, number=number)
    header.equipment(dataset, maker.manufacturer, maker.model, maker.software)
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.FrameOfReferenceUID = dataset.SeriesInstanceUID + ".1"
    dataset.PositionReferenceIndicator = "SN"
    dataset.BodyPartExamined = "CHEST"
    dataset.AnatomicRegionSequence = Sequence([header.code("816094009", "SCT", "Chest")])
    dataset.AcquisitionNumber = 1
    dataset.KVP = f"{maker.kvp:g}"
    dataset.Exposure = round(maker.mas)
    dataset.XRayTubeCurrent = round(maker.mas * 2)
    dataset.ExposureTime = 500
    dataset.ConvolutionKernel = KERNELS[kernel].name
    dataset.RotationDirection = "CW"
    dataset.GantryDetectorTilt = f"{geometry.tilt:g}"
    dataset.SliceThickness = f"{geometry.thickness:g}"
    dataset.SpacingBetweenSlices = f"{np.linalg.norm(geometry.step):g}"
    position = geometry.origin + place * geometry.step
    dataset.ImagePositionPatient = [f"{value:.4f}" for value in position]
    axes = [*geometry.right / geometry.spacing[1], *geometry.down / geometry.spacing[0]]
    dataset.ImageOrientationPatient = [f"{value + 0.0:.6f}" for value in axes]
    dataset.SliceLocation = f"{position[2]:.3f}"
    return dataset


def _pixels(dataset: Dataset, plane: NDArray[np.int16], geometry: Geometry, maker: Scanner) -> None:
    """CT Image (PS3.3 C.8.2.1): HU as signed 16 bits with an intercept of -1024."""
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows, dataset.Columns = plane.shape
    dataset.PixelSpacing = [f"{value:.6f}" for value in geometry.spacing]
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 16, 15
    dataset.PixelRepresentation = 1
    if maker.round_view:
        dataset.add_new(0x00280120, "SS", PADDING - INTERCEPT)  # Pixel Padding Value
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = str(INTERCEPT), "1", "HU"
    dataset.WindowCenter, dataset.WindowWidth = ["-500", "40"], ["1500", "400"]
    dataset.WindowCenterWidthExplanation = ["LUNG", "SOFT TISSUE"]
    dataset.LossyImageCompression = "00"
    dataset.BurnedInAnnotation = "NO"
    dataset.PixelData = (plane.astype(np.int32) - INTERCEPT).astype("<i2").tobytes()
