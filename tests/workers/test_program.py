"""The worker as a process of its own, with a real Redis."""

import contextlib
import dataclasses
import functools
import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import tomli_w

from core import logs, queue
from core.domain.finding import Outcome
from core.domain.job import State
from core.settings import Settings
from core.store import jobs
from models import registry
from models.registry import Algorithm
from tests.services.process import Process, group_members, wait_for_end
from tests.services.redis import Redis
from tests.workers.instances import image, ramp
from tests.workers.place import NOWHERE, Place, RealClock
from workers import __main__, program

SCRIPT = str(Path(__file__).with_name("tiny_worker.py"))


@dataclasses.dataclass
class Ward:
    """A place, its Redis, and how a worker for it is started."""

    place: Place
    redis: Redis
    site: Path
    algorithm: Algorithm
    gate: Path

    @contextlib.contextmanager
    def worker(self) -> Iterator[Process]:
        """A worker that consumes."""
        command = [sys.executable, SCRIPT, self.site, self.algorithm.folder, self.gate]
        with Process([str(part) for part in command]) as process:
            process.wait_for_line("ready")
            yield process

    def job(self, *, limit_s: float = 20) -> str:
        """A job for a study of one image."""
        dataset = image(ramp(24, 24) // 2 + 2047, stored=12)
        return self.place.job(self.place.study([dataset]), limit_s=limit_s)

    def send(self, job: str) -> None:
        """Tell the queue of a job, as the router does."""
        limit_s = self.place.state(job).limit_s
        with queue.app(self.redis.url) as app:
            queue.send(app, job, queue="cpu", priority=6, limit_s=limit_s)

    def give_back_lost(self) -> bool:
        """What the router's reconciliation does; whether there was anything."""
        with self.place.station.database.write() as connection:
            return bool(jobs.release_lost(connection, self.place.clock()))

    def close_gate(self) -> None:
        """From now on, reading waits."""
        os.mkfifo(self.gate)

    def open_gate(self, process: Process) -> int:
        """Wait until a job stands before the gate; closing what is returned lets it through."""
        found: list[int] = []

        def opened() -> bool:
            found.append(os.open(self.gate, os.O_WRONLY | os.O_NONBLOCK))
            return True

        process.wait_until(opened, "reading an instance")
        return found[0]

    def answered(self, process: Process, job: str) -> None:
        """Wait until the job has a result."""
        process.wait_until(lambda: self.place.result(job), "done with the job")


@pytest.fixture
def ward(tmp_path: Path, tiny: Algorithm, redis_server: Redis) -> Iterator[Ward]:
    """A site whose leases last a second."""
    place = Place(
        tmp_path / "var",
        {"tiny": tiny},
        RealClock(),
        queue={"url": redis_server.url},
        worker={"lease_s": 1.0, "threads": 1, "name": "ward"},
    )
    site = tmp_path / "site.toml"
    values = place.station.settings.model_dump(mode="json", exclude_none=True)
    site.write_text(tomli_w.dumps(values))
    yield Ward(place, redis_server, site, tiny, tmp_path / "gate")
    place.close()


@pytest.fixture
def heard(ward: Ward) -> Iterator[threading.Event]:
    """Set when a result is told of."""
    result, subscribed, stop = threading.Event(), threading.Event(), threading.Event()
    ears = {"result": result, "listening": subscribed}
    news = queue.News(ward.redis.url)
    listener = threading.Thread(target=news.listen, args=(lambda word: ears[word].set(), stop))
    listener.start()
    assert subscribed.wait(10)
    yield result
    stop.set()
    listener.join()


def test_a_killed_worker_costs_a_lease_and_leaves_one_result(
    ward: Ward, heard: threading.Event
) -> None:
    ward.close_gate()
    job = ward.job()
    with ward.worker() as process:
        ward.send(job)
        passing = ward.open_gate(process)
        assert len(list(group_members(process.pid))) == 2
        os.kill(process.pid, signal.SIGKILL)
        wait_for_end(process.pid)  # the child too, though it was not killed
        os.close(passing)
    ward.gate.unlink()
    assert ward.place.state(job).state is State.RUNNING

    last = ward.job()
    with ward.worker() as process:
        process.wait_until(ward.give_back_lost, "past the lease")
        for _ in range(3):  # news may come more than once
            ward.send(job)
        assert heard.wait(20)
        assert_one_result(ward.place, job)

        ward.close_gate()
        ward.send(last)
        passing = ward.open_gate(process)
        process.signal(signal.SIGTERM)
        assert ward.place.state(last).state is State.RUNNING
        os.close(passing)
        assert process.wait() == 0
        wait_for_end(process.pid)
        for word in ("Nordmann", "Traceback", "Warning"):
            assert word not in process.output
    assert_one_result(ward.place, job)
    assert ward.place.state(last).outcome is Outcome.FINDINGS


def assert_one_result(place: Place, job: str) -> None:
    """The job's second attempt has given a result, and nothing of the first one is left."""
    now = place.state(job)
    assert (now.state, now.attempts, now.outcome) == (State.ENCODED, 2, Outcome.FINDINGS)
    made = place.objects(job)
    assert [one.kind for one in made] == ["sr", "gsps"]
    assert place.files_of(job) == sorted(Path(one.path).name for one in made)


def test_a_worker_outlives_its_redis_its_child_and_its_time(ward: Ward) -> None:
    with ward.worker() as process:
        ward.redis.kill()  # while nothing runs
        process.wait_for_line("Connection to broker lost")
        ward.redis.start()
        job = ward.job()
        ward.close_gate()
        ward.send(job)
        passing = ward.open_gate(process)
        ward.redis.kill()  # while a job runs: it cannot be acknowledged
        os.close(passing)
        ward.answered(process, job)
        process.wait_for_line("Couldn't ack")
        ward.redis.start()

        job = ward.job()
        ward.send(job)
        passing = ward.open_gate(process)
        (child,) = set(group_members(process.pid)) - {process.pid}
        os.kill(child, signal.SIGKILL)
        os.close(passing)
        ward.gate.unlink()
        process.wait_until(ward.give_back_lost, "past the lease")
        ward.send(job)
        ward.answered(process, job)
        assert ward.place.state(job).attempts == 2

        ward.close_gate()
        job = ward.job(limit_s=1)
        ward.send(job)
        ward.answered(process, job)
        now = ward.place.state(job)
        assert (now.outcome, now.error) == (Outcome.FAILED, "the algorithm took more than 1 s")
        assert process.stop() == 0


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the program logs instead of setting up logging for the whole test run."""
    said: list[str] = []
    monkeypatch.setattr(logs, "configure", lambda *_: None)
    monkeypatch.setattr(program, "_quieten", lambda: None)
    monkeypatch.setattr(logs, "logger", lambda: Said(said))
    return said


class Said:
    """A logger that keeps what it is told."""

    def __init__(self, said: list[str]) -> None:
        self._said = said

    def error(self, event: str, **more: str) -> None:
        """Keep it."""
        self._said.append(f"{event}: {more['error']}")


def test_a_worker_without_a_queue_does_not_start(tmp_path: Path, quiet: list[str]) -> None:
    assert program.run(Settings(home=tmp_path)) == program.WRONG_SETTINGS
    assert "queue.url is empty" in quiet[0]


def test_a_broken_manifest_ends_the_start(
    tmp_path: Path, quiet: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "load", functools.partial(registry.load, tmp_path))
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "manifest.toml").write_text('[algorithm]\nname = ""\n')
    asked = Settings.model_validate({"home": tmp_path, "queue": {"url": NOWHERE}})
    assert program.run(asked) == program.WRONG_SETTINGS
    assert "manifest.toml:2: algorithm.name" in quiet[0]


def test_a_database_that_is_away_ends_the_start(tmp_path: Path, quiet: list[str]) -> None:
    values = {
        "home": tmp_path, "queue": {"url": NOWHERE},
        "database": {"url": "postgresql+psycopg://nobody@127.0.0.1:1/none?connect_timeout=2"},
    }  # fmt: skip
    assert program.run(Settings.model_validate(values), {}) == program.NO_START
    assert "the database does not answer" in quiet[0]


def test_unknown_settings_end_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "site.toml").write_text("[worker]\nthreds = 2\n")
    monkeypatch.setenv("VARDE_SITE", str(tmp_path / "site.toml"))
    assert __main__.main() == program.WRONG_SETTINGS
    assert "site.toml:2: worker.threds" in capsys.readouterr().err
