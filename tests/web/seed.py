"""A database with every face of a study, made through the store's own queries."""

import dataclasses
import datetime as dt
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from core.domain import codes
from core.domain.finding import Finding, Outcome, Provenance, Region, Result, Segment
from core.domain.job import PLATFORM, Priority, State
from core.domain.profile import Profile
from core.domain.reason import Reason, ReasonCode
from core.domain.study import Decision
from core.settings import Settings
from core.store import assembly, deliveries, intake, jobs, results
from core.store.database import Database
from core.store.files import Files
from core.store.results import StoredObject

DX = "1.2.840.10008.5.1.4.1.1.1.1"
CT = "1.2.840.10008.5.1.4.1.1.2"
MG = "1.2.840.10008.5.1.4.1.1.1.2"
SR = "1.2.840.10008.5.1.4.1.1.88.34"
GSPS = "1.2.840.10008.5.1.4.1.1.11.1"
NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
SITES = {
    "regions": {"hso": {"name": "Helse Sør-Øst"}},
    "trusts": {"vv": {"name": "Vestre Viken", "region": "hso"}},
    "destinations": {"pacs": {"ae_title": "PACS", "host": "127.0.0.1", "port": 104}},
    "sites": {
        key: {"name": name, "trust": "vv", "calling": [key.upper()], "destinations": ["pacs"]}
        for key, name in {"drammen": "Drammen sykehus", "baerum": "Bærum sykehus"}.items()
    },
}
KEPT = (
    "Rows", "Columns", "NumberOfFrames", "InstanceNumber", "SeriesNumber", "ViewPosition",
    "SeriesDescription", "PixelSpacing", "Modality", "ImageLaterality", "PatientOrientation",
)  # fmt: skip
NAMES = {
    PLATFORM: "Varde",
    "ct_thorax": "Varde CT thorax",
    "mammography": "Varde mammography",
    "fracture": "Varde fracture",
}
_numbers = itertools.count(1)


