"""Negation, uncertainty, history and questions: which of them reach a mention."""

import dataclasses
import enum
import functools
import re
from collections.abc import Mapping, Sequence
from typing import Final

from monitoring.reports.phrases import Phrases
from monitoring.reports.rule_file import Cues, RuleFile

SIDES: Final = ("before", "after", "either")
NEAR: Final = 5  #: words within which a word of another organ counts
_WORD: Final = re.compile(r"\S++")
_COMMA: Final = re.compile(r",(?!\d)")


class Cue(enum.StrEnum):
    """A key of the file."""

    NEGATION = "negation"
    UNCERTAINTY = "uncertainty"
    HISTORY = "history"
    QUESTION = "question"


@dataclasses.dataclass(frozen=True, slots=True)
class _Found:
    """A cue in a sentence. `cue` is None for a neutral phrase."""

    start: int
    end: int
    cue: Cue | None
    side: str  # of `SIDES`
    rule: str


class Near:
    """The cues of one sentence, and where their reach ends; found when first asked for.

    `mentions` are all names of findings in it: they tell which way a denial looks.
    """

    def __init__(
        self,
        finder: "CueFinder",
        text: str,
        span: tuple[int, int],
        mentions: Sequence[tuple[int, int]],
    ) -> None:
        self._finder, self.text, self._span, self.cues = finder, text, span, finder.cues
        self.mentions = mentions

    @functools.cached_property
    def found(self) -> tuple[_Found, ...]:
        """Of cues that overlap, the longest."""
        return _longest(self._finder.found(self.text, *self._span))

    @functools.cached_property
    def ends(self) -> tuple[int, ...]:
        """Positions that no cue reaches across; an end inside a cue is none."""
        return tuple(
            a
            for a, b in self._finder.ends(self.text, *self._span)
            if not any(one.start < b and a < one.end for one in self.found)
        )

    @functools.cached_property
    def commas(self) -> tuple[int, ...]:
        """Positions of commas that are not in a number."""
        return tuple(one.start() for one in _COMMA.finditer(self.text, *self._span))

    def of(self, start: int, end: int) -> dict[Cue, str]:
        """The cues that reach the stretch from outside, with the rule of the nearest."""
        reaching: dict[Cue, str] = {}
        for one in sorted(
            self.found, key=lambda cue: min(abs(cue.end - start), abs(cue.start - end))
        ):
            if one.cue is not None and one.cue not in reaching and self._reaches(one, start, end):
                reaching[one.cue] = one.rule
        return reaching

    def denied_within(self, start: int, end: int) -> str | None:
        """The rule of a negation inside the stretch: "hjertet er ikke forstørret" is one name."""
        inside = (
            one.rule
            for one in self.found
            if one.cue is Cue.NEGATION and start <= one.start and one.end <= end
        )
        return next(inside, None)

    def neutral(self, start: int, end: int) -> bool:
        """Whether a neutral phrase overlaps the stretch."""
        return any(one.cue is None and one.start < end and start < one.end for one in self.found)

    def any_within(
        self, spans: Sequence[tuple[int, int, int]], start: int, end: int, reach: int = NEAR
    ) -> bool:
        """Whether one of the stretches is near another, with no end between them."""
        return any(
            self._open(min(end, b), max(start, a), commas=True)
            and self._words(min(end, b), max(start, a)) <= reach
            for a, b, _ in spans
        )

    def _reaches(self, one: _Found, start: int, end: int) -> bool:
        assert one.cue is not None
        if one.side == "before" or (one.side == "either" and self._begins(one)):
            return self._spans(one.end, start, one.cue, commas=self.cues[one.cue].comma_ends)
        return self._spans(end, one.start, one.cue, commas=True)

    def _begins(self, one: _Found) -> bool:
        """Whether there is nothing before it that it could be of: "ikke påvist brudd"."""
        assert one.cue is not None
        return not any(
            self._spans(end, one.start, one.cue, commas=True) for _, end in self.mentions
        )

    def _spans(self, start: int, end: int, cue: Cue, *, commas: bool) -> bool:
        """Whether a cue reaches from one position to a later one."""
        return (
            start <= end
            and self._open(start, end, commas=commas)
            and self._words(start, end) <= self.cues[cue].reach
        )

    def _open(self, start: int, end: int, *, commas: bool) -> bool:
        """Whether nothing between two positions ends a reach."""
        marks = (*self.ends, *self.commas) if commas else self.ends
        return not any(start <= mark < end for mark in marks)

    def _words(self, start: int, end: int) -> int:
        return len(_WORD.findall(self.text, start, end)) if start < end else 0


class CueFinder:
    """Made once of a set of rules."""

    def __init__(self, file: RuleFile) -> None:
        self.cues: Mapping[Cue, Cues] = {cue: getattr(file, cue.value) for cue in Cue}
        self._phrases = [
            (cue, side, Phrases(getattr(cues, side)))
            for cue, cues in self.cues.items()
            for side in SIDES
        ]
        self._neutral, self._ends = Phrases(file.neutral), Phrases(file.ends)

    def found(self, text: str, start: int, end: int) -> list[_Found]:
        """Every cue and neutral phrase between two positions, those that overlap too."""
        found = [
            _Found(a, b, None, "", f"neutral:{place + 1}")
            for a, b, place in self._neutral.found(text, start, end)
        ]
        for cue, side, phrases in self._phrases:
            found += [
                _Found(a, b, cue, side, f"{cue.value}.{side}:{place + 1}")
                for a, b, place in phrases.found(text, start, end)
            ]
        return found

    def ends(self, text: str, start: int, end: int) -> list[tuple[int, int]]:
        """Every phrase that ends a reach."""
        return [(a, b) for a, b, _ in self._ends.found(text, start, end)]


def _longest(found: list[_Found]) -> tuple[_Found, ...]:
    """Those that no longer one overlaps; of one stretch, what reaches both ways stays both."""
    kept: list[_Found] = []
    for one in sorted(found, key=lambda cue: cue.start - cue.end):
        clashes = [other for other in kept if one.start < other.end and other.start < one.end]
        if all((other.start, other.end) == (one.start, one.end) for other in clashes) and not any(
            other.cue is None for other in clashes
        ):
            kept.append(one)
    return tuple(kept)
