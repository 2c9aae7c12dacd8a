"""Counting a day: the same whatever was counted before, and by whom at once."""

import datetime as dt
import threading
from collections import Counter
from collections.abc import Mapping

import pytest
import sqlalchemy as sa

from core.domain.feedback import Source, Truth
from core.store.database import Database
from core.store.watch import concordance
from core.store.watch.concordance import Counted
from core.store.watch.tables import ComparisonRow
from tests.core.conftest import NOW
from tests.core.watch import answered
from tests.core.watch.answered import SITE

DAY = NOW.date()
CELLS = {
    (True, "present"): "true_positive", (True, "absent"): "false_positive",
    (False, "present"): "false_negative", (False, "absent"): "true_negative",
    (True, "uncertain"): "unknown", (False, "unknown"): "unknown",
}  # fmt: skip


def compared(database: Database, cells: Mapping[tuple[bool, str], int]) -> list[dict[str, object]]:
    """So many comparisons of each kind, all of women, every other one with an age."""
    rows: list[dict[str, object]] = []
    study = answered.study(database)
    for (called, truth), count in cells.items():
        for _ in range(count):
            number = len(rows) + 1
            job = answered.queued(database, study, revision=number)
            groups = ["sex:F", "age:80+"] if number % 2 else ["sex:F"]
            rows.append({
                "job_id": job, "label": "any", "source": "report", "site": SITE,
                "algorithm": "chest", "version": "1.0.0", "day": DAY, "called": called,
                "truth": truth, "groups": groups, "at": NOW,
            })  # fmt: skip
    with database.write() as connection:
        connection.execute(sa.insert(ComparisonRow), rows)
    return rows


def of(database: Database, **asked: object) -> list[Counted]:
    chosen = {"algorithm": "chest", "first": DAY, "last": DAY, **asked}
    with database.read() as connection:
        return concordance.of(connection, **chosen)  # type: ignore[arg-type]


def recount(database: Database) -> int:
    with database.write() as connection:
        return concordance.recount(connection, SITE, "chest", DAY)


def test_a_day_is_counted_by_subgroup(database: Database) -> None:
    cells = dict(zip(CELLS, (3, 1, 2, 4, 1, 1), strict=True))
    rows = compared(database, cells)
    assert recount(database) == 3
    for subgroup in ("", "sex:F", "age:80+"):
        (one,) = of(database, subgroup=subgroup)
        mine = [row for row in rows if not subgroup or subgroup in row["groups"]]  # type: ignore[operator]
        wanted = Counter(CELLS[row["called"], row["truth"]] for row in mine)  # type: ignore[index]
        found = {name: getattr(one, name) for name in set(CELLS.values())}
        assert found == {name: wanted[name] for name in found}
        assert one.known == sum(wanted.values()) - wanted["unknown"]
    assert recount(database) == 3, "idempotent"
    assert len(of(database, label=None)) == 3


def test_what_is_no_longer_compared_is_no_longer_counted(database: Database) -> None:
    compared(database, {(True, "present"): 1, (True, "absent"): 1})
    recount(database)
    with database.write() as connection:
        connection.execute(sa.delete(ComparisonRow).where(ComparisonRow.truth == "absent"))
    recount(database)
    (one,) = of(database, subgroup="")
    assert (one.true_positive, one.false_positive) == (1, 0)
    with database.write() as connection:
        connection.execute(sa.delete(ComparisonRow))
    assert recount(database) == 0
    assert of(database, subgroup=None) == []


def test_what_is_chosen(database: Database) -> None:
    one = Counted(SITE, "chest", "1.0.0", DAY, "any", Source.REPORT, "", true_positive=1)
    others = [
        Counted("bergen", "chest", "1.0.0", DAY, "any", Source.REPORT, "", unknown=1),
        Counted(SITE, "chest", "1.0.0", DAY, "1", Source.AUDIT, "sex:F", true_negative=2),
        Counted(SITE, "wrist", "1.0.0", DAY, "any", Source.REPORT, "", false_positive=3),
        Counted(SITE, "chest", "1.0.0", DAY + dt.timedelta(1), "any", Source.REPORT, ""),
    ]
    with database.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO site (key, name, trust) SELECT 'bergen', 'Bergen', trust FROM site"
        )
        assert concordance.write(connection, [one, *others]) == 5
        assert concordance.write(connection, [one]) == 1, "the same key is replaced"
        assert concordance.write(connection, []) == 0
    assert of(database) == [others[0], one]
    assert of(database, site=SITE) == [one]
    assert of(database, site=SITE, label=None) == [others[1], one]
    assert of(database, label=None, subgroup="sex:F") == [others[1]]
    assert of(database, site=SITE, last=DAY + dt.timedelta(1)) == [one, others[3]]


def test_two_that_count_at_once(database: Database) -> None:
    """Neither fails, and the counts are right: on PostgreSQL the second waits for the first."""
    compared(database, {(True, "present"): 2, (False, "absent"): 2})
    failed: list[BaseException] = []

    def count() -> None:
        try:
            for _ in range(5):
                recount(database)
        except BaseException as error:  # noqa: BLE001 - told below
            failed.append(error)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    (one,) = of(database, subgroup="")
    assert (one.true_positive, one.true_negative) == (2, 2)


@pytest.mark.parametrize("truth", [one for one in Truth if one.value in {"uncertain", "unknown"}])
def test_what_is_not_known_is_counted_apart(database: Database, truth: Truth) -> None:
    compared(database, {(True, truth.value): 1})
    recount(database)
    (one,) = of(database, subgroup="")
    assert (one.known, one.unknown) == (0, 1)
