"""A report cut into sentences, and into sections that are the radiologist's words or not."""

import dataclasses
import enum
import re
from collections.abc import Iterator, Sequence
from typing import Final

from monitoring.reports.phrases import expression

LONGEST: Final = 800  #: characters of a sentence; a longer one is cut between words
_BOUNDARY: Final = re.compile(r"[.!?;]++(?=\s|$)|\n")
_LAST_WORD: Final = re.compile(r"[\w.]{1,20}$")
_BACK: Final = 40  # characters that the last word is looked for in
_INLINE_END: Final = re.compile(r"\n(?![^\S\n]*[a-zæøå])")
_BLANK_LINE: Final = re.compile(r"\n ?\n")
_LETTER: Final = re.compile(r"\w")
_SPACE: Final = re.compile(r"\s*+")
_REST_OF_LINE: Final = re.compile(r"[^\S\n]*+(\n)?")

Span = tuple[int, int]


class Part(enum.IntEnum):
    """What a section is worth: a conclusion outranks a description, a referral says nothing."""

    REFERRAL = 0
    BODY = 1
    CONCLUSION = 2


@dataclasses.dataclass(frozen=True, slots=True)
class Sentence:
    """From `start` to `end` of the text, end exclusive."""

    start: int
    end: int
    part: Part
    asks: bool  #: it ends with a question mark


class Splitter:
    """Made once of the headings and abbreviations of a set of rules."""

    def __init__(
        self,
        referral: Sequence[str],
        body: Sequence[str],
        conclusion: Sequence[str],
        abbreviations: Sequence[str],
    ) -> None:
        named = ((Part.REFERRAL, referral), (Part.BODY, body), (Part.CONCLUSION, conclusion))
        self._parts = [part for part, names in named for _ in names]
        names = [expression(name) for _, names in named for name in names]
        inner = "|".join(f"({name})" for name in names)
        pattern = rf"(?:^|(?<=[\n.!?])[^\S\n]{{0,8}})(?:{inner})[^\S\n]{{0,8}}(?::|(?=\n))"
        self._heading = re.compile(pattern, re.IGNORECASE) if names else None
        self._abbreviations = {one.casefold().rstrip(".") for one in abbreviations}

    def sentences(self, text: str) -> Iterator[Sentence]:
        """Of a normalised text, in order."""
        for start, end, part in self._sections(text):
            for one, other in self._sentences(text, start, end):
                yield Sentence(one, other, part, asks=text[one:other].rstrip().endswith("?"))

    def _sections(self, text: str) -> Iterator[tuple[int, int, Part]]:
        """Stretches of text without their headings."""
        found = list(self._heading.finditer(text)) if self._heading else []
        ends = [*(one.start() for one in found), len(text)]
        yield 0, ends[0], Part.BODY
        for heading, end in zip(found, ends[1:], strict=True):
            part = self._parts[(heading.lastindex or 1) - 1]
            close = _referral_end(text, heading.end(), end) if part is Part.REFERRAL else end
            yield heading.end(), close, part
            yield close, end, Part.BODY

    def _sentences(self, text: str, start: int, end: int) -> Iterator[Span]:
        begin = start
        for boundary in _BOUNDARY.finditer(text, start, end):
            if self._ends(text, boundary, end):
                yield from _cut(text, begin, boundary.end())
                begin = boundary.end()
        yield from _cut(text, begin, end)

    def _ends(self, text: str, boundary: re.Match[str], end: int) -> bool:
        """Whether a full stop or a line end is that of a sentence."""
        space = _SPACE.match(text, boundary.end(), end)
        after = text[space.end() : space.end() + 1] if space else ""
        if boundary[0] == "\n":
            return not after.islower()
        if boundary[0] != "." or after.isupper():
            return True
        word = _LAST_WORD.search(text[max(0, boundary.start() - _BACK) : boundary.start()])
        last = word[0].casefold() if word else ""
        short = last in self._abbreviations
        return not (short or (last.isdigit() and after.islower()))


def _referral_end(text: str, start: int, end: int) -> int:
    """Beside its heading a referral ends with the line, below it with the paragraph.

    A line that begins with a small letter goes on with the one before.
    """
    rest = _REST_OF_LINE.match(text, start, end)
    below = rest is not None and rest[1] is not None
    close = (_BLANK_LINE if below else _INLINE_END).search(text, rest.end() if rest else start, end)
    return close.start() if close else end


def _cut(text: str, start: int, end: int) -> Iterator[Span]:
    """The stretch itself, or pieces of at most `LONGEST` of it; none without a letter."""
    while end - start > LONGEST:
        space = max(text.rfind(" ", start + LONGEST // 2, start + LONGEST), start + LONGEST // 2)
        yield from _cut(text, start, space)
        start = space
    if _LETTER.search(text, start, end):
        yield start, end
