"""One encoding of one result: everything that decides the bytes, and what all kinds share.

An object kind (`sr`, `gsps`, `seg`; capture and KOS fit beside them) is a module with a
function that takes an `Encoding` and returns data sets. `stamp` then lays the patient,
the study, the series and the clock over what highdicom made: highdicom reads ten
attributes of its first source without asking whether they are there, refuses names and
sexes that it does not like, and writes its own time. It therefore drafts an object of a
`blank` source, once a process; every object is a copy of that draft with the true
header laid over it.
"""

import copy
import dataclasses
import datetime as dt
import functools
from collections import Counter
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.dataelem import RawDataElement
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ComputedRadiographyImageStorage

from core.domain.finding import Result
from core.domain.profile import Profile
from highdicom_out import explicit, headers, mint, provenance, wording
from highdicom_out.stack import Stack, stack

MOST = 10  #: images read of one series that are looked at one by one; more are slices


PLAIN = Profile()
CONTRIBUTING = 0x0018A001


class Pictures(Protocol):
    """The images that were read, as a reader sees them; the worker's way to the pixels."""

    def __call__(self, sop_uid: str, frame: int) -> NDArray[np.uint8] | None:
        """(rows, columns) grey or (rows, columns, 3) RGB, in the window that the image names.

        `frame` counts from 1. None where the pixels cannot be had.
        """
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class Predecessor:
    """An object of the same study that this result takes the place of."""

    kind: str  #: of `core.domain.profile.Kind`
    sop_class_uid: str
    sop_uid: str
    series_uid: str


@dataclasses.dataclass(frozen=True)
class Encoding:
    """A result, the headers that it is about, and when, how often and for whom.

    `at` is aware; dates and times of the objects are `at` on the sources' own clock
    where they name one (Timezone Offset From UTC), else on the clock that `at` comes on.
    """

    result: Result
    sources: dict[str, Dataset]  #: by SOP Instance UID, at least one
    at: dt.datetime
    run: int
    profile: Profile = PLAIN
    pictures: Pictures | None = None  #: None: nothing is burnt into an image
    predecessors: tuple[Predecessor, ...] = ()

    @property
    def language(self) -> str:
        """`nb` or `en`."""
        return self.profile.language

    @property
    def kinds(self) -> tuple[str, ...]:
        """Of object that are made in this encoding."""
        return self.profile.objects

    @functools.cached_property
    def description(self) -> str:
        """The series description, fit for an LO."""
        return wording.description(self.result, self.language, self.profile.series_description)

    @functools.cached_property
    def leader(self) -> Dataset:
        """The source whose patient and study the objects join."""
        return next(iter(self.sources.values()))

    @functools.cached_property
    def header(self) -> Dataset:
        """The normalised header of `leader`: see `headers.header`."""
        return headers.header(self.leader)

    @functools.cached_property
    def equipment(self) -> dict[str, object]:
        """General Equipment by keyword."""
        return provenance.equipment(self.result.provenance)

    @functools.cached_property
    def contributing(self) -> RawDataElement:
        """Contributing Equipment Sequence."""
        written = provenance.contributing(self.result.provenance, self.leader, self.at)
        return explicit.raw(CONTRIBUTING, written)

    @functools.cached_property
    def images(self) -> tuple[Dataset, ...]:
        """The images that were read, in the order of `result.read`."""
        read = (self.sources[uid] for uid in self.result.read if uid in self.sources)
        return tuple(source for source in read if headers.is_image(source))

    @functools.cached_property
    def slices(self) -> frozenset[str]:
        """The images that are slices of a volume: more than `MOST` of one series were read."""
        series = {str(one.SOPInstanceUID): _series(one) for one in self.images}
        many = {uid for uid, count in Counter(series.values()).items() if count > MOST}
        return frozenset(uid for uid, one in series.items() if one in many)

    @functools.cached_property
    def marked(self) -> dict[str, list[Dataset]]:
        """The slices that segments are of, by Series Instance UID, each once."""
        found: dict[str, dict[str, Dataset]] = {}
        for uid in (uid for segment in self.result.segments for uid in segment.sop_uids):
            if source := self.sources.get(uid):
                found.setdefault(_series(source), {})[uid] = source
        return {series: list(images.values()) for series, images in found.items()}

    @functools.cached_property
    def stacks(self) -> dict[str, Stack]:
        """`marked` as planes in the patient, without series that do not say where they are."""
        found = {series: stack(images) for series, images in self.marked.items()}
        return {series: one for series, one in found.items() if one}

    def say(self, key: str, **facts: str) -> str:
        """A sentence of `wording` in the language of the object."""
        return wording.sentence(key, self.language, **facts)

    def series_uid(self, kind: str) -> str:
        """One series per study, kind and algorithm version with its weights, or one per result."""
        made = self.result.provenance
        study = self.header.StudyInstanceUID
        of = (study, made.algorithm, made.version, made.weights_sha256, kind, made.platform_version)
        one = () if self.profile.one_series else (self.result.job_id, str(self.run))
        return mint.uid("series", *of, *one, *self._for)

    @property
    def _for(self) -> tuple[str, ...]:
        """What tells the objects of two profiles apart; nothing for the default one."""
        return (self.profile.fingerprint,) if self.profile.fingerprint else ()

    def sop_uid(self, kind: str, about: str) -> str:
        """One object per job, run, kind and source; `about` is a SOP or Study Instance UID."""
        return mint.uid("sop", self.result.job_id, self.run, kind, about, *self._for)

    def tracking(self, number: int) -> tuple[str, str]:
        """Tracking identifier and UID of `result.findings[number]`, the same in every object."""
        finding = self.result.findings[number]
        identifier = finding.tracking_id or f"{finding.code.meaning} {number + 1}"
        minted = mint.uid("tracking", self.result.job_id, number, finding.code.value)
        return wording.clean(identifier), finding.tracking_uid or minted


