"""Orthanc as the archive: C-STORE, storage commitment and DICOMweb, on free ports."""

import contextlib
import io
import itertools
import json
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pydicom

from tests.services.need import need, need_file
from tests.services.process import DEADLINE_S, Process, free_port

DICOMWEB = "/usr/share/orthanc/plugins/libOrthancDicomWeb.so"
_numbers = itertools.count(1)


class Orthanc:
    """A running archive, and the questions that tests ask it."""

    def __init__(self, folder: Path, *, options: Mapping[str, Any] | None = None) -> None:
        """Start an archive below `folder`; `options` overlay its configuration."""
        self.ae_title = f"ORTHANC{next(_numbers)}"
        self.dicom_port = free_port()
        self.http_port = free_port()
        self.url = f"http://127.0.0.1:{self.http_port}"
        self.dicomweb_url = f"{self.url}/dicom-web"
        self._file = folder / "orthanc.json"
        self._file.write_text(json.dumps(self._configuration(folder) | dict(options or {})))
        self.process: Process | None = None

    def start(self) -> None:
        """Start, and wait until both doors are open."""
        self.process = Process([need("Orthanc", package="orthanc"), self._file])
        self.process.wait_for_line("Orthanc has started")

    def kill(self) -> None:
        """SIGKILL: Orthanc takes seconds to stop, and its data is not kept anyway."""
        if self.process:
            self.process.kill()

    def instances(self) -> list[str]:
        """Orthanc's identifiers of all instances it holds."""
        found: list[str] = self.get("/instances")
        return found

    def tags(self, identifier: str) -> dict[str, Any]:
        """An instance's elements by keyword; sequences are lists."""
        found: dict[str, Any] = self.get(f"/instances/{identifier}/simplified-tags")
        return found

    def download(self, identifier: str) -> bytes:
        """An instance's file, byte for byte as it was received (but for the file meta)."""
        return self._ask(f"/instances/{identifier}/file")

    def dataset(self, identifier: str) -> pydicom.Dataset:
        """An instance, parsed."""
        return pydicom.dcmread(io.BytesIO(self.download(identifier)))

    def datasets(self, modality: str | None = None) -> list[pydicom.Dataset]:
        """All instances, parsed; of one modality ("SR", "PR") where it is given."""
        found = [self.dataset(identifier) for identifier in self.instances()]
        return [each for each in found if modality in {None, each.get("Modality")}]

    def wait_for(self, count: int, *, within: float = DEADLINE_S) -> list[str]:
        """Wait until it holds `count` instances or more: their identifiers.

        Orthanc cannot be listened to (its `/changes` answers at once): this asks again and again.
        """
        assert self.process
        self.process.wait_until(
            lambda: self.get("/statistics")["CountInstances"] >= count,
            f"holding {count} instances",
            within=within,
        )
        return self.instances()

    def upload(self, content: bytes) -> str:
        """Give it an instance over HTTP: its identifier."""
        answer: dict[str, str] = json.loads(self._ask("/instances", content))
        return answer["ID"]

    def add_modality(self, name: str, ae_title: str, port: int) -> None:
        """Make a peer known to it, for queries, C-MOVE and storage commitment."""
        peer = json.dumps([ae_title, "127.0.0.1", port]).encode()
        self._ask(f"/modalities/{name}", peer, method="PUT")

    def get(self, path: str) -> Any:
        """The JSON answer to a GET."""
        return json.loads(self._ask(path))

    def _ask(self, path: str, content: bytes | None = None, method: str | None = None) -> bytes:
        request = urllib.request.Request(self.url + path, data=content, method=method)
        with urllib.request.urlopen(request, timeout=DEADLINE_S) as answer:
            body: bytes = answer.read()
        return body

    def _configuration(self, folder: Path) -> dict[str, Any]:
        plugin = need_file(DICOMWEB, package="orthanc-dicomweb")
        return {
            "Name": self.ae_title,
            "DicomAet": self.ae_title,
            "DicomPort": self.dicom_port,
            "DicomCheckCalledAet": True,
            "DicomAlwaysAllowStore": True,
            "DicomAlwaysAllowEcho": True,
            "HttpPort": self.http_port,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "StorageDirectory": str(folder / "storage"),
            "IndexDirectory": str(folder / "storage"),
            "Plugins": [str(plugin)],
            "StableAge": 1,
        }


@contextlib.contextmanager
def orthanc_server(folder: Path, *, options: Mapping[str, Any] | None = None) -> Iterator[Orthanc]:
    """A running archive, gone afterwards."""
    archive = Orthanc(folder, options=options)
    try:
        archive.start()
        yield archive
    finally:
        archive.kill()
