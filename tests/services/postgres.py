"""A PostgreSQL cluster of the test run's own; a database for each test that wants one."""

import contextlib
import itertools
import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg

from tests.services.need import need
from tests.services.process import Process, free_port

OWNER = "varde"  #: the role that everything connects as


class Postgres:
    """A cluster in `folder`, reachable on 127.0.0.1 without a password."""

    def __init__(self, folder: Path) -> None:
        """Make the cluster's files; `start` starts it."""
        self.port = free_port()
        self._folder = folder
        self._user = _unprivileged()
        self._numbers = itertools.count(1)
        self.process: Process | None = None
        if self._user:
            shutil.chown(folder, self._user)
        initdb = need("initdb", package="postgresql")
        cluster = ["-D", str(folder / "data"), "--no-sync", "-U", OWNER, "-A", "trust"]
        text = ["-E", "UTF8", "--locale=C.UTF-8"]
        with Process([initdb, *cluster, *text], user=self._user) as made:
            status = made.wait()
            assert status == 0, made.output

    def start(self) -> None:
        """Start, and wait until it takes queries."""
        options = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": self._folder,
            "max_connections": 200,
            "logging_collector": "off",
        }
        set_options = [f"--{name}={value}" for name, value in options.items()]
        binary = need("postgres", package="postgresql")
        self.process = Process([binary, "-D", self._folder / "data", *set_options], user=self._user)
        self.process.wait_for_line("database system is ready to accept connections")

    def create_database(self) -> str:
        """A new, empty database: its SQLAlchemy URL."""
        name = f"test_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        return f"postgresql+psycopg://{OWNER}@127.0.0.1:{self.port}/{name}"

    def drop_database(self, url: str) -> None:
        """Drop a database that `create_database` made, with whoever is still in it."""
        self.execute(f"DROP DATABASE IF EXISTS {url.rpartition('/')[2]} WITH (FORCE)")

    def execute(self, statement: str) -> None:
        """Run one statement outside any transaction, in the cluster's own database."""
        where = f"host=127.0.0.1 port={self.port} user={OWNER} dbname=postgres"
        with psycopg.connect(where, autocommit=True) as connection:
            connection.execute(statement.encode())

    def kill(self) -> None:
        """SIGKILL to the server and its children: a machine that lost power."""
        if self.process:
            self.process.kill()


@contextlib.contextmanager
def postgres_cluster() -> Iterator[Postgres]:
    """A running cluster, gone afterwards."""
    # Not below pytest's folder: that is root's alone, and PostgreSQL refuses to be root.
    with tempfile.TemporaryDirectory(prefix="varde-postgres-", ignore_cleanup_errors=True) as name:
        cluster = Postgres(Path(name))
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.kill()


def _unprivileged() -> str | None:
    """Whom root becomes; None for anybody else, who stays who they are."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"
