"""The PDF summary: what it must say can be read, searched and copied, and is always the same."""

import dataclasses
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import Dataset

from core.domain import codes
from core.domain.finding import Outcome, Region, Result
from core.domain.profile import Profile
from core.domain.reason import Reason, ReasonCode
from highdicom_out.encode import encode
from highdicom_out.encoding import Pictures
from tests.highdicom_out import samples
from tests.highdicom_out.samples import Encode, Judge, Open
from tests.services.need import need

Read = Callable[..., str]
NORWEGIAN = "Referansemodell på simulerte bilder – ikke til klinisk bruk, mål i mm³ og øvre grense"
REMARK = Reason(ReasonCode.MISSING_VIEWS, {"views": "sidebilde"})


def flat(source: Dataset) -> Pictures:
    """A grey picture in the size of `source`."""
    return lambda *_: np.full((int(source.Rows), int(source.Columns)), 90, np.uint8)


def poppler(program: str, data: bytes, folder: Path, *arguments: str) -> str:
    """What a program of poppler-utils says of a PDF."""
    file = folder / "summary.pdf"
    file.write_bytes(data)
    command = [need(program, package="poppler-utils"), *arguments, str(file)]
    command += ["-"] if program == "pdftotext" else []
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    assert not done.stderr, done.stderr
    return done.stdout.decode()


def document(made: Dataset) -> bytes:
    """The PDF itself, without DICOM's padding."""
    return bytes(made.EncapsulatedDocument[: made.EncapsulatedDocumentLength])


@pytest.fixture
def text(encoded: Encode, opened: Open, tmp_path: Path) -> Read:
    """Encode a result about its sources and read the text of the document, without spaces.

    How many spaces stand between two cells of a table, pdftotext decides.
    """

    def run(result: Result, sources: list[Dataset], **options: object) -> str:
        (one,) = encoded(result, sources, objects=["pdf"], **options)
        said = poppler("pdftotext", document(opened(one)), tmp_path, "-layout")
        return "".join(said.split())

    return run


def full(*sources: Dataset) -> Result:
    """A result with everything that the summary has a place for."""
    uid = str(sources[0].SOPInstanceUID)
    found = (
        samples.located(uid),
        samples.finding(codes.NODULE, 0.655, sop_uid=uid, measurements=samples.NODULE),
        samples.finding(codes.CARDIOMEGALY, 0.07, sop_uid=uid),
        samples.finding(samples.DENSITY, 0.7, answer=samples.SCATTERED, sop_uid=uid),
    )
    lung = samples.segment(
        sources[:1], np.ones((1, 100, 120), np.bool_), measurements=samples.NODULE[2:]
    )
    result = samples.result(Outcome.FINDINGS, *found, read=tuple(s.SOPInstanceUID for s in sources))
    made = samples.provenance(intended_use_nb=NORWEGIAN)
    return dataclasses.replace(result, provenance=made, segments=(lung,), remarks=(REMARK,))


@pytest.mark.parametrize("language", ["nb", "en"])
@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("name", list(samples.NASTY))
def test_every_outcome_of_every_source_is_a_valid_object(
    name: str, outcome: Outcome, language: str, encoded: Encode, flawless: Judge
) -> None:
    source = samples.NASTY[name]()
    pictures = flat(source) if "Rows" in source else None
    result = samples.of(outcome, source)
    (one,) = encoded(result, [source], objects=["pdf"], language=language, pictures=pictures)
    read = flawless(one)
    assert read.StudyInstanceUID == source.StudyInstanceUID
    assert read.MIMETypeOfEncapsulatedDocument == "application/pdf"
    assert (read.VerificationFlag, read.BurnedInAnnotation) == ("UNVERIFIED", "YES")
    assert read.SourceInstanceSequence[0].ReferencedSOPInstanceUID == source.SOPInstanceUID
    assert document(read).startswith(b"%PDF-")
    assert document(read).endswith(b"%%EOF\n")


