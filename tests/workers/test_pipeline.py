import datetime as dt
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.uid import JPEG2000Lossless, generate_uid

from core.domain.errors import UnavailableError, UnreadableError
from core.domain.finding import Outcome, Result
from core.domain.reason import ReasonCode
from core.domain.study import Instance
from core.sections import Worker
from models.registry import Algorithm
from tests.workers.instances import Numbers, image, ramp
from workers import pipeline
from workers.runtime import CPU, Runtime

START = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
BRIGHT = ramp(24, 24) // 2 + 2047
DARK = ramp(24, 24) // 4


@pytest.fixture(scope="module")
def runtime() -> Runtime:
    """Sessions that all tests here share."""
    return Runtime(Worker(threads=1))


def instance(dataset: Dataset) -> Instance:
    """A data set as the database knows it."""
    names = ("Modality", "BodyPartExamined", "ViewPosition")
    return Instance(
        sop_uid=str(dataset.SOPInstanceUID),
        sop_class_uid=str(dataset.SOPClassUID),
        series_uid=str(dataset.SeriesInstanceUID),
        transfer_syntax_uid=str(dataset.file_meta.TransferSyntaxUID),
        path="",
        size=1,
        modality=str(dataset.Modality),
        revision=1,
        attributes={name: str(dataset.get(name, "")) for name in names},
    )


def evaluate(algorithm: Algorithm, datasets: Sequence[Dataset], runtime: Runtime) -> Result:
    """Run the pipeline on data sets in memory, on a clock that ticks seconds."""
    ticks = itertools.count()
    by_uid = {str(one.SOPInstanceUID): one for one in datasets}
    return pipeline.evaluate(
        algorithm,
        [instance(one) for one in datasets],
        lambda one: by_uid[one.sop_uid],
        runtime,
        job_id="job",
        worker="test",
        clock=lambda: START + dt.timedelta(seconds=next(ticks)),
    )


def bright(values: Numbers = BRIGHT, **tags: Any) -> Dataset:
    """An image that the tiny network finds something on."""
    return image(values, stored=12, tags={"PatientOrientation": ["L", "F"], **tags})


def test_a_finding_is_told_with_its_region_and_provenance(
    tiny: Algorithm, runtime: Runtime
) -> None:
    dataset = bright()
    result = evaluate(tiny, [dataset], runtime)
    assert result.outcome is Outcome.FINDINGS
    (found,) = result.present
    assert found.sop_uid == dataset.SOPInstanceUID
    assert found.region
    assert 0 <= found.region.box[0] < found.region.box[2] <= 24
    assert result.read == (dataset.SOPInstanceUID,)
    told = result.provenance
    assert (told.algorithm, told.version, told.provider) == ("tiny", "1.0.0", CPU)
    assert told.weights_sha256 == tiny.weights_sha256
    assert told.finished_at > told.started_at
    assert not told.parameters


def test_nothing_found_is_a_result_with_every_label(tiny: Algorithm, runtime: Runtime) -> None:
    result = evaluate(tiny, [image(DARK, stored=12)], runtime)
    assert result.outcome is Outcome.NOTHING_FOUND
    assert [finding.present for finding in result.findings] == [False]


