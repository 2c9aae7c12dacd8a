"""Alembic's entry: migrates the database that `Database.migrate` hands over."""

from typing import TYPE_CHECKING

import sqlalchemy as sa
from alembic import context

from core.store.tables import Table
from core.store.watch import tables as _watch  # noqa: F401 - its tables are Table.metadata too

if TYPE_CHECKING:
    from core.store.database import Database

#: Any number: two programs that start together migrate one after the other.
LOCK = 7_265_112


def migrate() -> None:
    """Run the migrations in one write transaction."""
    database: Database = context.config.attributes["database"]
    with database.write() as connection:
        if not database.sqlite:
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        context.configure(
            connection=connection,
            target_metadata=Table.metadata,
            render_as_batch=database.sqlite,
            transactional_ddl=False,
        )
        context.run_migrations()


migrate()
