"""From instances to a result. Knows no queue and no database; time and reading are arguments.

Only pixels reach the network. The header decides whether an instance may be read at
all (the manifest's gate), how its bytes become pixels, and which side is the left one.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from pydicom import Dataset

from core.domain.finding import Outcome, Result
from core.domain.reason import Reason, ReasonCode
from core.domain.study import Instance
from models import gate
from models.reading import Reading
from models.registry import Algorithm
from models.volume import Network
from workers import images, series, views
from workers.answers import provenance
from workers.observer import Observer
from workers.runtime import Runtime
from workers.serials import Serials

SHOWN = 5  #: notes on single images in the provenance; the others are counted

Fetch = Callable[[Instance], Dataset]
Reader = Callable[
    [Algorithm, Sequence[Instance], Fetch, Mapping[str, Network], Observer], Iterator[Reading]
]
#: What reads each unit that a manifest can name.
READERS: Mapping[str, Reader] = MappingProxyType(
    {"image": images.read, "series": series.read, "study": views.read}
)


def evaluate(
    algorithm: Algorithm,
    instances: Sequence[Instance],
    read: Fetch,
    runtime: Runtime,
    *,
    job_id: str,
    worker: str,
    clock: Callable[[], dt.datetime],
    observer: Observer | None = None,
) -> Result:
    """Run `algorithm` on what its manifest accepts of the instances.

    `read` gives the data set of an instance; what it raises other than
    `UnreadableError` ends the evaluation. `observer` notes what the watch wants, and changes
    nothing. `result.read` are the instances that the
    findings are of; where there are none, those whose pixels were looked at.
    """
    started = clock()
    accepted, refusals = _gated(algorithm, instances)
    networks = runtime.sessions(algorithm) if accepted else {}
    reader = READERS[algorithm.manifest.input.unit]
    observer = observer or Observer(lambda: Serials(b""))
    watched = observer.networks(networks)
    readings = list(reader(algorithm, accepted, read, watched, observer)) if accepted else []
    told = provenance(
        algorithm,
        provider=next((one.provider for one in networks.values()), ""),
        worker=worker,
        started=started,
        finished=clock(),
        parameters={**files(algorithm), **_notes(readings, refusals)},
    )
    evaluated = [reading for reading in readings if reading.reason is None]
    if not evaluated:
        seen = tuple(uid for reading in readings if _seen(reading) for uid in reading.read)
        why = _why_not(readings, refusals)
        return Result(job_id, Outcome.NOT_EVALUATED, told, read=seen, reason=why)
    found = tuple(finding for reading in evaluated for finding in reading.findings)
    present = any(finding.present for finding in found)
    return Result(
        job_id,
        Outcome.FINDINGS if present else Outcome.NOTHING_FOUND,
        told,
        found,
        tuple(uid for reading in evaluated for uid in reading.read),
        segments=tuple(segment for reading in evaluated for segment in reading.segments),
        remarks=tuple(remark for reading in evaluated for remark in reading.remarks),
    )


def _gated(
    algorithm: Algorithm, instances: Sequence[Instance]
) -> tuple[list[Instance], list[Reading]]:
    """The instances that may be read, and the others with the reason."""
    judged = [
        (one, gate.judge(algorithm.manifest, {**one.attributes, "SOPClassUID": one.sop_class_uid}))
        for one in instances
    ]
    accepted = [one for one, reason in judged if reason is None]
    return accepted, [Reading((one.sop_uid,), reason=reason) for one, reason in judged if reason]


def _seen(reading: Reading) -> bool:
    """Whether its pixels could be read, evaluated or not."""
    return reading.reason is None or reading.reason.code is not ReasonCode.UNREADABLE


def files(algorithm: Algorithm) -> dict[str, str]:
    """The SHA-256 of each of several networks; of one alone the provenance says it anyway."""
    several = algorithm.manifest.weights
    return {f"weights_{one.name}": one.sha256 for one in several} if len(several) > 1 else {}


def _why_not(readings: Sequence[Reading], refusals: Sequence[Reading]) -> Reason:
    """One reason for the whole study: what came furthest tells most."""
    reasons = [
        *(reading.reason for reading in readings if _seen(reading)),
        *(reading.reason for reading in readings if not _seen(reading)),
        *(reading.reason for reading in refusals),
    ]
    return next((reason for reason in reasons if reason), Reason(ReasonCode.NO_IMAGES))


def _notes(readings: Sequence[Reading], refusals: Sequence[Reading]) -> dict[str, str]:
    """What a reader must know of images that the findings are not of."""
    groups = {
        "not_read": [one for one in readings if not _seen(one)],
        "not_evaluated": [one for one in readings if _seen(one) and one.reason],
        "not_accepted": refusals,
    }
    return {name: _note(found) for name, found in groups.items() if found}


def _note(readings: Iterable[Reading]) -> str:
    """`<SOP Instance UID>: reason` each, at most `SHOWN` of them."""
    told = [f"{', '.join(one.read[:1])}: {one.reason.text('en')}" for one in readings if one.reason]
    more = [f"and {len(told) - SHOWN} more"] if len(told) > SHOWN else []
    return "; ".join([*told[:SHOWN], *more])
