"""A chest radiograph with an answer, and a browser whose requests come from Varde's own pages."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from core.domain import codes
from core.domain.finding import Outcome
from core.settings import Settings
from models import registry
from tests.web.conftest import URL
from tests.web.seed import Seed, dataset, finding
from tests.web.visitor import TestClient
from web.app import create_app

PNEUMOTHORAX, EFFUSION = codes.PNEUMOTHORAX.value, codes.PLEURAL_EFFUSION.value
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
OWN = {"Sec-Fetch-Site": "same-origin", "Origin": URL}
ALGORITHMS = registry.load(Path(registry.__file__).parent)


def answered(
    seed: Seed, *, outcome: Outcome = Outcome.FINDINGS, site: str = "drammen", **fields: Any
) -> tuple[str, str]:
    """(study, job): a pneumothorax and no effusion, or whatever the outcome says."""
    image = dataset(np.zeros((32, 32), np.uint8))
    study = seed.study([image], site=site, **fields)
    seed.complete(study)
    job = seed.job(study, site=site)
    seed.claim(job)
    found = [
        finding(codes.PNEUMOTHORAX, 0.874, image),
        finding(codes.PLEURAL_EFFUSION, 0.031, image),
    ]
    seed.answer(job, outcome, found if outcome is Outcome.FINDINGS else [])
    return study, job


@contextmanager
def browser(settings: Settings, seed: Seed) -> Iterator[TestClient]:
    """A browser on Varde's own pages."""
    app = create_app(settings, seed.database, algorithms=ALGORITHMS)
    with TestClient(app, base_url=URL, headers=OWN, follow_redirects=False) as made:
        yield made


@contextmanager
def program(settings: Settings, seed: Seed) -> Iterator[TestClient]:
    """Another system: it sends no header that browsers send."""
    app = create_app(settings, seed.database, algorithms=ALGORITHMS)
    with TestClient(app, base_url=URL) as made:
        yield made
