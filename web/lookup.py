"""From an address to a study or a job: what is no id of ours never reaches the database."""

import re
from typing import Final

import sqlalchemy as sa

from core.domain.errors import NotFoundError
from core.domain.job import Job
from core.domain.study import Study
from core.store import jobs, studies

_ID: Final = re.compile("[0-9a-f]{32}")


def study(connection: sa.Connection, study_id: str) -> Study:
    """The study by Varde's id; raises `NotFoundError`."""
    if not _ID.fullmatch(study_id):
        message = "no such study"
        raise NotFoundError(message)
    return studies.get(connection, study_id)


def job(connection: sa.Connection, job_id: str) -> Job:
    """The job by its id; raises `NotFoundError`."""
    if not _ID.fullmatch(job_id):
        message = "no such job"
        raise NotFoundError(message)
    return jobs.get(connection, job_id)
