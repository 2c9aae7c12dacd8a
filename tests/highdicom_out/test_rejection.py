"""Rejection notes: what they name, when there is one, and what the successor says of it."""

from pathlib import Path

import pytest
from pydicom import Dataset

from core.domain.finding import Outcome
from highdicom_out.encoding import Predecessor
from tests.highdicom_out import samples
from tests.highdicom_out.samples import Encode, Judge
from tests.highdicom_out.test_kos import evidence, referred, words
from tests.services.validators import pixelmed_sr

SR = "1.2.840.10008.5.1.4.1.1.88.34"
KEY_OBJECTS = "1.2.840.10008.5.1.4.1.1.88.59"
REPORT = Predecessor("sr", SR, "2.25.11", "2.25.1")
EARLIER = (
    REPORT,
    Predecessor("cad", "1.2.840.10008.5.1.4.1.1.88.50", "2.25.12", "2.25.2"),
    Predecessor("gsps", "1.2.840.10008.5.1.4.1.1.11.1", "2.25.13", "2.25.3"),
    Predecessor("gsps", "1.2.840.10008.5.1.4.1.1.11.1", "2.25.14", "2.25.3"),
    Predecessor("seg", "1.2.840.10008.5.1.4.1.1.66.4", "2.25.15", "2.25.4"),
    Predecessor("capture", "1.2.840.10008.5.1.4.1.1.7", "2.25.16", "2.25.5"),
    Predecessor("pdf", "1.2.840.10008.5.1.4.1.1.104.1", "2.25.17", "2.25.6"),
    Predecessor("kos", KEY_OBJECTS, "2.25.18", "2.25.7"),
)
REPLACES = "Dette resultatet erstatter et tidligere KI-resultat for samme undersøkelse."
PLACED = {f"2.25.{n}" for n in (15, 16)}


def texts(document: Dataset) -> list[str]:
    """Every text of a document's tree."""
    return [str(one.value) for one in document.iterall() if one.keyword == "TextValue"]


@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("name", list(samples.NASTY))
def test_the_note_goes_first_and_names_everything(
    name: str, outcome: Outcome, encoded: Encode, flawless: Judge
) -> None:
    source = samples.NASTY[name]()
    note, *others = encoded(
        samples.of(outcome, source), [source], withdraw=True, predecessors=EARLIER
    )
    assert (note.kind, note.sop_class_uid) == ("rejection", KEY_OBJECTS)
    assert others[0].kind == "sr"
    read = flawless(note)
    (title,) = read.ConceptNameCodeSequence
    assert (title.CodeValue, title.CodeMeaning) == ("113001", "Rejected for Quality Reasons")
    assert (read.Modality, read.SeriesNumber) == ("KO", 9008)
    assert read.StudyInstanceUID == source.StudyInstanceUID
    assert evidence(read) == {one.sop_uid for one in EARLIER}
    assert {uid for uid, _ in referred(read)} == PLACED
    assert {uid for uid, _ in referred(read, "COMPOSITE")} == evidence(read) - PLACED


def test_the_evidence_names_each_series_once(encoded: Encode, flawless: Judge) -> None:
    source = samples.radiograph()
    result = samples.of(Outcome.NOTHING_FOUND, source)
    note, *_ = encoded(result, [source], withdraw=True, predecessors=EARLIER)
    (study,) = flawless(note).CurrentRequestedProcedureEvidenceSequence
    listed = [
        (series.SeriesInstanceUID, one.ReferencedSOPClassUID, one.ReferencedSOPInstanceUID)
        for series in study.ReferencedSeriesSequence
        for one in series.ReferencedSOPSequence
    ]
    assert listed == [(one.series_uid, one.sop_class_uid, one.sop_uid) for one in EARLIER]
    assert len(study.ReferencedSeriesSequence) == 7


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("nb", "Nå gjelder: Varde chest X-ray 1.0.0 (KI, ikke verifisert av lege)."),
        ("en", "Now valid: Varde chest X-ray 1.0.0 (AI, not verified by a physician)."),
    ],
)
def test_the_reader_is_told_why(language: str, said: str, encoded: Encode, flawless: Judge) -> None:
    source = samples.radiograph()
    note, *_ = encoded(
        samples.of(Outcome.FINDINGS, source),
        [source],
        withdraw=True,
        language=language,
        predecessors=EARLIER,
    )
    assert words(flawless(note)).endswith(said)


