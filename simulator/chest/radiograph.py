"""A radiograph of a simulated chest, and all that is known of it."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator import xray
from simulator.chest import body as bodies
from simulator.chest import devices, findings, person, visible
from simulator.chest.body import Body
from simulator.chest.findings import Seen
from simulator.chest.person import View
from simulator.scanners import SCANNERS, Scanner

PREVALENCE: Final = 0.24  #: of each finding
COLLIMATED: Final = 0.25  #: share of images with a black border
SEVERAL: Final = (1, 1, 1, 2, 3, 5, 8)  #: numbers of nodules at once
TRIES: Final = 8  #: places in which a finding is tried until it can be seen


@dataclasses.dataclass(frozen=True, slots=True)
class TrueFinding:
    """A finding that is in the image; `box` is (left, top, right, bottom) in pixels."""

    name: str
    code: str
    side: str
    subtlety: float
    box: tuple[int, int, int, int]
    area_cm2: float


@dataclasses.dataclass(frozen=True, slots=True)
class Truth:
    """All that is known of a simulated study, as plain data. Nodules are told one by one."""

    age: int
    sex: str
    view: str
    scanner: str
    findings: tuple[TrueFinding, ...]
    devices: tuple[str, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """The findings that are there."""
        return frozenset(finding.name for finding in self.findings)


@dataclasses.dataclass(frozen=True, slots=True)
class Radiograph:
    """`pixels` (rows, columns), 12 bits, larger is brighter; `masks` bool of the same shape."""

    pixels: NDArray[np.uint16]
    spacing_mm: float
    truth: Truth
    masks: Mapping[str, NDArray[np.bool_]]


@dataclasses.dataclass(frozen=True, slots=True)
class _Wish:
    """A finding that is to be put in: the lung that has it, and the seed of its draws."""

    name: str
    lung: int
    subtlety: float
    draws: tuple[int, ...]


def make(
    seed: int,
    *,
    scanner: str,
    size: int = 320,
    view: View | None = None,
    prevalence: float | Mapping[str, float] = PREVALENCE,
    subtler: float = 0.0,
) -> Radiograph:
    """The radiograph of `seed`; `size` is the number of rows.

    `view`: PA or AP drawn where None. `prevalence` of every finding, or by name (the
    others keep theirs). `subtler` in 0..1 moves every subtlety that far towards 1. What
    cannot be seen is not put in, see `simulator.chest.visible`.
    """
    profile = SCANNERS[scanner]
    wanted = _wanted(np.random.default_rng([seed, 0]), prevalence, subtler)
    who = person.person(
        np.random.default_rng([seed, 6]), view=view, enlarged=wanted.get("cardiomegaly")
    )
    doubtful = not visible.LEAST.keys().isdisjoint(wanted)
    rows = visible.ROWS if doubtful else size
    body, named = _body(who, profile, rows, seed)
    wishes, seen = _visible(body, wanted, seed)
    if size != rows:
        body, named = _body(who, profile, size, seed)
        seen = [_put(body, wish) for wish in wishes]
    if "cardiomegaly" in wanted:
        seen.append(Seen("cardiomegaly", "", wanted["cardiomegaly"], body.heart))
    seen = [one for one in seen if one.mask.any()]
    pixels = _exposed(body, profile, seed)
    told = tuple(_told(one, body.grid.spacing_mm) for one in seen)
    truth = Truth(who.age, who.sex, who.view, scanner, told, named)
    return Radiograph(pixels, body.grid.spacing_mm, truth, _masks(seen))


def _wanted(
    rng: np.random.Generator, prevalence: float | Mapping[str, float], subtler: float
) -> dict[str, float]:
    """Name and subtlety of the findings to put in; nothing at all in about a quarter."""
    drawn = {name: float(rng.random()) for name in findings.FINDINGS}
    chance = {name: float(rng.random()) for name in findings.FINDINGS}
    share = prevalence if isinstance(prevalence, Mapping) else dict.fromkeys(drawn, prevalence)
    return {
        name: subtlety + (1 - subtlety) * subtler
        for name, subtlety in drawn.items()
        if chance[name] < share.get(name, PREVALENCE)
    }


def _body(
    who: person.Person, profile: Scanner, rows: int, seed: int
) -> tuple[Body, tuple[str, ...]]:
    """The healthy chest with its devices, and their names."""
    spacing = profile.rows_mm / rows
    where = person.grid(who, rows, round(profile.columns_mm / spacing), spacing)
    body = bodies.body(who, where, seed)
    return body, devices.add(body, np.random.default_rng([seed, 2]))


def _visible(body: Body, wanted: Mapping[str, float], seed: int) -> tuple[list[_Wish], list[Seen]]:
    """Put into `body` what can be seen, each in the first of `TRIES` places where it can."""
    kept: list[_Wish] = []
    seen: list[Seen] = []
    for kind, name in enumerate(findings.CHANGES):
        if name not in wanted:
            continue
        rng = np.random.default_rng([seed, 1, kind])
        for number in range(int(rng.choice(SEVERAL)) if name == "nodule" else 1):
            for draw in range(TRIES):
                wish = _Wish(
                    name, int(rng.integers(2)), wanted[name], (seed, 3, kind, number, draw)
                )
                if found := _tried(body, wish):
                    kept.append(wish)
                    seen.append(found)
                    break
    return kept, seen


def _tried(body: Body, wish: _Wish) -> Seen | None:
    """The finding, if it can be seen; else the body is as it was."""
    lung = body.lungs[wish.lung]
    old = body.outer.copy(), body.bone.copy(), lung.density.copy()
    before = visible.shadow(body)
    found = _put(body, wish)
    if visible.seen(wish.name, body, before, found.mask):
        return found
    body.outer, body.bone, lung.density = old
    return None


def _put(body: Body, wish: _Wish) -> Seen:
    lung = body.lungs[wish.lung]
    change = findings.CHANGES[wish.name]
    mask = change(body, lung, wish.subtlety, np.random.default_rng(wish.draws))
    return Seen(wish.name, "R" if lung.side < 0 else "L", wish.subtlety, mask)


def _masks(seen: Sequence[Seen]) -> dict[str, NDArray[np.bool_]]:
    """One mask for each name: nodules together."""
    masks: dict[str, NDArray[np.bool_]] = {}
    for one in seen:
        masks[one.name] = masks[one.name] | one.mask if one.name in masks else one.mask
    return masks


def _told(seen: Seen, spacing: float) -> TrueFinding:
    rows, columns = np.flatnonzero(seen.mask.any(axis=1)), np.flatnonzero(seen.mask.any(axis=0))
    return TrueFinding(
        seen.name,
        findings.FINDINGS[seen.name].value,
        seen.side,
        round(seen.subtlety, 3),
        (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1),
        round(float(seen.mask.sum()) * spacing**2 / 100, 2),
    )


def _exposed(body: Body, profile: Scanner, seed: int) -> NDArray[np.uint16]:
    spacing = body.grid.spacing_mm
    signal = xray.expose(body.through, profile, spacing, np.random.default_rng([seed, 3]))
    pixels = xray.present(signal, profile, spacing)
    _collimate(pixels, spacing, np.random.default_rng([seed, 4]))
    return pixels


def _collimate(pixels: NDArray[np.uint16], spacing: float, rng: np.random.Generator) -> None:
    """A black border, in some images, outside the opening of the collimator."""
    if rng.random() >= COLLIMATED:
        return
    top, bottom, left, right = (int(rng.uniform(0, 14) / spacing) for _ in range(4))
    rows, columns = pixels.shape
    pixels[:top], pixels[rows - bottom :] = 0, 0
    pixels[:, :left], pixels[:, columns - right :] = 0, 0
