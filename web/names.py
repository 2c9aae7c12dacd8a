"""What a reader calls scopes, signals, their members and events."""

from collections.abc import Mapping, Sequence
from typing import Final

from core.domain.event import Event, EventKind
from core.domain.watch import NATIONAL, TRUST
from core.store.watch.overview import Place
from models.registry import Algorithm
from monitoring.aggregates.bins import BINS, BOUNDS
from web.texts import TEXTS
from web.words import Words

ANY: Final = "any"
_MANY: Final = 200  #: characters of a text from outside that are shown
_MEANS: Final = frozenset({"score", "top", "axis"})  #: members of some thing that are no shares
_SHARES: Final = frozenset({"positive", "refused", "failed", "declined", "not_evaluated"})


def scope(site: str, places: Sequence[Place], words: Words) -> str:
    """A site's name, a trust's, or the country."""
    if site == NATIONAL:
        return words.text("scope.national")
    for place in places:
        if site == place.key:
            return place.name
        if site == TRUST + place.trust:
            return place.trust_name
    return site


def labels(algorithm: Algorithm | None, words: Words) -> Mapping[str, str]:
    """The findings that an algorithm looks for: code value to words."""
    output = algorithm.manifest.output if algorithm else None
    known = output.label if output else ()
    told = {one.code.value: one.code.code.text(words.language) for one in known}
    return {**told, ANY: words.text("label.any")}


def member(name: str, findings: Mapping[str, str], words: Words) -> str:
    """A number within a signal: `pixel_mean`, `score:72704001`, `top:72704001:31`, `view:PA`."""
    kind, _, rest = name.partition(":")
    if kind in {"sex", "age"}:
        return _group(name, words)
    told = words.text(f"member.{kind}") if f"member.{kind}" in TEXTS["nb"] else kind[:_MANY]
    if kind in {"high", "top"}:
        finding, _, bound = rest.rpartition(":")
        return f"{told} {_bound(bound, words)}: {findings.get(finding, finding)[:_MANY]}"
    if kind == "axis" or not rest:
        return f"{told} {rest}".rstrip()
    return f"{told}: {_of(rest, findings, words)}"


def _of(rest: str, findings: Mapping[str, str], words: Words) -> str:
    """What stands behind the colon: a finding, a group of patients, a category's own value."""
    if rest.startswith(("sex:", "age:")):
        return _group(rest, words)
    known = f"value.{rest}"
    return findings.get(rest) or (words.text(known) if known in TEXTS["nb"] else rest[:_MANY])


def _group(name: str, words: Words) -> str:
    """`sex:F`, `age:65-79` in words."""
    dimension, _, value = name.partition(":")
    if dimension == "sex":
        return words.sex(value) or value[:_MANY]
    return words.text("quality.years", ages=value[:_MANY].replace("-", "–"))


def _bound(told: str, words: Words) -> str:
    """The probability above which a score is high: the bound below a bin."""
    number = int(told) if told.isdecimal() and 0 < int(told) < BINS else 0
    return words.share(float(BOUNDS[number - 1])) if number else words.share(0.0)


def is_share(name: str) -> bool:
    """Whether a member is a share in 0..1, written as per cent."""
    kind, colon, _ = name.partition(":")
    return kind in _SHARES or (bool(colon) and kind not in _MEANS)


def event(one: Event, words: Words) -> str:
    """An event in one line: `Ny skanner: Siemens Ysio`."""
    facts = [str(value) for key, value in one.told.items() if key in _SHOWN and value]
    if one.kind is EventKind.ACTIVATION and "state" in one.told:
        state = f"activation.{one.told['state']}"
        facts = [words.text(state) if state in TEXTS["nb"] else str(one.told["state"])]
    shown = " ".join(facts) or (one.subject if one.kind is EventKind.VERSION else "")
    told = words.text(f"event.{one.kind}")
    return f"{told}: {shown[:_MANY]}" if shown else told


_SHOWN: Final = ("manufacturer", "model", "software", "version", "number", "told")
