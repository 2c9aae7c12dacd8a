"""A small country with a year behind it, on SQLite and on PostgreSQL."""

import datetime as dt
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from core.domain.equipment import Equipment
from core.domain.job import Priority
from core.domain.reason import Reason
from core.domain.study import Decision
from core.sections import Watch
from core.settings import Settings
from core.store import assembly
from core.store.database import Database, open_database
from core.store.watch import aggregates, observations
from core.store.watch.aggregates import StoredDay
from core.store.watch.nights import Night
from core.store.watch.observations import Observed
from monitoring.aggregates import wire
from monitoring.aggregates.aggregate import Aggregate, Features, Moments
from monitoring.aggregates.bins import FEATURES, histogram
from monitoring.nights.night import Job
from tests.core.conftest import arrive

SITES = {"haukeland": "bergen", "voss": "bergen", "ahus": "ahus"}
ALGORITHM, OTHER = "chest_xray", "chest_vendor"
VERSION = "1.1.0"
DAY = dt.timedelta(days=1)
YESTERDAY = dt.date(2026, 6, 10)
NIGHT = dt.datetime(2026, 6, 11, 1, 15, tzinfo=dt.UTC)  # 03:15 in Norway
LEAST = 28
WATCH = Watch(least_reference_days=LEAST, reference_days=56, keep_observations_days=7)


def settings_of(home: Path, **more: object) -> Settings:
    """Three sites of two trusts."""
    values = {
        "home": home,
        "watch": WATCH,
        "regions": {"no": {"name": "Norge"}},
        "trusts": {key: {"name": key, "region": "no"} for key in ("bergen", "ahus")},
        "destinations": {},
        "sites": {
            key: {"name": key, "trust": trust, "calling": [key.upper()], "destinations": []}
            for key, trust in SITES.items()
        },
    }
    return Settings.model_validate({**values, **more})


@pytest.fixture(params=["sqlite", "postgresql"])
def both(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty, migrated database on either."""
    more = {}
    if request.param == "postgresql":
        more = {"database": {"url": request.getfixturevalue("postgres_url")}}
    opened = open_database(settings_of(tmp_path / "var", **more))
    yield opened
    opened.close()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """An empty, migrated SQLite database."""
    opened = open_database(settings_of(tmp_path / "var"))
    yield opened
    opened.close()


def job(database: Database, home: Path, *, now: dt.datetime = NIGHT, **more: object) -> Job:
    """What a night needs, at a time that stands still."""
    purposes = {ALGORITHM: "chest", OTHER: "chest"}
    values = {"purposes": purposes, "watch": WATCH, "clock": lambda: now, **more}
    return Job(database, home, **values)  # type: ignore[arg-type]


def hold(database: Database, home: Path, *, now: dt.datetime = NIGHT, **more: object) -> Night:
    """One night."""
    home.mkdir(parents=True, exist_ok=True)
    return job(database, home, now=now, **more).run()


def a_day(seed: int, studies: int = 40, *, prevalence: float = 0.15) -> Aggregate:
    """A day's sums: one label, one number, one category, features of an embedding."""
    rng = np.random.default_rng(seed)
    found = rng.random(studies) < prevalence
    scores = np.where(found, rng.beta(8, 3, studies), rng.beta(2, 9, studies))
    positives = int((scores > 0.5).sum())
    outcomes = {"findings": positives, "nothing_found": studies - positives}
    total = np.sqrt(2 / FEATURES) * rng.normal(0.4, 1.0, (studies, FEATURES)).sum(axis=0)
    return Aggregate(
        studies, studies, positives, outcomes, {}, {"36118008": histogram(scores)},
        {"pixel_mean": Moments.of(rng.normal(0.4, 0.05, studies))},
        {"view": {"PA": studies - studies // 4, "AP": studies // 4}},
        Features(studies, total), {"sex:F": (studies // 2, positives // 2)}, {},
    )  # fmt: skip


def stored(
    site: str,
    day: dt.date,
    *,
    algorithm: str = ALGORITHM,
    studies: int = 40,
    equipment: str = "1" * 16,
    at: dt.datetime | None = None,
) -> StoredDay:
    """A row of such a day, written on the morning after it."""
    if day.weekday() > 4:
        studies = max(studies // 3, 1)
    seed = day.toordinal() * 100 + sum(map(ord, site + algorithm + equipment)) % 100
    made = a_day(seed, studies)
    written = at or dt.datetime.combine(day + DAY, dt.time(1), dt.UTC)
    return aggregates.of(
        wire.dump(made), site=site, algorithm=algorithm, version=VERSION, equipment=equipment,
        day=day, modality="DX", studies=made.studies, at=written,
    )  # fmt: skip


def past(
    database: Database,
    days: int,
    *,
    sites: Iterable[str] = tuple(SITES),
    until: dt.date = YESTERDAY,
    algorithm: str = ALGORITHM,
) -> None:
    """Write so many days up to `until`."""
    rows = (
        stored(site, until - n * DAY, algorithm=algorithm)
        for n in reversed(range(days))
        for site in sites
    )
    with database.write() as connection:
        aggregates.write(connection, rows)


def read_study(
    database: Database,
    study: str,
    day: dt.date,
    *,
    found: bool = False,
    algorithms: Iterable[str] = (ALGORITHM,),
    at: dt.datetime | None = None,
) -> tuple[str, list[str]]:
    """A study of a day at haukeland with a result of each algorithm; (its id, the jobs' ids)."""
    noon = dt.datetime.combine(day, dt.time(12), dt.UTC)
    study_id = arrive(database, study=study, now=noon)
    jobs = []
    with database.write() as connection:
        revision = assembly.close_revision(connection, study_id, because="quiet", seen=1, now=noon)
        for algorithm in algorithms:
            wish = assembly.Wish(algorithm, VERSION, "cpu", Priority.ROUTINE, 60)
            job_id = assembly.create_job(
                connection, study_id, "haukeland", revision, wish, now=noon
            )
            observe(connection, job_id, day, found=found, algorithm=algorithm, at=at or noon)
            jobs.append(job_id)
    return study_id, jobs


def observe(
    connection: sa.Connection,
    job_id: str,
    day: dt.date,
    *,
    at: dt.datetime,
    found: bool = False,
    algorithm: str = ALGORITHM,
    body: bytes | None = None,
    run: int = 1,
) -> None:
    """What a worker notes of one result."""
    outcome = "findings" if found else "nothing_found"
    made = Aggregate(1, 1, int(found), {outcome: 1}, outputs={
        "36118008": histogram(np.array([0.9 if found else 0.1]))
    })  # fmt: skip
    observations.record(
        connection,
        Observed(
            job_id, run, "haukeland", algorithm, VERSION, "", "DX", day, at, ("sex:F",),
            wire.dump(made) if body is None else body,
        ),
        Equipment(),
    )  # fmt: skip


def decline(
    database: Database, study: str, day: dt.date, reason: Reason, *, algorithm: str = ALGORITHM
) -> None:
    """A study of a day at haukeland that no algorithm read, and why this one did not."""
    noon = dt.datetime.combine(day, dt.time(12), dt.UTC)
    study_id = arrive(database, study=study, now=noon)
    decision = Decision(algorithm, VERSION, chosen=False, reason=reason)
    with database.write() as connection:
        revision = assembly.close_revision(connection, study_id, because="quiet", seen=1, now=noon)
        assembly.record_decisions(connection, study_id, revision, [decision])
