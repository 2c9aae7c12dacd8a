"""What travels with one evaluation and notes, of the images that are read, what the watch wants.

It watches and changes nothing: whatever goes wrong here is logged and left out, and the
evaluation goes on.
"""

import collections
import contextlib
import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from celery.exceptions import SoftTimeLimitExceeded
from numpy.typing import NDArray
from pydicom import Dataset

from core import logs
from core.domain.equipment import Equipment, age_group
from core.domain.finding import Finding, Result
from models import embedding
from models.steps import Image
from models.volume import Floats, Network, Networks
from monitoring.aggregates import observe
from monitoring.aggregates.aggregate import Aggregate
from workers import brightness, headers
from workers.headers import Header
from workers.serials import Serials
from workers.telling import traced

MOST: Final = 64  #: headers and images of one study that are noted
SLICES: Final = 9  #: of a series, evenly spaced, whose headers are noted


@dataclasses.dataclass(frozen=True, slots=True)
class Noted:
    """What was noted of one result: sums of one study, and what they are kept under."""

    aggregate: Aggregate
    equipment: Equipment
    modality: str
    groups: tuple[str, ...]


class Observer:
    """Notes of one evaluation."""

    def __init__(self, serials: Callable[[], Serials]) -> None:
        """`serials` is asked for once there is a header."""
        self._serials = serials
        self._hashes: Serials | None = None
        self._headers: list[Header] = []
        self._pixels: list[Mapping[str, float]] = []
        self._collector = embedding.Collector()

    def networks(self, networks: Networks) -> Networks:
        """The same networks; their embeddings are noted."""
        return {name: self._watched(network) for name, network in networks.items()}

    def image(self, dataset: Dataset, image: Image) -> None:
        """A radiograph that is read, as it came and before it is prepared."""
        self.header(dataset)
        with _quietly("pixels"):
            if len(self._pixels) < MOST:
                self._pixels.append(brightness.of_image(image))

    def volume(self, voxels: NDArray[Any]) -> None:
        """A series that is read: (slices, rows, columns) HU."""
        with _quietly("voxels"):
            self._pixels.append(brightness.of_volume(voxels))

    def header(self, dataset: Dataset) -> None:
        """The header of an image, or of one of several slices, that is read."""
        with _quietly("header"):
            if len(self._headers) < MOST:
                self._hashes = self._hashes or self._serials()
                self._headers.append(headers.read(dataset, self._hashes))

    def sources(self, datasets: Sequence[Dataset]) -> None:
        """The images that a result without a reading is about: the first one says by what."""
        pictures = (one for one in datasets if "Rows" in one)
        first = next(pictures, None)
        if first is not None and not self._headers:
            self.header(first)

    def noted(self, result: Result, folder: Path | None) -> Noted:
        """All of it, with what `result` says; `folder` is the algorithm's, where it is here.

        Where the notes make no sum, the outcome alone is told.
        """
        groups: tuple[str, ...] = ()
        equipment, modality = Equipment(), ""
        reason = result.reason.code.value if result.reason else ""
        aggregate = observe.study(result.outcome, reason=reason)
        with _quietly("sums"):
            equipment, modality = _commonest(self._headers)
            numbers = brightness.mean([one.numbers for one in self._headers])
            groups = _groups(self._headers, numbers.get("age_years"))
            aggregate = observe.study(
                result.outcome,
                reason=reason,
                scores=scores(result.findings),
                numbers={**numbers, **brightness.mean(self._pixels)},
                categories=_categories(self._headers),
                embedding=self._embedding(folder),
                groups=groups,
            )
        return Noted(aggregate, equipment, modality, groups)

    def _watched(self, network: Network) -> Network:
        def run(tensor: Floats) -> Mapping[str, Floats]:
            outputs = network(tensor)
            with _quietly("embedding"):
                self._collector.add(outputs)
            return outputs

        return run

    def _embedding(self, folder: Path | None) -> NDArray[np.float64] | None:
        """Standardised; None where the algorithm gives none, or nothing to compare it with."""
        found = self._collector.take()
        standardised = None
        with _quietly("embedding"):
            standard = embedding.standard(folder) if folder else None
            if found is not None and standard is not None:
                standardised = standard.applied(found)
        return standardised


def scores(findings: Iterable[Finding]) -> dict[str, float]:
    """The highest probability of each label, by code value."""
    found: dict[str, float] = {}
    for one in findings:
        found[one.code.value] = max(found.get(one.code.value, 0.0), one.probability)
    return found


def _commonest(several: Sequence[Header]) -> tuple[Equipment, str]:
    """Equipment and modality that most headers name; none of no header."""
    if not several:
        return Equipment(), ""
    equipment = collections.Counter(one.equipment for one in several).most_common(1)[0][0]
    modality = collections.Counter(one.modality for one in several).most_common(1)[0][0]
    return equipment, modality


def _groups(several: Sequence[Header], years: float | None) -> tuple[str, ...]:
    sexes = [f"sex:{one.sex}" for one in several if one.sex]
    return tuple(filter(None, [*sexes[:1], age_group(years)]))


def _categories(several: Sequence[Header]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for one in several:
        for name, value in one.categories.items():
            found.setdefault(name, set()).add(value)
    return found


@contextlib.contextmanager
def _quietly(part: str) -> Iterator[None]:
    """Log what goes wrong, and leave it out; the end of a job's time is not ours to swallow."""
    try:
        yield
    except SoftTimeLimitExceeded:
        raise
    except Exception as error:  # noqa: BLE001 - a result is worth more than what is noted of it
        logs.logger().warning("a result is observed in part", part=part, detail=traced(error))