def test_an_image_that_the_network_does_not_know_is_not_evaluated(
    tiny: Algorithm, runtime: Runtime
) -> None:
    dataset = image(ramp(24, 24) // 99, stored=12)
    result = evaluate(tiny, [dataset], runtime)
    assert result.outcome is Outcome.NOT_EVALUATED
    assert result.reason
    assert result.reason.code is ReasonCode.NOT_THIS_REGION
    assert result.read == (dataset.SOPInstanceUID,)


def test_an_image_outside_intended_use_is_never_read(tiny: Algorithm, runtime: Runtime) -> None:
    result = pipeline.evaluate(
        tiny,
        [instance(bright(Modality="CT"))],
        lambda _: pytest.fail("read"),
        runtime,
        job_id="job",
        worker="test",
        clock=lambda: START,
    )
    assert result.outcome is Outcome.NOT_EVALUATED
    assert result.reason
    assert result.reason.code is ReasonCode.MODALITY
    assert result.provenance.provider == ""


def test_a_study_without_instances_is_not_evaluated(tiny: Algorithm, runtime: Runtime) -> None:
    result = evaluate(tiny, [], runtime)
    assert result.reason
    assert result.reason.code is ReasonCode.NO_IMAGES


def broken() -> Dataset:
    """An image whose pixels end too early."""
    dataset = bright()
    dataset.PixelData = dataset.PixelData[:100]
    return dataset


def test_no_readable_image_is_told_as_unreadable(tiny: Algorithm, runtime: Runtime) -> None:
    result = evaluate(tiny, [broken(), broken()], runtime)
    assert result.outcome is Outcome.NOT_EVALUATED
    assert result.reason
    assert result.reason.text() == "the pixels cannot be read: frame 1 has 100 of 1152 bytes"
    assert result.read == ()


def test_the_readable_images_are_evaluated_and_the_others_told(
    tiny: Algorithm, runtime: Runtime
) -> None:
    good, bad, lateral = bright(), broken(), bright(BodyPartExamined="HAND")
    strange = image(ramp(24, 24) // 99, stored=12)
    result = evaluate(tiny, [bad, good, strange, lateral], runtime)
    assert result.outcome is Outcome.FINDINGS
    assert result.read == (good.SOPInstanceUID,)
    told = result.provenance.parameters
    assert told["not_read"].startswith(f"{bad.SOPInstanceUID}: the pixels cannot be read")
    assert told["not_evaluated"].startswith(f"{strange.SOPInstanceUID}: the pixels do not look")
    assert told["not_accepted"].startswith(f"{lateral.SOPInstanceUID}: body part is HAND")


def test_many_notes_are_counted(tiny: Algorithm, runtime: Runtime) -> None:
    result = evaluate(tiny, [bright(), *(broken() for _ in range(8))], runtime)
    assert result.provenance.parameters["not_read"].endswith("and 3 more")


def test_what_can_be_tried_again_ends_the_evaluation(tiny: Algorithm, runtime: Runtime) -> None:
    def away(_: Instance) -> Dataset:
        message = "the disk is away"
        raise UnavailableError(message)

    with pytest.raises(UnavailableError):
        pipeline.evaluate(
            tiny, [instance(bright())], away, runtime,
            job_id="job", worker="test", clock=lambda: START,
        )  # fmt: skip


def test_a_file_that_is_damaged_is_unreadable(tiny: Algorithm, runtime: Runtime) -> None:
    def damaged(_: Instance) -> Dataset:
        message = "the file is damaged"
        raise UnreadableError(message)

    result = pipeline.evaluate(
        tiny, [instance(bright())], damaged, runtime,
        job_id="job", worker="test", clock=lambda: START,
    )  # fmt: skip
    assert result.reason
    assert result.reason.facts == {"detail": "the file is damaged"}


def test_a_region_is_on_the_frame_that_was_read(tiny: Algorithm, runtime: Runtime) -> None:
    frames = np.stack([DARK, DARK, BRIGHT, DARK, DARK])
    (found,) = evaluate(tiny, [bright(frames)], runtime).present
    assert found.region
    assert found.region.frame == 3


@pytest.mark.parametrize(
    ("orientation", "side"), [(["L", "F"], "Left"), (["RF", "F"], "Right"), (None, None)]
)
def test_the_side_comes_from_the_orientation_alone(
    tiny: Algorithm, runtime: Runtime, orientation: list[str] | None, side: str | None
) -> None:
    values = np.full((24, 24), 2000)
    values[:, 16:] = 4095
    (found,) = evaluate(tiny, [bright(values, PatientOrientation=orientation)], runtime).present
    assert (found.laterality.meaning if found.laterality else None) == side


def retagged(dataset: Dataset) -> Dataset:
    """The same pixels, as another patient's, study's and scanner's, compressed."""
    other = image(dataset.pixel_array, stored=12)
    other.StudyInstanceUID = generate_uid()
    other.PatientID, other.PatientName, other.PatientSex = "1", "Doe^Jane", "F"
    other.Manufacturer, other.StudyDescription = "Other", "pneumothorax?"
    other.WindowCenter, other.WindowWidth, other.AccessionNumber = "1", "2", "3"
    other.PatientOrientation = ["L", "F"]
    other.compress(JPEG2000Lossless, encoding_plugin="pylibjpeg")
    return other


def said(result: Result) -> list[tuple[Any, ...]]:
    """The findings without the names of instances."""
    return [
        (one.code, one.probability, one.laterality, one.region.points if one.region else None)
        for one in result.findings
    ]


def test_only_pixels_decide(tiny: Algorithm, runtime: Runtime) -> None:
    rows = np.arange(512)[:, None] - 256
    lungs = np.hypot(rows, np.abs(np.arange(512)[None] - 256) - 120)
    values = np.clip(lungs * 8 + 1500, 0, 4095).astype(np.int64)
    one = bright(values)
    result = evaluate(tiny, [one], runtime)
    assert said(evaluate(tiny, [retagged(one)], runtime)) == said(result)
    assert result.reason == evaluate(tiny, [retagged(one)], runtime).reason
    other = bright(values[::-1] // 2 + 1800)
    changed = evaluate(tiny, [other], runtime)
    assert (said(changed), changed.reason) != (said(result), result.reason)
