"""A modality that sends studies by C-STORE: simulated ones with a known truth, or files.

A file goes as it is, in its own transfer syntax: its pixels are not decoded, its
data set is not encoded again.
"""

import contextlib
import dataclasses
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, Self

import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.uid import UID, ExplicitVRLittleEndian, MediaStorageDirectoryStorage
from pynetdicom import AE, _config
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext, build_context

from core.domain.errors import NotDicomError, SettingsError, UnavailableError
from simulator.sockets import PROMPT

_config.STORE_SEND_CHUNKED_DATASET = True  # the file's own bytes
_config.LOG_HANDLER_LEVEL = "none"
MOST_CONTEXTS: Final = 128  # PS3.8 9.3.2.2: the identifiers are odd numbers up to 255
NO_ANSWER: Final = 0xC000 | 0x0FFF  #: the status here where the peer gave none
_PEER: Final = re.compile(r"(?P<ae>[^@]{1,16})@(?P<host>.+):(?P<port>\d{1,5})")


@dataclasses.dataclass(frozen=True, slots=True)
class Peer:
    """Whom to send to."""

    ae_title: str
    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """`AE@host:port`; an IPv6 address stands in brackets. Raises `SettingsError`."""
        found = _PEER.fullmatch(text)
        if not found or int(found["port"]) > 65535:  # noqa: PLR2004 - the highest port
            message = f"«{text}» is not AE@host:port"
            raise SettingsError(message)
        return cls(found["ae"], found["host"].strip("[]"), int(found["port"]))


@dataclasses.dataclass(frozen=True, slots=True)
class Item:
    """One instance to send: a file, or a data set with its file meta information."""

    study_uid: str
    sop_uid: str
    sop_class_uid: str
    transfer_syntax_uid: str
    source: Path | Dataset

    @classmethod
    def of(cls, dataset: Dataset) -> Self:
        """A simulated instance."""
        meta = getattr(dataset, "file_meta", None)
        syntax = meta.get("TransferSyntaxUID") if meta is not None else None
        return cls(
            str(dataset.StudyInstanceUID), str(dataset.SOPInstanceUID), str(dataset.SOPClassUID),
            str(syntax or ExplicitVRLittleEndian), dataset,
        )  # fmt: skip

    @property
    def context(self) -> tuple[str, str]:
        """(SOP class, transfer syntax): what has to be negotiated for it."""
        return self.sop_class_uid, self.transfer_syntax_uid


@dataclasses.dataclass(frozen=True, slots=True)
class Sent:
    """What the peer answered for one instance."""

    item: Item
    status: int  #: DIMSE status, `NO_ANSWER` where none came
    why: str = ""

    @property
    def taken(self) -> bool:
        """Whether the peer has it now: success, or a warning (PS3.7 C.1)."""
        return self.status == 0 or self.status >> 12 == 0xB  # noqa: PLR2004 - Bxxx


def find(paths: Iterable[Path]) -> tuple[dict[str, list[Item]], list[Path]]:
    """(instances by study, files that are not DICOM) of everything below `paths`, in order.

    Raises `NotDicomError` for a path that is not there, or where nothing is DICOM.
    """
    studies: dict[str, list[Item]] = {}
    other: list[Path] = []
    for path in paths:
        if not path.exists():
            message = f"{path}: no such file or folder"
            raise NotDicomError(message)
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_dir():
                continue
            if item := _read(file):
                studies.setdefault(item.study_uid, []).append(item)
            else:
                other.append(file)
    if not studies:
        message = f"no DICOM file in {', '.join(map(str, paths))}"
        raise NotDicomError(message)
    return studies, other


def _read(file: Path) -> Item | None:
    """The instance in `file`, None where it is none."""
    try:
        head = pydicom.dcmread(
            file, stop_before_pixels=True,
            specific_tags=["StudyInstanceUID", "SOPInstanceUID", "SOPClassUID"],
        )  # fmt: skip
        item = Item(
            str(head.get("StudyInstanceUID", "")), str(head.file_meta.MediaStorageSOPInstanceUID),
            str(head.file_meta.MediaStorageSOPClassUID), str(head.file_meta.TransferSyntaxUID),
            file,
        )  # fmt: skip
    except (InvalidDicomError, OSError, AttributeError, ValueError, EOFError):
        return None
    return None if item.sop_class_uid == MediaStorageDirectoryStorage else item


class Modality:
    """A storage SCU. One association is opened for `with`, reused for all that is sent in it."""

    def __init__(self, peer: Peer, *, calling: str, timeout_s: float = 60.0) -> None:
        """`calling` is the AE title by which the peer knows the site."""
        self._peer = peer
        self._entity = AE(ae_title=calling)
        self._entity.connection_timeout = self._entity.acse_timeout = timeout_s
        self._entity.dimse_timeout = self._entity.network_timeout = timeout_s

    def echo(self) -> int:
        """C-ECHO; returns the status. Raises `UnavailableError` where there is no association."""
        with self._associated([build_context("1.2.840.10008.1.1")]) as association:
            return int(association.send_c_echo().get("Status", NO_ANSWER))

    def send(self, items: Sequence[Item]) -> Iterator[Sent]:
        """Send instances and yield the answer to each; associates again for more contexts.

        Raises `UnavailableError` where the peer does not answer or rejects us.
        """
        rest = list(items)
        while rest:
            wanted = list(dict.fromkeys(item.context for item in rest))[:MOST_CONTEXTS]
            now = [item for item in rest if item.context in set(wanted)]
            rest = [item for item in rest if item.context not in set(wanted)]
            contexts = [build_context(UID(one), [UID(syntax)]) for one, syntax in wanted]
            with self._associated(contexts) as association:
                for item in now:
                    yield _sent(association, item)

    @contextlib.contextmanager
    def _associated(self, contexts: list[PresentationContext]) -> Iterator[Association]:
        peer = self._peer
        association = self._entity.associate(
            peer.host, peer.port, contexts, ae_title=peer.ae_title, evt_handlers=PROMPT
        )
        if not association.is_established:
            why = "rejects the association" if association.is_rejected else "does not answer"
            message = f"{peer.ae_title} at {peer.host}:{peer.port} {why}"
            raise UnavailableError(message)
        try:
            yield association
        finally:
            if association.is_established:
                association.release()


def _sent(association: Association, item: Item) -> Sent:
    """Send one instance; what goes wrong before an answer is an answer too."""
    try:
        answer = association.send_c_store(item.source)
    except ValueError:
        return Sent(item, NO_ANSWER, "no presentation context was accepted for it")
    except (RuntimeError, AttributeError, OSError) as error:
        return Sent(item, NO_ANSWER, str(error))
    if "Status" not in answer:
        return Sent(item, NO_ANSWER, "no answer")
    return Sent(item, int(answer.Status), str(answer.get("ErrorComment", "")))
