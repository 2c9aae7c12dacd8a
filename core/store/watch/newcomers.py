"""What a site's algorithm meets for the first time: equipment, its software, versions.

Told from what workers observe; each opens a case "verify again" through its event.
"""

import dataclasses
import datetime as dt
from typing import Final

import sqlalchemy as sa

from core.domain.equipment import Equipment
from core.domain.event import EventKind
from core.store.dialect import insert
from core.store.watch import events
from core.store.watch.tables import AggregateRow, EquipmentRow, EventRow, ObservationRow

LONGEST: Final = 64  #: characters of what an event tells
MOST: Final = 500  #: pieces of equipment that a site can have: more means headers that mean nothing


@dataclasses.dataclass(frozen=True, slots=True)
class Met:
    """Who met it, and when; `day` in Norway, `at` UTC."""

    site: str
    algorithm: str
    version: str
    modality: str
    day: dt.date
    at: dt.datetime


def version(connection: sa.Connection, met: Met) -> None:
    """Tell of a version that the site has no trace of."""
    told = sa.exists().where(
        EventRow.site == met.site,
        EventRow.algorithm == met.algorithm,
        EventRow.kind == EventKind.VERSION.value,
        EventRow.subject == met.version,
    )
    traces = [
        sa.exists().where(
            table.site == met.site,
            table.algorithm == met.algorithm,
            table.version == met.version,
        )
        for table in (ObservationRow, AggregateRow)
    ]
    if not connection.execute(sa.select(sa.or_(told, *traces))).scalar_one():
        _happened(connection, met, EventKind.VERSION, met.version, {})


def equipment(connection: sa.Connection, met: Met, found: Equipment) -> bool:
    """Note the equipment, and tell where it is new; False where the site has too many."""
    keys = connection.execute(
        sa.select(EquipmentRow.key).where(
            EquipmentRow.site == met.site, EquipmentRow.scanner == found.scanner
        )
    ).scalars().all()  # fmt: skip
    if found.key not in keys and not described(connection, met, found):
        return False
    seen = connection.execute(
        sa.select(EventRow.subject).where(
            EventRow.site == met.site,
            EventRow.algorithm == met.algorithm,
            EventRow.kind.in_((EventKind.SCANNER.value, EventKind.SOFTWARE.value)),
            EventRow.subject.in_((*keys, found.key)),
        )
    ).scalars().all()  # fmt: skip
    if found.key not in seen:
        kind = EventKind.SOFTWARE if seen else EventKind.SCANNER
        _happened(connection, met, kind, found.key, _told(met, found))
    return True


def described(connection: sa.Connection, met: Met, found: Equipment) -> bool:
    """Write what a piece of equipment is, and tell nobody; False where the site has too many."""
    count = connection.execute(
        sa.select(sa.func.count()).where(EquipmentRow.site == met.site)
    ).scalar_one()
    if count >= MOST:
        return False
    row = {
        **_told(met, found),
        "site": met.site, "key": found.key, "scanner": found.scanner,
        "first_at": met.at,
    }  # fmt: skip
    connection.execute(insert(connection, EquipmentRow).values(**row).on_conflict_do_nothing())
    return True


def _told(met: Met, found: Equipment) -> dict[str, str]:
    """What may be shown of it: never the serial, not even its hash."""
    told = {
        "manufacturer": found.manufacturer,
        "model": found.model,
        "software": found.software,
        "modality": met.modality,
    }
    return {name: _clean(value) for name, value in told.items()}


def _clean(text: str) -> str:
    """Printable, and not long: whoever calls may have forgotten."""
    return "".join(c for c in text if c.isprintable())[:LONGEST]


def _happened(
    connection: sa.Connection,
    met: Met,
    kind: EventKind,
    subject: str,
    told: dict[str, str],
) -> None:
    events.happened(
        connection, site=met.site, algorithm=met.algorithm, kind=kind,
        subject=subject, told=told, at=met.at, day=met.day,
    )  # fmt: skip
