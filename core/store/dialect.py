"""The one statement that SQLite and PostgreSQL share and SQLAlchemy's core does not have."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from core.store.tables import Table


def insert(connection: sa.Connection, table: type[Table]) -> Any:  # noqa: ANN401 - two dialects
    """`INSERT`, with `on_conflict_do_nothing` and `on_conflict_do_update`."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    return dialect.insert(table)
