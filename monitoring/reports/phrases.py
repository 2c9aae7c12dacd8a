"""The little language that rules are written in, as regular expressions that cannot run away.

`pleuravæske*`       a word, `*` for up to forty letters
`(høyre|hø) side`    one of several; `(sikker )?fraktur` may be left out, and `e` in `sikre?`
`hjertet .. stort`   up to four words between
Other signs (`.,/+%:=<>'-`) are themselves. Case does not matter, nor how many spaces there
are; a phrase begins and ends where words do.
"""

import re
from collections.abc import Sequence
from typing import Final

LONGEST: Final = 300  #: characters of a phrase
_PIECES: Final = re.compile(
    r" \.\. |\(([^()]{1,300})\)(\??)|([\w.,/:-]| )\?|\*|\s+|[\w.,/+%:=<>'-]"
)
_GAP: Final = r"(?:\s++\S++){0,4}?\s++"
_LETTERS: Final = r"\w{0,40}"


def expression(phrase: str) -> str:
    """A regular expression of a phrase; ValueError says what is wrong with it.

    Every repetition is bounded or possessive, and none is repeated itself.
    """
    body = _body(phrase)
    return rf"(?<!\w){body}(?!\w)" if _of_words(phrase) else body


def _body(phrase: str) -> str:
    if not phrase.strip() or phrase != phrase.strip() or len(phrase) > LONGEST:
        message = f"{phrase!r}: a phrase has 1 to {LONGEST} characters and no space at its ends"
        raise ValueError(message)
    return _pieces(phrase, phrase) if _of_words(phrase) else re.escape(phrase)


def _of_words(phrase: str) -> bool:
    """Whether it begins and ends where words do; a semicolon has none."""
    return re.search(r"\w", phrase) is not None


def _pieces(text: str, phrase: str) -> str:
    found, place = [], 0
    while place < len(text):
        piece = _PIECES.match(text, place)
        if piece is None:
            message = f"{phrase!r}: cannot read {text[place:][:10]!r}"
            raise ValueError(message)
        found.append(_piece(piece, phrase))
        place = piece.end()
    return "".join(found)


def _piece(piece: re.Match[str], phrase: str) -> str:
    text = piece[0]
    if piece[1] is not None:
        inner = "|".join(_pieces(one, phrase) for one in piece[1].split("|"))
        return f"(?:{inner}){piece[2]}"
    if piece[3] is not None:
        return r"\s*+" if text[0] == " " else f"{re.escape(text[0])}?"
    if text == " .. ":
        return _GAP
    if text == "*":
        return _LETTERS
    return r"\s++" if text.isspace() else re.escape(text)


class Phrases:
    """A list of phrases, matched together: the longest phrase first, where two begin alike."""

    def __init__(self, phrases: Sequence[str]) -> None:
        """ValueError says what is wrong with which phrase."""
        longest = sorted(range(len(phrases)), key=lambda one: -len(phrases[one]))
        words = [one for one in longest if _of_words(phrases[one])]
        signs = [one for one in longest if one not in words]
        self._order = [*words, *signs]
        inner, others = ("|".join(f"({_body(phrases[i])})" for i in of) for of in (words, signs))
        # Where a word begins is looked for once, not by every phrase: ten times faster.
        whole = [rf"(?<!\w)(?=\S)(?:{inner})(?!\w)" if words else "", others]
        pattern = "|".join(one for one in whole if one)
        self._pattern = re.compile(pattern, re.IGNORECASE) if phrases else None

    def found(self, text: str, start: int, end: int) -> list[tuple[int, int, int]]:
        """(start, end, place in the list) of every phrase between two positions of a text."""
        if self._pattern is None:
            return []
        return [
            (one.start(), one.end(), self._order[(one.lastindex or 1) - 1])
            for one in self._pattern.finditer(text, start, end)
        ]
