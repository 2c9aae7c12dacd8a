"""Seconds and memory of a night for 20 sites, 10 algorithms (PostgreSQL: 2) and five years.

Each night is held by a fresh process, which has read nothing before.
"""

import datetime as dt
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from core.settings import Settings
from core.store.database import Database, open_database
from core.store.tables import JobRow, StudyRow
from core.store.watch import aggregates
from core.store.watch.aggregates import StoredDay
from core.store.watch.tables import ObservationRow
from monitoring.aggregates import wire
from monitoring.aggregates.aggregate import Aggregate, Features, Moments
from monitoring.aggregates.bins import FEATURES, histogram
from tests.bench.table import told
from tests.conftest import ROOT

pytestmark = [pytest.mark.bench, pytest.mark.timeout(3600)]

SITES, TRUSTS, YEARS = 20, 5, 5
ALGORITHMS = {"sqlite": 10, "postgresql": 2}  #: what each is measured with
DAYS = YEARS * 365
STUDIES = 60  #: of a stream on a weekday
LAST = dt.date(2026, 6, 10)
DAY = dt.timedelta(days=1)
LABELS = [f"{number}" for number in range(36118000, 36118006)]
NUMBERS = ("kvp", "mas", "exposure_index", "deviation_index", "age_years", "pixel_mean", "pixel_sd",
           "pixel_p5", "pixel_p95", "pixel_gradient")  # fmt: skip
NIGHT_S, MEMORY_MB = 600.0, 1024

HOLD = """
import datetime as dt, json, sys, time
from pathlib import Path
begun = time.perf_counter()
from core.domain.watch import Stream
from core.sections import Watch
from core.store.database import Database
from monitoring.nights.night import Job
from monitoring.nights.relearning import relearn
from monitoring.nights import night

def most_mb():  # ru_maxrss would count what the parent held before it started this one
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(one for one in lines if one.startswith("VmHWM")).split()[1]) // 1024

url, home, now, what = sys.argv[1:]
database, now = Database(url), dt.datetime.fromisoformat(now)
if what == "night":
    purposes = {f"algorithm_{n}": f"purpose-{n // 2}" for n in range(10)}
    held = Job(database, Path(home), Watch(), purposes, clock=lambda: now).run()
    told = {"error": held.error, "streams": held.streams, **held.notes["did"]}
else:
    made = relearn(database, Stream("site_00", "algorithm_0"), by="bench", reason="bench",
                   first=None, last=None, watch=Watch(), now=now)
    told = {"error": "", "studies": made.studies}
print(json.dumps({**told, "seconds": time.perf_counter() - begun, "cpu": time.process_time(),
                  "most_mb": most_mb()}))
"""


