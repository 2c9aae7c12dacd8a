"""Storage commitment: the states are pure, every way through them ends, and moves are atomic."""

import datetime as dt
import threading
from collections.abc import Mapping
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain import commitment
from core.domain.commitment import (
    BROKEN,
    MOST_ASKS,
    OPEN,
    REASONS,
    TRANSITIONS,
    Commitment,
    CommitmentEvent,
    CommitmentState,
    Report,
)
from core.domain.errors import IllegalTransitionError
from core.domain.job import State
from core.store import commitments, deliveries, jobs
from core.store.database import Database
from tests.core.conftest import NOW, queued
from tests.core.test_jobs import claimed, stored

_S = CommitmentState
HOUR = dt.timedelta(hours=1)
SR = "1.2.840.10008.5.1.4.1.1.88.34"
ONE = Commitment(1, "a", "pacs", "sr", SR, "2.25.1", "x", "y", _S.WANTED, at=NOW)
ASKED = commitment.asked(ONE, "2.25.7", NOW, HOUR)


def report(
    *kept: str,
    refused: Mapping[str, int] = MappingProxyType({}),
    transaction: str = "2.25.7",
    sop_class: str = SR,
) -> Report:
    """A report; `refused` are reasons by UID."""
    return Report(transaction, frozenset((sop_class, uid) for uid in kept), refused)


def test_the_transition_table_reaches_every_state_and_leaves_every_broken_one() -> None:
    assert {*TRANSITIONS.values()} == set(_S)
    assert commitment.before(CommitmentEvent.RESTART) == (
        _S.UNANSWERED, _S.REFUSED, _S.UNSUPPORTED,
    )  # fmt: skip
    assert set(commitment.before(CommitmentEvent.RESTART)) == BROKEN
    assert set(commitment.before(CommitmentEvent.FORGET)) == OPEN
    with pytest.raises(IllegalTransitionError, match="a commitment that is committed cannot ask"):
        commitment.after(_S.COMMITTED, CommitmentEvent.ASK)
    with pytest.raises(IllegalTransitionError, match="not asked for cannot commit"):
        commitment.after(_S.NONE, CommitmentEvent.COMMIT)


def test_patience_doubles_and_ends_doubling() -> None:
    waits = [commitment.patience(asks, HOUR) / HOUR for asks in (0, 1, 2, 3, 6, 600)]
    assert waits == [1, 1, 2, 4, 32, 32]


def test_a_request_has_a_transaction_and_a_deadline() -> None:
    assert (ASKED.state, ASKED.asks, ASKED.at) == (_S.ASKED, 1, NOW + HOUR)
    again = commitment.asked(commitment.overdue(ASKED, NOW), "2.25.8", NOW, HOUR)
    assert (again.transaction_uid, again.asks, again.at) == ("2.25.8", 2, NOW + 2 * HOUR)


@pytest.mark.parametrize("reason", [*REASONS, 0xFFFF])
def test_every_reason_has_its_consequence_and_its_words(reason: int) -> None:
    new = commitment.answered(ASKED, report(refused={"2.25.1": reason}), NOW, HOUR)
    assert new.error == commitment.told(reason)
    expected = {0x0112: _S.LACKED, 0x0110: _S.WANTED, 0x0131: _S.WANTED, 0x0213: _S.WANTED}
    assert new.state is expected.get(reason, _S.REFUSED)
    assert new.at == (NOW + HOUR if new.state is _S.WANTED else NOW)


def test_lacked_once_is_sent_again_lacked_twice_is_refused() -> None:
    lost = report(refused={"2.25.1": 0x0112})
    lacked = commitment.answered(ASKED, lost, NOW, HOUR)
    wanted = commitment.resent(commitment.held(lacked, NOW, HOUR), NOW)
    assert (wanted.state, wanted.resent, wanted.asks) == (_S.WANTED, True, 0)
    assert commitment.answered(wanted, lost, NOW, HOUR) is wanted  # the first report again
    again = commitment.asked(wanted, "2.25.8", NOW, HOUR)
    assert commitment.answered(again, lost, NOW, HOUR) is again  # of another transaction
    last = commitment.answered(
        again, report(transaction="2.25.8", refused={"2.25.1": 0x0112}), NOW, HOUR
    )
    assert (last.state, last.error) == (_S.REFUSED, "0x0112 no such object instance")


