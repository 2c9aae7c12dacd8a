"""Studies that are read as a whole."""

from pathlib import Path

import pytest
from pydicom import Dataset
from pydicom.sequence import Sequence

from core.domain.finding import Outcome
from core.sections import Worker
from tests.workers import slices
from tests.workers.instances import image, ramp
from tests.workers.test_pipeline import evaluate
from workers.runtime import Runtime
from workers.views import MOST, view

HOOKS = '''
from core.domain.codes import Code
from core.domain.finding import Finding
from core.domain.reason import Reason, ReasonCode
from models.reading import Reading

def read(views, networks, manifest):
    """One finding: which views there were."""
    told = " ".join(f"{one.laterality}{one.position}" for one in views)
    found = Finding(Code("1", "99T", told), 0.5, 0.5, views[0].sop_uid)
    remark = Reason(ReasonCode.MISSING_VIEWS, {"views": "LCC"})
    return Reading(tuple(one.sop_uid for one in views), (found,), remarks=(remark,))
'''


@pytest.fixture(scope="module")
def runtime() -> Runtime:
    return Runtime(Worker(threads=1))


def mammogram(side: str, position: str) -> Dataset:
    """An image with the tags that name a view."""
    tags = {"Modality": "MG", "ImageLaterality": side, "ViewPosition": position}
    return image(ramp(), stored=12, tags=tags)


def test_all_views_are_read_together(tmp_path: Path, runtime: Runtime) -> None:
    reader = slices.algorithm(tmp_path, HOOKS, unit="study")
    made = [mammogram("R", "CC"), mammogram("L", "MLO"), mammogram("R", "MLO")]
    made[1].PixelData = b"\0\0"
    result = evaluate(reader, made, runtime)
    assert result.outcome is Outcome.FINDINGS
    assert result.findings[0].code.meaning == "RCC RMLO"
    assert result.read == (made[0].SOPInstanceUID, made[2].SOPInstanceUID)
    assert result.remarks[0].text("en") == "the study lacks LCC; read without"
    assert made[1].SOPInstanceUID in result.provenance.parameters["not_read"]


def test_more_images_than_a_study_has_are_not_held_in_memory(
    tmp_path: Path, runtime: Runtime
) -> None:
    reader = slices.algorithm(tmp_path, HOOKS, unit="study")
    result = evaluate(reader, [mammogram("L", "CC") for _ in range(MOST + 2)], runtime)
    assert len(result.read) == MOST
    assert "more than 16 images" in result.provenance.parameters["not_read"]


def test_a_view_knows_how_it_was_taken() -> None:
    made = mammogram("L", "MLO ")
    modifier, code = Dataset(), Dataset()
    modifier.CodeValue, code.ViewModifierCodeSequence = "399163009", Sequence([modifier])
    made.ViewCodeSequence = Sequence([code])
    made.PatientOrientation = ["P", "FL"]
    told = view("1.2", made)
    assert (told.laterality, told.position) == ("L", "MLO")
    assert told.modifiers == ("399163009",)
    assert told.row_direction == "P"
