"""OHIF, the viewer, as its makers publish it for npm: on a port of its own, before an Orthanc.

Static files and nothing else; what the viewer asks of `/dicom-web` is asked of the Orthanc
of the test, so that the browser meets one origin only.
"""

import base64
import contextlib
import hashlib
import http.client
import mimetypes
import os
import subprocess
import sys
import tarfile
import tempfile
import threading
import urllib.parse
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.services.need import absent, need
from tests.services.process import DEADLINE_S, free_port

VERSION = "3.12.10"
PACKAGE = f"@ohif/app@{VERSION}"
#: Of the package: what anybody else publishes under this name is refused.
SHA512 = "0kuF66Mq9c9dMD++bUsTjMrJpXJwaZhz9B4uS244DawAjSkTwIYFU93pxPuRUQixaRi7QAHlF3Fe1qudBlZrmA=="
KEPT = ROOT / "var" / "test" / f"ohif-{VERSION}"
#: Networks of OHIF's own segmentation tools, 136 of its 199 MB; nothing here uses them.
LEFT_OUT = "package/dist/ort"
DICOMWEB = "/dicom-web"
DOWNLOAD_S = 240.0

_CONFIGURATION = """window.config = {
  routerBasename: null,
  extensions: [],
  modes: [],
  customizationService: {},
  showStudyList: true,
  maxNumberOfWebWorkers: 2,
  showWarningMessageForCrossOrigin: false,
  showCPUFallbackMessage: false,
  showLoadingIndicator: true,
  strictZSpacingForVolumeViewport: true,
  investigationalUseDialog: { option: 'never' },
  defaultDataSourceName: 'archive',
  dataSources: [{
    namespace: '@ohif/extension-default.dataSourcesModule.dicomweb',
    sourceName: 'archive',
    configuration: {
      friendlyName: 'Orthanc',
      name: 'archive',
      wadoUriRoot: '%(root)s',
      qidoRoot: '%(root)s',
      wadoRoot: '%(root)s',
      qidoSupportsIncludeField: false,
      imageRendering: 'wadors',
      thumbnailRendering: 'wadors',
      enableStudyLazyLoad: true,
      supportsFuzzyMatching: false,
      supportsWildcard: true,
      dicomUploadEnabled: false,
      omitQuotationForMultipartRequest: true,
      bulkDataURI: { enabled: true },
    },
  }],
};
"""


def installed() -> Path:
    """The folder with OHIF's `index.html`, fetched with npm where it is not there yet.

    Leaves the test where npm, the network or the package is missing.
    """
    if not (KEPT / "index.html").is_file():
        KEPT.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=KEPT.parent) as folder:
            _unpack(_fetch(Path(folder)), Path(folder))
            with contextlib.suppress(OSError):  # somebody else was faster
                (Path(folder) / "package" / "dist").rename(KEPT)
    return KEPT


def _fetch(folder: Path) -> Path:
    """The package as npm gets it, and nobody else's."""
    command = [need("npm", package="npm"), "pack", PACKAGE, "--pack-destination", str(folder)]
    environment = {**os.environ, "npm_config_update_notifier": "false"}
    with contextlib.suppress(subprocess.TimeoutExpired):
        subprocess.run(
            command, cwd=folder, env=environment, capture_output=True,
            timeout=DOWNLOAD_S, check=False,
        )  # fmt: skip
    found = next(folder.glob("*.tgz"), None)
    if found is None:
        absent(PACKAGE, "npm and a registry that it reaches")
    assert found
    digest = base64.b64encode(hashlib.sha512(found.read_bytes()).digest()).decode()
    assert digest == SHA512, f"{found.name} is not the {PACKAGE} that was looked at"
    return found


def _unpack(package: Path, folder: Path) -> None:
    with tarfile.open(package) as archive:
        wanted = [one for one in archive if not one.name.startswith(f"{LEFT_OUT}/")]
        archive.extractall(folder, wanted, filter="data")


class _Door(BaseHTTPRequestHandler):
    """OHIF's files, `index.html` for every other address, and Orthanc behind `/dicom-web`."""

    protocol_version = "HTTP/1.1"
    server: "_Server"

    def do_GET(self) -> None:
        path = urllib.parse.urlsplit(self.path).path
        if path.startswith(f"{DICOMWEB}/"):
            self._ask_archive()
        elif path == "/app-config.js":
            root = f"http://127.0.0.1:{self.server.server_port}{DICOMWEB}"
            self._answer((_CONFIGURATION % {"root": root}).encode(), "text/javascript")
        else:
            self._file(path)

    def _file(self, path: str) -> None:
        found = (self.server.files / path.lstrip("/")).resolve()
        if not found.is_relative_to(self.server.files) or not found.is_file():
            found = self.server.files / "index.html"
        kind = mimetypes.guess_type(found.name)[0] or "application/octet-stream"
        self._answer(found.read_bytes(), kind)

    def _answer(self, content: bytes, kind: str, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _ask_archive(self) -> None:
        """Orthanc's answer; it is told our Host, so that the addresses it writes are ours."""
        wanted = {name: self.headers[name] for name in ("Host", "Accept") if name in self.headers}
        archive = http.client.HTTPConnection(
            "127.0.0.1", self.server.archive_port, timeout=DEADLINE_S
        )
        with contextlib.closing(archive):
            archive.request("GET", self.path, headers=wanted)
            answer = archive.getresponse()
            kind = answer.getheader("Content-Type", "application/octet-stream")
            self._answer(answer.read(), kind, answer.status)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int, files: Path, archive_port: int) -> None:
        super().__init__(("127.0.0.1", port), _Door)
        self.files = files.resolve()
        self.archive_port = archive_port

    def handle_error(self, *_: object) -> None:
        """A browser that goes away in the middle of an answer is no error."""


@contextlib.contextmanager
def ohif_server(archive_port: int) -> Iterator[str]:
    """The address of an OHIF that shows what the Orthanc on `archive_port` (HTTP) holds."""
    mimetypes.add_type("application/wasm", ".wasm")
    mimetypes.add_type("text/javascript", ".js")
    mimetypes.add_type("text/javascript", ".mjs")
    with _Server(free_port(), installed(), archive_port) as server:
        thread = threading.Thread(target=server.serve_forever, name="ohif")
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


if __name__ == "__main__":  # what `make setup` calls
    try:
        installed()
    except pytest.skip.Exception as lacking:  # with CI=true it is a failure, and not caught
        sys.stderr.write(f"{lacking}\n")