def dataset(pixels: npt.NDArray[Any], **values: Any) -> FileDataset:
    """A DICOM file in memory with these pixels; `values` are elements by keyword."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = values.get("SOPClassUID", DX)
    meta.MediaStorageSOPInstanceUID = generate_uid(prefix="2.25.")
    made = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    made.SOPClassUID = meta.MediaStorageSOPClassUID
    made.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    made.Modality = "DX"
    made.set_pixel_data(
        pixels, values.pop("PhotometricInterpretation", "MONOCHROME2"), pixels.itemsize * 8
    )
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return made


def chest(rows: int = 640, columns: int = 560) -> npt.NDArray[np.uint16]:
    """Something like a chest radiograph: two dark lungs, a bright heart, ribs."""
    row, column = np.mgrid[0:rows, 0:columns] / [[[rows]], [[columns]]]
    body = 2600 * np.exp(-(((column - 0.5) / 0.42) ** 4))
    for middle in (0.3, 0.7):
        lung = ((column - middle) / 0.15) ** 2 + ((row - 0.47) / 0.33) ** 2
        body -= 1700 / (1 + np.exp(9 * (lung - 1)))
    heart = ((column - 0.56) / 0.13) ** 2 + ((row - 0.63) / 0.15) ** 2
    body += 1300 / (1 + np.exp(9 * (heart - 1)))
    ribs = 160 * (np.sin(44 * (row + 0.5 * (column - 0.5) ** 2)) > 0.55)
    noise = np.random.default_rng(1).normal(0, 45, (rows, columns))
    made: npt.NDArray[np.uint16] = np.clip(body + ribs + noise + 250, 0, 4095).astype(np.uint16)
    return made


def circle(x: float, y: float, radius: float, points: int = 40) -> tuple[tuple[float, float], ...]:
    """A closed polyline, (column, row)."""
    angles = np.linspace(0, 2 * np.pi, points)
    ring = [(float(x + radius * np.cos(a)), float(y + radius * np.sin(a))) for a in angles]
    return (*ring[:-1], ring[0])


@dataclasses.dataclass
class Seed:
    """Writes studies, revisions, jobs and results as the other programs would."""

    database: Database
    files: Files

    def study(
        self,
        images: Sequence[FileDataset],
        *,
        site: str = "drammen",
        name: str = "Hansen^Kari Marie",
        at: dt.datetime | None = None,
        **fields: str,
    ) -> str:
        """A study whose instances have arrived, in no revision yet; returns its id."""
        number = next(_numbers)
        at = at or NOW - dt.timedelta(minutes=60, seconds=-number)
        patient = {
            "patient_name": name, "patient_id": f"0101{number:02} 12345",
            "patient_birth_date": "19580214", "patient_sex": "F", "study_date": "20260314",
            "description": "Thorax front", "accession_number": f"VV{number:06}", **fields,
        }  # fmt: skip
        uid = f"2.25.{number}1"
        made = [self.arrive(uid, image, site=site, at=at, patient=patient) for image in images]
        return made[0] if made else self._empty(uid, site, at, patient)

    def _empty(self, uid: str, site: str, at: dt.datetime, patient: dict[str, str]) -> str:
        """A study without any image: a report alone."""
        with self.database.write() as connection:
            key, _ = intake.record_instance(
                connection,
                intake.NewInstance(
                    site=site, study_uid=uid, series_uid=f"{uid}.1", sop_uid=f"{uid}.1.1",
                    sop_class_uid=SR, transfer_syntax_uid=ExplicitVRLittleEndian, modality="SR",
                    path="instances/none.dcm", size=1, attributes={"Modality": "SR"}, study=patient,
                ),
                association="a", known=None, now=at,
            )  # fmt: skip
        return key

    def arrive(
        self, uid: str, image: FileDataset, *, site: str, at: dt.datetime, patient: dict[str, str]
    ) -> str:
        """One instance on disk and in the database; returns the study's id."""
        with self.files.receive() as part:
            place = self.files.home / "instances" / site / uid
            kept = part.keep(place, f"{image.SOPInstanceUID}.dcm")
        image.save_as(kept, enforce_file_format=True)
        attributes = {key: _plain(image.get(key)) for key in KEPT if image.get(key) is not None}
        with self.database.write() as connection:
            key, _ = intake.record_instance(
                connection,
                intake.NewInstance(
                    site=site, study_uid=uid, series_uid=f"{uid}.1", sop_uid=image.SOPInstanceUID,
                    sop_class_uid=image.SOPClassUID,
                    transfer_syntax_uid=image.file_meta.TransferSyntaxUID, modality=image.Modality,
                    path=self.files.relative(kept), size=kept.stat().st_size,
                    attributes=attributes, study=patient,
                ),
                association="a", known=None, now=at,
            )  # fmt: skip
        return key

    def complete(
        self, study: str, *, decisions: Sequence[Decision] = (), at: dt.datetime = NOW
    ) -> int:
        """Close the next revision."""
        with self.database.write() as connection:
            waiting = [one for one in assembly.instances(connection, study) if one.revision == 0]
            number = assembly.close_revision(
                connection, study, because="quiet", seen=len(waiting), now=at
            )
            assembly.record_decisions(connection, study, number, decisions)
        return number

    def job(
        self, study: str, *, site: str = "drammen", revision: int = 1,
        algorithm: str = "chest_xray", at: dt.datetime = NOW,
    ) -> str:  # fmt: skip
        """A queued job."""
        with self.database.write() as connection:
            wish = assembly.Wish(algorithm, "1.0.0", "cpu", Priority.ROUTINE, 60)
            return assembly.create_job(connection, study, site, revision, wish, now=at)

    def claim(self, job: str, *, at: dt.datetime = NOW) -> None:
        """A worker takes the job."""
        with self.database.write() as connection:
            jobs.claim(connection, job, owner="w", now=at, lease=dt.timedelta(minutes=1))

    def fail(self, job: str, error: str) -> None:
        """Not even a result could be made."""
        with self.database.write() as connection:
            jobs.failed(connection, job, owner="w", error=error, now=NOW)

    def answer(
        self, job: str, outcome: Outcome, findings: Sequence[Finding] = (),
        *, reason: Reason | None = None, at: dt.datetime = NOW, algorithm: str = "chest_xray",
        receipt: int | None = 0, segments: Sequence[Segment] = (), remarks: Sequence[Reason] = (),
    ) -> None:  # fmt: skip
        """A result with two objects; `receipt` None leaves them waiting."""
        result = Result(
            job, outcome, provenance(algorithm, at), tuple(findings), ("1.2",), reason,
            tuple(segments), tuple(remarks),
        )  # fmt: skip
        number = next(_numbers)
        objects = [
            StoredObject(f"2.25.{number}{kind}", uid, name, f"results/{name}.dcm", 1, "0" * 64)
            for kind, (name, uid) in enumerate((("sr", SR), ("gsps", GSPS)))
        ]
        with self.database.write() as connection:
            results.store(
                connection, result, objects, run=1, destinations=[("pacs", Profile())], now=at
            )
            jobs.encoded(connection, job, owner="w", outcome=outcome, error="", now=at)
            for sent in deliveries.of_jobs(connection, [job]):
                if receipt == 0:
                    deliveries.delivered(connection, sent, receipt=0, now=at)
                elif receipt:
                    deliveries.undeliverable(
                        connection, sent, receipt=receipt, error="out of resources", now=at
                    )

    def state(self, job: str) -> State:
        """Where a job stands."""
        with self.database.read() as connection:
            return jobs.get(connection, job).state

    def refuse(self, **values: Any) -> None:
        """Something that was not taken."""
        refusal = intake.Refusal(**{
            "at": NOW, "site": "drammen", "calling": "CT1", "called": "VARDE", "host": "10.0.0.7",
            "code": "truncated", "status": 0xC002, "message": "the data set ends too early",
            "path": "refused/secret-folder/20260314T120000Z-ab.dcm", **values,
        })  # fmt: skip
        with self.database.write() as connection:
            intake.record_refusal(connection, refusal)

    def execute(self, statement: sa.Executable) -> None:
        """Whatever no query of the store does."""
        with self.database.write() as connection:
            connection.execute(statement)


