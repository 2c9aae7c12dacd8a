"""SIGKILL in the worst moments: afterwards every study has exactly one result of each kind."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest

from core.domain.job import State
from tests.router.conftest import encoded, instance
from tests.router.raw_scu import RawScu
from tests.services.dcmtk import Storescp, storescu
from tests.services.redis import Redis
from tests.system import studies
from tests.system.platform import Platform


@pytest.fixture
def platform(tmp_path: Path, redis_server: Redis, storescp: Storescp) -> Iterator[Platform]:
    """A platform that delivers to DCMTK's storescp, with nothing started."""
    made = Platform(
        tmp_path / "var", redis_url=redis_server.url, archive=(storescp.ae_title, storescp.port)
    )
    yield made
    made.close()


def digest(path: Path) -> str:
    """The data set's bytes; the file meta information is the receiver's own."""
    data = path.read_bytes()
    start = 144 + int.from_bytes(data[140:144], "little")
    return hashlib.sha256(data[start:]).hexdigest()


def exactly_one_of_each(platform: Platform, archive: Storescp, expected: int) -> None:
    """The archive has each object that was made once, byte for byte, and nothing else."""
    made = {one.sop_uid: digest(platform.settings.home / one.path) for one in platform.objects()}
    assert len(made) == expected
    kept: dict[str, set[str]] = {}
    for path in archive.files():
        uid = str(pydicom.dcmread(path, specific_tags=["SOPInstanceUID"]).SOPInstanceUID)
        kept.setdefault(uid, set()).add(digest(path))
    assert kept == {uid: {bytes_} for uid, bytes_ in made.items()}
    kinds = Counter((job.study_id, job.algorithm) for job in platform.jobs())
    assert set(kinds.values()) == {1}
    assert not list((platform.settings.home / "incoming").iterdir())


def test_worker_killed_in_the_middle_of_a_job(
    platform: Platform, storescp: Storescp, tmp_path: Path
) -> None:
    platform.start("router", "workers")
    for seed in range(1, 5):
        storescu([studies.chest(tmp_path / "in", seed)], platform.port)
    job_id = platform.freeze_worker_in_a_job()
    platform.kill("workers")
    assert next(job for job in platform.jobs() if job.id == job_id).state is State.RUNNING
    platform.start("workers")
    jobs = platform.wait_delivered(4)
    assert next(job for job in jobs if job.id == job_id).attempts == 2
    exactly_one_of_each(platform, storescp, 8)


def test_redis_killed_with_a_full_queue(
    platform: Platform, storescp: Storescp, redis_server: Redis, tmp_path: Path
) -> None:
    """Without persistence: everything that the queue knew is gone."""
    platform.start("router")
    for number in range(6):
        storescu(studies.ct(tmp_path / str(number), 2, study=f"2.25.50{number}"), platform.port)
    platform.wait_until(lambda: len(platform.jobs()) == 6, "assembled")
    redis_server.kill()
    storescu(studies.ct(tmp_path / "late", 2, study="2.25.599"), platform.port)
    platform.wait_until(lambda: len(platform.jobs()) == 7, "assembled without a queue")
    redis_server.start()
    platform.start("workers")
    platform.wait_delivered(7)
    exactly_one_of_each(platform, storescp, 7)


def test_redis_killed_under_a_working_worker(
    platform: Platform, storescp: Storescp, redis_server: Redis, tmp_path: Path
) -> None:
    platform.start("router", "workers")
    storescu(studies.ct(tmp_path / "a", 2, study="2.25.601"), platform.port)
    platform.wait_delivered(1)
    redis_server.kill()
    storescu(studies.ct(tmp_path / "b", 2, study="2.25.602"), platform.port)
    platform.wait_until(lambda: len(platform.jobs()) == 2, "assembled without a queue")
    redis_server.start()
    platform.wait_delivered(2)
    exactly_one_of_each(platform, storescp, 2)


def test_router_killed_in_the_middle_of_an_association(
    platform: Platform, storescp: Storescp
) -> None:
    platform.start("router", "workers")
    one, two = (instance(number, SOPInstanceUID=f"2.25.700.{number}") for number in (1, 2))
    with RawScu(platform.port) as scu:
        assert scu.store(encoded(one), "2.25.700.1")[0] == 0
        scu.begin("2.25.700.2")
        scu.send_value(1, 0, encoded(two)[:300])
        platform.kill("router")
    assert platform.jobs() == [], "an association was still sending"
    platform.start("router")
    with RawScu(platform.port) as scu:
        for data, uid in ((one, "2.25.700.1"), (two, "2.25.700.2")):
            assert scu.store(encoded(data), uid)[0] == 0
        scu.release()
    platform.wait_until(lambda: platform.study_instances() == [2], "whole")
    platform.wait_until(
        lambda: (found := platform.jobs()) and all(j.state is State.DELIVERED for j in found),
        "answered",
    )
    made = len(platform.objects())
    exactly_one_of_each_revision = {(j.revision, j.algorithm) for j in platform.jobs()}
    assert len(exactly_one_of_each_revision) == made
    assert {digest(path) for path in storescp.files()} == {
        digest(platform.settings.home / one.path) for one in platform.objects()
    }


def test_router_killed_between_delivery_and_receipt_sends_the_same_bytes(
    platform: Platform, storescp: Storescp, tmp_path: Path
) -> None:
    """The receipt is lost: the archive gets the object twice, and it is the same object."""
    platform.start("router", "workers")
    storescu([studies.chest(tmp_path / "in", 3)], platform.port)
    platform.wait_delivered(1)
    first = [digest(path) for path in storescp.wait_for(2)]
    platform.kill("router")
    platform.execute("UPDATE delivery SET state = 'waiting', receipt = NULL")
    platform.execute("UPDATE job SET state = 'encoded', delivered_at = NULL")
    platform.start("router")
    platform.wait_delivered(1)
    assert [digest(path) for path in storescp.wait_for(4)] == first
    exactly_one_of_each(platform, storescp, 2)
