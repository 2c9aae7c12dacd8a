"""What one worker process works with: database, files, models, news and the clock."""

import dataclasses
import datetime as dt
import os
from collections.abc import Callable, Mapping

import pydicom
from pydicom.errors import InvalidDicomError
from pydicom.uid import DeflatedExplicitVRLittleEndian

from core.domain.errors import UnavailableError, UnreadableError
from core.domain.job import Job
from core.domain.study import Instance
from core.queue import News
from core.settings import Settings
from core.store.database import Database
from core.store.files import Files
from models.registry import Algorithm
from workers.runtime import Runtime

#: Of larger files the pixel data stays on disk until a frame of it is wanted.
LARGE = 64 << 20


def utc_now() -> dt.datetime:
    """The clock of a running worker."""
    return dt.datetime.now(dt.UTC)


@dataclasses.dataclass(frozen=True)
class Station:
    """The composition root of a process; a test builds its own."""

    settings: Settings
    database: Database
    files: Files
    algorithms: Mapping[str, Algorithm]
    runtime: Runtime
    news: News
    clock: Callable[[], dt.datetime] = utc_now

    @property
    def name(self) -> str:
        """Which process it was: host and process id."""
        return f"{self.settings.worker.name}/{os.getpid()}"

    @property
    def lease(self) -> dt.timedelta:
        """How long a claim holds without being renewed."""
        return dt.timedelta(seconds=self.settings.worker.lease_s)

    def installed(self, job: Job) -> Algorithm | None:
        """The job's algorithm in the job's version, None where this worker has another."""
        algorithm = self.algorithms.get(job.algorithm)
        return algorithm if algorithm and algorithm.version == job.version else None

    def algorithm(self, job: Job) -> Algorithm:
        """The job's algorithm; `UnavailableError` where it is not here: another may have it."""
        if found := self.installed(job):
            return found
        here = self.algorithms.get(job.algorithm)
        other = f"it has {here.version}" if here else "it has none"
        message = f"this worker has no {job.algorithm} {job.version}: {other}"
        raise UnavailableError(message)

    def read(self, instance: Instance) -> pydicom.Dataset:
        """The data set of `instance`."""
        deflated = instance.transfer_syntax_uid == DeflatedExplicitVRLittleEndian
        defer = LARGE if instance.size > LARGE and not deflated else None
        return self._read(instance, defer=defer)

    def header(self, instance: Instance) -> pydicom.Dataset:
        """The header of `instance`, without its pixels."""
        return self._read(instance, stop_before_pixels=True)

    def _read(
        self, instance: Instance, *, defer: int | None = None, stop_before_pixels: bool = False
    ) -> pydicom.Dataset:
        path = self.files.absolute(instance.path)
        try:
            return pydicom.dcmread(path, defer_size=defer, stop_before_pixels=stop_before_pixels)
        except OSError as error:
            message = f"an instance cannot be read from disk: {error.strerror}"
            raise UnavailableError(message) from error
        except (InvalidDicomError, ValueError, EOFError, NotImplementedError) as error:
            message = f"the file is damaged ({type(error).__name__})"
            raise UnreadableError(message) from error
