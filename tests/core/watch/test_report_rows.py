"""Which study a report is of, and which report holds, on both databases."""

import datetime as dt

import pytest

from core.domain.feedback import Truth
from core.store.database import Database
from core.store.watch import reports
from core.store.watch.reports import Address, Became, Report
from tests.core.conftest import NOW
from tests.core.watch import answered
from tests.core.watch.answered import PNEUMOTHORAX, SITE

HOUR = dt.timedelta(hours=1)


def test_a_study_is_found_by_either_number(database: Database) -> None:
    one = answered.study(database, uid="2.25.1", accession="A1")
    two = answered.study(database, uid="2.25.2", accession="A2")
    twins = [answered.study(database, uid=f"2.25.{n}", accession="B") for n in (3, 4)]
    asked = {
        Address(SITE, "2.25.1"): [one],
        Address(SITE, "", "A2"): [two],
        Address(SITE, "2.25.1", "A1"): [one],
        Address(SITE, "2.25.1", "A2"): [],
        Address(SITE, "2.25.9"): [],
        Address("elsewhere", "2.25.1"): [],
        Address(SITE, "", "B"): sorted(twins),
        Address(SITE, "2.25.3", "B"): [twins[0]],
        Address(SITE): [],
    }
    with database.read() as connection:
        assert reports.studies_at(connection, asked) == asked
        assert reports.studies_at(connection, []) == {}


def test_the_report_that_was_signed_last_holds(database: Database) -> None:
    study = answered.study(database)

    def came(after: int, truth: Truth, rules: str = "") -> Became:
        at = NOW + after * HOUR
        report = Report(study, at, NOW, "api", {PNEUMOTHORAX: truth}, rules)
        with database.write() as connection:
            reports.hold(connection, [study])
            return reports.store(connection, report)

    with database.read() as connection:
        assert reports.get(connection, study) is None
    assert came(1, Truth.PRESENT) is Became.STORED
    assert came(1, Truth.PRESENT) is Became.UNCHANGED
    assert came(0, Truth.ABSENT) is Became.OLDER
    assert came(1, Truth.ABSENT) is Became.REPLACED, "the same signature, read anew"
    assert came(1, Truth.ABSENT, "2026.2") is Became.REPLACED, "by other rules"
    assert came(2, Truth.UNCERTAIN) is Became.REPLACED
    with database.read() as connection:
        found = reports.get(connection, study)
    assert found == Report(study, NOW + 2 * HOUR, NOW, "api", {PNEUMOTHORAX: Truth.UNCERTAIN})


@pytest.mark.parametrize("table", ["report", "feedback", "comparison", "audit"])
def test_no_column_could_hold_a_text_or_a_name(database: Database, table: str) -> None:
    """What people write about a patient is not kept: there is no room for it."""
    with database.read() as connection:
        rows = connection.exec_driver_sql(f"SELECT * FROM {table}")  # noqa: S608 - a constant
        columns = set(rows.keys())
    assert not columns & {"text", "comment", "note", "name", "user", "reader", "patient_id"}
