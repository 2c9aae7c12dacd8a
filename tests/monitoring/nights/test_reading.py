"""Rows into histories: damage of every kind is seen, and the day left out whole."""

import base64
import dataclasses
import datetime as dt
import json
import zlib
from collections.abc import Callable

import pytest

from core.store.watch import aggregates
from core.store.watch.aggregates import StoredDay
from monitoring.aggregates.aggregate import Aggregate
from monitoring.nights.reading import Histories, checked, missing, readable
from tests.monitoring.nights.conftest import DAY, YESTERDAY, stored


def signed(row: StoredDay, body: bytes, **more: object) -> StoredDay:
    """The row with another body and a checksum that fits it: written so, not damaged since."""
    values = {name: getattr(row, name) for name in row.__slots__ if name not in {"sha256", "body"}}
    return aggregates.of(body, **{**values, **more})


def unpacked(row: StoredDay, **more: object) -> bytes:
    body = json.loads(zlib.decompress(row.body))
    return zlib.compress(json.dumps({**body, **more}).encode())


def flipped(row: StoredDay) -> StoredDay:
    middle = len(row.body) // 2
    body = row.body[:middle] + bytes([row.body[middle] ^ 4]) + row.body[middle + 1 :]
    return dataclasses.replace(row, body=body)


DAMAGE: dict[str, Callable[[StoredDay], StoredDay]] = {
    "a flipped bit": flipped,
    "truncated": lambda row: dataclasses.replace(row, body=row.body[:-20]),
    "empty": lambda row: dataclasses.replace(row, body=b""),
    "another day's body": lambda row: dataclasses.replace(row, day=row.day - DAY),
    "another site's": lambda row: dataclasses.replace(row, site="voss"),
    "another count in the row": lambda row: dataclasses.replace(row, studies=row.studies + 1),
    "truncated when it was written": lambda row: signed(row, row.body[:-20]),
    "another form": lambda row: signed(row, unpacked(row, form=2)),
    "no aggregate at all": lambda row: signed(row, zlib.compress(b"[]")),
    "counts that do not add up": lambda row: signed(row, unpacked(row, positives=10_000)),
    "a sum that is no number": lambda row: signed(
        row, unpacked(row, numbers={"kvp": [1, float("inf"), 1.0]})
    ),
    "features of another length": lambda row: signed(
        row, unpacked(row, features=[3, base64.b64encode(bytes(12)).decode()])
    ),
    "studies that the row does not have": lambda row: signed(row, row.body, studies=3),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_of_every_kind_is_seen(kind: str) -> None:
    row = stored("haukeland", YESTERDAY)
    assert checked(row).studies == row.studies
    assert not readable(DAMAGE[kind](row))


@pytest.mark.parametrize("first", [True, False])
def test_a_day_of_which_a_row_is_damaged_is_left_out_whole(first: bool) -> None:
    rows = [stored("haukeland", YESTERDAY, equipment=key * 16) for key in "12"]
    rows[0 if first else 1] = flipped(rows[0 if first else 1])
    found = Histories()
    found.add([*rows, stored("voss", YESTERDAY)])
    assert not found.by_site.get("haukeland")
    assert set(found.damaged) == {("haukeland", YESTERDAY)}
    assert found.by_site["voss"][YESTERDAY].studies == 40


def test_a_day_is_the_sum_over_versions_and_equipment() -> None:
    found = Histories()
    found.add(stored("haukeland", YESTERDAY, equipment=key * 16) for key in "123")
    assert found.by_site["haukeland"][YESTERDAY].studies == 120


def test_a_day_that_is_read_again_counts_once() -> None:
    found = Histories()
    rows = [stored("haukeland", YESTERDAY)]
    found.add(rows)
    found.forget("haukeland", YESTERDAY)
    found.add(rows)
    assert found.by_site["haukeland"][YESTERDAY].studies == 40


def history(days: int, studies: int = 40) -> dict[dt.date, Aggregate]:
    return {YESTERDAY - n * DAY: Aggregate(studies, 0, 0, {"failed": studies}) for n in range(days)}


def test_a_weekday_with_usual_traffic_and_no_row_is_missing() -> None:
    days = history(60)
    gone = [YESTERDAY, YESTERDAY - 3 * DAY]
    for day in gone:
        del days[day]
    assert missing(days, YESTERDAY - 6 * DAY, YESTERDAY) == sorted(gone)


def test_a_day_without_usual_traffic_is_not() -> None:
    days = {day: one for day, one in history(60).items() if day.weekday() < 5}
    assert missing(days, YESTERDAY - 10 * DAY, YESTERDAY) == []  # the weekends of a clinic
    few = history(60, studies=2)
    del few[YESTERDAY]
    assert missing(few, YESTERDAY - 6 * DAY, YESTERDAY) == []
    assert missing({}, YESTERDAY, YESTERDAY) == []


def test_what_is_damaged_is_not_missing() -> None:
    days = history(60)
    del days[YESTERDAY]
    assert missing(days, YESTERDAY - DAY, YESTERDAY, known=[YESTERDAY]) == []
