"""Earlier results of the same patient at the same site."""

import sqlalchemy as sa

from core.domain.finding import Result
from core.domain.job import Job
from core.store import result_json
from core.store.tables import JobRow, ResultRow, StudyRow

MOST = 5  #: results that are looked at


def of_patient(connection: sa.Connection, job: Job) -> list[Result]:
    """What `job`'s algorithm, in any version, has said of this patient before, the newest first.

    A patient is known by identifier and birth date together; without an identifier, by
    nothing. Studies of a later date than the job's are no priors.
    """
    study = sa.select(StudyRow).where(StudyRow.id == job.study_id).subquery()
    query = (
        sa.select(ResultRow.body)
        .join(JobRow, JobRow.id == ResultRow.job_id)
        .join(StudyRow, StudyRow.id == JobRow.study_id)
        .join(
            study,
            sa.and_(
                study.c.patient_id == StudyRow.patient_id,
                study.c.patient_birth_date == StudyRow.patient_birth_date,
                study.c.site == StudyRow.site,
                StudyRow.study_date <= study.c.study_date,
            ),
        )
        .where(
            StudyRow.patient_id != "", JobRow.algorithm == job.algorithm, JobRow.id != job.id
        )
        .order_by(
            StudyRow.study_date.desc(), JobRow.revision.desc(), ResultRow.at.desc(), JobRow.id
        )
        .limit(MOST)
    )  # fmt: skip
    return [result_json.load(body) for body in connection.execute(query).scalars()]
