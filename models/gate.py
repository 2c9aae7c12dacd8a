"""The intended-use gate: whether an algorithm may read an instance, by its header.

Pure, and shared: routes ask it before a job is made, workers ask it for every
instance of the job's study.
"""

from collections.abc import Iterable, Mapping

from core.domain.reason import Reason, ReasonCode
from models.manifest import Accepts, Manifest

MISSING = "–"  #: how an absent value reads
Attributes = Mapping[str, str | list[str]]


def values(attributes: Attributes, keyword: str) -> list[str]:
    """Every non-empty value of `keyword`, stripped and in upper case."""
    found = attributes.get(keyword, "")
    several = [found] if isinstance(found, str) else found
    return [value.strip().upper() for value in several if value.strip()]


def judge(manifest: Manifest, attributes: Attributes) -> Reason | None:
    """None where the algorithm may read the instance, else the first reason why not."""
    accepts = manifest.accepts
    checks = (
        (ReasonCode.MODALITY, "Modality", accepts.modality),
        (ReasonCode.SOP_CLASS, "SOPClassUID", accepts.sop_class),
        (ReasonCode.BODY_PART, "BodyPartExamined", accepts.body_part),
        (ReasonCode.VIEW, "ViewPosition", accepts.view_position),
    )
    for code, keyword, wanted in checks:
        if code is ReasonCode.BODY_PART and _untold(accepts, attributes):
            continue
        if reason := _one_of(code, values(attributes, keyword), wanted):
            return reason
    return _age(accepts, values(attributes, "AgeYears"))


def _untold(accepts: Accepts, attributes: Attributes) -> bool:
    """Whether the body part is missing, and may be."""
    return accepts.body_part_may_be_missing and not values(attributes, "BodyPartExamined")


def _one_of(code: ReasonCode, found: list[str], wanted: Iterable[str]) -> Reason | None:
    """No list accepts anything; a missing value is in no list."""
    allowed = {value.upper() for value in wanted}
    if not allowed or allowed.intersection(found):
        return None
    shown = "\\".join(found)[:64] or MISSING
    return Reason(code, {"found": shown, "wanted": ", ".join(wanted)})


def _age(accepts: Accepts, found: list[str]) -> Reason | None:
    """An unknown age passes unless the manifest requires one."""
    low, high = accepts.min_age_years, accepts.max_age_years
    wanted = f"{'' if low is None else f'{low:g}'}–{'' if high is None else f'{high:g}'}"
    if not found:
        required = accepts.age_required and not (low is None and high is None)
        return Reason(ReasonCode.AGE, {"found": MISSING, "wanted": wanted}) if required else None
    age = float(found[0])
    if (low is None or age >= low) and (high is None or age <= high):
        return None
    return Reason(ReasonCode.AGE, {"found": f"{age:.0f}", "wanted": wanted})
