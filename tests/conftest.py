"""Fixtures for all tests: the real services, each started for who asks."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.services.dcmtk import Storescp, storescp_server
from tests.services.orthanc import Orthanc, orthanc_server
from tests.services.postgres import Postgres, postgres_cluster
from tests.services.redis import Aof, Redis
from tests.services.redis import redis_server as running_redis
from tests.services.redis import valkey_server as running_valkey

#: The root of the repository.
ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the repository."""
    return ROOT


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of whoever runs the tests reaches them."""
    for name in [name for name in os.environ if name.startswith("VARDE_")]:
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _own_logs() -> Iterator[None]:
    """No test writes to the log that another one has set up."""
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()


@pytest.fixture
def redis_server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Redis]:
    """Debian's Redis without persistence; parametrise indirectly for "everysec" or "always"."""
    aof: Aof = getattr(request, "param", "no")
    folder = tmp_path / "redis"
    folder.mkdir()
    with running_redis(folder, aof=aof) as server:
        yield server


@pytest.fixture
def valkey_server(tmp_path: Path) -> Iterator[Redis]:
    """The Valkey of the embedded default, without persistence."""
    folder = tmp_path / "valkey"
    folder.mkdir()
    with running_valkey(folder) as server:
        yield server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL cluster for the whole run."""
    with postgres_cluster() as cluster:
        yield cluster


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """The SQLAlchemy URL of an empty PostgreSQL database, this test's own."""
    url = postgres.create_database()
    yield url
    postgres.drop_database(url)


@pytest.fixture
def orthanc(tmp_path: Path) -> Iterator[Orthanc]:
    """An empty Orthanc with DICOMweb."""
    folder = tmp_path / "orthanc"
    folder.mkdir()
    with orthanc_server(folder) as archive:
        yield archive


@pytest.fixture
def storescp(tmp_path: Path) -> Iterator[Storescp]:
    """DCMTK's storescp as a destination."""
    folder = tmp_path / "storescp"
    folder.mkdir()
    with storescp_server(folder) as server:
        yield server