def provenance(algorithm: str = "chest_xray", at: dt.datetime = NOW) -> Provenance:
    """Who said it."""
    platform = algorithm == PLATFORM
    return Provenance(
        algorithm=algorithm, name=NAMES.get(algorithm, "Varde chest X-ray"), version="1.0.0",
        weights_sha256="" if platform else "5f2a" * 16, device_uid="2.25.77",
        intended_use="Reference model trained on simulated images. Not for clinical use.",
        platform_version="0.1.0", provider="" if platform else "CPUExecutionProvider", worker="w-1",
        started_at=at - dt.timedelta(seconds=1.4), finished_at=at,
    )  # fmt: skip


def finding(
    code: codes.Code, probability: float, image: FileDataset,
    points: tuple[tuple[float, float], ...] = (), **more: Any,
) -> Finding:  # fmt: skip
    """A finding on an image, with a region where points are given."""
    uid = image.SOPInstanceUID
    region = Region(uid, points) if points else None
    return Finding(code, probability, 0.42, uid, region=region, **more)


def _plain(value: object) -> str | list[str]:
    """An element's value as the router keeps it."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [str(one) for one in value]
    return str(value)


def no_route(algorithm: str) -> Decision:
    """An algorithm that was not chosen."""
    reason = Reason(ReasonCode.MODALITY, {"found": "DX", "wanted": "CT"})
    return Decision(algorithm, "2.1.0", chosen=False, reason=reason)


def chosen(algorithm: str = "chest_xray") -> Decision:
    """An algorithm that was chosen."""
    reason = Reason(ReasonCode.CHOSEN, {"route": "chest"})
    return Decision(algorithm, "1.0.0", chosen=True, reason=reason, route="chest")


def open_seed(home: Path, url: str = "") -> tuple[Settings, Seed]:
    """Settings and an empty, migrated database: SQLite below `home` unless `url` names one."""
    settings = Settings.model_validate({"home": home, "database": {"url": url}, **SITES})
    database = Database(settings.database_url, fsync=False)
    database.migrate()
    database.describe_sites(settings)
    return settings, Seed(database, Files(home, fsync=False))
