"""From an address to a study: what is no id of ours never reaches the database."""

import re
from typing import Final

import sqlalchemy as sa

from core.domain.errors import NotFoundError
from core.domain.study import Study
from core.store import studies

_ID: Final = re.compile("[0-9a-f]{32}")


def study(connection: sa.Connection, study_id: str) -> Study:
    """The study by Varde's id; raises `NotFoundError`."""
    if not _ID.fullmatch(study_id):
        message = "no such study"
        raise NotFoundError(message)
    return studies.get(connection, study_id)
