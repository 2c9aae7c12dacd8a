"""What a report says of each finding, and why: positions and rules, never its text."""

import dataclasses
import enum
import re
import unicodedata
from collections.abc import Mapping

from core.domain.feedback import Truth


class Weight(enum.IntEnum):
    """What outranks what, for one finding: the highest weight alone is heard."""

    NORMAL = 0  #: "normal findings", of everything
    ASKED = 1
    BODY_WEAK = 2
    BODY = 3
    CONCLUSION_WEAK = 4
    CONCLUSION = 5


@dataclasses.dataclass(frozen=True, slots=True)
class Evidence:
    """One place that says something: characters `start` to `end` of the normalised text.

    `rules` name the keys of the file that led there, with the place in their list from 1:
    `finding.36118008.present:1`, `negation.before:3`.
    """

    finding: str
    truth: Truth
    weight: Weight
    start: int
    end: int
    rules: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Reading:
    """What a report says of every finding that the rules know, and why. No text."""

    version: str
    truths: Mapping[str, Truth]
    evidence: tuple[Evidence, ...]


def normalised(text: str) -> str:
    """Composed characters, line feeds for line ends, one space or blank line at a time."""
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    text = re.sub(r"[^\S\n]++|[\x00-\x08\x0e-\x1f\x7f]++", " ", text)
    return re.sub(r"\n(?: ?\n)++", "\n\n", text)
