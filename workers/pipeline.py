"""From instances to a result. Knows no queue and no database; time and reading are arguments.

Only pixels reach the network. The header decides whether an instance may be read at
all (the manifest's gate), how its bytes become pixels, and which side is the left one.
"""

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterable, Sequence

from pydicom import Dataset

from core.domain.errors import UnreadableError
from core.domain.finding import Finding, Outcome, Result
from core.domain.reason import Reason, ReasonCode
from core.domain.study import Instance
from models import gate, heads, steps
from models.registry import Algorithm
from workers import pixels
from workers.answers import provenance
from workers.runtime import Runtime, Session

SHOWN = 5  #: notes on single images in the provenance; the others are counted


@dataclasses.dataclass(frozen=True, slots=True)
class Look:
    """What became of one instance: findings, or the reason why there are none."""

    sop_uid: str
    findings: tuple[Finding, ...] = ()
    reason: Reason | None = None

    @property
    def seen(self) -> bool:
        """Whether its pixels could be read, evaluated or not."""
        return self.reason is None or self.reason.code is not ReasonCode.UNREADABLE


def evaluate(
    algorithm: Algorithm,
    instances: Sequence[Instance],
    read: Callable[[Instance], Dataset],
    runtime: Runtime,
    *,
    job_id: str,
    worker: str,
    clock: Callable[[], dt.datetime],
) -> Result:
    """Run `algorithm` on every instance that its manifest accepts, one at a time.

    `read` gives the data set of an instance; what it raises other than
    `UnreadableError` ends the evaluation. `result.read` are the instances that the
    findings are of; where there are none, those whose pixels were looked at.
    """
    started = clock()
    accepted, refusals = _gated(algorithm, instances)
    session = runtime.session(algorithm) if accepted else None
    looks = [_look(algorithm, one, read, session) for one in accepted] if session else []
    told = provenance(
        algorithm,
        provider=session.provider if session else "",
        worker=worker,
        started=started,
        finished=clock(),
        parameters=_notes(looks, refusals),
    )
    evaluated = [look for look in looks if look.reason is None]
    if not evaluated:
        read_uids = tuple(look.sop_uid for look in looks if look.seen)
        why = _why_not(looks, refusals)
        return Result(job_id, Outcome.NOT_EVALUATED, told, read=read_uids, reason=why)
    found = tuple(finding for look in evaluated for finding in look.findings)
    present = any(finding.present for finding in found)
    outcome = Outcome.FINDINGS if present else Outcome.NOTHING_FOUND
    return Result(job_id, outcome, told, found, tuple(look.sop_uid for look in evaluated))


def _gated(
    algorithm: Algorithm, instances: Sequence[Instance]
) -> tuple[list[Instance], list[Look]]:
    """The instances that may be read, and the others with the reason."""
    judged = [
        (one, gate.judge(algorithm.manifest, {**one.attributes, "SOPClassUID": one.sop_class_uid}))
        for one in instances
    ]
    accepted = [one for one, reason in judged if reason is None]
    return accepted, [Look(one.sop_uid, reason=reason) for one, reason in judged if reason]


def _look(
    algorithm: Algorithm, instance: Instance, read: Callable[[Instance], Dataset], session: Session
) -> Look:
    """Run the network on the chosen frame of one instance."""
    try:
        dataset = read(instance)
        frame = pixels.chosen_frame(dataset)
        image = pixels.read(dataset, frame)
    except UnreadableError as error:
        return Look(instance.sop_uid, reason=Reason(ReasonCode.UNREADABLE, {"detail": str(error)}))
    ready = steps.prepare(image, algorithm.manifest.input.step)
    outputs = session.run(ready.tensor)
    if reason := heads.decline(outputs, algorithm.manifest):
        return Look(instance.sop_uid, reason=reason)
    found = heads.findings(
        outputs,
        geometry=ready.geometry,
        manifest=algorithm.manifest,
        sop_uid=instance.sop_uid,
        row_direction=_row_direction(dataset),
    )
    return Look(instance.sop_uid, tuple(_on_frame(finding, frame) for finding in found))


def _row_direction(dataset: Dataset) -> str | None:
    """Where columns increase towards: the first letter of Patient Orientation is the main one."""
    orientation = dataset.get("PatientOrientation") or [""]
    return str(orientation[0])[:1] or None


def _on_frame(finding: Finding, frame: int) -> Finding:
    """`finding` with its region on `frame`: a head knows one image, not where it came from."""
    if finding.region is None or finding.region.frame == frame:
        return finding
    return dataclasses.replace(finding, region=dataclasses.replace(finding.region, frame=frame))


def _why_not(looks: Sequence[Look], refusals: Sequence[Look]) -> Reason:
    """One reason for the whole study: what came furthest tells most."""
    reasons = [
        *(look.reason for look in looks if look.seen),
        *(look.reason for look in looks if not look.seen),
        *(look.reason for look in refusals),
    ]
    return next((reason for reason in reasons if reason), Reason(ReasonCode.NO_IMAGES))


def _notes(looks: Sequence[Look], refusals: Sequence[Look]) -> dict[str, str]:
    """What a reader must know of images that the findings are not of."""
    groups = {
        "not_read": [look for look in looks if not look.seen],
        "not_evaluated": [look for look in looks if look.seen and look.reason],
        "not_accepted": refusals,
    }
    return {name: _note(found) for name, found in groups.items() if found}


def _note(looks: Iterable[Look]) -> str:
    """`<SOP Instance UID>: reason` each, at most `SHOWN` of them."""
    told = [f"{look.sop_uid}: {look.reason.text('en')}" for look in looks if look.reason]
    more = [f"and {len(told) - SHOWN} more"] if len(told) > SHOWN else []
    return "; ".join([*told[:SHOWN], *more])
