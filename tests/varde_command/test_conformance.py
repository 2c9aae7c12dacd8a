"""The conformance statement: it is what the code does, and it is up to date."""

import re
from pathlib import Path

import pytest
from pydicom import Dataset

from core.domain.profile import SYNTAXES, Kind
from core.sections import Destination, Dicom
from highdicom_out.encode import KINDS
from router import dimse, event_report, negotiation
from tests.conftest import ROOT
from tests.services.validators import dciodvfy
from varde import cli
from varde.conformance import (
    asked,
    committing,
    configured,
    examples,
    markdown,
    modules,
    network,
    observed,
    statement,
    tree,
)
from varde.conformance.observed import ALWAYS, ANAP, EMPTY, VNAP, Made

#: Holds the attributes of every value type, of which a document's root has only its own.
MACROS = "SR Document Content"
PAGE = ROOT / "docs" / "conformance.md"


@pytest.fixture(scope="module")
def page() -> str:
    """The statement as the code makes it now."""
    return statement.statement()


@pytest.fixture(scope="module")
def objects() -> tuple[Made, ...]:
    """What the examples became."""
    return observed.made()


def test_the_page_is_what_the_code_says(page: str) -> None:
    written = PAGE.read_text(encoding="utf-8").splitlines()
    wrong = [
        f"line {number}: {new[:200]!r}"
        for number, new in enumerate(page.splitlines(), 1)
        if number > len(written) or written[number - 1] != new
    ]
    same = not wrong and len(written) == len(page.splitlines())
    assert same, f"docs/conformance.md is out of date, run: {statement.COMMAND}\n" + "\n".join(
        wrong[:5]
    )


