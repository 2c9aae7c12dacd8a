"""`python -m simulator country`: a simulated country into a Varde database."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

from core.store.database import open_database
from models.training.progress import Progress
from simulator.country import writing
from simulator.country.algorithms import KINDS
from simulator.country.faults import Fault, day
from simulator.country.places import BY_KEY
from simulator.country.world import START, World

QUIET_S = 2.0  # before a bar is shown


def run(arguments: argparse.Namespace) -> int:
    """Write the country and its truth; 0 when both are there."""
    faults = [Fault.parse(one) for one in arguments.fault]
    world = World(
        arguments.seed,
        years=arguments.years,
        start=day(arguments.start) if arguments.start else START,
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


def _bar() -> Callable[[float, str], None] | None:
    """A bar on a terminal once it has taken a while; nothing elsewhere."""
    if not sys.stderr.isatty():
        return None
    bar, begun = Progress("country"), monotonic()

    def tick(share: float, words: str) -> None:
        if monotonic() - begun > QUIET_S:
            bar.tell(share, words)

    return tick
