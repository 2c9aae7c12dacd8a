"""What a scrape costs in a database of a country's size, beside prometheus_client's own registry.

20 sites, 10 algorithms, 365,000 aggregates (five years), 400,000 jobs with their studies, revisions
and decisions. `BENCH_JOBS` makes it smaller.
"""

import datetime as dt
import gzip
import itertools
import os
import resource
import statistics
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import prometheus_client
import pytest
import sqlalchemy as sa

from core.domain.activation import Activation
from core.domain.feedback import Role, Source, Word
from core.domain.finding import Outcome
from core.domain.watch import Chart, Evaluation, Point, Signal, Standing, Stream
from core.settings import Settings
from core.store.database import Database
from core.store.tables import (
    DecisionRow,
    InstanceRow,
    JobRow,
    RefusalRow,
    RevisionRow,
    StudyRow,
)
from core.store.watch import aggregates, evaluations
from core.store.watch.tables import (
    ActivationRow,
    AuditRow,
    CaseRow,
    ConcordanceRow,
    FeedbackRow,
    NightRow,
    ReferenceRow,
)
from monitoring.aggregates import bins, wire
from monitoring.aggregates.aggregate import Aggregate
from monitoring.exporter import Exporter
from monitoring.exposition import Page
from tests.bench.table import told

pytestmark = pytest.mark.bench

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
TODAY = NOW.date()
SITES = [f"site{number:02}" for number in range(20)]
ALGORITHMS = [f"algorithm{number}" for number in range(10)]
STREAMS = list(itertools.product(SITES, ALGORITHMS))
OUTCOMES = [outcome.value for outcome in Outcome]
JOBS = int(os.environ.get("BENCH_JOBS", "400000"))
DAYS = 365 * 5
SCRAPES = 40
PART = 20_000
REASONS = ("chosen", "modality", "body-part", "view", "age", "sop-class", "keyword")


def insert(database: Database, table: Any, rows: Iterator[dict[str, Any]]) -> None:
    while part := list(itertools.islice(rows, PART)):
        with database.write() as connection:
            connection.execute(sa.insert(table), part)


def seeded(home: Path) -> Database:
    """The database of a country after five years."""
    sites = {
        key: {"name": key, "trust": "t", "calling": [key.upper()], "destinations": ["pacs"]}
        for key in SITES
    }
    settings = Settings.model_validate({
        "home": home, "sites": sites, "regions": {"r": {"name": "R"}},
        "trusts": {"t": {"name": "T", "region": "r"}},
        "destinations": {"pacs": {"ae_title": "PACS", "host": "127.0.0.1", "port": 104}},
    })  # fmt: skip
    database = Database(settings.database_url, fsync=False)
    database.migrate()
    database.describe_sites(settings)
    _work(database)
    _watch(database)
    return database


def site(number: int) -> str:
    """Where a job is from."""
    return SITES[number % 20]


def when(number: int) -> dt.datetime:
    """Jobs are spread over a year, the newest a minute ago."""
    return NOW - dt.timedelta(seconds=60 + (JOBS - number) * (365 * 86400 / JOBS))


