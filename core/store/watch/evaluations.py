"""Evaluations: how each stream stood at the end of each day, as JSON beside the columns."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import sqlalchemy as sa

from core.domain.watch import Chart, Evaluation, Member, Point, Signal, Standing, Stream
from core.store.watch.batches import STREAM, upsert
from core.store.watch.tables import EvaluationRow

DIGITS: Final = 6  #: significant ones; limits are not known better than that
_KEY: Final = ("site", "algorithm", "day")

SIGNALS: Final = frozenset(one.value for one in Signal)
CHARTS: Final = frozenset(one.value for one in Chart)


def write(connection: sa.Connection, evaluations: Iterable[Evaluation], at: dt.datetime) -> int:
    """Insert or replace these; returns how many. `at` is when they were made, UTC."""
    return upsert(connection, EvaluationRow, evaluations, lambda one: _row(one, at), _KEY)


def between(
    connection: sa.Connection, stream: Stream, first: dt.date, last: dt.date
) -> list[Evaluation]:
    """Those of a stream from `first` to `last`, both included, the oldest first."""
    rows = connection.execute(
        _query()
        .where(
            EvaluationRow.site == stream.site,
            EvaluationRow.algorithm == stream.algorithm,
            EvaluationRow.day.between(first, last),
        )
        .order_by(EvaluationRow.day)
    )
    return [_evaluation(row) for row in rows]


def latest(connection: sa.Connection) -> list[Evaluation]:
    """The newest of every stream, by algorithm and site."""
    newest = (
        sa.select(
            EvaluationRow.site, EvaluationRow.algorithm, sa.func.max(EvaluationRow.day).label("day")
        )
        .group_by(EvaluationRow.site, EvaluationRow.algorithm)
        .subquery()
    )
    same = [newest.c[name] == getattr(EvaluationRow, name) for name in _KEY]
    rows = connection.execute(
        _query().join(newest, sa.and_(*same)).order_by(EvaluationRow.algorithm, EvaluationRow.site)
    )
    return [_evaluation(row) for row in rows]


def of_algorithm(
    connection: sa.Connection, algorithm: str, first: dt.date, last: dt.date
) -> Iterator[tuple[Evaluation, dt.datetime]]:
    """Those of all streams of an algorithm with the time when each was made, as they are used."""
    query = _query().where(
        EvaluationRow.algorithm == algorithm, EvaluationRow.day.between(first, last)
    )
    for row in connection.execute(query, execution_options=STREAM):
        yield _evaluation(row), row.at


def made(
    connection: sa.Connection, algorithm: str, first: dt.date, last: dt.date
) -> dict[tuple[str, dt.date], dt.datetime]:
    """When each (scope, day) of an algorithm was evaluated."""
    rows = connection.execute(
        sa.select(EvaluationRow.site, EvaluationRow.day, EvaluationRow.at).where(
            EvaluationRow.algorithm == algorithm, EvaluationRow.day.between(first, last)
        )
    )
    return {(row[0], row[1]): row[2] for row in rows}


def newest(connection: sa.Connection, algorithm: str) -> dict[str, dt.date]:
    """The newest day that each scope of an algorithm was evaluated for."""
    rows = connection.execute(
        sa.select(EvaluationRow.site, sa.func.max(EvaluationRow.day))
        .where(EvaluationRow.algorithm == algorithm)
        .group_by(EvaluationRow.site)
    )
    return {row[0]: row[1] for row in rows}


def rounded(evaluation: Evaluation) -> Evaluation:
    """The evaluation as it will be read again: what tells whether it has changed."""
    row = _row(evaluation, dt.datetime.min.replace(tzinfo=dt.UTC))
    return _loaded(row, row["body"])


def _query() -> sa.Select:  # type: ignore[type-arg]
    return sa.select(*EvaluationRow.__table__.columns)


def _row(one: Evaluation, at: dt.datetime) -> dict[str, Any]:
    return {
        "site": one.stream.site, "algorithm": one.stream.algorithm, "day": one.day,
        "reference": one.reference, "studies": one.studies, "today": one.today,
        "standing": one.standing.value, "at": at,
        "body": {"points": [_dumped(point) for point in one.points], "notes": list(one.notes)},
    }  # fmt: skip


def _dumped(point: Point) -> dict[str, Any]:
    return {
        "signal": point.signal.value, "chart": point.chart.value,
        "score": None if point.score is None else _short(point.score),
        "standing": point.standing.value,
        "members": [
            [one.name, _short(one.value), _short(one.low), _short(one.high), _short(one.score)]
            for one in point.members
        ],
    }  # fmt: skip


def _short(value: float) -> float | None:
    """With `DIGITS` digits; JSON has no word for what is not finite."""
    short = float(f"{value:.{DIGITS}g}")
    return short if abs(short) < float("inf") else None


def _evaluation(row: sa.Row) -> Evaluation:  # type: ignore[type-arg]
    return _loaded(row._asdict(), row.body)


def _loaded(row: Mapping[str, Any], body: Mapping[str, Any]) -> Evaluation:
    return Evaluation(
        stream=Stream(row["site"], row["algorithm"]),
        day=row["day"],
        reference=row["reference"],
        studies=row["studies"],
        today=row["today"],
        standing=Standing(row["standing"]),
        points=tuple(_point(told) for told in body.get("points", ()) if _known(told)),
        notes=tuple(body.get("notes", ())),
    )


def _known(told: Mapping[str, Any]) -> bool:
    """Whether this program knows the signal and the chart: a later one may have written more."""
    return told["signal"] in SIGNALS and told["chart"] in CHARTS


def _point(told: Mapping[str, Any]) -> Point:
    """What a later program wrote beside is not looked at."""
    members = (Member(name, *map(_number, values[:4])) for name, *values in told.get("members", ()))
    return Point(
        Signal(told["signal"]),
        Chart(told["chart"]),
        told.get("score"),
        Standing(told["standing"]),
        tuple(members),
    )


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)
