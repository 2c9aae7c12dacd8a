"""Instances and result objects on disk: written beside, renamed into place, made durable.

    <home>/instances/<site>/<study uid>/<sop uid>-<token>.dcm
    <home>/results/<site>/<job>/<run>/<kind>-<number>-<token>.dcm
    <home>/refused/<time>-<token>.dcm
    <home>/incoming/<token>.part        a router's, never acknowledged; removed when a day old
    <home>/outgoing/<token>.part        a worker's; removed when a day old

Every final name is unique, so nothing is ever overwritten: which of two files with
one SOP Instance UID counts is decided by the database's row.
"""

import contextlib
import errno
import filecmp
import itertools
import os
import secrets
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from core.domain.errors import StorageFullError, UnavailableError
from core.domain.study import valid_uid

_DAY_S = 86_400
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextlib.contextmanager
def _told(what: str) -> Iterator[None]:
    """The disk's own errors, in words that say whether to try again."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            message = f"the disk is full while {what}: free space below VARDE_HOME"
            raise StorageFullError(message) from error
        message = f"the disk does not work while {what}: {error.strerror}"
        raise UnavailableError(message) from error


class Incoming:
    """One file on its way in. Leaving the `with` without `keep` removes it."""

    def __init__(self, files: "Files", folder: Path) -> None:
        """Open a new `.part` file in `folder`."""
        self._files = files
        self.path = folder / f"{secrets.token_hex(16)}.part"
        self.size = 0
        with _told("opening a file"):
            self._file = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o640)

    def write(self, *parts: bytes | bytearray | memoryview) -> None:
        """Append the bytes of `parts` with one system call where the kernel lets us."""
        wanted = sum(len(part) for part in parts)
        with _told("writing an instance"):
            written = os.writev(self._file, parts)
            if written < wanted:  # on a full disk the next write says so
                rest = memoryview(b"".join(parts))[written:]
                while rest:
                    rest = rest[os.write(self._file, rest) :]
        self.size += wanted

    def read(self, offset: int, length: int) -> bytes:
        """`length` bytes at `offset` of what was written, fewer at the end."""
        with _told("reading an instance"):
            return os.pread(self._file, length, offset)

    def keep(self, folder: Path, name: str) -> Path:
        """Make the file durable and give it its final name; returns it."""
        with _told("keeping a file"):
            fresh = list(itertools.takewhile(lambda f: not f.is_dir(), (folder, *folder.parents)))
            folder.mkdir(parents=True, exist_ok=True)
            final = folder / name
            self.path.rename(final)
            # After the rename: a journalling file system then commits data and name at once,
            # and the folder's own sync finds nothing left to do. Until the row is written
            # nobody looks at the file, so half a file under its final name harms nobody.
            try:
                self._files.sync(self._file)
                self._files.sync_folder(folder)
                for made in fresh:
                    self._files.sync_folder(made.parent)
            except OSError:
                final.unlink(missing_ok=True)
                raise
        self.path = final
        return final

    def __enter__(self) -> Self:
        """Nothing to do: the file is open."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close; remove what was not kept."""
        os.close(self._file)
        if self.path.suffix == ".part":
            self.path.unlink(missing_ok=True)


class Files:
    """The file store of one site's or several sites' platform, below `home`."""

    def __init__(self, home: Path, *, fsync: bool = True) -> None:
        """Make the folders below `home`."""
        self.home = home.resolve()
        self.fsync = fsync
        self._refusing = threading.Lock()
        self.incoming = self.home / "incoming"
        self.outgoing = self.home / "outgoing"
        self.refused = self.home / "refused"
        with _told("making folders"):
            for folder in (self.incoming, self.outgoing, self.refused, self.home / "instances"):
                folder.mkdir(parents=True, exist_ok=True)

    def sweep(self) -> int:
        """Remove what killed routers and workers left half written a day ago; returns how many.

        Younger ones may be another router's, on the same store.
        """
        old = time.time() - _DAY_S
        both = (*self.incoming.glob("*.part"), *self.outgoing.glob("*.part"))
        parts = [part for part in both if part.stat().st_mtime < old]
        for part in parts:
            part.unlink(missing_ok=True)
        return len(parts)

    def receive(self) -> Incoming:
        """A new incoming file."""
        return Incoming(self, self.incoming)

    def keep_instance(self, part: Incoming, *, site: str, study_uid: str, sop_uid: str) -> Path:
        """Give an instance its final name; raises `InvalidUidError` for a hostile UID."""
        folder = self.home / "instances" / site / valid_uid(study_uid, "StudyInstanceUID")
        name = f"{valid_uid(sop_uid, 'SOPInstanceUID')}-{secrets.token_hex(4)}.dcm"
        return part.keep(folder, name)

    def keep_refused(self, part: Incoming, *, stamp: str, limit: int) -> str:
        """Put a refused object aside, the oldest making room; "" where it does not fit."""
        if part.size > limit:
            part.path.unlink(missing_ok=True)
            return ""
        name = f"{stamp}-{secrets.token_hex(4)}.dcm"
        with self._refusing, _told("keeping a refused object"):
            kept = [(file, file.stat().st_size) for file in sorted(self.refused.glob("*.dcm"))]
            total = part.size + sum(size for _, size in kept)
            for file, size in kept:
                if total <= limit:
                    break
                total -= size
                file.unlink(missing_ok=True)
            return self.relative(part.keep(self.refused, name))

    def write_results(
        self, site: str, job_id: str, run: int, objects: Iterable[tuple[str, bytes]]
    ) -> list[str]:
        """Write (name, bytes) of one run beside and rename; returns the paths for rows."""
        folder = self.home / "results" / site / job_id / str(run)
        paths = []
        for name, data in objects:
            with Incoming(self, self.outgoing) as part:
                part.write(data)
                paths.append(self.relative(part.keep(folder, name)))
        return paths

    def relative(self, path: Path) -> str:
        """The path as rows keep it."""
        return str(path.relative_to(self.home))

    def absolute(self, path: str) -> Path:
        """The file of a row's path; never outside `home`."""
        absolute = (self.home / path).resolve()
        if not absolute.is_relative_to(self.home):
            message = "a row's path leads out of the store"
            raise UnavailableError(message)
        return absolute

    def sync(self, file: int) -> None:
        """Make a file's bytes durable, where the settings ask for it."""
        if self.fsync:
            os.fdatasync(file)

    def sync_folder(self, folder: Path) -> None:
        """Make a folder's names durable, where the settings ask for it."""
        if not self.fsync:
            return
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def same_content(one: Path, other: Path) -> bool:
    """Whether two files hold the same bytes."""
    return filecmp.cmp(one, other, shallow=False)
