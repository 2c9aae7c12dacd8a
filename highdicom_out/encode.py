"""The face: a result and the headers that it is about go in, DICOM files come out.

Deterministic: the same arguments give the same bytes, so a retry sends what was sent
before. Objects are always UNVERIFIED and PRELIMINARY, and always say that AI made them.
"""

import dataclasses
import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from types import MappingProxyType

from pydicom import Dataset

from core.domain.finding import Result
from core.domain.profile import REJECTION, SYNTAXES, Kind, Profile
from highdicom_out import cad, capture, gsps, kos, pdf, rehearsal, rejection, seg, sr
from highdicom_out.encoding import PLAIN, Encoding, Pictures, Predecessor
from highdicom_out.headers import by_uid
from highdicom_out.written import file_bytes

#: What each kind makes of an encoding; a further kind is a module and a line here.
KINDS: Mapping[str, Callable[[Encoding], Sequence[Dataset]]] = MappingProxyType(
    {
        Kind.SR: lambda encoding: [sr.report(encoding)],
        Kind.CAD: cad.documents,
        Kind.GSPS: gsps.states,
        Kind.SEG: seg.segmentations,
        Kind.CAPTURE: capture.captures,
        Kind.PDF: pdf.documents,
        Kind.KOS: kos.selections,
        REJECTION: rejection.notes,
    }
)

WARM = 8  #: further rehearsals of what every study gets: the interpreter is faster by then


@dataclasses.dataclass(frozen=True, slots=True)
class EncodedObject:
    """One instance, ready to be stored and sent."""

    kind: str  #: of `core.domain.profile.Kind`
    sop_class_uid: str
    sop_uid: str
    series_uid: str
    data: bytes  #: complete PS3.10 file in the transfer syntax of the profile


def encode(
    result: Result,
    sources: Sequence[Dataset],
    *,
    at: dt.datetime,
    run: int = 1,
    profile: Profile = PLAIN,
    pictures: Pictures | None = None,
    predecessors: Sequence[Predecessor] = (),
    kinds: Collection[str] | None = None,
) -> tuple[EncodedObject, ...]:
    """Encode `result` as the kinds in `profile.objects`, in that order, a rejection note first.

    `sources` are headers (pixel data may be missing) of the instances that the result
    is about, at least one, images or not; the first one's patient and study are the
    objects'. Every outcome gives one SR. Findings and nothing found give a GSPS for
    each grayscale image in `result.read`; not evaluated and failed give none, because
    a presentation state beside an image reads as if it had been looked at. Slices of a
    volume have one only where a region lies on them. Segments give a SEG for each series.

    `at` is aware and becomes every date and time of the objects; `run` tells repeated
    encodings of one job apart. `pictures` shows what captures burn their overlay into.
    `predecessors` are the objects that these take the place of; where `profile.withdraw`, a
    rejection note names them. `kinds`: make only these; the objects are the same as with all.
    `ValueError` for no sources, a naive `at`, a `run` below 1 or a profile that names
    something unknown.
    """
    _check(sources, at, run, profile)
    encoding = Encoding(result, by_uid(sources), at, run, profile, pictures, tuple(predecessors))
    return tuple(
        EncodedObject(
            kind,
            str(made.SOPClassUID),
            str(made.SOPInstanceUID),
            str(made.SeriesInstanceUID),
            file_bytes(made, profile),
        )
        for kind in dict.fromkeys((REJECTION, *profile.objects))
        if kinds is None or kind in kinds
        for made in KINDS[kind](encoding)
    )


def warm_up(results: Iterable[Result] = ()) -> None:
    """Encode throw-away results, so that the first real one does not pay for imports.

    `results` are rehearsals of algorithms, see `rehearsal.of`: what is the same in every
    object of an algorithm is written by then.
    """
    everything = Profile(objects=tuple(KINDS))
    for profile in (everything, *[PLAIN] * WARM):
        encode(rehearsal.RESULT, [rehearsal.source()], at=rehearsal.AT, profile=profile)
    for one in results:
        encode(one, [rehearsal.source()], at=rehearsal.AT)


def _check(sources: Sequence[Dataset], at: dt.datetime, run: int, profile: Profile) -> None:
    if not sources:
        message = "a result is about at least one instance: sources is empty"
    elif at.tzinfo is None:
        message = "at has no time zone"
    elif run < 1:
        message = f"run is {run}, it counts from 1"
    elif unknown := [kind for kind in profile.objects if kind not in KINDS]:
        message = f"unknown object kind {unknown[0]!r}, known are {', '.join(KINDS)}"
    elif profile.transfer_syntax not in SYNTAXES:
        message = f"unknown transfer syntax {profile.transfer_syntax!r}"
    else:
        return
    raise ValueError(message)
