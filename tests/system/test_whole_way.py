"""A study goes in by C-STORE from DCMTK and comes back as SR and GSPS in Orthanc."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.domain.finding import Outcome
from tests.services.dcmtk import storescu
from tests.services.orthanc import Orthanc
from tests.services.redis import Redis
from tests.services.validators import dciodvfy, pixelmed_sr
from tests.system import studies
from tests.system.platform import Platform

Start = Callable[..., Platform]


@pytest.fixture
def start(tmp_path: Path, orthanc: Orthanc) -> Iterator[Start]:
    """Starts a platform that delivers to Orthanc."""
    running: list[Platform] = []

    def started(redis: Redis, database_url: str = "") -> Platform:
        platform = Platform(
            tmp_path / "var", redis_url=redis.url, archive=(orthanc.ae_title, orthanc.dicom_port),
            database_url=database_url,
        )  # fmt: skip
        platform.start("router", "workers")
        running.append(platform)
        return platform

    yield started
    for platform in running:
        platform.close()


def check_whole_way(platform: Platform, orthanc: Orthanc, tmp_path: Path) -> None:
    """One chest radiograph and one CT, each with its own answer."""
    chest = studies.chest(tmp_path / "in", 7)
    ct = studies.ct(tmp_path / "in2", 3)
    assert storescu([chest], platform.port).responses == ["Success"]
    assert storescu(ct, platform.port).responses == ["Success"] * 3
    jobs = platform.wait_delivered(2)
    assert {job.algorithm: job.outcome is Outcome.NOT_EVALUATED for job in jobs} == {
        "chest_xray": False,
        "varde": True,
    }
    assert platform.receipts() == [0, 0, 0]
    orthanc.wait_for(3)
    kept = orthanc.datasets()
    assert sorted(data.Modality for data in kept) == ["PR", "SR", "SR"]
    made = {one.sop_uid: platform.settings.home / one.path for one in platform.objects()}
    assert {str(data.SOPInstanceUID) for data in kept} == set(made)
    for path in made.values():
        assert dciodvfy(path), path
    for report in (path for path in made.values() if path.name.startswith("sr")):
        assert pixelmed_sr(report)


def test_sqlite_and_the_embedded_redis(
    start: Start, valkey_server: Redis, orthanc: Orthanc, tmp_path: Path
) -> None:
    check_whole_way(start(valkey_server), orthanc, tmp_path)


def test_postgresql_and_debians_redis(
    start: Start, redis_server: Redis, postgres_url: str, orthanc: Orthanc, tmp_path: Path
) -> None:
    check_whole_way(start(redis_server, postgres_url), orthanc, tmp_path)


def test_a_late_instance_is_a_new_revision_with_its_own_result(
    start: Start, valkey_server: Redis, tmp_path: Path
) -> None:
    platform = start(valkey_server)
    files = studies.ct(tmp_path / "in", 4)
    storescu(files[:3], platform.port)
    platform.wait_delivered(1)
    storescu(files[3:], platform.port)
    platform.wait_until(lambda: len(platform.jobs()) == 2, "in its second revision")
    assert sorted(job.revision for job in platform.wait_delivered(1)) == [1, 2]
