"""Any result for any destination: no crash, and no object that is not valid."""

import io
import math
from pathlib import Path

import hypothesis.extra.numpy as st_numpy
import numpy as np
import pydicom
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from core import mask
from core.domain import codes
from core.domain.codes import Code
from core.domain.finding import Anchor, Finding, Measurement, Outcome, Region, Result, Segment
from core.domain.profile import PALETTES, SYNTAXES, Kind, Profile
from core.domain.reason import Reason, ReasonCode
from highdicom_out.encode import encode
from highdicom_out.encoding import Predecessor
from tests.highdicom_out import samples
from tests.services.validators import dciodvfy

UNKNOWN = "1.2.3"
MASS = Code("129788004", "SCT", "Mammographic breast mass", "Oppfylning i brystet")
OWN = Code("study-score", "99VARDE", "Suspicion", "Mistanke")
MAMMOGRAMS = [f"{samples.STUDY}.8.{n}" for n in (1, 2)]
SLICES = [str(one.SOPInstanceUID) for one in samples.volume(12)]
IMAGES = [f"{samples.STUDY}.1.1", f"{samples.STUDY}.1.2", *MAMMOGRAMS, SLICES[0], SLICES[5]]

#: Letters of every plane, controls, line breaks, backslashes, marks of both directions, and what
#: is half of a character.
words = st.text(
    st.characters() | st.sampled_from("æøåÆØÅ\\^=\x00\x07\x1b\r\n\t\u202e\ufeff–\udc80😀"),
    max_size=90,
)
anything = st.floats() | st.sampled_from([math.nan, math.inf, -math.inf, 0.0, -0.0, 1e300, 5e-324])
pixel = st.floats(min_value=-1e4, max_value=1e4, width=32) | st.just(math.nan) | st.just(math.inf)
uid = st.sampled_from([*IMAGES, UNKNOWN, f"{samples.STUDY}.3.1", f"{samples.STUDY}.7.1"])
measurement = st.builds(
    Measurement,
    concept=st.sampled_from([samples.DIAMETER, OWN]),
    value=anything,
    unit=st.sampled_from([codes.MILLIMETRE, samples.RATIO]),
)
region = st.builds(
    Region,
    sop_uid=uid,
    points=st.lists(st.tuples(pixel, pixel), min_size=1, max_size=6).map(tuple),
    frame=st.integers(-1, 4),
)
anchor = st.builds(Anchor, words, st.lists(anything, max_size=3).map(tuple))
finding = st.builds(
    Finding,
    code=st.sampled_from([codes.NODULE, codes.PNEUMOTHORAX, MASS, OWN]),
    probability=st.floats(0, 1) | st.sampled_from([math.nan, math.inf, -1.0]),
    threshold=st.floats(0, 1) | st.just(math.nan),
    sop_uid=uid,
    site=st.sampled_from([None, codes.LUNG]),
    laterality=st.sampled_from([None, codes.LEFT]),
    region=st.none() | region,
    measurements=st.lists(measurement, max_size=2).map(tuple),
    tracking_id=words,
    tracking_uid=st.sampled_from(["", "2.25.777"]),
    answer=st.sampled_from([None, None, samples.SCATTERED]),
    position=st.none() | st.tuples(anything, anything, anything),
    anchor=st.none() | anchor,
)


def _segment(
    uids: list[str], voxels: NDArray[np.bool_], code: Code, side: Code | None,
    measured: list[Measurement],
) -> Segment:  # fmt: skip
    return Segment(
        samples.STRUCTURE, code, tuple(uids), voxels.shape, mask.pack(voxels), side, tuple(measured)
    )