def _series(source: Dataset) -> str:
    return headers.text(source, "SeriesInstanceUID")


def blank() -> Dataset:
    """A source that highdicom takes without question; never seen in an object."""
    made = Dataset()
    for keyword in headers.TYPE_2:
        headers.put(made, keyword, "")
    made.SOPClassUID = ComputedRadiographyImageStorage
    made.StudyInstanceUID = made.SeriesInstanceUID = made.SOPInstanceUID = "2.25.0"
    return made


def copied(draft: Dataset) -> Dataset:
    """A data set with copies of `draft`'s elements, whose values are shared: replace sequences.

    `copy.deepcopy` would take a third of an object's time.
    """
    made = Dataset()
    made.update({one.tag: copy.copy(one) for one in draft})
    made.file_meta = FileMetaDataset()
    made.file_meta.update({one.tag: copy.copy(one) for one in draft.file_meta})
    return made


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """Where an object stands: its kind's series, its number there, and what it is about."""

    kind: str
    instance_number: int
    about: str  #: SOP or Study Instance UID


def stamp(made: Dataset, encoding: Encoding, place: Place) -> None:
    """Lay patient, study, series, identity, equipment and clock over `made`, in place."""
    made.update(encoding.header)
    for keyword, value in encoding.equipment.items():
        headers.put(made, keyword, value)
    made[CONTRIBUTING] = encoding.contributing
    explicit.as_written(made)
    made.SeriesInstanceUID = encoding.series_uid(place.kind)
    made.SeriesNumber = encoding.profile.number(place.kind)
    made.SeriesDescription = encoding.description
    made.InstanceNumber = place.instance_number
    made.SOPInstanceUID = encoding.sop_uid(place.kind, place.about)
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    _clock(made, encoding)


def _clock(made: Dataset, encoding: Encoding) -> None:
    """Every date and time that the object has of its own, from `at` (PS3.3 C.12.1)."""
    zone = headers.offset(encoding.leader)
    at = encoding.at.astimezone(zone) if zone else encoding.at
    own = () if encoding.profile.one_series else ("Series",)  # else they would differ in a series
    for prefix in (*own, "Content", "InstanceCreation", "PresentationCreation"):
        if prefix == "Series" or f"{prefix}Date" in made:
            setattr(made, f"{prefix}Date", at.strftime("%Y%m%d"))
            setattr(made, f"{prefix}Time", at.strftime("%H%M%S.%f"))
    if zone:
        made.TimezoneOffsetFromUTC = at.strftime("%z")
