"""Evidence of a report (PS3.3 C.17.2): what it is about, by study and series.

Written as bytes: a CT has hundreds of slices, and every report of it names them all.
"""

from collections.abc import Iterable

from pydicom import Dataset

from highdicom_out import headers
from highdicom_out.explicit import as_written, item, raw, sequence, text

_CURRENT, _OTHER = 0x0040A375, 0x0040A385


def put(made: Dataset, sources: Iterable[Dataset], study_uid: str) -> None:
    """Put Current Requested Procedure Evidence and, of other studies, Pertinent Other Evidence."""
    studies: dict[str, dict[str, list[bytes]]] = {}
    for source in sources:
        study, series = (
            headers.text(source, key) for key in ("StudyInstanceUID", "SeriesInstanceUID")
        )
        studies.setdefault(study, {}).setdefault(series, []).append(item(*reference(source)))
    current = [_study(uid, found) for uid, found in studies.items() if uid == study_uid]
    other = [_study(uid, found) for uid, found in studies.items() if uid != study_uid]
    for tag, items in ((_CURRENT, current), (_OTHER, other)):
        if items:
            made[tag] = raw(tag, b"".join(items))
    as_written(made)


def reference(source: Dataset) -> tuple[bytes, bytes]:
    """Referenced SOP Class and Instance UID of `source`."""
    return (
        text(0x00081150, b"UI", headers.text(source, "SOPClassUID")),
        text(0x00081155, b"UI", headers.text(source, "SOPInstanceUID")),
    )


def _study(uid: str, series: dict[str, list[bytes]]) -> bytes:
    """An item of the Hierarchical SOP Instance Reference Macro (PS3.3 C.17.2.1)."""
    listed = (
        item(sequence(0x00081199, *items), text(0x0020000E, b"UI", series_uid))
        for series_uid, items in series.items()
    )
    return item(sequence(0x00081115, *listed), text(0x0020000D, b"UI", uid))
