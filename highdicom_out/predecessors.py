"""Predecessor Documents (PS3.3 C.17.2): the documents that a new one takes the place of."""

from pydicom import Dataset

from highdicom_out.encoding import Encoding


def put(made: Dataset, encoding: Encoding, kind: str) -> None:
    """Put Predecessor Documents Sequence: those of `kind` among what the result takes the place of.

    They are of the same study. Absent where there is none of that kind.
    """
    series: dict[str, list[Dataset]] = {}
    for one in encoding.predecessors:
        if one.kind == kind:
            item = Dataset()
            item.ReferencedSOPClassUID = one.sop_class_uid
            item.ReferencedSOPInstanceUID = one.sop_uid
            series.setdefault(one.series_uid, []).append(item)
    if series:
        study = Dataset()
        study.StudyInstanceUID = encoding.header.StudyInstanceUID
        study.ReferencedSeriesSequence = [_series(uid, listed) for uid, listed in series.items()]
        made.PredecessorDocumentsSequence = [study]


def _series(uid: str, listed: list[Dataset]) -> Dataset:
    made = Dataset()
    made.SeriesInstanceUID = uid
    made.ReferencedSOPSequence = listed
    return made
