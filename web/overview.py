"""All streams at a glance: how each stands, why and since when, the worst first. Pure."""

import collections
import dataclasses
import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from core.domain.activation import Activated, Activation
from core.domain.watch import NATIONAL, TRUST, Evaluation, Point, Signal, Standing, Stream
from core.store.watch.overview import Place
from web import night

#: Every face, the worst first. Only the last one is good news.
FACES: Final = (
    Standing.OUTSIDE.value, Standing.WATCHED.value, Standing.NO_DATA.value, night.STALE,
    Standing.LEARNING.value, Standing.TOO_FEW.value, Standing.INSIDE.value,
)  # fmt: skip
URGENT: Final = FACES[:4]  #: those that somebody should look at


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """A stream as the overview shows it."""

    stream: Stream
    evaluation: Evaluation
    face: str
    name: str  #: of the algorithm
    place: Place | None  #: None for the country and for a trust
    cases: int = 0
    activation: Activation = Activation.LIVE

    @property
    def reasons(self) -> tuple[Point, ...]:
        """The signals that make it stand so, the highest score first."""
        told = [one for one in self.evaluation.points if one.standing is self.evaluation.standing]
        highest: dict[Signal, Point] = {}
        for one in sorted(told, key=lambda point: -(point.score or 0.0)):
            highest.setdefault(one.signal, one)
        return tuple(highest.values())

    @property
    def order(self) -> tuple[int, float, str, str]:
        """The worst first, then the farthest out, then by name."""
        score = max((one.score or 0.0 for one in self.reasons), default=0.0)
        place = self.place.name if self.place else ""
        return FACES.index(self.face), -score, place, self.name


@dataclasses.dataclass(frozen=True, slots=True)
class Asked:
    """What a reader wants to see: a site or `trust:` and a key, an algorithm, a face."""

    scope: str = ""
    algorithm: str = ""
    face: str = ""

    def admits(self, line: Line) -> bool:
        """Whether the stream is asked for; the country and the trusts belong to everybody."""
        return (not self.algorithm or line.stream.algorithm == self.algorithm) and self._lies(line)

    def _lies(self, line: Line) -> bool:
        if not self.scope or line.stream.site == NATIONAL:
            return True
        if line.place is None:
            return line.stream.site == self.scope
        return self.scope in {line.place.key, TRUST + line.place.trust}


@dataclasses.dataclass(frozen=True, slots=True)
class Facts:
    """What the database says besides the evaluations."""

    places: Sequence[Place]
    cases: Iterable[tuple[str, str, str, int]]  #: (site, algorithm, kind, open cases)
    activations: Mapping[tuple[str, str], Activated]


def lines(
    evaluations: Iterable[Evaluation], facts: Facts, due: dt.date, name_of: Callable[[str], str]
) -> list[Line]:
    """Every stream that was ever evaluated, the worst first."""
    places = {one.key: one for one in facts.places}
    counted: collections.Counter[tuple[str, str]] = collections.Counter()
    for site, algorithm, _, number in facts.cases:
        counted[site, algorithm] += number
    made = []
    for one in evaluations:
        key = (one.stream.site, one.stream.algorithm)
        changed = facts.activations.get(key)
        made.append(
            Line(
                one.stream, one, night.face(one, due), name_of(one.stream.algorithm),
                places.get(one.stream.site), counted[key],
                changed.state if changed else Activation.LIVE,
            )
        )  # fmt: skip
    return sorted(made, key=lambda line: line.order)


def counts(found: Iterable[Line]) -> dict[str, int]:
    """How many streams of sites have each face, every face named."""
    told = collections.Counter(line.face for line in found if line.place)
    return {face: told[face] for face in FACES}


@dataclasses.dataclass(frozen=True, slots=True)
class Matrix:
    """Scopes down, algorithms across: the key of each scope, and the line where there is one.

    The country and the trusts come first; `place` is None for them.
    """

    algorithms: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, Place | None, tuple[Line | None, ...]], ...]


def matrix(found: Iterable[Line]) -> Matrix:
    """All streams as a table."""
    cells = {line.stream: line for line in found}
    algorithms = sorted({(one.stream.algorithm, one.name) for one in cells.values()},
                        key=lambda pair: (pair[1], pair[0]))  # fmt: skip
    places = {one.stream.site: one.place for one in cells.values()}
    return Matrix(
        tuple(algorithms),
        tuple(
            (site, place, tuple(cells.get(Stream(site, key)) for key, _ in algorithms))
            for site, place in sorted(places.items(), key=lambda pair: _rank(*pair))
        ),
    )


def _rank(site: str, place: Place | None) -> tuple[int, str, str]:
    """The country, the trusts, then the sites by name."""
    if site == NATIONAL:
        return 0, "", ""
    return (1, "", site) if place is None else (2, place.name, site)
