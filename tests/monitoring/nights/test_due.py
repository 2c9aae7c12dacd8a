"""Which days are evaluated: all that were not, all that follow a late one, and no others."""

import datetime as dt

import pytest

from monitoring.nights import due
from monitoring.nights.due import Known
from tests.monitoring.nights.conftest import DAY, NIGHT, YESTERDAY

SITES = ("haukeland", "voss")


def known(
    *, written: int = 200, evaluated_until: dt.date | None = None, first: dt.date | None = None
) -> Known:
    """Two sites with days up to yesterday, evaluated up to a day."""
    days = [YESTERDAY - n * DAY for n in range(written)]
    done = [day for day in days if evaluated_until and day <= evaluated_until]
    return Known(
        first or days[-1],
        dict.fromkeys(SITES, evaluated_until) if evaluated_until else {},
        {(site, day): NIGHT - DAY for site in SITES for day in done},
        {(site, day): NIGHT - 2 * DAY for site in SITES for day in days},
    )


def days(one: Known, until: dt.date = YESTERDAY) -> list[dt.date]:
    return due.days(one, until, began=NIGHT - DAY)


def test_yesterday_alone_on_a_usual_night() -> None:
    assert days(known(evaluated_until=YESTERDAY - DAY)) == [YESTERDAY]
    assert days(known(evaluated_until=YESTERDAY)) == []


def test_days_that_were_missed() -> None:
    assert days(known(evaluated_until=YESTERDAY - 3 * DAY)) == [
        YESTERDAY - 2 * DAY, YESTERDAY - DAY, YESTERDAY,
    ]  # fmt: skip


def test_no_further_back_than_catching_up_goes() -> None:
    for one in (known(), known(evaluated_until=YESTERDAY - 150 * DAY)):
        assert len(days(one)) == due.CATCH_UP
        assert days(one)[-1] == YESTERDAY
    assert days(known(written=5)) == [YESTERDAY - n * DAY for n in (4, 3, 2, 1, 0)]


def test_a_site_that_is_new_is_evaluated_with_the_others() -> None:
    one = known(evaluated_until=YESTERDAY)
    fresh = {("ahus", YESTERDAY - n * DAY): NIGHT for n in range(3)}
    assert len(days(Known(one.first, one.newest, one.made, {**one.written, **fresh}))) == 90


@pytest.mark.parametrize("back", [0, 4, 170])
def test_from_a_late_day_on(back: int) -> None:
    one = known(evaluated_until=YESTERDAY)
    late = YESTERDAY - back * DAY
    written = {**one.written, ("voss", late): NIGHT}
    found = Known(one.first, one.newest, one.made, written)
    assert due.late(found, NIGHT - DAY) == [("voss", late)]
    assert days(found) == [late + n * DAY for n in range(back + 1)]


def test_a_day_that_nobody_had_evaluated_is_late_if_it_came_since() -> None:
    one = known(evaluated_until=YESTERDAY)
    gap = ("voss", YESTERDAY - 5 * DAY)
    made = {key: at for key, at in one.made.items() if key != gap}
    old = Known(one.first, one.newest, made, one.written)
    assert due.late(old, NIGHT - DAY) == []  # it was there already, and is looked at no more
    came = Known(one.first, one.newest, made, {**one.written, gap: NIGHT})
    assert due.late(came, NIGHT - DAY) == [gap]


def test_where_nothing_comes_any_more_the_days_go_on() -> None:
    one = known(evaluated_until=YESTERDAY)
    later = YESTERDAY + 200 * DAY
    silent = Known(one.first, dict.fromkeys(SITES, later - DAY), {}, {})
    assert days(silent, later) == [later]


def test_a_day_before_all_that_is_known_has_none() -> None:
    assert days(known(evaluated_until=YESTERDAY), YESTERDAY - 3 * DAY) == []
