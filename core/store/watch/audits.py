"""Results drawn at random for a blinded reading: which wait, and what their readers saw."""

import dataclasses
import datetime as dt
import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from core.domain.activation import Activation
from core.domain.errors import NotFoundError
from core.domain.feedback import Role, Truth
from core.domain.finding import Outcome
from core.store.tables import JobRow
from core.store.watch import activations
from core.store.watch.tables import AuditRow

KEY_FILE: Final = "audit.key"
KEY_BYTES: Final = 32
SUPERVISED_TIMES: Final = 5  #: so much larger is the share of an algorithm under supervision
_WHOLE: Final = 1 << 64
_EVALUATED: Final = (Outcome.FINDINGS.value, Outcome.NOTHING_FOUND.value)


@dataclasses.dataclass(frozen=True, slots=True)
class Audit:
    """A result that waits for a blinded reading, or has had it."""

    job_id: str
    study_id: str
    site: str
    algorithm: str
    version: str
    drawn_at: dt.datetime
    answered_at: dt.datetime | None = None
    role: Role | None = None
    truths: Mapping[str, Truth] = dataclasses.field(default_factory=dict)


def key_below(home: Path) -> bytes:
    """The secret of the draw, made where there is none: nobody foresees who is drawn without it.

    Losing it only means that results of the last days may be drawn a second time.
    """
    file = home / KEY_FILE
    try:
        made = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = file.read_bytes()
        if len(key) >= KEY_BYTES:
            return key
        made = os.open(file, os.O_WRONLY | os.O_TRUNC, 0o600)  # a power cut left it empty
    key = secrets.token_bytes(KEY_BYTES)
    with os.fdopen(made, "wb") as opened:
        opened.write(key)
        opened.flush()
        os.fsync(opened.fileno())
    return key


def is_drawn(key: bytes, job_id: str, share: float) -> bool:
    """Whether a result is among the drawn: HMAC-SHA-256 of its job's id, as a number in 0..1.

    It depends on nothing else: not on the answer, nor on who has opened it, nor on how often
    it is asked. A larger share draws the same ones and more.
    """
    told = hmac.new(key, job_id.encode(), hashlib.sha256).digest()[:8]
    return int.from_bytes(told, "big") < share * _WHOLE


def draw(
    connection: sa.Connection, *, key: bytes, share: float, since: dt.datetime, now: dt.datetime
) -> int:
    """Draw among all results that were evaluated since `since`; returns how many are new.

    Every result has one chance, however often this is called; under supervision it is
    `SUPERVISED_TIMES` as large. Where a study has a later
    revision with a result of the same algorithm and version, only that is drawn from.
    """
    later = sa.orm.aliased(JobRow)
    rows = connection.execute(
        sa.select(JobRow.id, JobRow.site, JobRow.algorithm)
        .where(
            JobRow.outcome.in_(_EVALUATED),
            JobRow.finished_at >= since,
            ~sa.exists().where(AuditRow.job_id == JobRow.id),
            ~sa.exists().where(
                later.study_id == JobRow.study_id, later.algorithm == JobRow.algorithm,
                later.version == JobRow.version, later.revision > JobRow.revision,
                later.outcome.in_(_EVALUATED),
            ),
        )
        .order_by(JobRow.id)
    )  # fmt: skip
    states = activations.all_states(connection)
    more = {key for key, one in states.items() if one.state is Activation.SUPERVISED}
    drawn = [
        {"job_id": row.id, "site": row.site, "algorithm": row.algorithm, "drawn_at": now,
         "truths": {}}
        for row in rows
        if is_drawn(key, row.id, share * (SUPERVISED_TIMES if tuple(row[1:]) in more else 1))
    ]  # fmt: skip
    if drawn:
        connection.execute(sa.insert(AuditRow), drawn)
    return len(drawn)


def waiting(connection: sa.Connection, *, site: str | None = None, limit: int = 200) -> list[Audit]:
    """What nobody has read yet, the oldest first."""
    query = _columns().where(AuditRow.answered_at.is_(None)).order_by(AuditRow.drawn_at, JobRow.id)
    return _audits(connection, query, site, limit)


def answered(
    connection: sa.Connection, *, site: str | None = None, limit: int = 200
) -> list[Audit]:
    """What was read, the newest reading first."""
    query = _columns().where(AuditRow.answered_at.is_not(None))
    return _audits(connection, query.order_by(AuditRow.answered_at.desc(), JobRow.id), site, limit)


def counts(connection: sa.Connection) -> dict[tuple[str, str], tuple[int, int]]:
    """(waiting, answered) by site and algorithm."""
    keys = (AuditRow.site, AuditRow.algorithm)
    done = sa.func.count(AuditRow.answered_at)
    rows = connection.execute(sa.select(*keys, sa.func.count() - done, done).group_by(*keys))
    return {(row[0], row[1]): (row[2], row[3]) for row in rows}


def get(connection: sa.Connection, job_id: str) -> Audit:
    """One of them; raises `NotFoundError` for a job that was not drawn."""
    found = of_jobs(connection, [job_id]).get(job_id)
    if found is None:
        message = "no such audit"
        raise NotFoundError(message)
    return found


def of_jobs(connection: sa.Connection, job_ids: Iterable[str]) -> dict[str, Audit]:
    """Those of these jobs that were drawn, by job."""
    rows = connection.execute(_columns().where(AuditRow.job_id.in_(list(job_ids))))
    return {row.job_id: _audit(row) for row in rows}


def answer(
    connection: sa.Connection,
    job_id: str,
    *,
    truths: Mapping[str, Truth],
    role: Role,
    now: dt.datetime,
) -> bool:
    """Keep what its reader saw; False where somebody has answered already: the first one holds."""
    done = connection.execute(
        sa.update(AuditRow)
        .where(AuditRow.job_id == job_id, AuditRow.answered_at.is_(None))
        .values(
            answered_at=now,
            role=role.value,
            truths={label: truth.value for label, truth in truths.items()},
        )
    )
    return done.rowcount == 1


def _columns() -> sa.Select:  # type: ignore[type-arg]
    return sa.select(*AuditRow.__table__.columns, JobRow.study_id, JobRow.version).join(
        JobRow, JobRow.id == AuditRow.job_id
    )


def _audits(
    connection: sa.Connection,
    query: sa.Select,  # type: ignore[type-arg]
    site: str | None,
    limit: int,
) -> list[Audit]:
    query = query.where(AuditRow.site == site) if site is not None else query
    return [_audit(row) for row in connection.execute(query.limit(limit))]


def _audit(row: sa.Row) -> Audit:  # type: ignore[type-arg]
    return Audit(
        row.job_id, row.study_id, row.site, row.algorithm, row.version, row.drawn_at,
        row.answered_at, Role(row.role) if row.role else None,
        {label: Truth(truth) for label, truth in row.truths.items()},
    )  # fmt: skip
