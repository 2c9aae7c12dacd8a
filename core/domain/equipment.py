"""Which equipment made a study, as far as the watch needs to tell one from another."""

import dataclasses
import hashlib
from typing import Final

AGES: Final = ((0, 17), (18, 39), (40, 64), (65, 79), (80, 150))  #: years, both ends included


@dataclasses.dataclass(frozen=True, slots=True)
class Equipment:
    """Manufacturer (0008,0070), model (0008,1090), software (0018,1020) and a hashed serial.

    `serial` is a keyed hash of Device Serial Number (0018,1000), never the number itself.
    """

    manufacturer: str = ""
    model: str = ""
    software: str = ""
    serial: str = ""

    @property
    def key(self) -> str:
        """16 hexadecimal digits, the same for the same equipment with the same software."""
        told = "\x1f".join(dataclasses.astuple(self))
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    @property
    def scanner(self) -> str:
        """The same without the software: a new version of it is not a new scanner."""
        return dataclasses.replace(self, software="").key


def age_group(years: float | None) -> str:
    """`age:18-39`; empty where the age is not known."""
    if years is None:
        return ""
    found = next((one for one in AGES if one[0] <= int(years) <= one[1]), None)
    if found is None:
        return ""
    return f"age:{found[0]}+" if found is AGES[-1] else f"age:{found[0]}-{found[1]}"
