"""A receiving archive: keeps what it is sent as `<folder>/<study uid>/<sop uid>.dcm`.

Success is answered when the file is there and durable. The same object again is a
success that changes nothing; the same SOP Instance UID with other content is refused
(0x0111, PS3.7 C.5.8), so that the first word of a sender stays what it was.
"""

import io
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import AllTransferSyntaxes
from pynetdicom import AE, AllStoragePresentationContexts, _config, evt
from pynetdicom.events import Event

from core.domain.errors import (
    ConflictError,
    MissingAttributeError,
    NotDicomError,
    UnavailableError,
    VardeError,
)
from core.domain.study import valid_uid
from simulator.sockets import PROMPT

SUCCESS: Final = 0x0000
VERIFICATION: Final = "1.2.840.10008.1.1"
MAX_PDU: Final = 128 * 1024
_config.LOG_HANDLER_LEVEL = "none"


class Archive:
    """A storage SCP; listens from `with` (or `start`) to its end."""

    def __init__(
        self,
        folder: Path,
        *,
        ae_title: str = "ARKIV",
        host: str = "127.0.0.1",
        port: int = 0,
        on_stored: Callable[[Path], None] = lambda _: None,
    ) -> None:
        """Port 0 takes a free one. `on_stored` is told of every new file."""
        self.folder = folder
        self.ae_title = ae_title
        self.host = host
        self.port = port
        self._on_stored = on_stored
        self._entity = AE(ae_title=ae_title)
        self._entity.maximum_pdu_size = MAX_PDU
        self._entity.maximum_associations = 100
        self._entity.add_supported_context(VERIFICATION)
        for context in AllStoragePresentationContexts:
            self._entity.add_supported_context(str(context.abstract_syntax), AllTransferSyntaxes)

    def start(self) -> int:
        """Listen; returns the port."""
        self.folder.mkdir(parents=True, exist_ok=True)
        handlers = [(evt.EVT_C_STORE, self._answer), *PROMPT]
        server = self._entity.start_server(
            (self.host, self.port), block=False, evt_handlers=handlers
        )
        assert server is not None
        self.port = int(server.server_address[1])
        return self.port

    def stop(self) -> None:
        """Abort what is open, listen no more."""
        self._entity.shutdown()

    def __enter__(self) -> Self:
        """Listen."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Listen no more."""
        self.stop()

    def _answer(self, event: Event) -> int:
        """The C-STORE status: what went wrong says it itself."""
        try:
            self.store(event.encoded_dataset())
        except VardeError as error:
            return error.dimse_status
        return SUCCESS

    def store(self, encoded: bytes) -> Path:
        """Keep one file (PS3.10, with its header); returns where.

        Raises `NotDicomError`, `MissingAttributeError`, `InvalidUidError`,
        `ConflictError`, and `UnavailableError` for a disk that does not work.
        """
        study_uid, sop_uid = _uids(encoded)
        folder = self.folder / valid_uid(study_uid, "StudyInstanceUID")
        path = folder / f"{valid_uid(sop_uid, 'SOPInstanceUID')}.dcm"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            fresh = _keep(path, encoded)
        except OSError as error:
            message = f"the archive's disk does not take it: {error.strerror}"
            raise UnavailableError(message) from error
        if fresh:
            self._on_stored(path)
        return path


def _keep(path: Path, encoded: bytes) -> bool:
    """Write beside, make durable, link into place; whether it is new. Never overwrites."""
    part = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with part.open("xb") as file:
            file.write(encoded)
            file.flush()
            os.fdatasync(file.fileno())
        path.hardlink_to(part)
    except FileExistsError:
        if path.read_bytes() == encoded:
            return False
        message = f"{path.name} is here with other content"
        raise ConflictError(message) from None
    finally:
        part.unlink(missing_ok=True)
    return True


def _uids(encoded: bytes) -> tuple[str, str]:
    """(Study Instance UID, SOP Instance UID) of a file's bytes, as they stand there."""
    wanted = ["StudyInstanceUID", "SOPInstanceUID"]
    try:
        head = pydicom.dcmread(io.BytesIO(encoded), stop_before_pixels=True, specific_tags=wanted)
        study_uid, sop_uid = (_raw(head, keyword) for keyword in wanted)
    except VardeError:
        raise
    except Exception as error:  # a damaged data set raises nearly anything
        message = "the data set cannot be read"
        raise NotDicomError(message) from error
    return study_uid, sop_uid


def _raw(head: Dataset, keyword: str) -> str:
    """A UID before pydicom has an opinion on it; raises `MissingAttributeError`."""
    value = head.get_item(keyword).value if keyword in head else b""
    text = value.decode("ascii", "replace") if isinstance(value, bytes) else str(value or "")
    if not (uid := text.rstrip("\0 ")):
        message = f"{keyword} is missing"
        raise MissingAttributeError(message)
    return uid
