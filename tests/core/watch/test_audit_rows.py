"""The draw: at random, of all, once for each result, and foreseen by nobody."""

import datetime as dt
import stat
import uuid
from pathlib import Path

import pytest
from scipy import stats

from core.domain.activation import Activated, Activation
from core.domain.errors import NotFoundError
from core.domain.feedback import Role, Truth
from core.domain.finding import Outcome
from core.store.database import Database
from core.store.watch import activations, audits
from tests.core.conftest import NOW
from tests.core.watch import answered
from tests.core.watch.answered import PNEUMOTHORAX, SITE

KEY = bytes(range(32))
LONG_AGO = NOW - dt.timedelta(days=14)


def draw(database: Database, share: float = 1.0, since: dt.datetime = LONG_AGO) -> int:
    with database.write() as connection:
        return audits.draw(connection, key=KEY, share=share, since=since, now=NOW)


def waiting(database: Database) -> set[str]:
    with database.read() as connection:
        return {one.job_id for one in audits.waiting(connection)}


def test_every_evaluated_result_has_one_chance(database: Database) -> None:
    study = answered.study(database)
    jobs = [answered.job(database, study, algorithm=f"a{n}") for n in range(12)]
    for n, outcome in enumerate((Outcome.FAILED, Outcome.NOT_EVALUATED)):
        answered.job(database, study, algorithm=f"no{n}", outcome=outcome)
    answered.queued(database, study, algorithm="waits")
    wanted = {job for job in jobs if audits.is_drawn(KEY, job, 0.5)}
    assert draw(database, 0.0) == 0
    assert draw(database, 0.5) == len(wanted)
    assert waiting(database) == wanted
    assert draw(database, 0.5) == 0, "asked again, nobody else is drawn"
    assert draw(database) == 12 - len(wanted), "a larger share draws the rest"


def test_under_supervision_more_are_drawn(database: Database) -> None:
    study = answered.study(database)
    jobs: dict[str, list[str]] = {"a": [], "b": []}
    for name, drawn in jobs.items():
        for number in range(12):
            version = f"1.0.{number}"
            drawn.append(answered.job(database, study, algorithm=name, version=version))
    with database.write() as connection:
        changed = Activated(SITE, "a", Activation.SUPERVISED, NOW, "K. Lie", "drift")
        assert activations.change(connection, changed, day=NOW.date())
    share = 0.1
    draw(database, share)
    wanted = {job for job in jobs["a"] if audits.is_drawn(KEY, job, 5 * share)}
    wanted |= {job for job in jobs["b"] if audits.is_drawn(KEY, job, share)}
    assert waiting(database) == wanted
    assert draw(database, share) == 0


def test_only_results_of_the_days_that_are_asked_for(database: Database) -> None:
    answered.job(database, answered.study(database))
    assert draw(database, since=NOW + dt.timedelta(seconds=1)) == 0
    assert draw(database, since=NOW) == 1


def test_a_result_that_a_later_revision_replaces_is_not_drawn(database: Database) -> None:
    study = answered.study(database)
    answered.job(database, study)
    new = answered.job(database, study, revision=2)
    assert draw(database) == 1
    assert waiting(database) == {new}


def test_an_audit_is_answered_once(database: Database) -> None:
    job = answered.job(database, answered.study(database))
    draw(database)

    def answer(truth: Truth) -> bool:
        with database.write() as connection:
            return audits.answer(
                connection, job, truths={PNEUMOTHORAX: truth}, role=Role.RADIOLOGIST, now=NOW
            )

    with database.read() as connection:
        assert audits.get(connection, job).answered_at is None
        assert audits.counts(connection) == {(SITE, "chest"): (1, 0)}
    assert answer(Truth.ABSENT)
    assert not answer(Truth.PRESENT)
    with database.read() as connection:
        (one,) = audits.answered(connection, site=SITE)
        assert audits.answered(connection, site="elsewhere") == []
        assert audits.get(connection, job) == one
        assert audits.counts(connection) == {(SITE, "chest"): (0, 1)}
        with pytest.raises(NotFoundError):
            audits.get(connection, "0" * 32)
    assert (one.truths, one.role) == ({PNEUMOTHORAX: Truth.ABSENT}, Role.RADIOLOGIST)
    assert waiting(database) == set()


@pytest.mark.parametrize("share", [0.02, 0.3])
def test_the_draw_has_its_share_and_is_independent_of_the_key_before(share: float) -> None:
    """Of 40,000 jobs the drawn are as many as by chance, and another key draws others."""
    jobs = [uuid.uuid5(uuid.NAMESPACE_OID, str(n)).hex for n in range(40_000)]
    other = bytes(32)
    first, second = ({job for job in jobs if audits.is_drawn(key, job, share)}
                     for key in (KEY, other))  # fmt: skip
    for drawn in (first, second):
        assert stats.binomtest(len(drawn), len(jobs), share).pvalue > 1e-6
    assert stats.binomtest(len(first & second), len(jobs), share**2).pvalue > 1e-6


def test_the_key_is_made_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    key = audits.key_below(tmp_path)
    assert len(key) == 32
    assert audits.key_below(tmp_path) == key
    assert stat.S_IMODE((tmp_path / audits.KEY_FILE).stat().st_mode) == 0o600
    (tmp_path / audits.KEY_FILE).write_bytes(b"")
    again = audits.key_below(tmp_path)
    assert len(again) == 32
    assert again != key
