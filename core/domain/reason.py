"""Why: the coded reason of a decision or of a result that is not an evaluation.

A reason is a code and the facts that fill its sentence, so that the same reason
reads in Norwegian on a screen, in English in a log, and can be counted.
"""

import dataclasses
import enum
from collections.abc import Mapping
from types import MappingProxyType


class ReasonCode(enum.StrEnum):
    """Every why and why-not that Varde knows."""

    CHOSEN = "chosen"
    NO_ROUTE = "no-route"
    MODALITY = "modality"
    BODY_PART = "body-part"
    VIEW = "view"
    AGE = "age"
    SOP_CLASS = "sop-class"
    TRANSFER_SYNTAX = "transfer-syntax"
    KEYWORD = "keyword"
    SITE = "site"
    NO_ALGORITHM = "no-algorithm"
    NO_IMAGES = "no-images"
    UNREADABLE = "unreadable"
    INTENDED_USE = "intended-use"
    NOT_THIS_REGION = "not-this-region"
    NO_VOLUME = "no-volume"
    MISSING_SLICES = "missing-slices"
    SLICE_SPACING = "slice-spacing"
    TOO_SHORT = "too-short"
    CUT_OFF = "cut-off"
    MISSING_VIEWS = "missing-views"
    VIEW_DOUBTED = "view-doubted"
    LEFT_OUT = "left-out"
    SUSPENDED = "suspended"
    ERROR = "error"
    TIMEOUT = "timeout"
    GAVE_UP = "gave-up"


SENTENCES: Mapping[ReasonCode, tuple[str, str]] = MappingProxyType(
    {
        ReasonCode.CHOSEN: ("route «{route}» chose it", "valgt av ruten «{route}»"),
        ReasonCode.NO_ROUTE: ("no route asks for it", "ingen rute ber om den"),
        ReasonCode.MODALITY: (
            "modality is {found}, it reads {wanted}",
            "modaliteten er {found}, den leser {wanted}",
        ),
        ReasonCode.BODY_PART: (
            "body part is {found}, it reads {wanted}",
            "kroppsdelen er {found}, den leser {wanted}",
        ),
        ReasonCode.VIEW: (
            "view is {found}, it reads {wanted}",
            "projeksjonen er {found}, den leser {wanted}",
        ),
        ReasonCode.AGE: (
            "age is {found}, it reads {wanted}",
            "alderen er {found}, den leser {wanted}",
        ),
        ReasonCode.SOP_CLASS: (
            "SOP class is {found}, it reads {wanted}",
            "SOP-klassen er {found}, den leser {wanted}",
        ),
        ReasonCode.TRANSFER_SYNTAX: (
            "transfer syntax is {found}, it reads {wanted}",
            "overføringssyntaksen er {found}, den leser {wanted}",
        ),
        ReasonCode.KEYWORD: (
            "{keyword} is {found}, it asks for {wanted}",
            "{keyword} er {found}, den krever {wanted}",
        ),
        ReasonCode.SITE: ("not in use at site {found}", "ikke i bruk ved {found}"),
        ReasonCode.NO_ALGORITHM: (
            "no algorithm here reads this study ({found})",
            "ingen algoritme her leser denne undersøkelsen ({found})",
        ),
        ReasonCode.NO_IMAGES: (
            "the study has no image that it reads",
            "undersøkelsen har ingen bilder den leser",
        ),
        ReasonCode.UNREADABLE: (
            "the pixels cannot be read: {detail}",
            "bildene kan ikke leses: {detail}",
        ),
        ReasonCode.INTENDED_USE: (
            "outside intended use: {detail}",
            "utenfor tiltenkt bruk: {detail}",
        ),
        ReasonCode.NOT_THIS_REGION: (
            "the pixels do not look like {wanted}",
            "bildet ligner ikke på {wanted}",
        ),
        ReasonCode.NO_VOLUME: (
            "no series is a volume that it can read: {detail}",
            "ingen serie er et volum den kan lese: {detail}",
        ),
        ReasonCode.MISSING_SLICES: (
            "{count} slices are missing from the series and were filled in by interpolation",
            "{count} snitt mangler i serien og er fylt inn ved interpolasjon",
        ),
        ReasonCode.SLICE_SPACING: (
            "the slices are {found} mm apart, it reads {wanted} mm",
            "snittene ligger {found} mm fra hverandre, den leser {wanted} mm",
        ),
        ReasonCode.TOO_SHORT: (
            "the series reaches over {found} mm, it needs {wanted} mm",
            "serien dekker {found} mm, den trenger {wanted} mm",
        ),
        ReasonCode.CUT_OFF: (
            "the lungs go on outside the series",
            "lungene fortsetter utenfor serien",
        ),
        ReasonCode.MISSING_VIEWS: (
            "the study lacks {views}; read without",
            "undersøkelsen mangler {views}; lest uten",
        ),
        ReasonCode.VIEW_DOUBTED: (
            "an image is marked {said}, but looks like {seen}",
            "et bilde er merket {said}, men ligner {seen}",
        ),
        ReasonCode.LEFT_OUT: ("not read: {what}", "ikke lest: {what}"),
        ReasonCode.SUSPENDED: (
            "the algorithm has been suspended at this site since {since}",
            "algoritmen er satt ut av bruk på dette stedet siden {since}",
        ),
        ReasonCode.ERROR: ("the algorithm failed: {detail}", "algoritmen feilet: {detail}"),
        ReasonCode.TIMEOUT: (
            "the algorithm took more than {detail} s",
            "algoritmen brukte mer enn {detail} s",
        ),
        ReasonCode.GAVE_UP: (
            "given up after {detail} attempts",
            "gitt opp etter {detail} forsøk",
        ),
    }
)


@dataclasses.dataclass(frozen=True, slots=True)
class Reason:
    """A coded reason and the facts of its sentence."""

    code: ReasonCode
    facts: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def text(self, language: str = "en") -> str:
        """One sentence without capital or full stop, `en` or `nb`."""
        english, norwegian = SENTENCES[self.code]
        return (norwegian if language == "nb" else english).format_map(_Facts(self.facts))


class _Facts(dict[str, str]):
    """A fact that nobody gave reads as a question mark rather than failing a result."""

    def __missing__(self, key: str) -> str:
        return "?"
