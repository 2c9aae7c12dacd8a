"""Unit `study`: all images of a study go to the folder's `hooks.py` together."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

from pydicom import Dataset

from core.domain.errors import UnreadableError
from core.domain.study import Instance
from models import hooks
from models.reading import Reading
from models.registry import Algorithm
from models.volume import Network, View
from workers import images, pixels
from workers.images import Read
from workers.observer import Observer

MOST = 16  #: images that are held in memory together; what is more is read in the order received


def read(
    algorithm: Algorithm,
    instances: Sequence[Instance],
    fetch: Read,
    networks: Mapping[str, Network],
    observer: Observer,
) -> Iterator[Reading]:
    """The reading of all views, and one for each instance that cannot be read."""
    views: list[View] = []
    for instance in instances[:MOST]:
        try:
            dataset = fetch(instance)
            views.append(view(instance.sop_uid, dataset))
            observer.image(dataset, views[-1].image)
        except UnreadableError as error:
            yield images.unreadable(instance, error)
    for instance in instances[MOST:]:
        message = f"more than {MOST} images in the study"
        yield images.unreadable(instance, UnreadableError(message))
    if views:
        reading = hooks.load(algorithm.folder)(views, networks, algorithm.manifest)
        yield _anchored(reading, {one.sop_uid: one for one in views})


def _anchored(reading: Reading, views: Mapping[str, View]) -> Reading:
    """The reading with the place of every region on its view."""
    told = []
    for one in reading.findings:
        seen = views.get(one.sop_uid)
        named = f"{seen.laterality} {seen.position}".strip() if seen and seen.position else ""
        told.append(images.anchored(one, named, seen.image.pixels.shape) if seen else one)
    return dataclasses.replace(reading, findings=tuple(told))


def view(sop_uid: str, dataset: Dataset) -> View:
    """The chosen frame of `dataset` and what the header says of how it was taken.

    Raises `UnreadableError` where the pixels cannot be read.
    """
    frame = pixels.chosen_frame(dataset)
    image = pixels.read(dataset, frame)
    modifiers = [
        str(modifier.get("CodeValue", ""))
        for code in dataset.get("ViewCodeSequence") or []
        for modifier in code.get("ViewModifierCodeSequence") or []
    ]
    return View(
        image=image,
        sop_uid=sop_uid,
        laterality=_said(dataset, "ImageLaterality") or _said(dataset, "Laterality"),
        position=_said(dataset, "ViewPosition"),
        frame=frame,
        modifiers=tuple(modifiers),
        row_direction=images.row_direction(dataset) or "",
    )


def _said(dataset: Dataset, keyword: str) -> str:
    """One value of the header as a word in upper case; empty where it is missing or several."""
    value = dataset.get(keyword)
    return str(value).strip().upper() if isinstance(value, str) else ""
