"""Reports on storage commitment as they come in: who may report, and what is made of nonsense."""

import datetime as dt
import io
import random
import struct
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
import structlog
from pydicom.dataset import Dataset

from core.domain import commitment
from core.domain.commitment import CommitmentState
from core.domain.errors import UnavailableError
from core.store import commitments, deliveries
from router import event_report
from router.event_report import INSTANCE, LONGEST_REPORT, EventReport, Reports
from router.negotiation import COMMITMENT, NO_SUCH_CLASS, VERIFICATION
from tests.core.conftest import NOW
from tests.router.committing import OUT, UIDS, Asked, Reporter, event_information
from tests.router.conftest import encoded, instance
from tests.router.raw_scu import CT, EXPLICIT, RawScu, event_request, store_request

TRANSACTION = "2.25.777"
IMPLICIT = "1.2.840.10008.1.2"
_S = CommitmentState


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[Asked]:
    """Two objects at `pacs` that were asked for under `TRANSACTION`; our SCP listens."""
    made = Asked(tmp_path / "var")
    made.listen(9)
    with made.database.write() as connection:
        for one in deliveries.due(connection, "pacs", NOW):
            deliveries.delivered(connection, one, receipt=0, now=NOW, ask_at=NOW)
        for old in commitments.due(connection, "pacs", _S.WANTED, NOW):
            new = commitment.asked(old, TRANSACTION, NOW, dt.timedelta(hours=1))
            assert commitments.moved(connection, old, new)
    yield made
    made.stop()


def archive(asked: Asked, syntax: str = IMPLICIT) -> RawScu:
    """An association of the archive's own."""
    return RawScu(
        asked.port, called=OUT, calling="ARCHIVE", contexts=[(COMMITMENT, syntax)],
        scp_of=[COMMITMENT],
    )  # fmt: skip


def body(data: Dataset, syntax: str = IMPLICIT) -> bytes:
    """Event information as it travels."""
    return encoded(data, implicit=syntax == IMPLICIT)


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT])
def test_a_report_is_taken_and_the_role_is_granted(asked: Asked, syntax: str) -> None:
    with archive(asked, syntax) as scu:
        assert scu.results() == [0]
        role = struct.pack(">BxHH", 0x54, 4 + len(COMMITMENT), len(COMMITMENT))
        assert role + COMMITMENT.encode() + b"\x00\x01" in scu.body  # SCU no, SCP yes
        data = body(event_information(TRANSACTION, [UIDS[0]], [(UIDS[1], 0x0213)]), syntax)
        assert scu.event(event_request(COMMITMENT, INSTANCE, 2), data) == (0, "")
        scu.release()
    assert asked.states() == [_S.COMMITTED, _S.WANTED]
    assert asked.found()[1].error == "0x0213 resource limitation"


def test_the_answer_names_the_event(asked: Asked) -> None:
    """PS3.7 10.3.1.2."""
    with archive(asked) as scu:
        scu.send_value(1, 3, event_request(COMMITMENT, INSTANCE, 1))
        scu.send_value(1, 2, body(event_information(TRANSACTION, UIDS)))
        _, answer = scu.pdu()
    for number, value in ((0x0100, 0x8100), (0x0120, 7), (0x0900, 0), (0x1002, 1)):
        assert struct.pack("<HHLH", 0, number, 2, value) in answer
    assert INSTANCE.encode() in answer


@pytest.mark.parametrize(
    ("called", "calling"),
    [
        (OUT, "STRANGER"),  # nobody's title
        (OUT, "OTHER"),  # a destination that is not asked
        (OUT, "RAW"),  # a sender, but not to this title
        ("VARDE", "ARCHIVE"),  # we ask it from another title
        ("NOBODY", "ARCHIVE"),
    ],
)
def test_others_are_rejected_as_ever(asked: Asked, called: str, calling: str) -> None:
    scu = RawScu(
        asked.port, called=called, calling=calling, contexts=[(COMMITMENT, IMPLICIT)],
        scp_of=[COMMITMENT],
    )  # fmt: skip
    assert scu.answer == 3
    assert asked.scp
    (refusal,) = asked.scp.refusals()
    assert (refusal.code, refusal.calling, refusal.called) == (
        "association-rejected", calling, called,
    )  # fmt: skip


