"""One word for each role and result, counted by the day it was said in, on both databases."""

import datetime as dt

import pytest

from core.domain.errors import NotFoundError
from core.domain.feedback import Feedback, Role, Truth, Word
from core.store.database import Database
from core.store.watch import feedback
from core.store.watch.feedback import Words
from tests.core.conftest import NOW
from tests.core.watch import answered
from tests.core.watch.answered import PNEUMOTHORAX, SITE

DAY = NOW.date()
SAID = (Role.RADIOLOGIST, Word.AGREE)


def say(
    database: Database, job: str, role: Role, word: Word, *, at: dt.datetime = NOW,
    finding: str = "", called: bool = True,
) -> bool:  # fmt: skip
    corrected = {PNEUMOTHORAX: Truth.ABSENT} if word is Word.CORRECT else {}
    one = Feedback(job, at, role, word, finding, corrected)
    with database.write() as connection:
        return feedback.record(connection, one, called=called)


def counts(database: Database, first: dt.date = DAY, **asked: object) -> list[Words]:
    with database.read() as connection:
        return feedback.of_days(connection, first=first, last=DAY, **asked)  # type: ignore[arg-type]


def words(role: Role, word: Word, count: int = 1, *, called: bool = True) -> Words:
    return Words(SITE, "chest", "1.0.0", DAY, role, word, called, count)


def test_a_role_has_one_word_and_the_last_one_holds(database: Database) -> None:
    job = answered.job(database, answered.study(database))
    assert say(database, job, *SAID)
    assert not say(database, job, Role.RADIOLOGIST, Word.DISAGREE)
    assert say(database, job, Role.ORTHOPAEDIST, Word.CORRECT)
    with database.read() as connection:
        said = feedback.of_jobs(connection, [job])[job]
    assert [(one.role, one.word) for one in said] == [
        (Role.RADIOLOGIST, Word.DISAGREE),
        (Role.ORTHOPAEDIST, Word.CORRECT),
    ]
    assert said[1].corrected == {PNEUMOTHORAX: Truth.ABSENT}
    assert counts(database) == [
        words(Role.ORTHOPAEDIST, Word.CORRECT),
        words(Role.RADIOLOGIST, Word.DISAGREE),
    ]
    assert counts(database, role=Role.ORTHOPAEDIST, site=SITE, algorithm="chest") == [
        words(Role.ORTHOPAEDIST, Word.CORRECT)
    ]
    assert counts(database, site="elsewhere") == []


def test_words_on_findings_stand_beside_those_on_the_result(database: Database) -> None:
    job = answered.job(database, answered.study(database))
    assert say(database, job, *SAID)
    assert say(database, job, *SAID, finding=PNEUMOTHORAX, called=False)
    assert counts(database) == [words(*SAID, called=False), words(*SAID)]


def test_a_word_is_taken_back(database: Database) -> None:
    job = answered.job(database, answered.study(database))
    say(database, job, *SAID)
    with database.write() as connection:
        assert not feedback.withdraw(connection, job, Role.CLINICIAN)
        assert not feedback.withdraw(connection, job, Role.RADIOLOGIST, PNEUMOTHORAX)
        assert feedback.withdraw(connection, job, Role.RADIOLOGIST)
        assert not feedback.withdraw(connection, job, Role.RADIOLOGIST)
        assert feedback.of_jobs(connection, [job]) == {}
    assert counts(database) == []


def test_a_day_is_one_in_norway(database: Database) -> None:
    """23.30 UTC in winter is half past midnight of the next day."""
    job = answered.job(database, answered.study(database))
    late = dt.datetime(2026, 1, 9, 23, 30, tzinfo=dt.UTC)
    say(database, job, *SAID, at=late)
    assert [one.day for one in counts(database, dt.date(2026, 1, 1))] == [DAY]
    say(database, job, *SAID, at=late - dt.timedelta(hours=1))
    found = counts(database, dt.date(2026, 1, 1))
    assert [(one.day, one.count) for one in found] == [(DAY - dt.timedelta(days=1), 1)]


def test_days_are_counted_again_and_simulated_ones_are_kept(database: Database) -> None:
    for _ in range(2):
        say(database, answered.job(database, answered.study(database)), *SAID)
    assert counts(database) == [words(*SAID, count=2)]
    with database.write() as connection:
        feedback.write(connection, [words(*SAID, count=9), words(Role.CLINICIAN, Word.AGREE, 3)])
    assert [one.count for one in counts(database)] == [3, 9]
    with database.write() as connection:
        assert feedback.recount(connection, SITE, "chest", DAY) == 1
        assert feedback.write(connection, []) == 0
    assert counts(database) == [words(*SAID, count=2)], "what was really said"


def test_no_such_job(database: Database) -> None:
    with pytest.raises(NotFoundError):
        say(database, "0" * 32, *SAID)
    with database.write() as connection, pytest.raises(NotFoundError):
        feedback.withdraw(connection, "0" * 32, Role.RADIOLOGIST)
