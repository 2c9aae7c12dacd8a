"""`varde reports check`: whether rules for report text hold, and how well they read."""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from core import settings as core_settings
from monitoring.performance.estimate import Estimate
from monitoring.reports import accuracy
from monitoring.reports.accuracy import Accuracy, Difference, Labelled
from monitoring.reports.rules import Rules
from varde.arguments import Arguments
from varde.terminal import say, table

TITLES: Final = ("finding", "", "texts", "as labelled", "present", "absent", "reversed")
EVERY: Final = "all"


def check(arguments: Arguments) -> int:
    """Read the rules, and a labelled sample by them; raises `SettingsError`, `InvalidError`."""
    file = arguments.rules or core_settings.load(arguments.site).watch.report_rules
    rules = Rules.load(file)
    told = {"version": rules.version, "file": str(file or ""), "findings": len(rules.findings)}
    parts = _parts(arguments.sample, rules) if arguments.sample else {}
    if arguments.json:
        more = {name: _as_json(*accuracy.compare(rows, rules)) for name, rows in parts.items()}
        say(json.dumps({**told, "parts": more}, ensure_ascii=False))
        return 0
    say(f"{rules.version}: {len(rules.findings)} findings, the rules are in order")
    for name, rows in parts.items():
        _tell(name, len(rows), *accuracy.compare(rows, rules))
    return 0


def _parts(file: Path, rules: Rules) -> dict[str, list[Labelled]]:
    """The rows by their column `part`, in the order of the file."""
    parts: dict[str, list[Labelled]] = {}
    for row in accuracy.sample(file, rules):
        parts.setdefault(row.part, []).append(row)
    return parts


def _tell(
    name: str, texts: int, found: Sequence[Accuracy], different: Sequence[Difference]
) -> None:
    say(f"\n{name or 'sample'}: {texts} texts")
    say(table(TITLES, [_row(one) for one in found]))
    for one in different:
        why = ", ".join(one.rules) or "no rule"
        label = f"{one.labelled} read as {one.read} ({why})"
        say(f"  line {one.line} {one.name} {one.finding}: {label}")


def _row(one: Accuracy) -> tuple[str, ...]:
    shares = (one.agreement, one.sensitivity, one.specificity)
    count = one.agreement.count if one.agreement else 0
    told = (_share(share) for share in shares)
    return (one.finding or EVERY, one.name, str(count), *told, str(one.reversed))


def _share(one: Estimate | None) -> str:
    """Percent, Wilson's interval, and of how many."""
    if one is None:
        return "–"
    return f"{one.value:.1%} ({100 * one.low:.1f}–{100 * one.high:.1f}; {one.count})"


def _as_json(found: Sequence[Accuracy], different: Sequence[Difference]) -> dict[str, Any]:
    return {
        "accuracy": [dataclasses.asdict(one) for one in found],
        "differences": [dataclasses.asdict(one) for one in different],
    }