def _work(database: Database) -> None:
    """One study, instance, revision and job each; decisions on all ten for one in ten."""
    numbers = range(JOBS)
    insert(database, StudyRow, (
        {"id": f"{n:032x}", "site": site(n), "study_uid": f"2.25.{n}", "revision": 1,
         "created_at": when(n)} for n in numbers))  # fmt: skip
    insert(database, InstanceRow, (
        {"study_id": f"{n:032x}", "series_uid": f"2.25.{n}.1", "sop_uid": f"2.25.{n}.1.1",
         "sop_class_uid": "1", "transfer_syntax_uid": "1", "path": "p", "size": 1, "revision": 1,
         "modality": ("DX", "CT", "MG")[n % 3], "received_at": when(n), "attributes": {}}
        for n in numbers))  # fmt: skip
    insert(database, RevisionRow, (
        {"study_id": f"{n:032x}", "number": 1, "at": when(n), "last_instance_at": when(n),
         "instances": 1, "because": "quiet"} for n in numbers))  # fmt: skip
    insert(database, DecisionRow, (
        {"study_id": f"{n:032x}", "revision": 1, "algorithm": algorithm, "version": "1.0.0",
         "chosen": reason == "chosen", "route": "", "reason": reason, "facts": {}}
        for n in numbers if n % 10 == 0
        for place, algorithm in enumerate(ALGORITHMS)
        for reason in (REASONS[(n // 10 + place) % 7],)))  # fmt: skip
    insert(database, JobRow, (
        {"id": f"{n:032x}", "study_id": f"{n:032x}", "site": site(n), "revision": 1,
         "algorithm": ALGORITHMS[n // 20 % 10], "version": f"1.{n // 200 % 2}.0", "queue": "cpu",
         "priority": 6, "limit_s": 60, "state": "delivered" if n % 2000 else "queued",
         "attempts": 1, "run": 1, "created_at": when(n),
         "started_at": when(n) if n % 2000 else None,
         "finished_at": when(n) + dt.timedelta(seconds=2) if n % 2000 else None,
         "delivered_at": when(n) + dt.timedelta(seconds=3) if n % 2000 else None,
         "outcome": OUTCOMES[n // 400 % 4] if n % 2000 else None} for n in numbers))  # fmt: skip
    insert(database, RefusalRow, (
        {"at": when(n), "site": site(n), "calling": "A", "called": "B", "host": "h",
         "code": f"code{n % 18}", "status": 1, "message": "", "path": ""}
        for n in range(0, JOBS, 100)))  # fmt: skip


def _aggregate() -> bytes:
    random = np.random.default_rng(1)
    scores = {f"label{n}": random.multinomial(40, np.ones(bins.BINS) / bins.BINS)
              for n in range(5)}  # fmt: skip
    pairs = {other: np.array([[30, 3], [2, 5]]) for other in ("algorithm8", "algorithm9")}
    outcomes = {"findings": 10, "nothing_found": 30, "not_evaluated": 2, "failed": 1, "declined": 3}
    return wire.dump(Aggregate(46, 40, 10, outcomes, outputs=scores, pairs=pairs))


def _watch(database: Database) -> None:
    """Aggregates of five years, a year of evaluations, and what people said."""
    body = _aggregate()
    days = (
        aggregates.of(
            body, site=site, algorithm=algorithm, version="1.0.0", equipment="", modality="DX",
            day=(day := TODAY - dt.timedelta(days=before)), studies=46,
            at=dt.datetime.combine(day, dt.time(3), dt.UTC) + dt.timedelta(days=1),
        )
        for before in range(DAYS, 0, -1)
        for site, algorithm in STREAMS
    )  # fmt: skip
    while part := list(itertools.islice(days, PART)):
        with database.write() as connection:
            aggregates.write(connection, part)
    points = tuple(
        Point(signal, chart, 0.5, Standing.INSIDE) for signal in Signal for chart in Chart
    )
    for before in range(365, 0, -1):
        with database.write() as connection:
            evaluations.write(connection, [
                Evaluation(Stream(*stream), TODAY - dt.timedelta(days=before), 1, 300, 46,
                           Standing.OUTSIDE if before < 9 else Standing.INSIDE, points)
                for stream in STREAMS
            ], NOW - dt.timedelta(days=before))  # fmt: skip
    insert(database, ReferenceRow, (
        {"site": site, "algorithm": algorithm, "number": 1, "version": "1.0.0", "from_day": TODAY,
         "to_day": TODAY, "studies": 9000, "learned_at": NOW, "by": "k", "reason": "r",
         "body": b"x" * 50_000, "sha256": ""} for site, algorithm in STREAMS))  # fmt: skip
    insert(database, NightRow, (
        {"until": TODAY, "started_at": NOW - dt.timedelta(days=n), "streams": 200, "error": "",
         "finished_at": NOW - dt.timedelta(days=n), "notes": {}} for n in range(365)))  # fmt: skip
    insert(database, CaseRow, (
        {"id": f"{n:032x}", "kind": ("drift", "errors")[n % 2], "site": site,
         "algorithm": algorithm, "subject": "drift", "opened_at": NOW, "last_at": NOW,
         "day": TODAY, "evidence": {}, "settled_at": NOW if n % 3 == 0 else None}
        for n, (site, algorithm) in enumerate(STREAMS * 4)))  # fmt: skip
    insert(database, ActivationRow, (
        {"site": site, "algorithm": algorithm, "state": Activation.SUPERVISED.value, "at": NOW,
         "by": "k", "reason": "r"} for site, algorithm in STREAMS))  # fmt: skip
    insert(database, ConcordanceRow, (
        {"site": site, "algorithm": algorithm, "version": "1.0.0",
         "day": TODAY - dt.timedelta(days=before), "label": label, "source": source.value,
         "subgroup": group, "true_positive": 5, "false_positive": 1, "false_negative": 0,
         "true_negative": 30, "unknown": 4}
        for before in range(1, 91) for site, algorithm in STREAMS
        for label in ("any", "label1") for source in Source for group in ("", "sex:F", "sex:M")
    ))  # fmt: skip
    job = "0" * 31 + "1"
    insert(database, FeedbackRow, (
        {"job_id": job, "site": site, "algorithm": algorithm, "version": "1.0.0", "at": when(n),
         "role": role.value, "word": word.value, "called": True, "corrected": {}}
        for n in range(0, JOBS, max(JOBS // 10, 1)) for site, algorithm in STREAMS
        for role in Role for word in Word))  # fmt: skip
    insert(database, AuditRow, (
        {"job_id": f"{n:032x}", "site": SITES[n % 20], "algorithm": ALGORITHMS[n // 20 % 10],
         "drawn_at": NOW, "answered_at": NOW, "role": list(Role)[n // 200 % 4].value, "truths": {}}
        for n in range(0, JOBS, 50)))  # fmt: skip


def scraped(page: Any, times: int) -> tuple[list[float], bytes]:
    """Seconds of each scrape, packed as Prometheus asks for it; and the last text."""
    seconds, body = [], b""
    for _ in range(times):
        began = time.perf_counter()
        body = b"".join(page({"HTTP_ACCEPT_ENCODING": "gzip", "REQUEST_METHOD": "GET",
                              "PATH_INFO": "/metrics"}, lambda *_: None))  # fmt: skip
        seconds.append(time.perf_counter() - began)
    return seconds, gzip.decompress(body)


def plain(series: int) -> prometheus_client.CollectorRegistry:
    """A registry of prometheus_client's own gauges with as many series, of four labels each."""
    registry = prometheus_client.CollectorRegistry()
    for number in range(40):
        gauge = prometheus_client.Gauge(
            f"peer{number}", "A gauge.", ("site", "algorithm", "signal", "chart"), registry=registry
        )
        for index in range(series // 40):
            site, algorithm = STREAMS[index % 200]
            gauge.labels(site, algorithm, f"signal{index // 200}", "own").set(index)
    return registry


def p95(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=20)[-1]


@pytest.mark.timeout(1800)
def test_a_scrape_of_a_country(tmp_path: Path) -> None:
    database = seeded(tmp_path)
    clock = itertools.count()
    exporter = Exporter(
        database, home=tmp_path, clock=lambda: NOW + dt.timedelta(seconds=15 * next(clock))
    )
    page = Page(exporter)
    first: list[float] = []
    while b"varde_exporter_caught_up 1.0" not in (answer := scraped(page, 1))[1]:
        first += answer[0]
        assert len(first) < 100
    tracemalloc.start()
    seconds, body = scraped(page, 3)  # what a scrape leaves behind, apart from what was seeded
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    seconds, body = scraped(page, SCRAPES)
    series = sum(not line.startswith(b"#") for line in body.splitlines())
    peer, peer_body = scraped(prometheus_client.make_wsgi_app(plain(series)), SCRAPES)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told(
        f"a scrape, {series:,} series, {len(body) / 1e6:.1f} MB ({JOBS:,} jobs, "
        f"{DAYS * 200:,} aggregates, SQLite)",
        ours=f"p50 {statistics.median(seconds):.3f} s, p95 {p95(seconds):.3f} s",
        peer=f"prometheus_client's own registry, {len(peer_body) / 1e6:.1f} MB: p50 "
             f"{statistics.median(peer):.3f} s, p95 {p95(peer):.3f} s",
        ratio=f"{statistics.median(seconds) / statistics.median(peer):.2f}",
    )  # fmt: skip
    told(
        "the same, from a start until everything is counted",
        ours=f"{len(first) + 1} scrapes, {sum(first) + answer[0][0]:.1f} s, the longest "
             f"{max([*first, *answer[0]]):.1f} s",
        peer="–", ratio="–",
    )  # fmt: skip
    told("the same, memory of the process", ours=f"{memory:.0f} MB at most, kept by three scrapes "
         f"{held / 1e6:.1f} MB", peer="–", ratio="–")  # fmt: skip
    database.close()
    assert series >= 23_000
    assert p95(seconds) < 1.0
