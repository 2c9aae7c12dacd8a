"""What an algorithm says of a study: findings, regions, measurements, and one result."""

import dataclasses
import datetime as dt
import enum
from collections.abc import Mapping

from core.domain.codes import Code
from core.domain.reason import Reason


class Outcome(enum.StrEnum):
    """The four answers; none of them is silence."""

    FINDINGS = "findings"
    NOTHING_FOUND = "nothing_found"
    NOT_EVALUATED = "not_evaluated"
    FAILED = "failed"


@dataclasses.dataclass(frozen=True, slots=True)
class Region:
    """Where on one image: a closed polyline.

    `points` are (column, row) in pixels with sub-pixel resolution; 0,0 is the outer
    corner of the top left pixel and (columns, rows) that of the bottom right one, as
    for SCOORD (PS3.3 C.18.6.1.2) and GSPS (PS3.3 C.10.5.1.2). The last point repeats
    the first.
    """

    sop_uid: str
    points: tuple[tuple[float, float], ...]
    frame: int = 1

    @property
    def box(self) -> tuple[float, float, float, float]:
        """(left, top, right, bottom) in the same pixels."""
        columns, rows = zip(*self.points, strict=True)
        return min(columns), min(rows), max(columns), max(rows)


@dataclasses.dataclass(frozen=True, slots=True)
class Anchor:
    """Where a finding lies in something that another study of the patient shows as well.

    `place` are shares 0..1 of what `frame` names: of the width and the height of an image
    of that view (`R MLO`), or of an organ's extent along the patient's x, y, z (`lung L`).
    """

    frame: str
    place: tuple[float, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Measurement:
    """How much: a number with a coded unit (UCUM)."""

    concept: Code
    value: float
    unit: Code


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """A clinical statement. Probability and threshold are in 0..1; present where p >= threshold."""

    code: Code
    probability: float
    threshold: float
    sop_uid: str  #: the instance that it was seen on
    site: Code | None = None
    laterality: Code | None = None
    region: Region | None = None
    measurements: tuple[Measurement, ...] = ()
    tracking_id: str = ""
    tracking_uid: str = ""
    answer: Code | None = None  #: of a question that present and absent do not answer: density
    position: tuple[float, float, float] | None = None  #: its centre in the patient, LPS, mm
    anchor: Anchor | None = None  #: None where no other study could be compared

    @property
    def present(self) -> bool:
        """Whether the algorithm says that it is there; an answer is neither there nor not."""
        return self.answer is None and self.probability >= self.threshold


@dataclasses.dataclass(frozen=True, slots=True)
class Segment:
    """A part of the body, marked voxel by voxel on a series.

    `bits` is what `core.mask.pack` made of a mask of `shape` (slices, rows, columns), one
    slice for each of `sop_uids`. `category` and `code` are those of PS3.3 C.8.20.2.
    """

    category: Code
    code: Code
    sop_uids: tuple[str, ...]
    shape: tuple[int, int, int]
    bits: bytes
    laterality: Code | None = None
    measurements: tuple[Measurement, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Provenance:
    """Who said it, with what, from what: enough to run it again."""

    algorithm: str  #: folder name under `models/`, e.g. `chest_xray`
    name: str  #: what a reader sees, e.g. `Varde chest X-ray`
    version: str
    weights_sha256: str
    device_uid: str  #: one per algorithm version and weights
    intended_use: str
    platform_version: str
    provider: str  #: ONNX Runtime execution provider, empty where nothing ran
    worker: str
    started_at: dt.datetime  #: UTC
    finished_at: dt.datetime  #: UTC
    parameters: Mapping[str, str] = dataclasses.field(default_factory=dict)
    manufacturer: str = "Varde"
    intended_use_nb: str = ""

    def use(self, language: str) -> str:
        """The intended use for a reader of `nb` or `en`."""
        return (
            self.intended_use_nb if language == "nb" and self.intended_use_nb else self.intended_use
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """All that one job says.

    `findings` holds every label that the algorithm has, present or not; a label
    without a finding was not looked at. `read` are the SOP Instance UIDs that were
    read, in order; `reason` is set for not evaluated and failed. `remarks` are what a
    reader must know beside the findings, such as a view that was missing.
    """

    job_id: str
    outcome: Outcome
    provenance: Provenance
    findings: tuple[Finding, ...] = ()
    read: tuple[str, ...] = ()
    reason: Reason | None = None
    segments: tuple[Segment, ...] = ()
    remarks: tuple[Reason, ...] = ()

    @property
    def present(self) -> tuple[Finding, ...]:
        """The findings that the algorithm says are there, the most probable first."""
        return tuple(sorted((f for f in self.findings if f.present), key=lambda f: -f.probability))