def test_pixelmed_finds_no_error(encoded: Encode, tmp_path: Path) -> None:
    source = samples.norwegian()
    note, report = encoded(
        samples.of(Outcome.FINDINGS, source),
        [source],
        objects=["sr"],
        withdraw=True,
        predecessors=EARLIER,
    )
    path = tmp_path / "note.dcm"
    path.write_bytes(note.data)
    verdict = pixelmed_sr(path)
    assert "Found Root Template TID_2010" in verdict.output
    assert (verdict.errors, verdict.warnings) == ((), ()), verdict.output
    path.write_bytes(report.data)
    verdict = pixelmed_sr(path)
    assert verdict, verdict.output


def test_there_is_none_where_nobody_asks_or_nothing_was_there(encoded: Encode) -> None:
    source = samples.radiograph()
    result = samples.of(Outcome.FINDINGS, source)
    for options in ({"withdraw": True}, {"predecessors": EARLIER}):
        kinds = [one.kind for one in encoded(result, [source], **options)]
        assert kinds == ["sr", "gsps"]


def test_the_same_input_gives_the_same_note_and_other_subjects_another(encoded: Encode) -> None:
    source = samples.norwegian()
    result = samples.of(Outcome.FINDINGS, source)
    first, again, other = (
        encoded(result, [source], withdraw=True, predecessors=known, kinds=["rejection"])
        for known in (EARLIER, EARLIER, EARLIER[:2])
    )
    assert first == again
    assert first[0].sop_uid != other[0].sop_uid
    assert first[0].series_uid == other[0].series_uid


@pytest.mark.parametrize("withdraw", [True, False])
@pytest.mark.parametrize("outcome", list(Outcome))
def test_the_report_names_the_reports_before_it(
    outcome: Outcome,
    withdraw: bool,
    encoded: Encode,
    flawless: Judge,
) -> None:
    source = samples.radiograph()
    earlier = (*EARLIER, Predecessor("sr", SR, "2.25.21", "2.25.1"))
    result = samples.of(outcome, source)
    made = encoded(result, [source], withdraw=withdraw, predecessors=earlier)
    report = made[int(withdraw)]
    read = flawless(report)
    (study,) = read.PredecessorDocumentsSequence
    assert study.StudyInstanceUID == source.StudyInstanceUID
    (series,) = study.ReferencedSeriesSequence
    assert series.SeriesInstanceUID == "2.25.1"
    named = [(one.ReferencedSOPClassUID, one.ReferencedSOPInstanceUID) for one in
             series.ReferencedSOPSequence]  # fmt: skip
    assert named == [(SR, "2.25.11"), (SR, "2.25.21")]
    assert REPLACES in texts(read)


def test_other_objects_and_first_reports_name_nothing(encoded: Encode, flawless: Judge) -> None:
    source = samples.radiograph()
    result = samples.of(Outcome.FINDINGS, source)
    (report, *_), (_, state) = (
        encoded(result, [source]), encoded(result, [source], predecessors=EARLIER)
    )  # fmt: skip
    for one in (report, state):
        read = flawless(one)
        assert "PredecessorDocumentsSequence" not in read
        assert REPLACES not in texts(read)


def test_without_an_earlier_report_it_still_says_that_it_replaces(
    encoded: Encode, flawless: Judge
) -> None:
    source = samples.radiograph()
    result = samples.of(Outcome.NOTHING_FOUND, source)
    (report, *_) = encoded(result, [source], predecessors=EARLIER[1:])
    read = flawless(report)
    assert "PredecessorDocumentsSequence" not in read
    assert REPLACES in texts(read)