def test_an_answer_has_no_threshold(text: Read) -> None:
    source = samples.radiograph()
    said = text(full(source), [source])
    assert "70%–" in said
    assert "66%42%" in said


def test_a_summary_says_everything_in_norwegian(text: Read) -> None:
    source = samples.radiograph()
    source.SeriesNumber, source.InstanceNumber = 4, 2
    said = text(full(source), [source])
    for part in (
        "KI-resultat: Varde chest X-ray 1.0.0",
        "KI, ikke verifisert av lege",
        "KI-funn: Pneumotoraks 87 %, Nodulus 66 %.",
        "KI-vurdering: Brysttetthet: b, spredt kjertelvev 70 %.",
        "Pneumotoraks 87 % 42 % Lunge, Høyre",
        "Lang akse 8,2 mm",
        "Volum 182 mm³",
        "Kardiomegali 7 % 42 %",
        "Serie 4, bilde 2",
        "Lunge: Volum 182 mm³",
        "Merk: undersøkelsen mangler sidebilde; lest uten.",
        NORWEGIAN,
        f"Vekter (SHA-256) {'ab' * 32}",
        "Plattform Varde 0.1.0",
        "Enhetens UID 2.25.424242",
        "Kjøremiljø CPUExecutionProvider",
        "Arbeider worker-1",
        "Parametre resize=320x320",
        "Startet 2026-03-01 22:30:15 +0000",
        "1 bilde er lest",
        samples.STUDY,
        str(source.SOPInstanceUID),
    ):
        assert "".join(part.split()) in said, part


def test_a_summary_says_it_in_english_too(text: Read) -> None:
    source = samples.radiograph()
    said = text(full(source), [source], language="en")
    for part in (
        "AI result: Varde chest X-ray 1.0.0",
        "AI, not verified by a physician",
        "AI findings: Pneumothorax 87%, Nodule 66%.",
        "Looked for and not found",
        samples.INTENDED_USE,
        "1 image was read",
    ):
        assert "".join(part.split()) in said, part
    assert "Funn" not in said


@pytest.mark.parametrize(
    ("outcome", "part"),
    [
        (Outcome.NOTHING_FOUND, "KI fant ingenting av det den leter etter (Pneumotoraks, Kardio"),
        (Outcome.NOT_EVALUATED, "Ikke vurdert av KI: ingen algoritme her leser denne undersøk"),
        (Outcome.FAILED, "KI-analysen feilet: algoritmen feilet: tomt svar\\fra nettet."),
    ],
)
def test_every_outcome_is_said_in_words(outcome: Outcome, part: str, text: Read) -> None:
    source = samples.radiograph()
    said = text(samples.of(outcome, source), [source])
    assert "".join(part.split()) in said
    assert "KI,ikkeverifisertavlege" in said


def test_the_patient_is_not_named_on_the_pages(encoded: Encode, opened: Open) -> None:
    """The same document for two patients: nothing on it comes from their header."""
    one, other = samples.radiograph(), samples.radiograph()
    other.PatientName, other.PatientID = "Hansen^Kari", "01010112345"
    other.PatientBirthDate, other.AccessionNumber, other.StudyID = "20010101", "X9", "S9"
    made = [
        opened(encoded(full(it), [it], objects=["pdf"], pictures=flat(it))[0])
        for it in (one, other)
    ]
    assert document(made[0]) == document(made[1])
    assert made[0].PatientName != made[1].PatientName


def test_the_same_arguments_give_the_same_bytes(encoded: Encode) -> None:
    source = samples.radiograph()
    first, second = (
        encoded(full(source), [source], objects=["pdf"], pictures=flat(source)) for _ in range(2)
    )
    assert first == second


