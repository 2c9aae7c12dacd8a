"""The same lesion in an earlier study keeps its tracking identifier. Pure.

Carefully: one wrong identity tells a reader that a new lesion is an old one, so what
two lesions could claim, nobody gets.
"""

import dataclasses
import math
from collections.abc import Iterable, Sequence
from typing import Final

from core.domain.codes import Code
from core.domain.finding import Anchor, Finding, Result

NEAR: Final = 0.06  #: shares of an image or an organ that the middle of one lesion may move
APART: Final = 0.12  #: within which no other lesion of the kind may lie


@dataclasses.dataclass(frozen=True, slots=True)
class _Lesion:
    """A lesion of a result: its findings' places, several where several views show it."""

    code: Code
    side: Code | None
    anchors: tuple[Anchor, ...]
    members: tuple[int, ...]  #: numbers of the findings
    identity: tuple[str, str]  #: tracking identifier and UID


def carry(current: Result, priors: Iterable[Result]) -> Result:
    """`current` with the tracking identifiers of the same lesions in `priors`, the newest first.

    Lesions are the same where code and side agree, their middles lie within `NEAR` of each
    other in every frame that both were seen in, at least one, and neither has another
    lesion of its kind within `APART` there. An identity is given once.
    """
    findings = list(current.findings)
    waiting = _lesions(current)
    for prior in priors:
        known = [one for one in _lesions(prior) if one.identity[1]]
        pairs = _pairs(waiting, known)
        for mine, other in pairs:
            identifier, uid = other.identity
            for number in mine.members:
                findings[number] = dataclasses.replace(
                    findings[number], tracking_id=identifier, tracking_uid=uid
                )
        waiting = [one for one in waiting if all(one is not mine for mine, _ in pairs)]
    return dataclasses.replace(current, findings=tuple(findings))


def _pairs(mine: Sequence[_Lesion], others: Sequence[_Lesion]) -> list[tuple[_Lesion, _Lesion]]:
    """Who is who: only where neither has a second candidate."""
    found = []
    for one in mine:
        near = [other for other in others if _distance(one, other) < APART]
        if len(near) != 1 or _distance(one, near[0]) > NEAR:
            continue
        if sum(_distance(own, near[0]) < APART for own in mine) == 1:
            found.append((one, near[0]))
    return found


def _distance(one: _Lesion, other: _Lesion) -> float:
    """The largest in the frames that both have; infinite where they cannot be the same."""
    if (one.code.value, one.code.scheme) != (other.code.value, other.code.scheme):
        return math.inf
    if one.side and other.side and one.side.value != other.side.value:
        return math.inf
    gaps = [
        math.dist(here.place, there.place)
        for here in one.anchors
        for there in other.anchors
        if here.frame == there.frame and len(here.place) == len(there.place)
    ]
    return max(gaps, default=math.inf)


def _lesions(result: Result) -> list[_Lesion]:
    """The present findings that have a place, those of one tracking UID together."""
    groups: dict[str, list[int]] = {}
    for number, one in enumerate(result.findings):
        if one.present and one.anchor:
            groups.setdefault(one.tracking_uid or f"finding {number}", []).append(number)
    return [_lesion(result.findings, members) for members in groups.values()]


def _lesion(findings: Sequence[Finding], members: Sequence[int]) -> _Lesion:
    first = findings[members[0]]
    anchors = tuple(one.anchor for n in members if (one := findings[n]).anchor)
    identity = first.tracking_id, first.tracking_uid
    return _Lesion(first.code, first.laterality, anchors, tuple(members), identity)
