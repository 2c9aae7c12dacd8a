"""Which algorithms read a study? A pure function with a reason for every one of them.

A route is a wish of `site.toml`; the manifest's gate is the algorithm's intended
use. An algorithm is chosen when at least one instance satisfies both. The reason
against it is that of the instance which came furthest.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from core.domain.errors import SettingsError
from core.domain.reason import Reason, ReasonCode
from core.domain.study import Decision, Instance
from core.sections import ANYBODY, Condition, Route
from models import gate
from models.registry import Algorithm
from router.attributes import tag_of

_CODES = {
    "Modality": ReasonCode.MODALITY,
    "BodyPartExamined": ReasonCode.BODY_PART,
    "ViewPosition": ReasonCode.VIEW,
    "AgeYears": ReasonCode.AGE,
    "SOPClassUID": ReasonCode.SOP_CLASS,
    "TransferSyntaxUID": ReasonCode.TRANSFER_SYNTAX,
}
#: Not elements of the data set: computed at intake, or known from the association.
COMPUTED = frozenset({"AgeYears", "TransferSyntaxUID"})
#: The rank of "no route at all", below every condition of a route.
_NOWHERE = -1


def check(routes: Iterable[Route], algorithms: Mapping[str, Algorithm]) -> None:
    """Refuse a route to an algorithm that is not here, or on a word that is no keyword."""
    for route in routes:
        if route.algorithm not in algorithms:
            known = ", ".join(sorted(algorithms)) or "none"
            message = (
                f"route «{route.name}»: no algorithm «{route.algorithm}» here (known: {known})"
            )
            raise SettingsError(message)
        for keyword in route.when:
            if keyword not in COMPUTED:
                tag_of(keyword)


def keywords(routes: Iterable[Route]) -> set[str]:
    """The data set keywords that routes ask for, for intake to keep."""
    return {word for route in routes for word in route.when if word not in COMPUTED}


def decide(
    instances: Sequence[Instance],
    *,
    site: str,
    routes: Sequence[Route],
    algorithms: Mapping[str, Algorithm],
) -> list[Decision]:
    """One decision an algorithm, in the order of the registry; the first route that fits wins."""
    return [
        _decide(algorithm, instances, site, [r for r in routes if r.algorithm == key])
        for key, algorithm in algorithms.items()
    ]


def _decide(
    algorithm: Algorithm, instances: Sequence[Instance], site: str, routes: Sequence[Route]
) -> Decision:
    """Try every route on every instance; remember how far the best one came."""
    furthest, why = _NOWHERE, Reason(ReasonCode.NO_ROUTE)
    if not instances:
        why = Reason(ReasonCode.NO_IMAGES)
    for route in routes:
        if ANYBODY not in route.sites and site not in route.sites:
            if furthest == _NOWHERE:
                why = Reason(ReasonCode.SITE, {"found": site})
            continue
        for instance in instances:
            reason, rank = judge(algorithm, instance, route)
            if reason is None:
                chosen = Reason(ReasonCode.CHOSEN, {"route": route.name})
                return Decision(algorithm.key, algorithm.version, True, chosen, route.name)
            if rank > furthest:
                furthest, why = rank, reason
    return Decision(algorithm.key, algorithm.version, chosen=False, reason=why)


def judge(algorithm: Algorithm, instance: Instance, route: Route) -> tuple[Reason | None, int]:
    """(reason against, how far the instance came); no reason: it may be read."""
    known: dict[str, str | list[str]] = {
        **instance.attributes,
        "SOPClassUID": instance.sop_class_uid,
        "TransferSyntaxUID": instance.transfer_syntax_uid,
    }
    reason = gate.judge(algorithm.manifest, known)
    if reason is not None:
        return reason, list(ReasonCode).index(reason.code)
    for number, (keyword, condition) in enumerate(route.when.items()):
        if not holds(condition, gate.values(known, keyword)):
            code = _CODES.get(keyword, ReasonCode.KEYWORD)
            shown = "\\".join(gate.values(known, keyword))[:64] or gate.MISSING
            facts = {"keyword": keyword, "found": shown, "wanted": condition.wanted()}
            return Reason(code, facts), 100 + number
    return None, 0


def holds(condition: Condition, found: Sequence[str]) -> bool:
    """Whether any of the values (upper case) is as the condition asks."""
    return any(_one(condition, value) for value in found)


def _one(condition: Condition, value: str) -> bool:
    """One value against a set, a pattern, or a range."""
    if condition.any_of is not None:
        return value in {wanted.upper() for wanted in condition.any_of}
    if condition.pattern is not None:
        return re.search(condition.pattern, value, re.IGNORECASE) is not None
    try:
        number = float(value)
    except ValueError:
        return False
    low = condition.min is None or number >= condition.min
    return low and (condition.max is None or number <= condition.max)