def a_day(rng: np.random.Generator, studies: int) -> bytes:
    """A day's aggregate of a usual size: six labels, ten numbers, four categories, groups."""
    scores = np.where(rng.random(studies) < 0.15, rng.beta(8, 3, studies), rng.beta(2, 9, studies))
    positives = int((scores > 0.5).sum())
    features = np.sqrt(2 / FEATURES) * rng.normal(0.4, 1, (studies, FEATURES)).sum(axis=0)
    words = rng.multinomial(studies, [0.5, 0.3, 0.15, 0.05])
    groups = ("sex:F", "sex:M", "age:18-39", "age:40-64", "age:65-79", "age:80+")
    return wire.dump(Aggregate(
        studies, studies, positives,
        {"findings": positives, "nothing_found": studies - positives}, {},
        {label: histogram(scores * rng.uniform(0.9, 1, studies)) for label in LABELS},
        {name: Moments.of(rng.normal(50, 6, studies)) for name in NUMBERS},
        {name: {f"{name} {n}": int(count) for n, count in enumerate(words)}
         for name in ("view", "body_part", "photometric", "manufacturer_model")},
        Features(studies, features),
        dict.fromkeys(groups, (studies // 3, positives // 3)),
    ))  # fmt: skip


def country(algorithms: int) -> Iterator[StoredDay]:
    """Every day of every stream, drawn from some hundred days."""
    rng = np.random.default_rng(7)
    pools = {
        weekend: [
            (n, a_day(rng, n)) for n in rng.poisson(STUDIES // (3 if weekend else 1), 300).tolist()
        ]
        for weekend in (False, True)
    }
    for number in range(DAYS):
        day = LAST - (DAYS - 1 - number) * DAY
        pool = pools[day.weekday() > 4]
        at = dt.datetime.combine(day + DAY, dt.time(1), dt.UTC)
        for site in range(SITES):
            for algorithm in range(algorithms):
                studies, body = pool[rng.integers(len(pool))]
                yield aggregates.of(
                    body, site=f"site_{site:02}", algorithm=f"algorithm_{algorithm}",
                    version="1.0.0", equipment="1" * 16, day=day, modality="DX", studies=studies,
                    at=at,
                )  # fmt: skip


def settings_of(home: Path, url: str) -> Settings:
    trusts = {f"trust_{n}": {"name": f"Trust {n}", "region": "no"} for n in range(TRUSTS)}
    sites = {
        f"site_{n:02}": {
            "name": f"Site {n}", "trust": f"trust_{n % TRUSTS}", "calling": [f"SITE{n}"],
            "destinations": [],
        }
        for n in range(SITES)
    }  # fmt: skip
    values = {"home": home, "regions": {"no": {"name": "Norge"}}, "trusts": trusts, "sites": sites}
    return Settings.model_validate({**values, "database": {"url": url}})


def observe(database: Database, day: dt.date, algorithms: int) -> int:
    """What the workers of the whole country note in a day: 60 studies of each stream."""
    rng = np.random.default_rng(day.toordinal())
    bodies = [a_day(rng, 1) for _ in range(200)]
    at = dt.datetime.combine(day, dt.time(12), dt.UTC)
    studies: list[dict[str, Any]] = []
    jobs: list[dict[str, Any]] = []
    noted: list[dict[str, Any]] = []
    for site in range(SITES):
        key = f"site_{site:02}"
        for number in range(STUDIES * algorithms):
            name = f"{day.toordinal()}{site:04}{number:06}"
            algorithm = f"algorithm_{number % algorithms}"
            studies.append({"id": name, "site": key, "study_uid": f"2.25.{name}", "revision": 1,
                            "created_at": at})  # fmt: skip
            jobs.append({"id": name, "study_id": name, "site": key, "revision": 1,
                         "algorithm": algorithm, "version": "1.0.0", "queue": "cpu", "priority": 6,
                         "limit_s": 60, "state": "delivered", "created_at": at,
                         "finished_at": at, "outcome": "nothing_found"})  # fmt: skip
            noted.append({"job_id": name, "run": 1, "site": key, "algorithm": algorithm,
                          "version": "1.0.0", "equipment": "1" * 16, "modality": "DX", "day": day,
                          "at": at, "groups": [], "body": bodies[number % 200]})  # fmt: skip
    with database.write() as connection:
        for table, rows in ((StudyRow, studies), (JobRow, jobs), (ObservationRow, noted)):
            connection.execute(sa.insert(table), rows)
    return len(noted)


def hold(database: Database, home: Path, day: dt.date, what: str = "night") -> dict[str, Any]:
    """What a fresh process says of the night after `day`."""
    now = dt.datetime.combine(day + DAY, dt.time(1, 15), dt.UTC)
    url = database.url.render_as_string(hide_password=False)
    done = subprocess.run(
        [sys.executable, "-c", HOLD, url, str(home), now.isoformat(), what],
        cwd=ROOT, capture_output=True, text=True, timeout=3000, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert found["error"] == ""
    assert found["most_mb"] <= MEMORY_MB
    return found


def tell(what: str, found: dict[str, Any], more: str) -> None:
    ours = f"{found['seconds']:.1f} s, {found['cpu']:.1f} s of a core"
    told(what, ours=ours, peer=f"{found['most_mb']} MB", ratio=more)


@pytest.mark.parametrize("kind", ALGORITHMS)
def test_a_night_of_a_country(request: pytest.FixtureRequest, tmp_path: Path, kind: str) -> None:
    url = request.getfixturevalue("postgres_url") if kind == "postgresql" else ""
    database, algorithms = open_database(settings_of(tmp_path, url)), ALGORITHMS[kind]
    with database.write() as connection:
        rows = aggregates.write(connection, country(algorithms))
    assert rows == SITES * algorithms * DAYS
    first = hold(database, tmp_path, LAST)
    more = f"{first['references']} references, {first['evaluations']} evaluations"
    tell(f"{kind}, {rows} days: the very first night", first, more)
    noted = observe(database, LAST + DAY, algorithms)
    usual = hold(database, tmp_path, LAST + DAY)
    assert usual["folded"] == SITES * algorithms
    tell(f"{kind}: a usual night", usual, f"{noted} observations, {usual['streams']} streams")
    again = hold(database, tmp_path, LAST + DAY)
    tell(f"{kind}: the same night again", again, "nothing to do")
    learned = hold(database, tmp_path, LAST + DAY, "relearn")
    tell(f"{kind}: one stream learned anew", learned, f"{learned['studies']} studies of a year")
    assert usual["seconds"] <= NIGHT_S
    database.close()
