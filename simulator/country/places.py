"""Sites, trusts and regions of the simulated country: invented, of Norwegian shape.

None of them is a hospital, a trust or a region of Norway. In a database `(simulated)` stands behind
every name.
"""

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """A site: chest radiographs a weekday, and how many stationary scanners of a modality."""

    key: str
    name: str
    trust: str
    size: float

    @property
    def kind(self) -> str:
        """`large`, `medium` or `small`, by the size: below 15 a day is few (`watch.few_a_day`)."""
        return "large" if self.size >= 80 else "medium" if self.size >= 15 else "small"  # noqa: PLR2004


REGIONS: Final[Mapping[str, str]] = MappingProxyType({
    "nordlys": "Region Nordlys", "fjellheim": "Region Fjellheim",
    "vestkyst": "Region Vestkyst", "skogland": "Region Skogland",
})  # fmt: skip

#: Trust to (name, region).
TRUSTS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType({
    "polar": ("Polar HF", "nordlys"), "lofotr": ("Lofotr HF", "nordlys"),
    "dovre": ("Dovre HF", "fjellheim"), "trolla": ("Trolla HF", "fjellheim"),
    "bre": ("Bre HF", "vestkyst"), "sund": ("Sund HF", "vestkyst"),
    "furu": ("Furu HF", "skogland"), "elg": ("Elg HF", "skogland"),
    "gran": ("Gran HF", "skogland"),
})  # fmt: skip

PLACES: Final = (
    Place("furu-storby", "Furu Storby", "furu", 200), Place("bre-havn", "Bre Havn", "bre", 160),
    Place("elg-sletta", "Elg Sletta", "elg", 140), Place("dovre-by", "Dovre By", "dovre", 120),
    Place("gran-vannet", "Gran Vannet", "gran", 100), Place("sund-kai", "Sund Kai", "sund", 90),
    Place("polar-by", "Polar By", "polar", 75), Place("furu-nord", "Furu Nord", "furu", 60),
    Place("elg-aas", "Elg Ås", "elg", 50), Place("trolla-fjord", "Trolla Fjord", "trolla", 45),
    Place("gran-dal", "Gran Dal", "gran", 40), Place("bre-oy", "Bre Øy", "bre", 34),
    Place("dovre-vik", "Dovre Vik", "dovre", 28), Place("sund-nes", "Sund Nes", "sund", 22),
    Place("lofotr-vaag", "Lofotr Våg", "lofotr", 18), Place("polar-nes", "Polar Nes", "polar", 14),
    Place("trolla-li", "Trolla Li", "trolla", 10), Place("bre-botn", "Bre Botn", "bre", 8),
    Place("lofotr-holm", "Lofotr Holm", "lofotr", 6), Place("polar-vik", "Polar Vik", "polar", 4),
)  # fmt: skip
BY_KEY: Final[Mapping[str, Place]] = MappingProxyType({place.key: place for place in PLACES})
TRUST_OF: Final[Mapping[str, str]] = MappingProxyType({one.key: one.trust for one in PLACES})
