"""From complete studies to jobs and to the queue: nothing is told before it is committed."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.domain.errors import SettingsError
from core.domain.job import PLATFORM, Job, Priority, State
from core.queue import News, app
from core.store import intake, jobs, studies
from core.store.database import Database, open_database
from router.dispatch import Dispatcher
from tests.router.conftest import settings_of
from tests.router.test_routes import BASE, CR, algorithm
from tests.services.redis import Redis

START = dt.datetime(2026, 1, 10, 12, tzinfo=dt.UTC)
ROUTE = {"name": "Thorax", "algorithm": "chest", "priority": "urgent"}


class Scene:
    """A dispatcher with a clock that is moved by hand."""

    def __init__(self, home: Path, url: str, **more: Any) -> None:
        """`more` are settings."""
        settings = settings_of(home, queue={"url": url}, **more)
        self.now = START
        self.database: Database = open_database(settings)
        self.news = News(url)
        self.dispatcher = Dispatcher(
            settings, self.database, {"chest": algorithm()}, app(url),
            news=self.news, clock=lambda: self.now,
        )  # fmt: skip

    def arrive(self, study: str = "2.25.1", number: int = 1, **changes: str) -> None:
        """One radiograph arrives now."""
        new = intake.NewInstance(
            "haukeland", study, f"{study}.1", f"{study}.1.{number}", CR, "1.2.840.10008.1.2.1",
            "CR", "x", 1, {**BASE, **changes}, {},
        )  # fmt: skip
        with self.database.write() as connection:
            intake.record_instance(connection, new, association="a", known=None, now=self.now)

    def later(self, seconds: float) -> float:
        """The clock moves, and assembly looks; returns when it wants to look again."""
        self.now += dt.timedelta(seconds=seconds)
        return self.dispatcher.assemble().total_seconds()

    def jobs(self) -> list[Job]:
        """Every job."""
        with self.database.read() as connection:
            return jobs.listed(connection)


@pytest.fixture
def scene(tmp_path: Path, redis_server: Redis) -> Iterator[Scene]:
    """A dispatcher with one route."""
    made = Scene(tmp_path / "var", redis_server.url, routes=[ROUTE])
    yield made
    made.database.close()


def test_a_quiet_study_becomes_a_job_and_news(scene: Scene) -> None:
    scene.arrive()
    assert scene.later(9.5) == pytest.approx(0.5)
    assert scene.jobs() == []
    scene.later(0.5)
    (job,) = scene.jobs()
    assert (job.algorithm, job.queue, job.priority, job.limit_s) == (
        "chest", "cpu", Priority.URGENT, 60,
    )  # fmt: skip
    assert scene.news.lengths() == {"cpu": 1, "gpu": 0}


def test_what_nobody_reads_is_answered_by_varde(scene: Scene) -> None:
    scene.arrive(Modality="MR")
    scene.later(10)
    (job,) = scene.jobs()
    assert job.algorithm == PLATFORM
    with scene.database.read() as connection:
        (decision,) = studies.decisions(connection, job.study_id, 1)
    assert decision.reason.text() == "modality is MR, it reads CR, DX"


def test_patience_does_not_wait_for_silence(scene: Scene) -> None:
    for number in range(100):
        scene.arrive(number=number)
        scene.later(9.1)
    assert {job.revision for job in scene.jobs()} == {1}


def test_without_a_queue_the_news_wait(tmp_path: Path, redis_server: Redis) -> None:
    scene = Scene(tmp_path / "var", redis_server.url, routes=[ROUTE])
    redis_server.kill()
    scene.arrive()
    scene.later(10)
    assert [job.state for job in scene.jobs()] == [State.QUEUED]
    assert scene.dispatcher.tell() == 0
    redis_server.start()
    assert scene.dispatcher.tell() == 1
    assert scene.news.lengths()["cpu"] == 1
    scene.database.close()


def test_what_nobody_claims_is_told_again_with_a_growing_interval(scene: Scene) -> None:
    scene.arrive()
    scene.later(10)
    told = []
    for minute in range(1, 9):
        scene.now += dt.timedelta(seconds=60)
        if scene.dispatcher.tell():
            told.append(minute)
    assert told == [1, 3, 7]


def test_an_emptied_queue_is_told_everything_again(scene: Scene, redis_server: Redis) -> None:
    scene.dispatcher.reconcile()
    for study in ("2.25.1", "2.25.2", "2.25.3"):
        scene.arrive(study)
    scene.later(10)
    redis_server.kill()
    redis_server.start()
    assert scene.news.lengths()["cpu"] == 0
    scene.dispatcher.reconcile()
    assert scene.news.lengths()["cpu"] == 3


def test_a_silent_workers_job_is_told_again(scene: Scene) -> None:
    scene.arrive()
    scene.later(10)
    (job,) = scene.jobs()
    with scene.database.write() as connection:
        jobs.claim(connection, job.id, owner="w", now=scene.now, lease=dt.timedelta(seconds=5))
    scene.dispatcher.reconcile()
    assert scene.jobs()[0].state is State.RUNNING
    scene.now += dt.timedelta(seconds=6)
    scene.dispatcher.reconcile()
    assert scene.jobs()[0].state is State.QUEUED
    assert scene.news.lengths()["cpu"] == 2


def test_a_route_to_nowhere_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no algorithm «hip»"):
        Scene(tmp_path / "var", "redis://127.0.0.1:1/0", routes=[{**ROUTE, "algorithm": "hip"}])
