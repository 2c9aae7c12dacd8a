"""Studies with answered jobs, in a store on either database."""

import datetime as dt
import itertools
from collections.abc import Mapping

import sqlalchemy as sa

from core.domain import codes
from core.domain.finding import Finding, Outcome, Provenance, Result
from core.domain.job import Priority
from core.store import assembly, intake, jobs, results
from core.store.database import Database
from core.store.tables import JobRow
from tests.core.conftest import NOW

SITE = "haukeland"
CHEST = {codes.PNEUMOTHORAX: 0.9, codes.PLEURAL_EFFUSION: 0.1}
PNEUMOTHORAX, EFFUSION = codes.PNEUMOTHORAX.value, codes.PLEURAL_EFFUSION.value
_numbers = itertools.count(1)


def study(
    database: Database, *, uid: str = "", accession: str = "", at: dt.datetime = NOW,
    sex: str = "F", born: str = "19560110",
) -> str:  # fmt: skip
    """A study with one instance and one revision; returns its id."""
    uid = uid or f"2.25.9{next(_numbers)}"
    new = intake.NewInstance(
        site=SITE, study_uid=uid, series_uid=f"{uid}.1", sop_uid=f"{uid}.1.1",
        sop_class_uid="1.2.840.10008.5.1.4.1.1.1.1", transfer_syntax_uid="1.2.840.10008.1.2.1",
        modality="DX", path="instances/1.dcm", size=10, attributes={"Modality": "DX"},
        study={
            "patient_name": "Nordmann^Kari", "patient_sex": sex, "patient_birth_date": born,
            "study_date": "20260110", "accession_number": accession,
        },
    )  # fmt: skip
    with database.write() as connection:
        key, _ = intake.record_instance(connection, new, association="a", known=None, now=at)
        assembly.close_revision(connection, key, because="quiet", seen=1, now=at)
    return key


def job(
    database: Database, study_id: str, said: Mapping[codes.Code, float] | None = None, *,
    algorithm: str = "chest", version: str = "1.0.0", revision: int = 1,
    outcome: Outcome | None = None, at: dt.datetime = NOW,
) -> str:  # fmt: skip
    """A job whose answer has these probabilities against 0.5; returns its id."""
    made = queued(
        database, study_id, algorithm=algorithm, version=version, revision=revision, at=at
    )
    answer(database, made, said or CHEST, outcome=outcome, algorithm=algorithm, at=at)
    return made


def queued(
    database: Database, study_id: str, *, algorithm: str = "chest", version: str = "1.0.0",
    revision: int = 1, at: dt.datetime = NOW,
) -> str:  # fmt: skip
    """A job that nobody has claimed."""
    with database.write() as connection:
        wish = assembly.Wish(algorithm, version, "cpu", Priority.ROUTINE, 60)
        return assembly.create_job(connection, study_id, SITE, revision, wish, now=at)


def answer(
    database: Database, job_id: str, said: Mapping[codes.Code, float], *,
    outcome: Outcome | None = None, algorithm: str = "chest", at: dt.datetime = NOW,
) -> None:  # fmt: skip
    """Claim the job and store its result."""
    found = tuple(Finding(code, p, 0.5, "2.25.1") for code, p in said.items())
    positive = any(one.present for one in found)
    told = outcome or (Outcome.FINDINGS if positive else Outcome.NOTHING_FOUND)
    made_by = Provenance(
        algorithm=algorithm, name="Chest", version="1.0.0", weights_sha256="ab",
        device_uid="2.25.9", intended_use="test", platform_version="0", provider="CPU",
        worker="w", started_at=at, finished_at=at,
    )  # fmt: skip
    with database.write() as connection:
        lease = dt.timedelta(minutes=1)
        assert jobs.claim(connection, job_id, owner="w", now=at, lease=lease)
        result = Result(job_id, told, made_by, found)
        results.store(connection, result, [], run=1, destinations=[], now=at)
        connection.execute(
            sa.update(JobRow)
            .where(JobRow.id == job_id)
            .values(state="delivered", outcome=told.value, finished_at=at)
        )