def test_a_sender_may_not_report(asked: Asked) -> None:
    scu = RawScu(asked.port, contexts=[(CT, EXPLICIT), (COMMITMENT, IMPLICIT)], scp_of=[COMMITMENT])
    with scu:
        assert scu.results() == [0, NO_SUCH_CLASS]
        assert COMMITMENT.encode() not in scu.body
        assert scu.event(event_request(COMMITMENT, INSTANCE), b"x" * 20)[0] == 0x0211
        assert scu.store(encoded(instance()), "2.25.200.1")[0] == 0
    assert asked.states() == [_S.ASKED] * 2


def test_an_archive_that_only_reports_may_not_send(asked: Asked) -> None:
    scu = RawScu(
        asked.port, called=OUT, calling="ARCHIVE",
        contexts=[(COMMITMENT, IMPLICIT), (CT, EXPLICIT), (VERIFICATION, IMPLICIT)],
        scp_of=[COMMITMENT],
    )  # fmt: skip
    with scu:
        assert scu.results() == [0, NO_SUCH_CLASS, 0]
        scu.send_value(1, 3, store_request(CT, "2.25.200.1"))
        scu.send_value(1, 2, encoded(instance()))
        assert scu.response()[0] == 0x0211
    assert asked.scp
    assert asked.scp.count() == 1  # that of the job
    assert asked.scp.kept() == []
    with asked.database.read() as connection:  # nothing for assembly to wait for
        rows = connection.exec_driver_sql("SELECT count(*) FROM association")
        assert rows.scalar_one() == 0


def test_without_the_role_we_would_be_the_scp(asked: Asked) -> None:
    scu = RawScu(asked.port, called=OUT, calling="ARCHIVE", contexts=[(COMMITMENT, IMPLICIT)])
    with scu:
        assert scu.results() == [NO_SUCH_CLASS]


def test_who_proposes_both_roles_gets_the_one(asked: Asked) -> None:
    reporter = Reporter(asked.port, scu=True)
    (context,) = reporter.association.accepted_contexts
    assert (context.as_scp, context.as_scu) == (True, False)
    assert reporter.report(event_information(TRANSACTION, UIDS)) == 0
    reporter.release()


def test_another_archive_cannot_answer_for_it(asked: Asked) -> None:
    reporter = Reporter(asked.port, calling="ALSO")
    assert reporter.accepted == [COMMITMENT]
    assert reporter.report(event_information(TRANSACTION, UIDS)) == 0x0110
    reporter.release()
    assert asked.states() == [_S.ASKED] * 2


NESTED = b"\x08\x00\x99\x11\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff" * 50_000
TEXT = Dataset()
TEXT.TransactionUID = TRANSACTION
TEXT.add_new(0x00081199, "LO", "no sequence")
SILENT = Dataset()
SILENT.ReferencedSOPSequence = event_information(TRANSACTION, UIDS).ReferencedSOPSequence
EMPTY_ITEMS = Dataset()
EMPTY_ITEMS.TransactionUID = TRANSACTION
EMPTY_ITEMS.ReferencedSOPSequence = [Dataset(), Dataset()]


@pytest.mark.parametrize(
    ("command", "data", "status"),
    [
        (event_request(COMMITMENT, INSTANCE, 3), body(SILENT), 0x0113),
        (event_request(COMMITMENT, INSTANCE, 0), body(SILENT), 0x0113),
        (event_request(COMMITMENT, "1.2.3"), body(SILENT), 0x0112),
        (event_request(COMMITMENT, ""), body(SILENT), 0x0112),
        (event_request(CT, INSTANCE), body(SILENT), 0x0118),
        (event_request(COMMITMENT, INSTANCE), b"", 0x0115),
        (event_request(COMMITMENT, INSTANCE), b"GET / HTTP/1.1\r\n" * 9, 0x0115),
        (event_request(COMMITMENT, INSTANCE), body(SILENT), 0x0115),
        (event_request(COMMITMENT, INSTANCE), body(TEXT), 0x0115),
        (event_request(COMMITMENT, INSTANCE), body(EMPTY_ITEMS), 0x0115),
        (event_request(COMMITMENT, INSTANCE), body(event_information("2.25.1", UIDS)), 0x0110),
        (event_request(COMMITMENT, INSTANCE), NESTED, 0x0115),
        (event_request(COMMITMENT, INSTANCE), bytes(2 * LONGEST_REPORT), 0x0213),
        (event_request(COMMITMENT, INSTANCE, data_set=False), None, 0x0115),
    ],
)
def test_nonsense_has_a_status_and_changes_nothing(
    asked: Asked, command: bytes, data: bytes | None, status: int
) -> None:
    with structlog.testing.capture_logs() as logs, archive(asked) as scu:
        got, comment = scu.event(command, data)
        assert (got, bool(comment)) == (status, True)
        assert asked.states() == [_S.ASKED] * 2
        good = body(event_information(TRANSACTION, UIDS))
        assert scu.event(event_request(COMMITMENT, INSTANCE), good) == (0, "")
    assert asked.states() == [_S.COMMITTED] * 2
    assert all(one["event"] != "association failed" for one in logs)


