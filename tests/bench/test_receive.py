"""Receiving 400 CT slices from one `storescu`, beside DCMTK's `storescp --fork` in the same run."""

import os
import shutil
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench.table import told
from tests.router.conftest import instance
from tests.services.dcmtk import run
from tests.services.need import need
from tests.services.process import PEER_ENVIRONMENT, Process, free_port
from tests.services.redis import Redis
from tests.system.platform import Platform
from tests.system.studies import written

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]
SLICES, ROUNDS = 400, 5


def study(folder: Path, number: int) -> Path:
    """400 slices of 512² in 16 bits: 0.53 MB each, of noise that no file system compresses."""
    uid = f"2.25.9{number}"
    for slice_ in range(SLICES):
        data = instance(
            slice_, study=uid, SOPInstanceUID=f"{uid}.5.{slice_}", Rows=512, Columns=512,
            PixelData=os.urandom(512 * 512 * 2),
        )  # fmt: skip
        written(data, folder / f"{slice_:04}.dcm")
    return folder


def renumbered(folder: Path, number: int) -> Path:
    """The same slices as another study: other UIDs of the same length, the rest untouched."""
    target = folder.with_name(f"{folder.name}-{number}")
    target.mkdir()
    for path in folder.iterdir():
        data = path.read_bytes().replace(b"2.25.910", b"2.25.9%02d" % number)
        (target / path.name).write_bytes(data)
    return target


def sent(folder: Path, port: int, called: str) -> float:
    """Seconds that `storescu` needs for one association with the whole study."""
    start = time.perf_counter()
    done = run(
        "storescu", "+sd", "-aet", "STORESCU", "-aec", called, "127.0.0.1", str(port), str(folder)
    )
    seconds = time.perf_counter() - start
    assert done.status == 0, done.output[-2000:]
    return seconds


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[int]:
    """DCMTK's receiver, a process an association, writing what it gets."""
    folder, port = tmp_path / "peer", free_port()
    folder.mkdir()
    binary = need("storescp", package="dcmtk")
    with Process([binary, "--fork", "-od", folder, str(port)], env=PEER_ENVIRONMENT) as process:
        process.wait_for_port(port)
        yield port


def resident(pid: int) -> float:
    """Megabytes of a process in memory."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def receiving(platform: Platform, peer: int, folder: Path, label: str) -> float:
    """The median ratio of the peer's time to ours over interleaved rounds."""
    ours, theirs = [], []
    for number in range(11, 11 + ROUNDS):
        fresh = renumbered(folder, number)
        theirs.append(sent(fresh, peer, "STORESCP"))
        ours.append(sent(fresh, platform.port, "VARDE"))
        shutil.rmtree(fresh)
    megabytes = SLICES * 0.5247
    ratio = statistics.median(a / b for a, b in zip(theirs, ours, strict=True))
    told(
        f"receive 400 CT slices, {label}",
        ours=f"{megabytes / statistics.median(ours):.0f} MB/s",
        peer=f"storescp --fork {megabytes / statistics.median(theirs):.0f} MB/s",
        ratio=f"{ratio:.2f}",
    )
    return ratio


@pytest.mark.parametrize("fsync", [True, False], ids=["fsync", "no fsync"])
def test_receiving(tmp_path: Path, redis_server: Redis, peer: int, *, fsync: bool) -> None:
    platform = Platform(tmp_path / "var", redis_url=redis_server.url, archive=("NOBODY", 1))
    for name in ("VARDE_INTAKE__FSYNC", "VARDE_DATABASE__FSYNC"):
        platform.env[name] = str(fsync).lower()
    platform.start("router")
    folder = study(tmp_path / "ct", 10)
    sent(folder, platform.port, "VARDE")
    label = "durable (fsync)" if fsync else "without fsync"
    ratio = receiving(platform, peer, folder, label)
    platform.close()
    assert ratio >= 0.3


def test_memory_stays_flat(tmp_path: Path, redis_server: Redis) -> None:
    platform = Platform(tmp_path / "var", redis_url=redis_server.url, archive=("NOBODY", 1))
    platform.start("router")
    pid = platform.programs["router"].pid
    folder = study(tmp_path / "ct", 10)
    sent(folder, platform.port, "VARDE")
    first = resident(pid)
    for number in range(11, 30):
        fresh = renumbered(folder, number)
        sent(fresh, platform.port, "VARDE")
        shutil.rmtree(fresh)
    last = resident(pid)
    platform.close()
    told(
        "memory of the router, 1 → 20 CT studies of 400 slices",
        ours=f"{first:.0f} → {last:.0f} MB", peer="–", ratio=f"{last - first:+.0f} MB",
    )  # fmt: skip
    assert abs(last - first) <= 20