def test_the_pdf_says_of_itself_what_it_is(encoded: Encode, opened: Open, tmp_path: Path) -> None:
    source = samples.radiograph()
    source.TimezoneOffsetFromUTC = "+0100"
    (one,) = encoded(full(source), [source], objects=["pdf"])
    made = opened(one)
    facts = poppler("pdfinfo", document(made), tmp_path, "-rawdates")
    assert "Title:           KI-resultat: Varde chest X-ray 1.0.0" in facts
    assert "CreationDate:    D:20260301233015+01'00'" in facts
    assert "Page size:       595.276 x 841.89 pts (A4)" in facts
    fonts = poppler("pdffonts", document(made), tmp_path).splitlines()[2:]
    assert len(fonts) == 2
    assert all(line.split()[-5:-2] == ["yes", "yes", "yes"] for line in fonts), "embedded, unicode"
    assert made.DocumentTitle == "KI-resultat: Varde chest X-ray 1.0.0"
    assert made.ConceptNameCodeSequence[0].CodeValue == "126000"
    assert (made.Modality, made.SeriesNumber) == ("DOC", 9006)
    assert (made.ContentDate, made.ContentTime) == ("20260301", "233015.123456")


def test_images_with_findings_come_first_and_the_rest_is_counted(
    encoded: Encode, opened: Open, tmp_path: Path
) -> None:
    sources = samples.volume(40)
    found = [samples.nodule(one) for one in sources[:9]]
    result = samples.read_as_volume(sources, *found)
    (one,) = encoded(result, sources, objects=["pdf"], pictures=flat(sources[0]))
    data = document(opened(one))
    assert len(poppler("pdfimages", data, tmp_path, "-list").splitlines()) == 2 + 6
    said = " ".join(poppler("pdftotext", data, tmp_path).split())
    assert "3 bilder til med funn er ikke vist her." in said
    assert f"Serie {samples.STUDY}.2: 40 av bildene" in said
    assert str(sources[17].SOPInstanceUID) not in said.split()
    assert len(opened(one).SourceInstanceSequence) == 40


def test_the_outline_is_on_the_small_image(encoded: Encode, opened: Open, tmp_path: Path) -> None:
    """A large image is made smaller; what is drawn on it keeps its colour."""
    source = samples.radiograph()
    source.Rows = source.Columns = 2000
    uid = str(source.SOPInstanceUID)
    corners = ((500.0, 500.0), (1500.0, 500.0), (1500.0, 1500.0), (500.0, 500.0))
    result = samples.result(
        Outcome.FINDINGS, samples.located(region=Region(uid, corners)), read=(uid,)
    )
    (one,) = encoded(result, [source], objects=["pdf"], pictures=flat(source))
    file = tmp_path / "summary.pdf"
    file.write_bytes(document(opened(one)))
    program = need("pdfimages", package="poppler-utils")
    subprocess.run([program, str(file), str(tmp_path / "image")], check=True, timeout=60)
    (image,) = tmp_path.glob("image-*.ppm")
    size, _, pixels = image.read_bytes().split(b"\n", 3)[1:]
    columns, rows = map(int, size.split())
    assert (columns, rows) == (480, 480)
    shown = np.frombuffer(pixels, np.uint8).reshape(rows, columns, 3)
    assert tuple(shown[120, 240]) == (0xE6, 0x9F, 0x00)
    assert tuple(shown[10, 10]) == (90, 90, 90)


@settings(derandomize=True, deadline=None, max_examples=12)
@given(
    words=st.text(max_size=3000),
    probability=st.floats(),
    labels=st.integers(0, 60),
)
def test_any_text_has_room(words: str, probability: float, labels: int) -> None:
    """Nothing is too long for a page, and no markup of a text is taken for ours."""
    source = samples.radiograph()
    found = [
        samples.finding(codes.NODULE, probability, sop_uid=str(source.SOPInstanceUID))
        for _ in range(labels)
    ]
    made = samples.provenance(
        name=f"<b>{words}", intended_use=words * 4, parameters={"<font>": words * 4}, worker=words
    )
    result = samples.result(Outcome.FINDINGS, *found, read=(str(source.SOPInstanceUID),))
    result = dataclasses.replace(result, provenance=made)
    (one,) = encode(result, [source], at=samples.AT, profile=Profile(objects=("pdf",)))
    assert b"%%EOF" in one.data
