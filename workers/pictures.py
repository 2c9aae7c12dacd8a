"""The images of a study as a reader sees them, for objects that have an image burnt in."""

from collections.abc import Sequence

from core.domain.errors import UnavailableError, UnreadableError
from core.domain.study import Instance
from highdicom_out import shown
from workers.station import Station


class Pictures:
    """`highdicom_out.encoding.Pictures` over the files of a study."""

    def __init__(self, station: Station, instances: Sequence[Instance]) -> None:
        """`instances` are all that may be asked for."""
        self._files = station.files
        self._known = {one.sop_uid: one for one in instances}

    def __call__(self, sop_uid: str, frame: int) -> shown.Pixels | None:
        """See the protocol; colour images stay in colour, (rows, columns, 3)."""
        if sop_uid not in self._known:
            return None
        try:
            return shown.shown(self._files.absolute(self._known[sop_uid].path), frame)
        except (UnavailableError, UnreadableError):
            return None
