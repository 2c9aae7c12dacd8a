"""Every word on the pages, in Norwegian (bokmål) and English, by one key: a module a room."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from web.texts import cases, feedback, quality, reading, watch

_ROOMS: Final = (reading, feedback, watch, cases, quality)
TEXTS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "nb": MappingProxyType({key: text for room in _ROOMS for key, text in room.NB.items()}),
        "en": MappingProxyType({key: text for room in _ROOMS for key, text in room.EN.items()}),
    }
)
