"""The engine, its transactions and its migrations."""

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from core.domain.errors import StorageFullError, UnavailableError
from core.settings import Settings
from core.store.dialect import insert
from core.store.tables import RegionRow, SiteRow, TrustRow

MIGRATIONS = Path(__file__).with_name("migrations")
BUSY_S = 20
CONNECT_S = 5
#: Alembic keeps its context in a module: one migration at a time in a process.
_MIGRATING = threading.Lock()


class Database:
    """One engine; `read` and `write` give a transaction that is committed at its edge."""

    def __init__(self, url: str, *, fsync: bool = True) -> None:
        """`url` is SQLite or PostgreSQL; `fsync` False trades a power cut's worth of rows."""
        self.url = sa.make_url(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        if self.sqlite and self.url.database:
            Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
        self.engine = sa.create_engine(self.url, hide_parameters=True, **self._options())
        if self.sqlite:
            sa.event.listen(self.engine, "connect", _pragmas(fsync=fsync))
        elif not fsync:
            sa.event.listen(self.engine, "connect", _asynchronous_commit)

    def _options(self) -> dict[str, object]:
        """SQLite commits by our own hand: pysqlite's implicit BEGIN is a deferred one."""
        if self.sqlite:
            return (
                {
                    "connect_args": {
                        "timeout": BUSY_S,
                        "autocommit": True,
                        "check_same_thread": False,
                    }
                }
                if hasattr(sqlite3.Connection, "autocommit")
                else {
                    "connect_args": {
                        "timeout": BUSY_S,
                        "isolation_level": None,
                        "check_same_thread": False,
                    }
                }
            )
        return {
            "pool_pre_ping": True,
            "pool_size": 10,
            "max_overflow": 30,
            "connect_args": {"connect_timeout": CONNECT_S},  # else as long as TCP is patient
        }

    @contextlib.contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A read transaction: one consistent picture."""
        with _told(), self.engine.connect() as connection:
            if self.sqlite:
                connection.exec_driver_sql("BEGIN")
            try:
                yield connection
            finally:
                if self.sqlite:
                    connection.exec_driver_sql("ROLLBACK")

    @contextlib.contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A write transaction, committed on leaving, rolled back on any error."""
        with _told(), self.engine.connect() as connection:
            if not self.sqlite:
                with connection.begin():
                    yield connection
                return
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.exec_driver_sql("COMMIT")
            except BaseException:
                with contextlib.suppress(sa.exc.DBAPIError):
                    connection.exec_driver_sql("ROLLBACK")
                raise

    def migrate(self) -> None:
        """Bring the schema to the newest revision; one program at a time."""
        if self._migrated():
            return
        # A quarter of a second that all starts but the first can do without.
        import alembic.command  # noqa: PLC0415
        import alembic.config  # noqa: PLC0415

        config = alembic.config.Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["database"] = self
        with _told(), _MIGRATING:
            alembic.command.upgrade(config, "head")

    def _migrated(self) -> bool:
        """Whether the schema is the newest already, told without Alembic's machinery."""
        newest = max(path.stem for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
        with _told(), self.engine.connect() as connection:
            if not sa.inspect(connection).has_table("alembic_version"):
                return False
            found = connection.execute(sa.text("SELECT version_num FROM alembic_version"))
            return found.scalar_one_or_none() == newest.partition("_")[0]

    def describe_sites(self, settings: Settings) -> None:
        """Write the regions, trusts and sites of `site.toml`; rows are never removed."""
        with self.write() as connection:
            for key, region in settings.regions.items():
                _upsert(connection, RegionRow, {"key": key, "name": region.name})
            for key, trust in settings.trusts.items():
                row = {"key": key, "name": trust.name, "region": trust.region}
                _upsert(connection, TrustRow, row)
            for key, site in settings.sites.items():
                row = {"key": key, "name": site.name, "trust": site.trust}
                _upsert(connection, SiteRow, row)

    def close(self) -> None:
        """Give the pooled sessions back."""
        self.engine.dispose()


def open_database(settings: Settings) -> Database:
    """The database of `settings`, migrated, with its sites described."""
    database = Database(settings.database_url, fsync=settings.database.fsync)
    database.migrate()
    database.describe_sites(settings)
    return database


def _upsert(
    connection: sa.Connection,
    table: type[RegionRow | TrustRow | SiteRow],
    row: dict[str, str],
) -> None:
    """Insert or update one described row by its key; several programs may start at once."""
    statement = insert(connection, table).values(**row)
    connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_=row))


def _pragmas(*, fsync: bool):  # type: ignore[no-untyped-def]  # noqa: ANN202 - a listener
    def connect(connection: sqlite3.Connection, _: object) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute(f"PRAGMA synchronous={'FULL' if fsync else 'NORMAL'}")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    return connect


def _asynchronous_commit(connection, _: object) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
    connection.commit()


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """The database's own errors, in words that say whether to try again."""
    try:
        yield
    except sa.exc.OperationalError as error:
        cause = str(error.orig).splitlines()[0] if error.orig else "no answer"
        if "full" in cause or "No space left" in cause:
            message = f"the database cannot grow: {cause}"
            raise StorageFullError(message) from error
        message = f"the database does not answer: {cause}"
        raise UnavailableError(message) from error
    except sa.exc.SQLAlchemyError as error:  # its text may quote a row: only its name is told
        message = f"the database refused: {type(getattr(error, 'orig', None) or error).__name__}"
        raise UnavailableError(message) from None