def test_what_cannot_be_sent_again_ends_refused() -> None:
    lacked = commitment.answered(ASKED, report(refused={"2.25.1": 0x0112}), NOW, HOUR)
    never = commitment.not_resent(lacked, "damaged", NOW, HOUR, recoverable=False)
    assert (never.state, never.error) == (
        _S.REFUSED, "damaged (lacked: 0x0112 no such object instance)",
    )  # fmt: skip
    for _ in range(MOST_ASKS):
        assert lacked.state is _S.LACKED
        lacked = commitment.not_resent(lacked, "away", NOW, HOUR, recoverable=True)
    assert lacked.state is _S.REFUSED


def test_doubt_counts_against_commitment() -> None:
    for said in (
        report("2.25.2"),
        report("2.25.1", sop_class="1.2.3"),
        report("2.25.1", transaction="2.25.8"),
        report(),
    ):
        assert commitment.answered(ASKED, said, NOW, HOUR) is ASKED
    both = commitment.answered(ASKED, report("2.25.1", refused={"2.25.1": 0x0119}), NOW, HOUR)
    assert both.state is _S.REFUSED


_STEPS = st.sampled_from(
    ["ask", "overdue", "unasked", "kept", "lost", "busy", "no", "strange", "resend", "fail"]
)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.lists(_STEPS, max_size=60))
def test_no_way_leads_to_commitment_but_the_word_of_the_archive(steps: list[str]) -> None:
    one, number, said = ONE, 0, False
    for step in steps:
        here = one.transaction_uid
        answer = {
            "kept": report("2.25.1", transaction=here), "strange": report("2.25.9"),
            "lost": report(transaction=here, refused={"2.25.1": 0x0112}),
            "busy": report(transaction=here, refused={"2.25.1": 0x0213}),
            "no": report("2.25.1", transaction=here, refused={"2.25.1": 0x0122}),
        }  # fmt: skip
        before = one
        if step in answer:
            one = commitment.answered(one, answer[step], NOW, HOUR)
        elif one.state is _S.WANTED and step == "ask":
            number += 1
            one = commitment.asked(one, f"2.25.7{number}", NOW, HOUR)
        elif one.state is _S.ASKED and step == "overdue":
            one = commitment.overdue(one, NOW)
        elif one.state in {_S.ASKED, _S.WANTED} and step == "unasked":
            one = commitment.unasked(one, "away", NOW, HOUR)
        elif one.state is _S.LACKED and step == "resend":
            one = commitment.resent(one, NOW)
        elif one.state is _S.LACKED and step == "fail":
            one = commitment.not_resent(one, "away", NOW, HOUR, recoverable=True)
        said = said or (one.state is _S.COMMITTED and before.state is not one.state)
        assert one.asks <= MOST_ASKS
        assert one.at is not None
        assert (one.state is _S.COMMITTED) == said
        assert bool(one.error) or one.state not in BROKEN
        if before.state in {_S.COMMITTED, _S.REFUSED}:
            assert one is before


@settings(derandomize=True, max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(["overdue", "unasked", "lost", "busy"]), min_size=40, max_size=40))
def test_every_way_without_commitment_ends(steps: list[str]) -> None:
    one = ONE
    for number, step in enumerate(steps):
        if one.state is _S.WANTED:
            one = commitment.asked(one, f"2.25.{number}", NOW, HOUR)
        if one.state is _S.LACKED:
            one = commitment.resent(one, NOW)
            continue
        if one.state not in OPEN:
            break
        if step in {"lost", "busy"}:
            reason = 0x0112 if step == "lost" else 0x0213
            said = report(transaction=one.transaction_uid, refused={"2.25.1": reason})
            one = commitment.answered(one, said, NOW, HOUR)
        else:
            one = getattr(commitment, step)(
                one, *(("away", NOW, HOUR) if step == "unasked" else (NOW,))
            )
    assert one.state in BROKEN


@pytest.fixture
def delivered(database: Database) -> str:
    """A job whose two objects `pacs` has acknowledged and is to be asked for; `vna` is not."""
    job_id = queued(database)
    claimed(database, job_id)
    stored(database, job_id)
    with database.write() as connection:
        for one in deliveries.due(connection, "pacs", NOW):
            deliveries.delivered(connection, one, receipt=0, now=NOW, ask_at=NOW)
        for one in deliveries.due(connection, "vna", NOW):
            deliveries.delivered(connection, one, receipt=0, now=NOW)
    return job_id


