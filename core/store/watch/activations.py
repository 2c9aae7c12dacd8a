"""What each algorithm may do at each site: the latest change holds, and without one it is live."""

import datetime as dt

import sqlalchemy as sa

from core.domain.activation import Activated, Activation
from core.domain.event import EventKind
from core.store.watch import events
from core.store.watch.tables import ActivationRow


def state(connection: sa.Connection, site: str, algorithm: str) -> Activation:
    """What the algorithm may do at the site now."""
    found = latest(connection, site, algorithm)
    return found.state if found else Activation.LIVE


def latest(connection: sa.Connection, site: str, algorithm: str) -> Activated | None:
    """The change that holds, None where there was none."""
    return next(iter(history(connection, site, algorithm, limit=1)), None)


def history(
    connection: sa.Connection, site: str, algorithm: str, *, limit: int = 100
) -> list[Activated]:
    """Every change, the newest first."""
    rows = connection.execute(
        _query()
        .where(ActivationRow.site == site, ActivationRow.algorithm == algorithm)
        .order_by(ActivationRow.id.desc())
        .limit(limit)
    )
    return [_activated(row) for row in rows]


def all_states(connection: sa.Connection) -> dict[tuple[str, str], Activated]:
    """The latest change by (site, algorithm), of those that were ever changed."""
    newest = sa.select(sa.func.max(ActivationRow.id)).group_by(
        ActivationRow.site, ActivationRow.algorithm
    )
    rows = connection.execute(_query().where(ActivationRow.id.in_(newest)))
    return {(row.site, row.algorithm): _activated(row) for row in rows}


def change(connection: sa.Connection, changed: Activated, *, day: dt.date) -> bool:
    """Write a change and the event of it; False where it is so already."""
    if state(connection, changed.site, changed.algorithm) is changed.state:
        return False
    connection.execute(
        sa.insert(ActivationRow).values(
            site=changed.site,
            algorithm=changed.algorithm,
            state=changed.state.value,
            at=changed.at,
            by=changed.by,
            reason=changed.reason,
            case_id=changed.case_id,
        )
    )
    events.happened(
        connection,
        site=changed.site,
        algorithm=changed.algorithm,
        kind=EventKind.ACTIVATION,
        subject=f"{changed.state}@{changed.at.isoformat()}",
        told={"state": changed.state.value},
        at=changed.at,
        day=day,
    )
    return True


def _query() -> sa.Select:  # type: ignore[type-arg]
    return sa.select(
        ActivationRow.site, ActivationRow.algorithm, ActivationRow.state, ActivationRow.at,
        ActivationRow.by, ActivationRow.reason, ActivationRow.case_id,
    )  # fmt: skip


def _activated(row: sa.Row) -> Activated:  # type: ignore[type-arg]
    return Activated(**{**row._asdict(), "state": Activation(row.state)})
