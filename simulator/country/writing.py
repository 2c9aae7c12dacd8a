"""The country into a Varde database, through the store's own functions."""

import dataclasses
import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import sqlalchemy as sa

from core.domain.event import EventKind
from core.settings import Settings
from core.store.database import Database
from core.store.watch import aggregates, concordance, events, feedback, newcomers
from core.store.watch.aggregates import StoredDay
from core.store.watch.newcomers import Met
from monitoring.aggregates import wire
from simulator.country import readers
from simulator.country.algorithms import KINDS
from simulator.country.faults import DATA, LATE_DAYS, Fault
from simulator.country.generating import Performance, Tick, truth
from simulator.country.places import BY_KEY, REGIONS, TRUSTS
from simulator.country.sums import Studies
from simulator.country.world import Day, World, version

WRITTEN: Final = dt.timedelta(days=1, hours=2)  #: after a day has begun: the next night, UTC
ARCHIVE: Final = "arkiv"


def settings(world: World, **more: Any) -> Settings:  # noqa: ANN401 - any setting
    """What `site.toml` would say of the country's sites."""
    kept = {BY_KEY[key].trust for key in world.sites}
    tables = {
        "regions": {TRUSTS[key][1]: {"name": _named(REGIONS[TRUSTS[key][1]])} for key in kept},
        "trusts": {
            key: {"name": _named(TRUSTS[key][0]), "region": TRUSTS[key][1]} for key in kept
        },
        "sites": {
            key: {
                "name": _named(BY_KEY[key].name), "trust": BY_KEY[key].trust,
                "calling": [_title(key)], "destinations": [ARCHIVE],
            }
            for key in world.sites
        },
        "destinations": {ARCHIVE: {"ae_title": "ARKIV", "host": "localhost", "port": 104}},
    }  # fmt: skip
    return Settings.model_validate({**tables, **more})


def written(
    database: Database, world: World, faults: Sequence[Fault] = (), tick: Tick | None = None
) -> dict[str, Any]:
    """Write every day, event, comparison and word; returns the truth with what was counted.

    The database is migrated and knows the sites (`open_database` with `settings`).
    """
    counts = dict.fromkeys(("studies", "days", "events", "concordance", "feedback_days"), 0)
    performance = Performance()
    pairs = [(s, a) for a in world.algorithms for s in world.sites if world.has(s, a)]
    for number, (site, algorithm) in enumerate(pairs):
        for span in world.months():
            if tick:
                share = (number + span[0] / len(world.days)) / len(pairs)
                tick(share, f"{algorithm} {site}")
            with database.write() as connection:
                studies = _month(connection, world, (site, algorithm, span), faults, counts)
            performance.add(algorithm, site, world.days[span[0]], studies)
        with database.write() as connection:
            counts["events"] += _events(connection, world, site, algorithm, faults)
    if tick:
        tick(1.0, "")
    return {**truth(world, faults, performance), "written": counts}


def _month(
    connection: sa.Connection,
    world: World,
    where: tuple[str, str, tuple[int, int]],
    faults: Sequence[Fault],
    counts: dict[str, int],
) -> Studies:
    site, algorithm, span = where
    made, studies = world.by_equipment(site, algorithm, span, faults)
    mine = [one for one in faults if one.kind in DATA and one.at(site, algorithm)]
    counts["studies"] += sum(one.aggregate.studies for one in made)
    counts["days"] += aggregates.write(connection, _stored(made, mine))
    told = _told(world, site, algorithm, span, faults)
    rng = np.random.default_rng([world.seed, *map(ord, site + algorithm), span[0], 3])
    counts["concordance"] += concordance.write(connection, readers.concordance(studies, told, rng))
    counts["feedback_days"] += feedback.write(connection, readers.feedback(studies, told, rng))
    return studies


def _stored(made: Sequence[Day], faults: Sequence[Fault]) -> Iterator[StoredDay]:
    """As rows; a data fault leaves one out, doubles it, has it later, or damages it."""
    for one in made:
        kinds = {fault.kind for fault in faults if fault.on(one.day)}
        if "missing" in kinds:
            continue
        whole = one.aggregate + one.aggregate if "duplicated" in kinds else one.aggregate
        at = dt.datetime.combine(one.day, dt.time(), dt.UTC) + WRITTEN
        row = aggregates.of(
            wire.dump(whole), site=one.site, algorithm=one.algorithm, version=one.version,
            equipment=one.equipment.key, day=one.day, modality=one.modality,
            studies=whole.studies, at=at + dt.timedelta(days=LATE_DAYS * ("late" in kinds)),
        )  # fmt: skip
        yield dataclasses.replace(row, body=_bent(row.body)) if "corrupt" in kinds else row


def _bent(body: bytes) -> bytes:
    """One byte in the middle is another, as a bad disk leaves it."""
    middle = len(body) // 2
    return body[:middle] + bytes([body[middle] ^ 0x55]) + body[middle + 1 :]


def _told(
    world: World, site: str, algorithm: str, span: tuple[int, int], faults: Sequence[Fault]
) -> readers.Told:
    kind, days = KINDS[algorithm], world.days[slice(*span)]
    return readers.Told(
        site, algorithm, tuple(one.code for one in kind.labels), kind.whole, days, world.days[-1],
        [version(algorithm, site, day, faults) for day in days],
        [one.equipment.key for one in world.machines(site, algorithm)],
    )  # fmt: skip


def _events(
    connection: sa.Connection, world: World, site: str, algorithm: str, faults: Sequence[Fault]
) -> int:
    """What the platform notices by itself: its equipment, a new scanner, another version."""
    found = 0
    begun = world.days[0]
    met = Met(
        site, algorithm, "", KINDS[algorithm].modality, begun,
        dt.datetime.combine(begun, dt.time(9), dt.UTC),
    )  # fmt: skip
    for one in world.machines(site, algorithm):
        newcomers.described(connection, met, one.equipment)
    for fault in faults:
        if not fault.at(site, algorithm) or fault.kind not in {"scanner", "version"}:
            continue
        kind = EventKind.SCANNER if fault.kind == "scanner" else EventKind.VERSION
        new = world.machines(site, algorithm)[-1].equipment
        told = {"manufacturer": new.manufacturer, "model": new.model, "software": new.software}
        subject = new.key
        if kind is EventKind.VERSION:
            subject, told = version(algorithm, site, fault.day, faults), {}
        found += events.happened(
            connection, site=site, algorithm=algorithm, kind=kind, subject=subject, told=told,
            at=dt.datetime.combine(fault.day, dt.time(9), dt.UTC), day=fault.day,
        )  # fmt: skip
    return found


def _named(name: str) -> str:
    return f"{name} (simulated)"


def _title(site: str) -> str:
    """An AE title of at most 16 characters."""
    return f"SIM_{site.replace('-', '_').upper()}"[:16]