def ask(database: Database, transaction: str = "2.25.7") -> list[Commitment]:
    """All that is wanted now at `pacs` is asked for; returns it."""
    with database.write() as connection:
        wanted = commitments.due(connection, "pacs", _S.WANTED, NOW)
        news = [commitment.asked(one, transaction, NOW, HOUR) for one in wanted]
        assert all(map(commitments.moved, [connection] * len(news), wanted, news))
    return news


def test_a_receipt_makes_commitment_wanted_where_it_is_asked_for(
    database: Database, delivered: str
) -> None:
    with database.read() as connection:
        wanted = commitments.due(connection, "pacs", _S.WANTED, NOW)
        assert [one.kind for one in wanted] == ["sr", "gsps"]
        assert commitments.due(connection, "vna", _S.WANTED, NOW) == []
        assert commitments.due(connection, "pacs", _S.WANTED, NOW - HOUR) == []
        assert len(commitments.due(connection, "pacs", _S.WANTED, NOW, limit=1)) == 1
        assert commitments.next_due(connection, "pacs") == NOW
        assert commitments.next_due(connection, "vna") is None
        assert commitments.counts(connection) == [("pacs", "wanted", 2)]
        assert jobs.get(connection, delivered).state is State.DELIVERED


def test_what_is_asked_for_is_found_by_its_transaction(database: Database, delivered: str) -> None:
    asked = ask(database)
    with database.read() as connection:
        assert commitments.of_transaction(connection, "2.25.7", ["pacs", "vna"]) == asked
        assert commitments.of_transaction(connection, "2.25.7", ["vna"]) == []
        assert commitments.of_transaction(connection, "2.25.7", []) == []
        assert commitments.of_transaction(connection, "", ["pacs", "vna"]) == []
        assert commitments.next_due(connection, "pacs") == NOW + HOUR
        every = commitments.of_jobs(connection, [delivered])
    assert [one.state for one in every].count(_S.ASKED) == 2


def test_only_one_of_many_moves_wins(database: Database, delivered: str) -> None:
    (old, _) = ask(database)
    won: list[bool] = []

    def move(number: int) -> None:
        refused = report(refused={old.sop_uid: 0x0120 + number})
        with database.write() as connection:
            new = commitment.answered(old, refused, NOW, HOUR)
            won.append(commitments.moved(connection, old, new))

    threads = [threading.Thread(target=move, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [False] * 5 + [True]


def test_refused_is_listed_and_restarted_with_its_job(database: Database, delivered: str) -> None:
    first, _ = ask(database)
    with database.write() as connection:
        with pytest.raises(IllegalTransitionError, match="delivered"):
            jobs.retry(connection, delivered, NOW)  # nothing is wrong yet
        refused = report(refused={first.sop_uid: 0x0122})
        new = commitment.answered(first, refused, NOW, HOUR)
        assert commitments.moved(connection, first, new)
        assert commitments.broken(connection) == [new]
        assert ("pacs", "refused", 1) in commitments.counts(connection)
        assert jobs.retry(connection, delivered, NOW) is State.DELIVERED
        assert commitments.broken(connection) == []
        (again,) = commitments.due(connection, "pacs", _S.WANTED, NOW)
    assert (again.sop_uid, again.asks, again.resent, again.error) == (first.sop_uid, 0, False, "")


def test_what_is_not_offered_does_not_hide_what_is_refused(
    database: Database, delivered: str
) -> None:
    first, second = ask(database)
    with database.write() as connection:
        refused = report(refused={first.sop_uid: 0x0122})
        old = commitment.answered(first, refused, NOW, HOUR)
        new = commitment.declined(second, "not offered", NOW + HOUR)
        assert commitments.moved(connection, first, old)
        assert commitments.moved(connection, second, new)
        assert commitments.broken(connection) == [old, new]
        assert commitments.broken(connection, limit=1) == [old]


def test_nobody_is_asked_where_the_setting_is_gone(database: Database, delivered: str) -> None:
    ask(database)
    with database.write() as connection:
        assert commitments.forget(connection, ["pacs"]) == 0
        assert commitments.forget(connection, []) == 2
        assert commitments.counts(connection) == []
        assert commitments.next_due(connection, "pacs") is None
