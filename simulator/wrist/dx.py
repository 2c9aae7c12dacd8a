"""Simulated wrists as DICOM: Digital X-Ray Image Storage - For Presentation (PS3.3 A.26).

The patient is invented from the seed; nothing in the data set tells the truth.
"""

from typing import Final

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import DigitalXRayImageStorageForPresentation

from simulator import dx_image, header
from simulator.header import Header
from simulator.wrist import radiograph
from simulator.wrist.radiograph import Radiograph
from simulator.wrist.scanners import SCANNERS, Scanner
from simulator.wrist.truth import StudyTruth

__all__ = ["SCANNERS", "StudyTruth", "instance", "study"]

STUDY: Final = ("PA", "LL")
#: View Position of left and right, and the view's code (CID 4010).
VIEWS: Final = {
    "PA": ("PA", "PA", ("272479007", "SCT", "postero-anterior")),
    "LL": ("LL", "RL", ("399067008", "SCT", "lateral")),
    "OBL": ("LLO", "RLO", ("399182000", "SCT", "oblique")),
}


def study(
    seed: int,
    *,
    scanner: str | None = None,
    salt: str = "",
    size: int = 1024,
    prevalence: float = radiograph.PREVALENCE,
    subtler: float = 0.0,
) -> tuple[list[Dataset], StudyTruth]:
    """One study of one wrist, PA and lateral with `size` rows each, and what is in it.

    The seed decides the pixels and the patient; another `salt` gives other UIDs and
    another accession number. `scanner` is a name of `SCANNERS`, drawn where None;
    `prevalence` and `subtler` as in `radiograph.make`.
    """
    names = tuple(SCANNERS)
    name = names[seed % len(names)] if scanner is None else scanner
    images = [
        radiograph.make(
            seed, scanner=name, view=view, size=size, prevalence=prevalence, subtler=subtler
        )
        for view in STUDY
    ]
    datasets = [
        instance(image, SCANNERS[name], seed=seed, salt=salt, number=number)
        for number, image in enumerate(images, start=1)
    ]
    first = images[0].truth
    truth = StudyTruth(
        first.age, first.sex, first.side, name, tuple(image.truth for image in images)
    )
    return datasets, truth


def instance(
    image: Radiograph, scanner: Scanner, *, seed: int, salt: str = "", number: int = 1
) -> Dataset:
    """The data set of `image`, with file meta information, ready to be sent or written."""
    who = Header(seed, salt, image.truth.age, image.truth.sex, "DX", "Wrist")
    dataset = who.dataset(DigitalXRayImageStorageForPresentation, number=number)
    dataset.PresentationIntentType = "FOR PRESENTATION"
    header.equipment(dataset, scanner.manufacturer, scanner.model, scanner.software)
    _acquisition(dataset, image, scanner, np.random.default_rng([seed, 10, number]))
    dx_image.store(dataset, image.pixels, scanner.photometric)
    return dataset


def _acquisition(
    dataset: Dataset, image: Radiograph, scanner: Scanner, rng: np.random.Generator
) -> None:
    """DX Anatomy Imaged, Positioning, Detector (PS3.3 C.8.11.2, C.8.11.5, C.8.11.4)."""
    dataset.BodyPartExamined = "WRIST"
    dataset.AnatomicRegionSequence = Sequence([header.code("74670003", "SCT", "Wrist joint")])
    dataset.ImageLaterality = image.truth.side
    left, right, code = VIEWS[image.truth.view]
    dataset.ViewPosition = left if image.truth.side == "L" else right
    dataset.ViewCodeSequence = Sequence([header.code(*code)])
    dataset.ViewCodeSequence[0].ViewModifierCodeSequence = Sequence()
    # in the anatomical position the fingers point to the feet, the back of the hand backwards
    dataset.PatientOrientation = [image.row_direction, "H"]
    dataset.KVP = f"{scanner.kvp:g}"
    dataset.Exposure = int(rng.integers(2, 5))
    dataset.DistanceSourceToDetector = "1150"
    dataset.PositionerType = ""
    dataset.DetectorType = "DIRECT"
    dataset.DetectorConfiguration = "AREA"
    dataset.DetectorDescription = scanner.model
    dataset.ImagerPixelSpacing = [f"{image.spacing_mm:.6f}"] * 2
