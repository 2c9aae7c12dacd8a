"""Storage commitment with a real archive: Orthanc answers on an association of its own."""

import datetime as dt
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
import structlog

from core.domain.commitment import CommitmentState
from core.store import commitments
from core.store.tables import DeliveryRow
from router.program import Router
from tests.router.committing import OUT, Asked
from tests.router.conftest import settings_of
from tests.services.orthanc import Orthanc
from tests.services.redis import Redis


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test waits two seconds for somebody to look."""
    monkeypatch.setattr("router.commitment._LONGEST_SLEEP_S", 0.05)


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[Asked]:
    """A job that waits for delivery to an archive that is asked for commitment."""
    made = Asked(tmp_path / "var")
    yield made
    made.stop()


def test_orthanc_commits_to_what_it_holds(asked: Asked, orthanc: Orthanc) -> None:
    asked.listen(orthanc.dicom_port, orthanc.ae_title)
    orthanc.add_modality("varde", OUT, asked.port)
    asked.start(orthanc.dicom_port, orthanc.ae_title)
    found = asked.wait_states(CommitmentState.COMMITTED)
    assert {one.error for one in found} == {""}
    assert len(orthanc.instances()) == 2


def test_a_router_asks_and_listens_by_itself(
    asked: Asked, orthanc: Orthanc, redis_server: Redis
) -> None:
    destinations = {"pacs": asked.destination(orthanc.dicom_port, orthanc.ae_title)}
    settings = settings_of(
        asked.home, destinations=destinations, queue={"url": redis_server.url},
        delivery={"linger_s": 0.1},
    )  # fmt: skip
    router = Router(settings)
    orthanc.add_modality("varde", OUT, router.start())
    try:
        asked.wait_states(CommitmentState.COMMITTED)
    finally:
        router.stop()


def test_orthanc_gets_again_what_it_has_lost(asked: Asked, orthanc: Orthanc) -> None:
    asked.listen(orthanc.dicom_port, orthanc.ae_title)
    orthanc.add_modality("varde", OUT, asked.port)
    asked.start(orthanc.dicom_port, orthanc.ae_title)
    asked.wait_states(CommitmentState.COMMITTED)
    lost, kept = orthanc.instances()
    gone = urllib.request.Request(f"{orthanc.url}/instances/{lost}", method="DELETE")
    urllib.request.urlopen(gone).close()
    assert orthanc.instances() == [kept]
    with structlog.testing.capture_logs() as logs:
        with asked.database.write() as connection:
            again = commitments.wanted(dt.datetime.now(dt.UTC))
            connection.execute(sa.update(DeliveryRow).values(**again))
        found = asked.wait_states(CommitmentState.COMMITTED)
    assert sorted(one.resent for one in found) == [False, True]
    assert len(orthanc.instances()) == 2
    (said,) = [one for one in logs if one["event"] == "not committed"]
    assert said["error"] == "0x0112 no such object instance"
