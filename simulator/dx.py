"""Simulated radiographs as DICOM: Digital X-Ray Image Storage - For Presentation (PS3.3 A.26).

The patient is invented from the seed; nothing in the data set tells the truth.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import DigitalXRayImageStorageForPresentation

from simulator import chest, dx_image, header
from simulator.chest import PREVALENCE, Radiograph, Truth, View
from simulator.header import Header
from simulator.scanners import SCANNERS, Scanner

__all__ = ["SCANNERS", "Truth", "instance", "study"]

#: View Code Sequence (CID 4010) by View Position (PS3.3 C.8.11.5).
VIEWS: Final[Mapping[str, tuple[str, str, str]]] = {
    "PA": ("272479007", "SCT", "postero-anterior"),
    "AP": ("399348003", "SCT", "antero-posterior"),
    "LL": ("399173006", "SCT", "left lateral"),
}


def study(
    seed: int,
    *,
    scanner: str | None = None,
    salt: str = "",
    size: int = 1024,
    lateral: bool = False,
    prevalence: float | Mapping[str, float] = PREVALENCE,
    subtler: float = 0.0,
) -> tuple[list[Dataset], Truth]:
    """One study of one frontal image with `size` rows, and what is in it.

    The seed decides the pixels and the patient; another `salt` gives other UIDs and
    another accession number. `scanner` is a name of `SCANNERS`, drawn where None. With
    `lateral` the same patient's left lateral image is the second instance; the truth is
    that of the frontal one. `prevalence` and `subtler`: see `simulator.chest.make`.
    """
    names = tuple(SCANNERS)
    name = names[seed % len(names)] if scanner is None else scanner
    views: tuple[View | None, ...] = (None, "LL") if lateral else (None,)
    images = [
        chest.make(seed, scanner=name, size=size, view=view, prevalence=prevalence, subtler=subtler)
        for view in views
    ]
    datasets = [
        instance(image, SCANNERS[name], seed=seed, salt=salt, number=number)
        for number, image in enumerate(images, start=1)
    ]
    return datasets, images[0].truth


def instance(
    image: Radiograph, scanner: Scanner, *, seed: int, salt: str = "", number: int = 1
) -> Dataset:
    """The data set of `image`, with file meta information, ready to be sent or written."""
    who = Header(seed, salt, image.truth.age, image.truth.sex, "DX", "Thorax")
    dataset = who.dataset(DigitalXRayImageStorageForPresentation, number=number)
    dataset.PresentationIntentType = "FOR PRESENTATION"
    header.equipment(dataset, scanner.manufacturer, scanner.model, scanner.software)
    _acquisition(dataset, image, scanner, np.random.default_rng([seed, 10]))
    dx_image.store(dataset, image.pixels, scanner.photometric)
    return dataset


def _acquisition(
    dataset: Dataset, image: Radiograph, scanner: Scanner, rng: np.random.Generator
) -> None:
    """DX Anatomy Imaged, Positioning, Detector (PS3.3 C.8.11.2, C.8.11.5, C.8.11.4)."""
    dataset.BodyPartExamined = "CHEST"
    dataset.AnatomicRegionSequence = Sequence([header.code("816094009", "SCT", "Chest")])
    dataset.ImageLaterality = "U"
    dataset.ViewPosition = image.truth.view
    dataset.ViewCodeSequence = Sequence([header.code(*VIEWS[image.truth.view])])
    dataset.ViewCodeSequence[0].ViewModifierCodeSequence = Sequence()
    dataset.PatientOrientation = ["P", "F"] if image.truth.view == "LL" else ["L", "F"]
    dataset.KVP = f"{scanner.kvp:g}"
    dataset.Exposure = int(rng.integers(1, 6))
    dataset.DistanceSourceToDetector = "1200" if image.truth.view == "AP" else "1800"
    dataset.PositionerType = ""
    dataset.DetectorType = "DIRECT"
    dataset.DetectorConfiguration = "AREA"
    dataset.DetectorDescription = scanner.model
    dataset.ImagerPixelSpacing = [f"{image.spacing_mm:.6f}"] * 2
