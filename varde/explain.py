"""`varde explain` and `varde routes test`: why, and why not, for every algorithm."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from core import settings as core_settings
from router import explain
from varde.arguments import Arguments
from varde.terminal import say, table


def run(arguments: Arguments) -> int:
    """Show the decisions that were made for a study."""
    settings = core_settings.load(arguments.site)
    return _show(explain.explain(settings, arguments.study_uid), as_json=arguments.json)


def test(arguments: Arguments) -> int:
    """Show what the routes of today would decide, without running anything."""
    settings = core_settings.load(arguments.site)
    return _show(explain.would(settings, arguments.target), as_json=arguments.json)


def _show(decisions: Iterable[Mapping[str, Any]], *, as_json: bool) -> int:
    """One line a decision, the chosen ones marked."""
    if as_json:
        for decision in decisions:
            say(json.dumps(decision, ensure_ascii=False))
        return 0
    titles = ("study", "site", "revision", "", "algorithm", "reason", "route")
    say(table(titles, [_row(decision) for decision in decisions]))
    return 0


def _row(decision: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        str(decision["study"]), str(decision["site"]), str(decision["revision"]),
        "yes" if decision["chosen"] else "no",
        f"{decision['algorithm']} {decision['version']}".strip(),
        str(decision["reason"]), str(decision["route"] or ""),
    )  # fmt: skip
