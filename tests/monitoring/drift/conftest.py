"""A country that nothing happens to, and what has been learned from its first year."""

from collections.abc import Mapping

import pytest

from core.domain.watch import NATIONAL, TRUST
from core.sections import Watch
from monitoring.drift.engine import Reference, learn_many
from tests.monitoring.drift.streams import FIRST, LAST, TRUSTS, History, country


@pytest.fixture(scope="session")
def calm() -> Mapping[str, History]:
    """Eight sites, 450 days."""
    return country()


@pytest.fixture(scope="session")
def references(calm: Mapping[str, History]) -> Mapping[str, Reference]:
    """Of every site, of a trust with a small site, and of the country, from a year."""
    scopes = [*calm, NATIONAL, TRUST + "z"]
    return learn_many(calm, scopes, FIRST, LAST, Watch(), trust_of=TRUSTS)
