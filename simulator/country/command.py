"""`python -m simulator country`: a simulated country into a Varde database."""

import argparse
import datetime as dt
import json
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

from core.store.database import open_database
from core.store.watch.scopes import day_of
from models.training.progress import Progress
from simulator.country import writing
from simulator.country.algorithms import KINDS
from simulator.country.faults import Fault, day
from simulator.country.places import BY_KEY
from simulator.country.seasons import YEAR
from simulator.country.world import START, World

QUIET_S = 2.0  # before a bar is shown
#: What a country that ends yesterday has to show: fault and site, days ago, for how long.
SHOWN = (
    ("prevalence@bre-havn", 51, ""), ("scanner@elg-aas", 19, ""), ("contrast_20@furu-nord", 11, ""),
    ("corrupt@polar-by", 6, "+2"), ("silence@gran-dal", 3, ""),
)  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    """Write the country and its truth; 0 when both are there."""
    faults = [Fault.parse(one) for one in arguments.fault or _recent(arguments)]
    world = World(
        arguments.seed,
        years=arguments.years,
        start=_start(arguments),
        sites=arguments.site or tuple(BY_KEY),
        algorithms=arguments.algorithm or tuple(KINDS),
    )
    world.check(faults)
    url = "://" in arguments.into
    where: dict[str, Any] = {"database": {"url": arguments.into, "fsync": False}}
    if not url:
        where = {"home": Path(arguments.into), "database": {"fsync": False}}
    database = open_database(writing.settings(world, **where))
    try:
        told = writing.written(database, world, faults, _bar())
    finally:
        database.close()
    file = arguments.truth or Path("." if url else arguments.into) / "truth.json"
    file.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    sys.stdout.write(f"{told['written']['studies']} studies; the truth is in {file}\n")
    return 0


def _start(arguments: argparse.Namespace) -> dt.date:
    """The first day: named, or so that yesterday is the last one, or always the same."""
    if arguments.start:
        return day(arguments.start)
    length = round(arguments.years * YEAR)
    return _yesterday() - dt.timedelta(length - 1) if arguments.recent else START


def _recent(arguments: argparse.Namespace) -> list[str]:
    """Something to find in the last weeks of a country that ends yesterday."""
    if not arguments.recent:
        return []
    return [f"{what}@{_yesterday() - dt.timedelta(before)}{more}" for what, before, more in SHOWN]


def _yesterday() -> dt.date:
    return day_of(dt.datetime.now(dt.UTC)) - dt.timedelta(1)


def _bar() -> Callable[[float, str], None] | None:
    """A bar on a terminal once it has taken a while; nothing elsewhere."""
    if not sys.stderr.isatty():
        return None
    bar, begun = Progress("country"), monotonic()

    def tick(share: float, words: str) -> None:
        if monotonic() - begun > QUIET_S:
            bar.tell(share, words)

    return tick