segment = st.builds(
    _segment,
    uids=st.sampled_from([SLICES[:3], [*SLICES[4:6], UNKNOWN], ["1.2.3", "1.2.4", "1.2.5"]]),
    voxels=st_numpy.arrays(np.bool_, st.sampled_from([(3, 16, 24), (3, 7, 3)])),
    code=st.sampled_from([codes.LUNG, codes.HEART]),
    side=st.sampled_from([None, codes.LEFT]),
    measured=st.lists(measurement, max_size=1),
)
facts = st.dictionaries(st.sampled_from(["found", "wanted", "detail", "count"]), words, max_size=3)
reason = st.builds(Reason, st.sampled_from(list(ReasonCode)), facts)
result = st.builds(
    Result,
    job_id=st.text("abc-123", min_size=1, max_size=8),
    outcome=st.sampled_from([*Outcome, Outcome.FINDINGS]),
    provenance=st.builds(
        samples.provenance,
        name=words,
        version=words,
        intended_use=words,
        intended_use_nb=words,
        manufacturer=words,
        provider=words,
        worker=words,
        device_uid=st.sampled_from(["", "2.25.424242"]),
        parameters=st.dictionaries(st.sampled_from(["resize", "note"]), words, max_size=2),
    ),
    findings=st.lists(finding, max_size=4).map(tuple),
    read=st.sampled_from(
        [(), (IMAGES[0],), (*IMAGES[:2], UNKNOWN), tuple(MAMMOGRAMS), tuple(SLICES)]
    ),
    reason=st.none() | reason,
    segments=st.lists(segment, max_size=2).map(tuple),
    remarks=st.lists(reason, max_size=2).map(tuple),
)
profile = st.builds(
    Profile,
    objects=st.just(tuple(Kind)) | st.lists(st.sampled_from(list(Kind)), unique=True).map(tuple),
    language=st.sampled_from(["nb", "en"]),
    character_set=st.sampled_from(["ISO_IR 192", "ISO_IR 100"]),
    transfer_syntax=st.sampled_from(list(SYNTAXES)),
    segmentation=st.sampled_from(["binary", "labelmap"]),
    palette=st.sampled_from(list(PALETTES)),
    one_series=st.booleans(),
    series_number=st.integers(0, 90_000),
    withdraw=st.booleans(),
    series_description=st.sampled_from(["{name}", "{name} {version} – {unverified}", "KI-svar"]),
)
EARLIER = tuple(
    Predecessor(kind, "1.2.840.10008.5.1.4.1.1.7", f"2.25.{n}", "2.25.5")
    for n, kind in enumerate(("sr", "cad", "capture"), start=11)
)


def sources_of(names: list[str]) -> list[Dataset]:
    """Radiographs, mammograms and slices, and of those that are nasty what is named."""
    views = [samples.mammogram(1, "R", "CC"), samples.mammogram(2, "R", "MLO")]
    nasty = [samples.NASTY[name]() for name in names]
    return [samples.radiograph(1), samples.radiograph(2), *nasty, *views, *samples.volume(12)]


def grey(sop_uid: str, frame: int) -> NDArray[np.uint8] | None:
    """Pictures of some images, of the wrong size for others."""
    return np.full((100, 120), 10 * frame % 256, np.uint8) if sop_uid != IMAGES[1] else None


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    result=result,
    profile=profile,
    names=st.lists(st.sampled_from(list(samples.NASTY)), max_size=2),
    earlier=st.sampled_from([(), EARLIER[:1], EARLIER]),
)
def test_any_result_for_any_destination(
    result: Result,
    profile: Profile,
    names: list[str],
    earlier: tuple[Predecessor, ...],
    tmp_path: Path,
) -> None:
    objects = encode(
        result,
        sources_of(names),
        at=samples.AT,
        profile=profile,
        pictures=grey,
        predecessors=earlier,
    )
    assert (Kind.SR in {one.kind for one in objects}) == (Kind.SR in profile.objects)
    assert len({one.sop_uid for one in objects}) == len(objects)
    for one in objects:
        path = tmp_path / "one.dcm"
        path.write_bytes(one.data)
        read = pydicom.dcmread(io.BytesIO(one.data))
        assert read.SOPInstanceUID == one.sop_uid
        assert read.file_meta.TransferSyntaxUID == SYNTAXES[profile.transfer_syntax]
        if read.file_meta.TransferSyntaxUID == DeflatedExplicitVRLittleEndian:
            read.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
            read.save_as(path, enforce_file_format=True)
        verdict = dciodvfy(path)
        assert verdict, (one.kind, verdict.output)