def test_damaged_reports_never_get_further_than_a_status(asked: Asked) -> None:
    chance, good = random.Random(4), body(event_information("2.25.1", UIDS, [(UIDS[0], 0x0110)]))
    reports = Reports({}, asked.database, lambda: NOW)
    seen = set()
    for _ in range(400):
        data = bytearray(good)
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        end = chance.choice((len(data), chance.randrange(len(data))))
        report = EventReport(COMMITMENT, INSTANCE, 2, bytes(data[:end]), IMPLICIT)
        seen.add(reports.take(report, ["pacs"])[0])
    assert seen == {0x0110, 0x0115}
    assert asked.states() == [_S.ASKED] * 2


@pytest.mark.parametrize("uid", ["../../etc", "1" * 70, "2.25.777\\2.25.778", "2.25.777' OR '1"])
def test_hostile_transaction_uids(asked: Asked, uid: str) -> None:
    raw = uid.encode() + b"\0" * (len(uid) % 2)
    data = struct.pack("<HHL", 0x0008, 0x1195, len(raw)) + raw
    with archive(asked) as scu:
        assert scu.event(event_request(COMMITMENT, INSTANCE), data)[0] == 0x0115
    assert asked.states() == [_S.ASKED] * 2


def test_an_endless_report_fills_no_memory() -> None:
    coming = event_report.Body()
    for _ in range(3000):
        coming.write(memoryview(bytes(16000)))
    assert coming.too_long
    assert len(coming.data) == 0


def test_a_failure_without_a_reason_is_a_failure(asked: Asked) -> None:
    data = event_information(TRANSACTION, failed=[(UIDS[0], 0), (UIDS[1], 0xFFFF)])
    with archive(asked) as scu:
        assert scu.event(event_request(COMMITMENT, INSTANCE, 1), body(data)) == (0, "")
    first, second = asked.found()
    assert (first.state, first.error) == (_S.WANTED, "0x0110 processing failure")
    assert second.state is _S.REFUSED
    assert second.error.startswith("0xFFFF")


def test_nothing_is_acknowledged_that_is_not_durable(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> bool:
        message = "the database does not answer: gone"
        raise UnavailableError(message)

    data = body(event_information(TRANSACTION, UIDS))
    with archive(asked) as scu:
        with monkeypatch.context() as patch:
            patch.setattr("core.store.commitments.moved", away)
            status, comment = scu.event(event_request(COMMITMENT, INSTANCE), data)
        assert (status, comment) == (0x0110, "the database does not answer: gone")
        assert asked.states() == [_S.ASKED] * 2
        assert scu.event(event_request(COMMITMENT, INSTANCE), data) == (0, "")
    assert asked.states() == [_S.COMMITTED] * 2


def test_a_lost_association_leaves_nothing_half_done(asked: Asked) -> None:
    with archive(asked) as scu:
        scu.send_value(1, 3, event_request(COMMITMENT, INSTANCE))
        scu.send_value(1, 0, body(event_information(TRANSACTION, UIDS)))  # without its last
    assert asked.scp
    asked.scp.server.stop()
    assert asked.states() == [_S.ASKED] * 2


def test_the_event_information_reads_back() -> None:
    """What tests send is what the library reads: the fault of a test would show here."""
    data = pydicom.dcmread(io.BytesIO(body(event_information("2.25.1", UIDS))), force=True)
    assert data.TransactionUID == "2.25.1"
