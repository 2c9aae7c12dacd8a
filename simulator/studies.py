"""Simulated studies, one after the other: what a modality has to send, and its known truth."""

import dataclasses
import importlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, cast

from pydicom import Dataset

from core.domain.errors import NotFoundError
from simulator.modality import Item

#: The module of each kind of study: its `study(seed, scanner=, salt=)` and `SCANNERS`.
KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "chest": "simulator.dx",
        "wrist": "simulator.wrist.dx",
        "mammography": "simulator.mammography.dicom",
        "thorax": "simulator.ct.dicom",
    }
)
#: How studies are made that are sent one after the other: quickly.
QUICK: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {"thorax": {"thickness": 3.0, "increment": 3.0}}
)


@dataclasses.dataclass(frozen=True, slots=True)
class Simulated:
    """A simulated study: `truth`, a dataclass, is what an algorithm should find in it."""

    seed: int
    kind: str
    scanner: str
    items: tuple[Item, ...]
    truth: Any

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
            "kind": self.kind,
            "scanner": self.scanner,
            "truth": dataclasses.asdict(self.truth),
        }


def simulated(
    count: int,
    *,
    seed: int,
    salt: str,
    kinds: Sequence[str] = tuple(KINDS),
    scanners: Sequence[str] = (),
) -> Iterator[Simulated]:
    """`count` studies of the seeds from `seed` on, of the `kinds` in turn.

    From the named scanners in turn, or from those of the kind. The same seed gives the
    same pixels, another salt gives other UIDs. `NotFoundError` for a kind or a scanner that
    is not there.
    """
    for number in range(count):
        kind = kinds[number % len(kinds)]
        names = scanners or scanners_of(kind)
        scanner = names[number // len(kinds) % len(names)]
        more = QUICK.get(kind, {})
        datasets, truth = study(kind, seed + number, scanner=scanner, salt=salt, **more)
        items = tuple(Item.of(dataset) for dataset in datasets)
        yield Simulated(seed + number, kind, scanner, items, truth)


def study(
    kind: str,
    seed: int,
    *,
    scanner: str | None = None,
    salt: str = "",
    **more: Any,  # noqa: ANN401 - what the kind's own `study` takes besides
) -> tuple[list[Dataset], Any]:
    """The instances of one study of that kind, and its truth."""
    if scanner is not None and scanner not in scanners_of(kind):
        message = f"no scanner «{scanner}» for {kind}: {', '.join(scanners_of(kind))}"
        raise NotFoundError(message)
    made = _module(kind).study(seed, scanner=scanner, salt=salt, **more)
    return cast("tuple[list[Dataset], Any]", made)


def scanners_of(kind: str) -> tuple[str, ...]:
    """The names of the scanners that make studies of that kind."""
    return tuple(_module(kind).SCANNERS)


def record(study: Simulated, file: Path) -> None:
    """Append a study's truth to a file, one JSON object a line."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as out:
        out.write(json.dumps(study.told(), ensure_ascii=False, default=str) + "\n")


def _module(kind: str) -> Any:  # noqa: ANN401 - a module with `study` and `SCANNERS`
    if kind not in KINDS:
        message = f"no studies of «{kind}» are simulated, but {', '.join(KINDS)}"
        raise NotFoundError(message)
    return importlib.import_module(KINDS[kind])
