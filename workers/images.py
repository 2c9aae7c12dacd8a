"""Unit `image`: every instance is read by itself, with the manifest's steps and head."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence

from pydicom import Dataset

from core.domain.errors import UnreadableError
from core.domain.finding import Anchor, Finding
from core.domain.reason import Reason, ReasonCode
from core.domain.study import Instance
from models import heads, steps
from models.heads import Place
from models.reading import Reading
from models.registry import Algorithm
from models.volume import Network
from workers import pixels
from workers.observer import Observer

VIEW = "ViewPosition"

Read = Callable[[Instance], Dataset]


def read(
    algorithm: Algorithm,
    instances: Sequence[Instance],
    fetch: Read,
    networks: Mapping[str, Network],
    observer: Observer,
) -> Iterator[Reading]:
    """The reading of each instance, one at a time; `fetch` gives its data set."""
    (network,) = networks.values()
    for instance in instances:
        try:
            dataset = fetch(instance)
            frame = pixels.chosen_frame(dataset)
            image = pixels.read(dataset, frame)
        except UnreadableError as error:
            yield unreadable(instance, error)
            continue
        observer.image(dataset, image)
        ready = steps.prepare(image, algorithm.manifest.input.step)
        outputs = network(ready.tensor)
        if reason := heads.decline(outputs, algorithm.manifest):
            yield Reading((instance.sop_uid,), reason=reason)
            continue
        place = Place(instance.sop_uid, ready.geometry, row_direction(dataset))
        found = heads.findings(outputs, algorithm.manifest, place)
        size = image.pixels.shape
        told = (_on_frame(anchored(one, said(dataset), size), frame) for one in found)
        yield Reading((instance.sop_uid,), tuple(told))


def unreadable(instance: Instance, error: UnreadableError) -> Reading:
    """That the pixels of `instance` could not be read."""
    reason = Reason(ReasonCode.UNREADABLE, {"detail": str(error)})
    return Reading((instance.sop_uid,), reason=reason)


def said(dataset: Dataset) -> str:
    """Side and view of an image as its header says them, `R MLO`; empty without a view."""
    side, view = (
        str(dataset.get(keyword) or "").strip().upper() for keyword in ("ImageLaterality", VIEW)
    )
    side = side or str(dataset.get("Laterality") or "").strip().upper()
    return f"{side} {view}".strip() if view else ""


def anchored(finding: Finding, frame: str, size: tuple[int, ...]) -> Finding:
    """`finding` with its region's middle as shares of an image of `size` (rows, columns)."""
    if finding.region is None or not frame:
        return finding
    left, top, right, bottom = finding.region.box
    place = (left + right) / 2 / size[1], (top + bottom) / 2 / size[0]
    rounded = tuple(round(one, 4) for one in place)
    return dataclasses.replace(finding, anchor=Anchor(frame, rounded))


def row_direction(dataset: Dataset) -> str | None:
    """Where columns increase towards: the first letter of Patient Orientation is the main one."""
    orientation = dataset.get("PatientOrientation") or [""]
    return str(orientation[0])[:1] or None


def _on_frame(finding: Finding, frame: int) -> Finding:
    """`finding` with its region on `frame`: a head knows one image, not where it came from."""
    if finding.region is None or finding.region.frame == frame:
        return finding
    return dataclasses.replace(finding, region=dataclasses.replace(finding.region, frame=frame))
