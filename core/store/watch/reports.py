"""What final reports say of studies. Their text is not kept."""

import dataclasses
import datetime as dt
import enum
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import sqlalchemy as sa

from core.domain.feedback import Truth
from core.store.dialect import insert
from core.store.tables import StudyRow
from core.store.watch.tables import ReportRow

_VALUES: Final = ("at", "received_at", "source", "rules", "truths")


class Became(enum.StrEnum):
    """What became of a report that arrived."""

    STORED = "stored"  #: the study's first
    REPLACED = "replaced"  #: it is the later one, and holds now
    UNCHANGED = "unchanged"  #: the same was here already
    OLDER = "older"  #: a later one is here: this one is not kept
    NO_STUDY = "no-study"  #: Varde has no such study
    SEVERAL_STUDIES = "several-studies"  #: its accession number belongs to more than one


@dataclasses.dataclass(frozen=True, slots=True)
class Report:
    """A study's final report as codes. `rules`: the version that read its text; empty: none did."""

    study_id: str
    at: dt.datetime  #: when it was signed
    received_at: dt.datetime
    source: str  #: api, csv
    truths: Mapping[str, Truth]
    rules: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Address:
    """What a report says it is about: one of the two numbers, or both."""

    site: str
    study_uid: str = ""
    accession_number: str = ""


def get(connection: sa.Connection, study_id: str) -> Report | None:
    """The report that holds for a study."""
    return of_studies(connection, [study_id]).get(study_id)


def of_studies(connection: sa.Connection, study_ids: Iterable[str]) -> dict[str, Report]:
    """The reports that hold for these studies, by study."""
    rows = connection.execute(
        sa.select(*ReportRow.__table__.columns).where(ReportRow.study_id.in_(list(study_ids)))
    )
    return {row.study_id: _report(row) for row in rows}


def hold(connection: sa.Connection, study_ids: Iterable[str]) -> None:
    """Hold these studies, in one order: two reports of one study come one after the other."""
    connection.execute(
        sa.select(StudyRow.id)
        .where(StudyRow.id.in_(sorted(set(study_ids))))
        .order_by(StudyRow.id)
        .with_for_update(key_share=True)
    )


def store(connection: sa.Connection, report: Report) -> Became:
    """Keep one report as `store_all` does."""
    return store_all(connection, [report])[0]


def store_all(connection: sa.Connection, arrived: Sequence[Report]) -> list[Became]:
    """Keep each report unless a later one is here; of two signed at once the last to come holds.

    Needs studies that are here, and held where others may write at once.
    """
    known = of_studies(connection, {one.study_id for one in arrived})
    became = []
    fresh: dict[str, Report] = {}
    for one in arrived:
        before = known.get(one.study_id)
        became.append(_became(before, one))
        if became[-1] in {Became.STORED, Became.REPLACED}:
            known[one.study_id] = fresh[one.study_id] = one
    if fresh:
        statement = insert(connection, ReportRow)
        values = {name: statement.excluded[name] for name in _VALUES}
        statement = statement.on_conflict_do_update(index_elements=["study_id"], set_=values)
        connection.execute(statement, [_row(one) for one in fresh.values()])
    return became


def _became(before: Report | None, one: Report) -> Became:
    if before is None:
        return Became.STORED
    if one.at < before.at:
        return Became.OLDER
    same = (before.at, dict(before.truths), before.rules) == (one.at, dict(one.truths), one.rules)
    return Became.UNCHANGED if same else Became.REPLACED


def _row(report: Report) -> dict[str, object]:
    truths = {label: truth.value for label, truth in sorted(report.truths.items())}
    return {**{name: getattr(report, name) for name in ("study_id", *_VALUES)}, "truths": truths}


def _report(row: sa.Row) -> Report:  # type: ignore[type-arg]
    truths = {label: Truth(truth) for label, truth in row.truths.items()}
    return Report(row.study_id, row.at, row.received_at, row.source, truths, row.rules)


def studies_at(connection: sa.Connection, addresses: Iterable[Address]) -> dict[Address, list[str]]:
    """The ids of the studies that each address names: none, one, or several.

    All are looked up at once: there is no index on accession numbers.
    """
    asked = list(dict.fromkeys(addresses))
    found = {
        *_found(connection, asked, StudyRow.study_uid, [one.study_uid for one in asked]),
        *_found(
            connection, asked, StudyRow.accession_number, [one.accession_number for one in asked]
        ),
    }
    by_uid: dict[tuple[str, str], set[tuple[str, str, str, str]]] = {}
    by_number: dict[tuple[str, str], set[tuple[str, str, str, str]]] = {}
    for row in found:
        by_uid.setdefault((row[1], row[2]), set()).add(row)
        by_number.setdefault((row[1], row[3]), set()).add(row)
    named = {}
    for one in asked:
        of_uid = by_uid.get((one.site, one.study_uid), set()) if one.study_uid else None
        of_number = (
            by_number.get((one.site, one.accession_number), set()) if one.accession_number else None
        )
        rows = (of_uid if of_number is None else of_number if of_uid is None
                else of_uid & of_number)  # fmt: skip
        named[one] = sorted(row[0] for row in rows or ())
    return named


def _found(
    connection: sa.Connection,
    asked: list[Address],
    column: sa.orm.InstrumentedAttribute[str],
    values: list[str],
) -> list[tuple[str, str, str, str]]:
    """(id, site, study UID, accession number) of what has one of these values at these sites."""
    wanted = sorted({value for value in values if value})
    if not wanted:
        return []
    rows = connection.execute(
        sa.select(StudyRow.id, StudyRow.site, StudyRow.study_uid, StudyRow.accession_number).where(
            StudyRow.site.in_({one.site for one in asked}), column.in_(wanted)
        )
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]
