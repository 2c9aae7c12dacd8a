"""References: frozen, numbered by stream, with a checksum. The latest number holds."""

import dataclasses
import datetime as dt
import hashlib
from typing import Any, Final

import sqlalchemy as sa

from core.domain.watch import Stream
from core.store.watch.tables import ReferenceRow


@dataclasses.dataclass(frozen=True, slots=True)
class KnownReference:
    """What is known of a reference: from which days and how many studies, who learned it, why.

    `version` is the algorithm's at the time; `learned_at` is UTC.
    """

    site: str
    algorithm: str
    number: int
    version: str
    from_day: dt.date
    to_day: dt.date
    studies: int
    learned_at: dt.datetime
    by: str
    reason: str


@dataclasses.dataclass(frozen=True, slots=True)
class StoredReference:
    """A reference with its content, `monitoring.drift.engine.Reference.dump`'s bytes."""

    known: KnownReference
    body: bytes
    sha256: str

    @property
    def intact(self) -> bool:
        """Whether the row is what was written."""
        return self.sha256 == _checksum(self.known, self.body)


_KNOWN: Final = tuple(field.name for field in dataclasses.fields(KnownReference))


def _checksum(known: KnownReference, body: bytes) -> str:
    """Of the content and of what says whose it is."""
    told = (
        known.site, known.algorithm, str(known.number), known.from_day.isoformat(),
        known.to_day.isoformat(), str(known.studies),
    )  # fmt: skip
    return hashlib.sha256("\x1f".join(told).encode() + b"\x1f" + body).hexdigest()


def add(
    connection: sa.Connection,
    stream: Stream,
    *,
    version: str,
    from_day: dt.date,
    to_day: dt.date,
    studies: int,
    learned_at: dt.datetime,
    by: str,
    reason: str,
    body: bytes,
) -> int:
    """Write the stream's next reference; returns its number. Earlier ones stay as they are."""
    newest = connection.execute(
        sa.select(sa.func.max(ReferenceRow.number)).where(*_stream(stream))
    ).scalar_one_or_none()
    known = KnownReference(
        stream.site, stream.algorithm, (newest or 0) + 1, version, from_day, to_day, studies,
        learned_at, by, reason,
    )  # fmt: skip
    values = {**dataclasses.asdict(known), "body": body, "sha256": _checksum(known, body)}
    connection.execute(sa.insert(ReferenceRow).values(**values))
    return known.number


def latest(connection: sa.Connection, algorithm: str) -> dict[str, StoredReference]:
    """The reference that holds, with its content, by scope: a site, `*` or `trust:` and a key."""
    rows = connection.execute(
        sa.select(*ReferenceRow.__table__.columns).where(
            ReferenceRow.algorithm == algorithm, _newest()
        )
    )
    return {row.site: StoredReference(_known(row), row.body, row.sha256) for row in rows}


def all_latest(connection: sa.Connection) -> list[KnownReference]:
    """The references that hold, of all streams, without their content."""
    query = sa.select(*_columns()).where(_newest())
    ordered = query.order_by(ReferenceRow.algorithm, ReferenceRow.site)
    return [_known(row) for row in connection.execute(ordered)]


def of(connection: sa.Connection, stream: Stream) -> list[KnownReference]:
    """Every reference that a stream has had, the latest first."""
    rows = connection.execute(
        sa.select(*_columns()).where(*_stream(stream)).order_by(ReferenceRow.number.desc())
    )
    return [_known(row) for row in rows]


def _stream(stream: Stream) -> tuple[sa.ColumnElement[bool], ...]:
    return ReferenceRow.site == stream.site, ReferenceRow.algorithm == stream.algorithm


def _newest() -> sa.ColumnElement[bool]:
    other = ReferenceRow.__table__.alias("other")
    highest = sa.select(sa.func.max(other.c.number)).where(
        other.c.site == ReferenceRow.site, other.c.algorithm == ReferenceRow.algorithm
    )
    return ReferenceRow.number == highest.scalar_subquery()


def _columns() -> list[sa.ColumnElement[Any]]:
    return [ReferenceRow.__table__.c[name] for name in _KNOWN]


def _known(row: sa.Row) -> KnownReference:  # type: ignore[type-arg]
    return KnownReference(**{name: getattr(row, name) for name in _KNOWN})
