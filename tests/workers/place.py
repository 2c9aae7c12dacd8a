"""One site on a SQLite database of its own, studies that have arrived, and jobs for them."""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

import sqlalchemy as sa
from pydicom import Dataset

from core import settings as site_settings
from core.domain.finding import Result
from core.domain.job import Delivery, Job, Priority
from core.domain.reason import Reason, ReasonCode
from core.domain.study import Decision, Instance
from core.queue import News
from core.store import assembly, deliveries, intake, jobs, results
from core.store.database import open_database
from core.store.files import Files
from core.store.results import StoredObject
from core.store.tables import StudyRow
from models.registry import Algorithm
from tests.workers.instances import as_file
from workers.runtime import Runtime
from workers.station import Station

SITE = "ward"
NOWHERE = "redis://127.0.0.1:1/0"
KEYWORDS = ("Modality", "BodyPartExamined", "ViewPosition")
STUDY = {
    "patient_id": "PatientID", "patient_birth_date": "PatientBirthDate", "study_date": "StudyDate",
}  # fmt: skip


class Clock:
    """A time that moves only when it is told to."""

    def __init__(self) -> None:
        self.now = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)

    def __call__(self) -> dt.datetime:
        """What time it is."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += dt.timedelta(seconds=seconds)


class RealClock(Clock):
    """The time that other processes see too."""

    def __call__(self) -> dt.datetime:
        """What time it really is."""
        return dt.datetime.now(dt.UTC)


class Heard(News):
    """News that are kept in a list."""

    def __init__(self) -> None:
        super().__init__(NOWHERE)
        self.words: list[str] = []

    def tell(self, word: str) -> None:
        """Keep the word."""
        self.words.append(word)


def settings(home: Path, **more: object) -> site_settings.Settings:
    """A site with two destinations: one takes everything, one the SR alone."""
    peer = {"ae_title": "PEER", "host": "127.0.0.1", "port": 104}
    tables: dict[str, object] = {
        "home": home,
        "regions": {"r": {"name": "Region"}},
        "trusts": {"t": {"name": "Trust", "region": "r"}},
        "sites": {
            SITE: {
                "name": "Ward", "trust": "t", "calling": ["*"], "destinations": ["pacs", "report"],
            }
        },
        "destinations": {"pacs": peer, "report": {**peer, "objects": ["sr"]}},
        "worker": {"lease_s": 60.0, "name": "test", "threads": 1},
        "database": {"fsync": False},
        "intake": {"fsync": False},
    }  # fmt: skip
    return site_settings.Settings.model_validate({**tables, **more})


class Place:
    """A station, and what a router would have done before it is asked to work."""

    def __init__(
        self,
        home: Path,
        algorithms: Mapping[str, Algorithm],
        clock: Clock | None = None,
        **more: object,
    ) -> None:
        chosen = settings(home, **more)
        self.clock, self.news = clock or Clock(), Heard()
        self.station = Station(
            settings=chosen,
            database=open_database(chosen),
            files=Files(home, fsync=False),
            algorithms=algorithms,
            runtime=Runtime(chosen.worker),
            news=self.news,
            clock=self.clock,
        )

    def close(self) -> None:
        """Give the database back."""
        self.station.database.close()

    def study(self, datasets: Sequence[Dataset]) -> str:
        """Receive one study of all `datasets` and close its first revision; returns its id."""
        study_uid, study_id = str(datasets[0].StudyInstanceUID), None
        files, now = self.station.files, self.clock()
        with self.station.database.write() as connection:
            association = uuid.uuid4().hex
            intake.open_association(
                connection, association,
                router="r", site=SITE, calling="A", called="V", host="h", now=now,
            )  # fmt: skip
            for dataset in datasets:
                dataset.StudyInstanceUID = study_uid
                sop_uid = str(dataset.SOPInstanceUID)
                with files.receive() as part:
                    part.write(as_file(dataset))
                    path = files.keep_instance(
                        part, site=SITE, study_uid=study_uid, sop_uid=sop_uid
                    )
                new = intake.NewInstance(
                    site=SITE,
                    study_uid=study_uid,
                    series_uid=str(dataset.SeriesInstanceUID),
                    sop_uid=sop_uid,
                    sop_class_uid=str(dataset.SOPClassUID),
                    transfer_syntax_uid=str(dataset.file_meta.TransferSyntaxUID),
                    modality=str(dataset.Modality),
                    path=files.relative(path),
                    size=path.stat().st_size,
                    attributes={name: str(dataset.get(name, "")) for name in KEYWORDS},
                    study={key: str(dataset.get(name, "")) for key, name in STUDY.items()},
                )
                study_id, _ = intake.record_instance(
                    connection, new, association=association, known=study_id, now=now
                )
            assert study_id
            assembly.close_revision(
                connection, study_id, because="quiet", seen=len(datasets), now=now
            )
        return study_id

    def job(
        self, study_id: str, *, algorithm: str = "tiny", version: str = "1.0.0", limit_s: float = 20
    ) -> str:
        """A queued job for the study's first revision; returns its id."""
        reason = Reason(ReasonCode.MODALITY, {"found": "CT", "wanted": "CR, DX"})
        with self.station.database.write() as connection:
            wish = assembly.Wish(algorithm, version, "cpu", Priority.ROUTINE, limit_s)
            made = assembly.create_job(connection, study_id, SITE, 1, wish, now=self.clock())
            decision = Decision("tiny", "1.0.0", chosen=False, reason=reason)
            assembly.record_decisions(connection, study_id, 1, [decision])
        return made

    def instances(self, study_id: str) -> list[Instance]:
        """The study's instances."""
        with self.station.database.read() as connection:
            return assembly.instances(connection, study_id)

    def state(self, job_id: str) -> Job:
        """The job as it is now."""
        with self.station.database.read() as connection:
            return jobs.get(connection, job_id)

    def result(self, job_id: str) -> Result | None:
        """The job's latest result."""
        with self.station.database.read() as connection:
            return results.of_jobs(connection, [job_id]).get(job_id)

    def objects(self, job_id: str) -> list[StoredObject]:
        """The job's objects."""
        with self.station.database.read() as connection:
            return results.objects(connection, job_id)

    def deliveries(self, job_id: str) -> list[Delivery]:
        """What goes where."""
        with self.station.database.read() as connection:
            return deliveries.of_jobs(connection, [job_id])

    def due(self) -> list[str]:
        """The jobs of which the queue would be told now."""
        with self.station.database.read() as connection:
            return [job.id for job, _ in jobs.due_news(connection, self.clock())]

    def files_of(self, job_id: str) -> list[str]:
        """Names of the result files that are on disk."""
        return sorted(
            path.name for path in (self.station.files.home / "results").rglob(f"{job_id}/*/*.dcm")
        )

    def study_uid(self, study_id: str) -> str:
        """The Study Instance UID."""
        with self.station.database.read() as connection:
            query = sa.select(StudyRow.study_uid).where(StudyRow.id == study_id)
            return str(connection.execute(query).scalar_one())
