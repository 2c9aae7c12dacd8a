"""What people say of the results: reports, audits and feedback, as daily counts.

Reports miss findings, the subtler the more, and follow the algorithm where it was shown; some
never come, some come late, some do not mention a finding. All sizes here are our own guesses.
"""

import dataclasses
import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from core.domain.feedback import Role, Source, Word
from core.store.watch.concordance import EVERYBODY, Counted
from core.store.watch.feedback import Words
from simulator.country.sums import EVALUATED, GROUPS, Studies

Bools = NDArray[np.bool_]
ANY: Final = "any"
NEVER: Final = 0.06  #: share of studies whose report never comes
SLOW, SLOW_DAYS = 0.05, (14, 60)  #: share that is late, and how late
USUAL_DAYS: Final = 2.0  #: mean of the others
UNMENTIONED, UNCERTAIN = 0.10, 0.03  #: of findings that are not there, and of all
MISSED: Final = (-1.5, -0.8)  #: probit of missing a finding: average, a standard deviation severer
SHOWN: Final = -0.4  #: the same where the algorithm called it: readers follow it
IMAGINED: Final = (0.006, 0.02)  #: findings reported that are not there; where the algorithm called
AUDITED: Final = 0.02  #: as `watch.audit_share`
CELLS: Final = (
    "true_positive", "false_positive", "false_negative", "true_negative", "unknown",
)  # fmt: skip
#: Share of results that a role says a word on, of negative and of positive ones.
SPEAKS: Final = {
    Role.RADIOLOGIST: (0.02, 0.06), Role.RADIOGRAPHER: (0.01, 0.03), Role.CLINICIAN: (0.003, 0.01),
}  # fmt: skip
ORTHOPAEDIST: Final = (0.005, 0.12)  #: of fractures alone: they meet those who were called
WORDS: Final = (Word.AGREE, Word.DISAGREE, Word.CORRECT)
RIGHT: Final = 0.95  #: of what is said is right


@dataclasses.dataclass(frozen=True, slots=True)
class Told:
    """Which stream, from which day, until when reports count, and with which version a day."""

    site: str
    algorithm: str
    codes: tuple[str, ...]
    whole: bool
    days: Sequence[dt.date]
    end: dt.date
    versions: Sequence[str]
    equipment: Sequence[str]


def concordance(studies: Studies, told: Told, rng: np.random.Generator) -> Iterator[Counted]:
    """Counts of reports and audits: each finding for everybody, `any` by subgroup too."""
    kept = np.flatnonzero(studies.end < EVALUATED)
    came = _came(studies.day[kept], told, rng)
    audited = rng.random(len(kept)) < AUDITED
    called, present = _by_code(studies, told, kept)
    severity = _severity(studies, told, kept)
    said, unsaid = _reported(called, present, severity, rng)
    subgroups = _subgroups(studies, told, kept)
    for source, of, truth, unknown in (
        (Source.REPORT, came, said, unsaid),
        (Source.AUDIT, audited, present, np.zeros_like(present)),
    ):
        cells = _cells(called, truth, unknown)
        for place, label in enumerate((ANY, *dict.fromkeys(told.codes))):
            groups = subgroups if label == ANY else subgroups[:1]
            for group in groups:
                table = _table(studies.day[kept][of], cells[of, place], group, of, told)
                yield from _counted(table, group[1], told, label, source)


