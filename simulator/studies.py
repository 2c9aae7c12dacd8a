"""Simulated studies, one after the other: what a modality has to send, and its known truth."""

import dataclasses
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from simulator import dx
from simulator.modality import Item

SCANNERS: Final = tuple(dx.SCANNERS)


@dataclasses.dataclass(frozen=True, slots=True)
class Simulated:
    """A simulated study: `truth` is what an algorithm should find in it."""

    seed: int
    scanner: str
    items: tuple[Item, ...]
    truth: dx.Truth

    @property
    def study_uid(self) -> str:
        """The Study Instance UID."""
        return self.items[0].study_uid

    def told(self) -> dict[str, Any]:
        """The study and its truth as plain JSON."""
        return {
            "study_uid": self.study_uid,
            "sop_uids": [item.sop_uid for item in self.items],
            "seed": self.seed,
            "scanner": self.scanner,
            "truth": dataclasses.asdict(self.truth),
        }


def simulated(
    count: int, *, seed: int, salt: str, scanners: Sequence[str] = SCANNERS
) -> Iterator[Simulated]:
    """`count` studies of the seeds from `seed` on, from the scanners in turn.

    The same seed gives the same pixels, another salt gives other UIDs.
    """
    for number in range(count):
        scanner = scanners[number % len(scanners)]
        datasets, truth = dx.study(seed + number, scanner=scanner, salt=salt)
        items = tuple(Item.of(dataset) for dataset in datasets)
        yield Simulated(seed + number, scanner, items, truth)


def record(study: Simulated, file: Path) -> None:
    """Append a study's truth to a file, one JSON object a line."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as out:
        out.write(json.dumps(study.told(), ensure_ascii=False, default=str) + "\n")