def test_it_is_written_to_a_file_whatever_the_environment_says(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VARDE_DICOM__PORT", "104")
    assert cli.main(["conformance", "--out", str(tmp_path / "said.md")]) == 0
    assert (tmp_path / "said.md").read_text(encoding="utf-8") == page


def test_without_a_file_it_is_printed(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["conformance"]) == 0
    assert capsys.readouterr().out == page


def test_it_can_be_read(page: str) -> None:
    assert len(page.splitlines()) < 760
    tables = [line for line in page.splitlines() if line.startswith("|")]
    assert len(tables) > 200
    for before, line in zip(page.splitlines(), page.splitlines()[1:], strict=False):
        if before.startswith("|") and line.startswith("|"):
            assert len(before) == len(line), line[:80]


def test_every_kind_of_object_is_in_it(page: str, objects: tuple[Made, ...]) -> None:
    assert {one.kind for one in objects} == set(KINDS)
    for one in objects:
        assert f"`{one.sop_class_uid}`" in page


@pytest.mark.parametrize("status", ["0000", "0111", "0211", "A700", "C001", "A900", "C000", "C005"])
def test_every_status_that_a_sender_gets_is_in_it(status: str, page: str) -> None:
    assert f"\n| {status}   |" in page


def test_every_setting_of_the_network_is_in_it(page: str) -> None:
    for name, section in configured.CONFIGURED.items():
        for field in section.model_fields:
            assert f"`{name}.{field}`" in page


def test_what_is_accepted_is_in_it(page: str) -> None:
    for uid in negotiation.STORAGE:
        assert f" {uid.removeprefix(network.ROOT)} " in page
    for uid in negotiation.SYNTAXES:
        assert f" {uid} " in page
    assert f"{Dicom().max_pdu} bytes" in page


def test_every_word_of_the_code_has_its_row() -> None:
    """Sentences are ours; that each constant has one is not left to memory."""
    verdicts = {one for one in vars(negotiation).values() if isinstance(one, tuple)}
    assert {one for one in verdicts if len(one) == 3} == set(network.REJECTIONS)
    source = Path(str(event_report.__file__)).read_text(encoding="utf-8")
    used = {getattr(dimse, name) for name in re.findall(r"dimse\.([A-Z_]+)", source)}
    assert used | {dimse.RESOURCE_LIMITATION} == set(committing.ANSWERS)


def test_it_says_that_there_is_no_tls(page: str) -> None:
    """Until there is: the sentence goes when a setting of that name comes."""
    assert ("no TLS yet" in page) is not any("tls" in name for name in Dicom.model_fields)


@pytest.mark.parametrize(
    ("keyword", "presence", "origins", "values"),
    [
        ("PatientName", VNAP, ("IMAGE",), ()),
        ("PatientAge", ANAP, ("IMAGE",), ()),
        ("StudyInstanceUID", ALWAYS, ("IMAGE",), ()),
        ("SOPInstanceUID", ALWAYS, ("AUTO",), ()),
        ("SeriesNumber", ALWAYS, ("CONFIG",), ()),
        ("SeriesDescription", ALWAYS, ("RESULT", "CONFIG"), ()),
        ("Manufacturer", ALWAYS, ("RESULT",), ()),
        ("VerificationFlag", ALWAYS, ("FIXED",), ("UNVERIFIED",)),
        ("PreliminaryFlag", ALWAYS, ("FIXED",), ("PRELIMINARY",)),
        ("PerformedProcedureCodeSequence", EMPTY, (), ()),
    ],
)
def test_where_a_value_comes_from_is_observed(
    keyword: str,
    presence: str,
    origins: tuple[str, ...],
    values: tuple[str, ...],
    objects: tuple[Made, ...],
) -> None:
    (report,) = [one for one in objects if one.kind == Kind.SR]
    (found,) = [one for one in report.attributes if one.keyword == keyword]
    assert (found.presence, found.origins, found.values) == (presence, origins, values)


def test_mandatory_modules_have_all_that_they_must(objects: tuple[Made, ...]) -> None:
    """A second judge beside dciodvfy: PS3.3's own tables, type 1 with and type 2 at least there."""
    missing = [
        f"{one.kind}: {home.module}: {keyword} (type {home.type})"
        for one in objects
        for keyword, home in modules.homes(one.sop_class_uid).items()
        if home.mandatory and home.type in {"1", "2"} and home.module != MACROS
        for document in one.documents
        if keyword not in document or (home.type == "1" and document[keyword].is_empty)
    ]
    assert missing == []


def test_the_examples_are_valid(objects: tuple[Made, ...], tmp_path: Path) -> None:
    path = tmp_path / "one.dcm"
    for one in objects:
        for document in (one.documents[0], one.documents[-1]):
            document.save_as(path, enforce_file_format=True)
            verdict = dciodvfy(path)
            assert verdict, (one.kind, verdict.output)


def test_no_object_has_a_private_or_a_foreign_attribute(objects: tuple[Made, ...]) -> None:
    assert [one.kind for one in objects if one.private] == []
    foreign = {
        (one.kind, attribute.keyword)
        for one in objects
        for attribute in one.attributes
        if attribute.keyword not in modules.homes(one.sop_class_uid)
    }
    assert foreign == set()


def test_every_object_is_of_nobody(objects: tuple[Made, ...]) -> None:
    names = {str(one.PatientName) for made in objects for one in made.documents}
    assert names == {"", "Nobody^A"}


def test_the_storage_scu_proposes_what_the_code_proposes() -> None:
    plain, asking = asked.proposed(), asked.proposed(commitment=True)
    assert negotiation.COMMITMENT not in {one.sop_class_uid for one in plain.contexts}
    (commitment,) = [one for one in asking.contexts if one.sop_class_uid == negotiation.COMMITMENT]
    assert commitment.roles == "SCU"
    assert set(Destination.model_fields) >= {"commitment", "transfer_syntax"}


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_whatever_is_made_is_proposed_in_the_syntax_that_it_is_written_in(
    syntax: str, objects: tuple[Made, ...]
) -> None:
    proposed = {
        one.sop_class_uid: one.syntaxes for one in asked.proposed(transfer_syntax=syntax).contexts
    }
    missing = [
        f"{one.kind} ({one.sop_class_uid}) in {syntax}"
        for one in objects
        if SYNTAXES[syntax] not in proposed.get(one.sop_class_uid, ())
    ]
    assert missing == [], "router.destinations does not propose what highdicom_out makes"


def test_an_acceptor_takes_the_first_syntax_and_negotiates_nothing_else() -> None:
    syntaxes = [SYNTAXES["deflated"], SYNTAXES["explicit"]]
    answer = asked.answered(network.CT, syntaxes)
    assert answer.chosen == SYNTAXES["deflated"]
    assert not set(answer.items) & set(network.NEGOTIATED)
    assert answer.longest_pdu == Dicom().max_pdu


def test_a_stranger_to_storage_may_not_store() -> None:
    offer = negotiation.Offer(storage=False, reports=True)
    assert asked.answered(network.CT, [SYNTAXES["explicit"]], offer).chosen == ""
    assert asked.answered(negotiation.COMMITMENT, [SYNTAXES["explicit"]], offer).chosen


def test_in_a_variant_everything_is_another_value() -> None:
    one, other = (examples.radiograph(name).sources[0] for name in ("base", "source"))
    fixed = {"SOPClassUID", "Modality", "SamplesPerPixel"}
    same = {element.keyword for element in one if other.get(element.keyword) == element.value}
    assert same == fixed


def item(name: str, *children: Dataset, kind: str = "CONTAINER") -> Dataset:
    made, concept = Dataset(), Dataset()
    concept.CodeValue, concept.CodingSchemeDesignator, concept.CodeMeaning = name, "DCM", name
    made.RelationshipType, made.ValueType = "CONTAINS", kind
    made.ConceptNameCodeSequence = [concept]
    if children:
        made.ContentSequence = list(children)
    return made


def test_trees_are_laid_over_one_another() -> None:
    first = item("1", item("2", kind="TEXT"), item("3", item("4", kind="CODE")))
    second = item("1", item("2", kind="TEXT"), item("2", kind="TEXT"))
    lines = [
        (depth, node.name, node.multiplicity)
        for depth, node in tree.lines(tree.laid([first, second], frozenset()))
    ]
    assert lines == [
        (0, '(1, DCM, "1")', "1"),
        (1, '(2, DCM, "2")', "1-n"),
        (1, '(3, DCM, "3")', "0-1"),
        (2, '(4, DCM, "4")', "1"),
    ]


def test_an_included_template_is_one_row_and_a_tree_that_was_shown_is_not_shown_again() -> None:
    algorithm = [item(code, kind="TEXT") for code in ("111001", "111003")]
    group = [item("5", item("6", kind="NUM"), *algorithm) for _ in range(2)]
    root = item("1", item("2", group[0]), item("3", group[1]), item("111001", kind="TEXT"))
    lines = [
        (depth, node.name, node.template, list(node.values))
        for depth, node in tree.lines(tree.laid([root], frozenset()))
    ]
    assert lines == [
        (0, '(1, DCM, "1")', "", []),
        (1, '(2, DCM, "2")', "", []),
        (2, '(5, DCM, "5")', "", []),
        (3, '(6, DCM, "6")', "", []),
        (3, "111001, 111003", "4019", []),
        (1, '(3, DCM, "3")', "", []),
        (2, '(5, DCM, "5")', "", [tree.AS_ABOVE]),
        (1, '(111001, DCM, "111001")', "", []),
    ]


def test_a_long_table_is_folded_and_a_bar_is_no_cell() -> None:
    rows = [("a|b", "1"), ("c", "2"), ("d", "3")]
    assert markdown.columns(("x", "y"), rows, 2) == [
        "| x    | y | x | y |",
        "| ---- | - | - | - |",
        "| a\\|b | 1 | d | 3 |",
        "| c    | 2 |   |   |",
        "",
    ]
    assert markdown.table(("x",), []) == []