def feedback(studies: Studies, told: Told, rng: np.random.Generator) -> Iterator[Words]:
    """What readers say of whole results, most on the day itself."""
    kept = studies.end < EVALUATED
    called = studies.positive[kept]
    truly = studies.present[kept].any(1)
    for role, shares in {**SPEAKS, **_orthopaedists(told)}.items():
        speaks = rng.random(len(called)) < np.where(called, shares[1], shares[0])
        agrees = (called == truly) == (rng.random(len(called)) < RIGHT)
        corrects = ~agrees & (rng.random(len(called)) < 0.3)  # noqa: PLR2004 - who also says what it is
        words = np.where(agrees, 0, np.where(corrects, 2, 1))
        code = (studies.day[kept] * 3 + words) * 2 + called
        for place in np.flatnonzero(counts := np.bincount(code[speaks])):
            day, word = divmod(int(place) // 2, 3)
            yield Words(
                told.site, told.algorithm, told.versions[day], told.days[day], role,
                WORDS[word], bool(place % 2), int(counts[place]),
            )  # fmt: skip


def _orthopaedists(told: Told) -> dict[Role, tuple[float, float]]:
    return {Role.ORTHOPAEDIST: ORTHOPAEDIST} if told.algorithm == "fracture" else {}


def _came(day: NDArray[np.int64], told: Told, rng: np.random.Generator) -> Bools:
    """(n,): whether the report was there at the end."""
    delay = rng.exponential(USUAL_DAYS, len(day))
    late = rng.random(len(day)) < SLOW
    delay[late] = rng.uniform(*SLOW_DAYS, int(late.sum()))
    left = np.array([(told.end - one).days for one in told.days])[day]
    found: Bools = (rng.random(len(day)) >= NEVER) & (delay <= left)
    return found


def _by_code(studies: Studies, told: Told, kept: NDArray[np.int64]) -> tuple[Bools, Bools]:
    """(n, 1 + codes) each, `any` first: what the algorithm called, what is there."""
    columns = [
        [place for place, one in enumerate(told.codes) if one == code]
        for code in dict.fromkeys(told.codes)
    ]
    called = [studies.positive[kept], *(studies.called[kept][:, one].any(1) for one in columns)]
    present = [studies.present[kept].any(1), *(studies.present[kept][:, x].any(1) for x in columns)]
    return np.column_stack(called), np.column_stack(present)


def _severity(studies: Studies, told: Told, kept: NDArray[np.int64]) -> NDArray[np.float64]:
    """(n, 1 + codes): of the severest finding there."""
    there = np.where(studies.present[kept], studies.severity[kept], -9.0)
    codes = np.array(told.codes)
    each = [there[:, codes == code].max(1) for code in dict.fromkeys(told.codes)]
    return np.column_stack([there.max(1), *each])


def _reported(
    called: Bools, present: Bools, severity: NDArray[np.float64], rng: np.random.Generator
) -> tuple[Bools, Bools]:
    """(n, 1 + codes) each: what the report says is there, and what it does not tell."""
    missed = ndtr(MISSED[0] + MISSED[1] * severity + SHOWN * called)
    imagined = np.where(called, IMAGINED[1], IMAGINED[0])
    said = rng.random(present.shape) < np.where(present, 1 - missed, imagined)
    said[:, 0] = said[:, 1:].any(1)
    chance = rng.random(present.shape)
    unsaid = (chance < UNCERTAIN) | (~said & (chance < UNCERTAIN + UNMENTIONED))
    unsaid[:, 0] = ~said[:, 0] & unsaid[:, 1:].any(1)
    return said, unsaid


def _cells(called: Bools, truth: Bools, unknown: Bools) -> NDArray[np.int64]:
    """Places in `CELLS`."""
    known = np.where(truth, np.where(called, 0, 2), np.where(called, 1, 3))
    return np.where(unknown, 4, known)


def _subgroups(
    studies: Studies, told: Told, kept: NDArray[np.int64]
) -> list[tuple[NDArray[np.int64], tuple[str, ...]]]:
    """((n,) places, names) of everybody, sex, age and equipment."""
    sex, age = (one[kept] for one in studies.groups())
    machines = tuple(f"equipment:{one}" for one in told.equipment)
    return [
        (np.zeros(len(kept), np.int64), (EVERYBODY,)),
        (sex, GROUPS), (age, GROUPS), (studies.machine[kept], machines),
    ]  # fmt: skip


def _table(
    day: NDArray[np.int64],
    cell: NDArray[np.int64],
    group: tuple[NDArray[np.int64], tuple[str, ...]],
    of: Bools,
    told: Told,
) -> NDArray[np.int64]:
    """(days, names, CELLS): how many of each."""
    places, names = group
    size = (len(told.days), len(names), len(CELLS))
    code = (day * size[1] + places[of]) * size[2] + cell
    return np.bincount(code, minlength=size[0] * size[1] * size[2]).reshape(size)


def _counted(
    table: NDArray[np.int64], names: Sequence[str], told: Told, label: str, source: Source
) -> Iterator[Counted]:
    for day, place in np.argwhere(table.any(2)):
        counts = dict(zip(CELLS, table[day, place].tolist(), strict=True))
        yield Counted(
            told.site, told.algorithm, told.versions[day], told.days[day], label, source,
            names[place], **counts,
        )  # fmt: skip
