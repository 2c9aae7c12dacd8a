"""The images of a study as a reader sees them, for objects that have an image burnt in."""

from collections.abc import Sequence
from typing import Final

from core.domain.errors import UnavailableError, UnreadableError
from core.domain.study import Instance
from highdicom_out import shown
from workers.station import Station

ROOM: Final = 128 << 20  #: bytes of decoded frames that are kept for the next object


class Pictures:
    """`highdicom_out.encoding.Pictures` over the files of a study.

    A capture and a PDF, and those of several destinations, ask for the same frames: the
    last ones are kept, as far as `ROOM` goes. For one thread, and for one encoding.
    """

    def __init__(self, station: Station, instances: Sequence[Instance]) -> None:
        """`instances` are all that may be asked for."""
        self._files = station.files
        self._known = {one.sop_uid: one for one in instances}
        self._kept: dict[tuple[str, int], shown.Pixels | None] = {}

    def __call__(self, sop_uid: str, frame: int) -> shown.Pixels | None:
        """See the protocol; colour images stay in colour. The array cannot be written to."""
        asked = (sop_uid, frame)
        if asked not in self._kept:
            found = self._read(sop_uid, frame)
            self._make_room(found.nbytes if found is not None else 0)
            self._kept[asked] = found
        return self._kept[asked]

    def _read(self, sop_uid: str, frame: int) -> shown.Pixels | None:
        if sop_uid not in self._known or frame < 1:
            return None
        try:
            pixels = shown.shown(self._files.absolute(self._known[sop_uid].path), frame)
        except (UnavailableError, UnreadableError):
            return None
        pixels.setflags(write=False)
        return pixels

    def _make_room(self, wanted: int) -> None:
        """Let the oldest frames go until `wanted` bytes fit, or nothing is left."""
        used = sum(one.nbytes for one in self._kept.values() if one is not None)
        while self._kept and used + wanted > ROOM:
            gone = self._kept.pop(next(iter(self._kept)))
            used -= gone.nbytes if gone is not None else 0
