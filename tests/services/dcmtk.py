"""DCMTK's programs: an independent sender and receiver."""

import contextlib
import dataclasses
import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.services.need import need
from tests.services.process import DEADLINE_S, PEER_ENVIRONMENT, Process, free_port

_RESPONSE = re.compile(r"Received Store Response \((?P<status>.*)\)$", re.MULTILINE)


@dataclasses.dataclass(frozen=True, slots=True)
class Ran:
    """What a program answered. `storescu` exits 0 when it is rejected: read the output."""

    status: int
    output: str  #: standard output and error together

    @property
    def responses(self) -> list[str]:
        """The C-STORE responses in order, in DCMTK's words: "Success", "Refused: …"."""
        return [found["status"] for found in _RESPONSE.finditer(self.output)]

    @property
    def rejected(self) -> bool:
        """Whether the association was rejected."""
        return "Association Rejected" in self.output


def run(
    program: str, *arguments: str | Path, within: float = 120.0, cwd: Path | None = None
) -> Ran:
    """Run one of DCMTK's programs to its end."""
    done = subprocess.run(
        [need(program, package="dcmtk"), *map(str, arguments)],
        env=PEER_ENVIRONMENT,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=within,
        check=False,
        text=True,
        errors="replace",
    )
    return Ran(done.returncode, done.stdout)


def storescu(
    paths: Sequence[Path],
    port: int,
    *,
    called: str = "VARDE",
    calling: str = "STORESCU",
    options: Sequence[str] = (),
    within: float = 120.0,
) -> Ran:
    """Send files and folders in one association, in their own transfer syntaxes.

    DCMTK proposes one compressed syntax for all files, chosen by option: "-xs" JPEG
    lossless, "-xt" JPEG-LS lossless, "-xv" JPEG 2000 lossless, "-xr" RLE, … `dcmsend`
    finds out by itself.
    """
    peer = ["-aet", calling, "-aec", called, "127.0.0.1", str(port)]
    return run("storescu", "-v", "+sd", "+r", "-nh", *options, *peer, *paths, within=within)


def dcmsend(
    paths: Sequence[Path],
    port: int,
    *,
    called: str = "VARDE",
    calling: str = "DCMSEND",
    options: Sequence[str] = (),
    within: float = 120.0,
) -> Ran:
    """Send files and folders, each in its own transfer syntax."""
    peer = ["-aet", calling, "-aec", called, "127.0.0.1", str(port)]
    return run("dcmsend", "-v", "+sd", "+r", "-dn", *options, *peer, *paths, within=within)


def echoscu(port: int, *, called: str = "VARDE", calling: str = "ECHOSCU") -> Ran:
    """C-ECHO; exits 0 only if it was answered."""
    return run("echoscu", "-v", "-aet", calling, "-aec", called, "127.0.0.1", str(port))


class Storescp:
    """A destination that writes what it gets into `folder`, every byte as sent."""

    def __init__(self, folder: Path, *, options: Sequence[str] = ()) -> None:
        """Start it on a free port; `options` are storescp's own, "--refuse" for one."""
        self.ae_title = "STORESCP"
        self.folder = folder
        self.port = free_port()
        self._options = [*options]
        self.process = self._started()

    def restart(self) -> None:
        """Kill it, and start it again on the same port with the same folder."""
        self.process.kill()
        self.process = self._started()

    def files(self) -> list[Path]:
        """The received files that are complete, in order of arrival, each once."""
        named = [line.partition("complete ")[2] for line in self.process.lines("complete ")]
        return [self.folder / name for name in dict.fromkeys(named)]

    def wait_for(self, count: int, *, within: float = DEADLINE_S) -> list[Path]:
        """Wait until `count` C-STOREs have been answered; returns `files()`."""
        self.process.wait_for_line("complete ", count=count, within=within)
        return self.files()

    def _started(self) -> Process:
        # The command tells when a file is complete; its output joins storescp's own.
        tell = ["-xcr", "echo complete #f", "-xs"]
        where = ["-od", str(self.folder), "-aet", self.ae_title, str(self.port)]
        binary = need("storescp", package="dcmtk")
        # A profile of its own says what it accepts; without one it accepts every syntax.
        accept = [] if {"-xf", "--config-file"} & {*self._options} else ["+xa"]
        process = Process([binary, *accept, "+B", *tell, *self._options, *where])
        process.wait_for_port(self.port)
        return process


@contextlib.contextmanager
def storescp_server(folder: Path, *, options: Sequence[str] = ()) -> Iterator[Storescp]:
    """A running destination, gone afterwards."""
    server = Storescp(folder, options=options)
    try:
        yield server
    finally:
        server.process.kill()
