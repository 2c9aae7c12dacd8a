"""One seeded house for all the pages' tests; nobody changes it."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.settings import Settings
from tests.web.house import House, fill
from tests.web.seed import Seed, open_seed
from tests.web.visitor import TestClient
from web.app import create_app

URL = "http://127.0.0.1"


@dataclasses.dataclass(frozen=True)
class Seeded:
    """What a test of the pages needs."""

    settings: Settings
    seed: Seed
    house: House


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    """The house with every face of a study."""
    settings, seed = open_seed(tmp_path_factory.mktemp("web"))
    yield Seeded(settings, seed, fill(seed))
    seed.database.close()


@pytest.fixture
def client(seeded: Seeded) -> Iterator[TestClient]:
    """A browser without cookies in front of the seeded house."""
    app = create_app(seeded.settings, seeded.seed.database, algorithms={})
    with TestClient(app, base_url=URL) as made:
        yield made


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[tuple[Settings, Seed]]:
    """A house with two sites and nothing else."""
    settings, seed = open_seed(tmp_path)
    yield settings, seed
    seed.database.close()
