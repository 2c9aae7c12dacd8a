"""A storage SCP on a free port with a SQLite database, and instances to send."""

import datetime as dt
import io
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from core.settings import Settings
from core.store import intake as rows
from core.store.database import Database, open_database
from core.store.files import Files
from router.attributes import Reader
from router.intake import Intake
from router.scp import Server
from tests.router.raw_scu import CT

NAME = "Nordmann^Kari"


def settings_of(home: Path, **more: Any) -> Settings:
    """One site that anybody but a stranger may send for."""
    values: dict[str, Any] = {
        "home": home,
        "dicom": {"port": 0, "idle_s": 20},
        "regions": {"west": {"name": "Vest"}},
        "trusts": {"bergen": {"name": "Bergen", "region": "west"}},
        "sites": {
            "haukeland": {
                "name": "Haukeland",
                "trust": "bergen",
                "calling": ["RAW", "STORESCU", "DCMSEND"],
                "destinations": [],
            }
        },
    }
    return Settings(**{**values, **more})


class Scp:
    """A running storage SCP and what it has kept."""

    def __init__(self, settings: Settings, files: Files | None = None) -> None:
        """Start it."""
        self.settings = settings
        self.database: Database = open_database(settings)
        self.files = files or Files(settings.home)
        self.closed = threading.Semaphore(0)
        intake = Intake(
            self.database,
            self.files,
            reader=Reader(),
            max_bytes=settings.intake.max_object_mb << 20,
            keep_refused=settings.intake.keep_refused_mb << 20,
            clock=lambda: dt.datetime.now(dt.UTC),
        )
        self.server = Server(settings, intake, router="test", heard=lambda _: self.closed.release())
        self.port = self.server.start()

    def stop(self) -> None:
        """Stop it."""
        self.server.stop()
        self.database.close()

    def refusals(self) -> list[rows.Refusal]:
        """What the operator sees."""
        with self.database.read() as connection:
            return rows.refusals(connection)

    def kept(self) -> list[Path]:
        """The instances on disk."""
        return sorted((self.settings.home / "instances").rglob("*.dcm"))

    def count(self) -> int:
        """The instances in the database."""
        with self.database.read() as connection:
            return int(connection.exec_driver_sql("SELECT count(*) FROM instance").scalar_one())

    def leftovers(self) -> list[Path]:
        """Half-written files."""
        return list(self.files.incoming.iterdir())


@pytest.fixture
def scp(tmp_path: Path) -> Iterator[Scp]:
    """The SCP of one site."""
    running = Scp(settings_of(tmp_path / "var"))
    yield running
    running.stop()


def instance(number: int = 1, *, study: str = "2.25.100", **more: object) -> Dataset:
    """A small CT instance."""
    data = Dataset()
    data.SpecificCharacterSet = "ISO_IR 100"
    data.SOPClassUID, data.SOPInstanceUID = CT, f"2.25.200.{number}"
    data.StudyInstanceUID, data.SeriesInstanceUID = study, f"{study}.1"
    data.StudyDate, data.PatientBirthDate = "20260110", "19560110"
    data.PatientName, data.PatientID, data.PatientSex = NAME, "01015612345", "F"
    data.AccessionNumber, data.StudyDescription = "A1", "CT toraks Ærøy"
    data.Modality, data.BodyPartExamined, data.Manufacturer = "CT", "CHEST", "Nobody"
    data.Rows = data.Columns = 16
    data.BitsAllocated, data.BitsStored, data.HighBit = 16, 12, 11
    data.SamplesPerPixel, data.PixelRepresentation = 1, 0
    data.PhotometricInterpretation = "MONOCHROME2"
    data.PixelData = bytes([number % 251]) * 512
    for keyword, value in more.items():
        if value is None:
            delattr(data, keyword)
        else:
            setattr(data, keyword, value)
    return data


def encoded(data: Dataset, *, implicit: bool = False) -> bytes:
    """The data set as it travels."""
    stream = io.BytesIO()
    pydicom.dcmwrite(stream, data, implicit_vr=implicit, little_endian=True, force_encoding=True)
    return stream.getvalue()


@pytest.fixture
def ct_file(tmp_path: Path) -> Callable[..., Path]:
    """Writes an instance as a PS3.10 file."""

    def write(number: int = 1, **more: Any) -> Path:
        data = instance(number, **more)
        data.file_meta = FileMetaDataset()
        data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        path = tmp_path / f"{number}.dcm"
        data.save_as(path, enforce_file_format=True)
        return path

    return write
