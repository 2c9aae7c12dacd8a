"""Simulated mammograms as DICOM: Digital Mammography X-Ray Image Storage - For Presentation.

PS3.3 A.27. The patient is invented from the seed; nothing in the data set tells the truth.
"""

from typing import Final

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import DigitalMammographyXRayImageStorageForPresentation

from simulator import dx_image, header
from simulator.header import Header
from simulator.mammography import four_views
from simulator.mammography.four_views import PREVALENCE, Mammogram
from simulator.mammography.scanners import FOR_TRAINING, HELD_OUT, SCANNERS, Scanner
from simulator.mammography.truth import Truth

__all__ = ["FOR_TRAINING", "HELD_OUT", "SCANNERS", "Truth", "instance", "study"]

#: View codes of CID 4014.
VIEWS: Final = {
    "CC": ("399162004", "SCT", "cranio-caudal"),
    "MLO": ("399368009", "SCT", "medio-lateral oblique"),
}
#: Where columns and rows run to: the chest wall is on the left, or on the right if mirrored.
ORIENTATIONS: Final = {("L", "CC"): "R", ("R", "CC"): "L", ("L", "MLO"): "FR", ("R", "MLO"): "FL"}


def study(
    seed: int,
    *,
    scanner: str | None = None,
    salt: str = "",
    prevalence: float = PREVALENCE,
    subtler: float = 0.0,
    density: str | None = None,
    pixel_mm: float | None = None,
) -> tuple[list[Dataset], Truth]:
    """One study of four views, and what is in it.

    The seed decides the pixels and the patient; another `salt` gives other UIDs and
    another accession number. `scanner` is a name of `SCANNERS`, taken in turn where None;
    the other arguments are those of `four_views.make`. Truth's boxes are in the views' pixels.
    """
    names = tuple(SCANNERS)
    name = names[seed % len(names)] if scanner is None else scanner
    made = four_views.make(
        seed, scanner=name, prevalence=prevalence, subtler=subtler, density=density,
        pixel_mm=pixel_mm,
    )  # fmt: skip
    who = Header(seed, salt, made.truth.age, made.truth.sex, "MG", "Screening mammography")
    return [
        instance(view, SCANNERS[name], who, number)
        for number, view in enumerate(made.views, start=1)
    ], made.truth


def instance(view: Mammogram, scanner: Scanner, who: Header, number: int) -> Dataset:
    """The data set of one view, with file meta information, ready to be sent or written."""
    dataset = who.dataset(DigitalMammographyXRayImageStorageForPresentation, number=number)
    dataset.PresentationIntentType = "FOR PRESENTATION"
    header.equipment(dataset, scanner.manufacturer, scanner.model, scanner.software)
    _anatomy(dataset, view)
    _acquisition(dataset, view, scanner, np.random.default_rng([who.seed, 10, number]))
    _detector(dataset, view, scanner)
    dx_image.store(dataset, view.pixels, scanner.photometric)
    return dataset


def _anatomy(dataset: Dataset, view: Mammogram) -> None:
    """Mammography Image, anatomy and view (PS3.3 C.8.11.7)."""
    dataset.BodyPartExamined = "BREAST"
    dataset.AnatomicRegionSequence = Sequence([header.code("76752008", "SCT", "Breast")])
    dataset.ImageLaterality = view.side
    dataset.ViewPosition = view.position
    dataset.ViewCodeSequence = Sequence([header.code(*VIEWS[view.position])])
    dataset.ViewCodeSequence[0].ViewModifierCodeSequence = Sequence()
    down = ORIENTATIONS[view.side, view.position]
    dataset.PatientOrientation = ["P" if view.mirrored else "A", down]
    dataset.OrganExposed = "BREAST"
    dataset.BreastImplantPresent = "NO"
    dataset.PartialView = "NO"
    dataset.SeriesDescription = f"{view.side} {view.position}"


def _acquisition(
    dataset: Dataset, view: Mammogram, scanner: Scanner, rng: np.random.Generator
) -> None:
    """X-Ray Acquisition Dose, Mammography Positioner and Generation (PS3.3 C.8.7, C.8.11)."""
    dataset.KVP = f"{view.kvp:g}"
    current, time = int(rng.integers(70, 130)), int(rng.integers(500, 1500))
    dataset.XRayTubeCurrent, dataset.ExposureTime = current, time
    dataset.Exposure = round(current * time / 1000)
    dataset.AnodeTargetMaterial = scanner.target
    dataset.FilterMaterial = scanner.filter
    dataset.FocalSpots = "0.3"
    dataset.Grid = ["FOCUSED", "RECIPROCATING"]
    dataset.ExposureControlMode = "AUTOMATIC"
    dataset.OrganDose = f"{rng.uniform(0.009, 0.02):.4f}"
    dataset.BodyPartThickness = f"{view.thickness_mm:g}"
    dataset.CompressionForce = f"{rng.uniform(60, 160):.0f}"
    dataset.PositionerType = "MAMMOGRAPHIC"
    angle = 0 if view.position == "CC" else 45 if view.side == "R" else -45
    dataset.PositionerPrimaryAngle = f"{angle}"
    dataset.DistanceSourceToDetector = "650"
    dataset.DistanceSourceToPatient = f"{650 - 15 - view.thickness_mm:g}"
    factor = 650 / (650 - 15 - view.thickness_mm)
    dataset.EstimatedRadiographicMagnificationFactor = f"{factor:.4f}"


def _detector(dataset: Dataset, view: Mammogram, scanner: Scanner) -> None:
    """DX Detector (PS3.3 C.8.11.4)."""
    dataset.DetectorType = "DIRECT"
    dataset.DetectorConfiguration = "AREA"
    dataset.DetectorDescription = scanner.model
    dataset.DetectorID = dataset.DeviceSerialNumber
    dataset.ImagerPixelSpacing = [f"{view.pixel_mm:g}"] * 2
    dataset.FieldOfViewShape = "RECTANGLE"
