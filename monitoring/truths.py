"""From a result and a truth to comparisons: what was called, and what was there. Pure."""

from collections.abc import Iterable, Mapping
from typing import Final

from core.domain.codes import Code
from core.domain.feedback import Comparison, Source, Truth
from core.domain.finding import Finding, Outcome, Result

ANY: Final = "any"  #: the label of a whole result
EVALUATED: Final = frozenset({Outcome.FINDINGS, Outcome.NOTHING_FOUND})
_SCORES: Final = frozenset({"1", "{score}"})  #: units (UCUM) of a number on a scale


def looked_for(result: Result) -> tuple[Code, ...]:
    """What present and absent can be said of, one for each code value, by value.

    A result holds every label of its algorithm's manifest that was looked at. Questions with
    an answer of their own (a density) and scores are left out: no report says yes or no to them.
    """
    found = {one.code.value: one.code for one in result.findings if not is_assessment(one)}
    return tuple(found[value] for value in sorted(found))


def is_assessment(finding: Finding) -> bool:
    """Whether a finding is a question with a value of its own: a coded answer, or a score."""
    score = any(one.unit.value in _SCORES for one in finding.measurements)
    return finding.answer is not None or (score and finding.region is None)


def calls(result: Result) -> dict[str, bool]:
    """Whether the algorithm said that it is there, by code value and for `any`.

    Several findings of one code (a fracture of one bone or another, a nodule in one image or
    another) are one: there, if one of them is. `any` is what the reader was told: findings or none.
    """
    found = {code.value: False for code in looked_for(result)}
    for one in result.findings:
        if one.code.value in found and one.present:
            found[one.code.value] = True
    return {**found, ANY: result.outcome is Outcome.FINDINGS}


def compare(
    result: Result, truths: Mapping[str, Truth], source: Source, groups: Iterable[str] = ()
) -> tuple[Comparison, ...]:
    """One comparison for each label that the truth speaks of, and one for `any`.

    `truths` are by code value. `any: absent` says that nothing was found: it holds for every
    label that is not named beside it. A result that is not evaluated or failed says nothing,
    and nothing is compared.
    """
    if result.outcome not in EVALUATED:
        return ()
    called = calls(result)
    known = {label: _of(label, truths) for label in called if label != ANY}
    spoken = {label: truth for label, truth in known.items() if truth is not None}
    spoken[ANY] = _of_all(tuple(known.values()), truths.get(ANY))
    belongs = tuple(groups)
    return tuple(
        Comparison(result.job_id, label, source, called[label], truth, belongs)
        for label, truth in spoken.items()
    )


def _of(label: str, truths: Mapping[str, Truth]) -> Truth | None:
    """What is said of one label, None where nothing is."""
    if label in truths:
        return truths[label]
    return Truth.ABSENT if truths.get(ANY) is Truth.ABSENT else None


def _of_all(known: tuple[Truth | None, ...], whole: Truth | None) -> Truth:
    """Present if one label is; absent only if all are, or nothing at all was found."""
    if Truth.PRESENT in known:
        return Truth.PRESENT
    if Truth.UNCERTAIN in known:
        return Truth.UNCERTAIN
    if known and all(one is Truth.ABSENT for one in known):
        return Truth.ABSENT
    return whole or Truth.UNKNOWN
