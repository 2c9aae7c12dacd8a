"""Varde's programs as processes on free ports, as a service manager would run them."""

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import sqlalchemy as sa

from core.domain.job import Job, State
from core.settings import Settings, load
from core.store import deliveries, jobs, results, studies
from core.store.database import Database, open_database
from core.store.intake import Refusal, refusals
from core.store.results import StoredObject
from tests.services.process import EndedError, Process, free_port

SITE = """
[dicom]
idle_s = 20
[assembly]
quiet_s = 0.3
[dispatch]
reconcile_s = 0.5
[worker]
lease_s = 3
[delivery]
first_delay_s = 0.3
longest_delay_s = 2
linger_s = 0.3
[regions.nord]
name = "Nord"
[trusts.unn]
name = "UNN"
region = "nord"
[sites.tromso]
name = "Tromsø"
trust = "unn"
calling = ["STORESCU", "DCMSEND", "RAW"]
destinations = ["archive"]
[destinations.archive]
ae_title = "{ae_title}"
host = "127.0.0.1"
port = {port}
[[routes]]
name = "Røntgen thorax"
algorithm = "chest_xray"
"""


class Platform:
    """A router and a worker on one store; each can be killed and started again."""

    def __init__(
        self, home: Path, *, redis_url: str, archive: tuple[str, int], database_url: str = ""
    ) -> None:
        """`archive` is the destination's AE title and port."""
        home.mkdir(parents=True, exist_ok=True)
        site = home / "site.toml"
        site.write_text(SITE.format(ae_title=archive[0], port=archive[1]), encoding="utf-8")
        self.port = free_port()
        self.env = {
            **os.environ,
            "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
            "VARDE_SITE": str(site),
            "VARDE_HOME": str(home),
            "VARDE_QUEUE__URL": redis_url,
            "VARDE_DATABASE__URL": database_url,
            "VARDE_DICOM__PORT": str(self.port),
        }
        self.settings: Settings = self._settings(site)
        self.database: Database = open_database(self.settings)
        self.programs: dict[str, Process] = {}

    def _settings(self, site: Path) -> Settings:
        """The settings as the programs see them."""
        with _environment(self.env):
            return load(site)

    def start(self, *names: str) -> None:
        """Start programs and wait until each is ready."""
        for name in names:
            self.programs[name] = Process([sys.executable, "-m", name], env=self.env)
        for name in names:
            self.programs[name].wait_for_line("ready", within=90)

    def kill(self, name: str) -> None:
        """SIGKILL, children included."""
        self.programs.pop(name).kill()

    def close(self) -> None:
        """Stop what runs."""
        for program in self.programs.values():
            program.kill()
        self.database.close()

    def jobs(self) -> list[Job]:
        """Every job."""
        with self.database.read() as connection:
            return jobs.listed(connection)

    def freeze_worker_in_a_job(self) -> str:
        """SIGSTOP the worker while a job of its is running; returns the job's id."""
        worker = self.programs["workers"]

        def frozen() -> bool:
            if not self._in(State.RUNNING):
                return False
            os.killpg(worker.pid, signal.SIGSTOP)
            if self._in(State.RUNNING):
                return True
            os.killpg(worker.pid, signal.SIGCONT)
            return False

        worker.wait_until(frozen, "in the middle of a job", within=60)
        return self._in(State.RUNNING)[0]

    def _in(self, state: State) -> list[str]:
        return [job.id for job in self.jobs() if job.state is state]

    def wait_until(self, ready: Callable[[], object], what: str, *, within: float = 90) -> None:
        """Wait with the router as the witness."""
        self.programs["router"].wait_until(ready, what, within=within)

    def wait_delivered(self, studies_: int, *, within: float = 90) -> list[Job]:
        """Wait until there is a delivered job for each of so many studies."""

        def done() -> bool:
            known = self.jobs()
            return len({job.study_id for job in known}) == studies_ and all(
                job.state is State.DELIVERED for job in known
            )

        try:
            self.wait_until(done, "done", within=within)
        except EndedError as error:
            known = [(job.algorithm, job.state, job.attempts, job.error) for job in self.jobs()]
            printed = "".join(program.output[-3000:] for program in self.programs.values())
            message = f"{known}\n{printed}"
            raise AssertionError(message) from error
        return self.jobs()

    def objects(self) -> list[StoredObject]:
        """Every object that was made."""
        with self.database.read() as connection:
            return [
                one
                for job in jobs.listed(connection)
                for one in results.objects(connection, job.id)
            ]

    def receipts(self) -> list[int | None]:
        """The receipt of each delivery."""
        with self.database.read() as connection:
            ids = [job.id for job in jobs.listed(connection)]
            return [one.receipt for one in deliveries.of_jobs(connection, ids)]

    def study_instances(self) -> list[int]:
        """The number of instances of each study."""
        with self.database.read() as connection:
            return [study.instances for study in studies.worklist(connection)]

    def refusals(self) -> list[Refusal]:
        """The operator's list."""
        with self.database.read() as connection:
            return refusals(connection)

    def execute(self, statement: str) -> None:
        """Change a row as no program would."""
        with self.database.write() as connection:
            connection.execute(sa.text(statement))


@contextlib.contextmanager
def _environment(env: Mapping[str, str]) -> Iterator[None]:
    """`VARDE_…` of `env` for a moment."""
    ours = {key: value for key, value in env.items() if key.startswith("VARDE_")}
    os.environ.update(ours)
    try:
        yield
    finally:
        for key in ours:
            del os.environ[key]
