"""How a destination wants a result: which objects, in which words, colours and series."""

import dataclasses
import enum
import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final


class Kind(enum.StrEnum):
    """The kinds of object that a result can become, in the order in which they are sent."""

    SR = "sr"
    CAD = "cad"
    GSPS = "gsps"
    SEG = "seg"
    CAPTURE = "capture"
    PDF = "pdf"
    KOS = "kos"


REJECTION: Final = "rejection"  #: the note that withdraws what a result takes the place of

#: A kind's place among the series numbers of a destination; a rejection note comes last.
SERIES: Mapping[str, int] = MappingProxyType(
    {"sr": 1, "gsps": 2, "seg": 3, "capture": 4, "kos": 5, "pdf": 6, "cad": 7, REJECTION: 8}
)
#: Transfer syntaxes by the name that `site.toml` uses.
SYNTAXES: Mapping[str, str] = MappingProxyType(
    {
        "explicit": "1.2.840.10008.1.2.1",
        "implicit": "1.2.840.10008.1.2",
        "deflated": "1.2.840.10008.1.2.1.99",
    }
)
#: Colours of the findings' layers, as #rrggbb, taken in turn. `okabe-ito`: told apart on grey
#: by those who are colour-blind. `yellow`: for a PACS where every presentation is yellow.
PALETTES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "okabe-ito": ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#cc79a7", "#d55e00"),
        "yellow": ("#f0e442",),
        "white": ("#ffffff",),
    }
)
DESCRIPTION: Final = "{name} {version} – {unverified}"


@dataclasses.dataclass(frozen=True, slots=True)
class Profile:
    """Everything of a destination that decides the bytes of the objects it gets."""

    objects: tuple[str, ...] = (Kind.SR, Kind.GSPS)  #: values of `Kind`
    language: str = "nb"  #: `nb` or `en`
    character_set: str = "ISO_IR 192"  #: or `ISO_IR 100`, where every text of the object fits it
    transfer_syntax: str = "explicit"  #: a key of `SYNTAXES`
    segmentation: str = "binary"  #: or `labelmap` (Label Map Segmentation Storage)
    palette: str = "okabe-ito"  #: a key of `PALETTES`
    one_series: bool = True  #: of a kind, an algorithm version and a study; else one a result
    series_number: int = 9000  #: before the first: the SR has the next one
    withdraw: bool = False  #: a rejection note goes before what takes an older result's place
    series_description: str = DESCRIPTION  #: of {name}, {version}, {unverified}

    def number(self, kind: str) -> int:
        """The Series Number of a kind."""
        return self.series_number + SERIES[kind]

    @property
    def fingerprint(self) -> str:
        """What tells this profile's objects from the default one's, which has none.

        It is part of every UID minted. Of `objects` only a segmentation changes the others:
        a report refers to it.
        """
        told = [
            f"{field.name}={getattr(self, field.name)}"
            for field in dataclasses.fields(self)
            if field.name != "objects" and getattr(self, field.name) != field.default
        ]
        told += [Kind.SEG] if Kind.SEG in self.objects else []
        return hashlib.sha256("\x1f".join(told).encode()).hexdigest()[:16] if told else ""


#: Where a destination's own settings say nothing. What each viewer was seen to show stands in
#: docs/destinations.md.
PRESETS: Mapping[str, Profile] = MappingProxyType(
    {
        "pacs": Profile(),
        "orthanc": Profile(objects=(Kind.SR, Kind.GSPS, Kind.SEG)),
        "ohif": Profile(objects=(Kind.SR, Kind.SEG, Kind.CAPTURE)),
        "weasis": Profile(objects=(Kind.SR, Kind.GSPS, Kind.SEG, Kind.KOS)),
        "images_only": Profile(objects=(Kind.SR, Kind.CAPTURE)),
    }
)
