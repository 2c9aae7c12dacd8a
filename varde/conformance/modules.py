"""Which module of its IOD an attribute belongs to (PS3.3 A and C), and of what type it is there.

The tables are those of the standard, as highdicom carries them.
"""

import dataclasses
import functools

from highdicom import _standard_utils as standard

#: Words of module names that are abbreviations.
_CAPITALS = frozenset({"3d", "cad", "icc", "iod", "lut", "sc", "sop", "sr", "voi"})
NOWHERE = "Standard Extended"  #: attributes that no module of the IOD has (PS3.2 3.11.3)


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Home:
    """The module of an attribute: its place in the IOD, its name, and the attribute's type."""

    place: int
    module: str
    type: str
    mandatory: bool = False  #: the module is


@functools.cache
def homes(sop_class_uid: str) -> dict[str, Home]:
    """By keyword, for every attribute at the top level of the IOD of a SOP class.

    Of several modules with one attribute the first mandatory one counts, then the first.
    Empty for a SOP class that the tables do not know.
    """
    iod = standard.get_sop_class_iod_map().get(sop_class_uid, "")
    modules = standard.get_iod_module_map().get(iod, [])
    attributes = standard.get_module_attribute_map()
    found: dict[str, Home] = {}
    for wanted in (True, False):
        for place, module in enumerate(modules):
            if (module["usage"] == "M") is not wanted:
                continue
            for one in attributes.get(module["key"], []):
                if not one["path"]:
                    home = Home(place, _named(module["key"]), one["type"], wanted)
                    found.setdefault(one["keyword"], home)
    return found


def iod(sop_class_uid: str) -> str:
    """The name of a SOP class' IOD, empty where the tables do not know it."""
    return _named(standard.get_sop_class_iod_map().get(sop_class_uid, ""))


def _named(key: str) -> str:
    words = (word.upper() if word in _CAPITALS else word.capitalize() for word in key.split("-"))
    return " ".join(words)
