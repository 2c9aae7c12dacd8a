"""The platform's own share of the way from the last C-STORE to the SR in the archive."""

import statistics
import time
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from core.store import deliveries, studies
from models import registry
from tests.bench.table import told
from tests.services.dcmtk import Storescp, storescu
from tests.services.redis import Redis
from tests.system import studies as simulated
from tests.system.platform import Platform

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]
STUDIES = 25
QUIET_S = 0.3  # as in tests/system/platform.py


def inference_s() -> float:
    """Median time of the network alone, on two threads as in the worker."""
    algorithm = registry.load()["chest_xray"]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    session = onnxruntime.InferenceSession(
        str(algorithm.weights["network"]), options, providers=["CPUExecutionProvider"]
    )
    size = [1 if not isinstance(n, int) else n for n in session.get_inputs()[0].shape]
    image = np.zeros(size, np.float32)
    times = []
    for _ in range(20):
        start = time.perf_counter()
        session.run(None, {session.get_inputs()[0].name: image})
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def milliseconds(spans: list[float], less: float = 0.0) -> str:
    """p50 and p95 of seconds, less so many seconds."""
    values = sorted((span - less) * 1000 for span in spans)
    return f"p50 {statistics.median(values):.1f} ms, p95 {values[int(len(values) * 0.95)]:.1f} ms"


def test_dispatch_and_the_whole_way(
    tmp_path: Path, redis_server: Redis, storescp: Storescp
) -> None:
    platform = Platform(
        tmp_path / "var", redis_url=redis_server.url, archive=(storescp.ae_title, storescp.port)
    )
    platform.start("router", "workers")
    for seed in range(STUDIES):
        storescu([simulated.chest(tmp_path / "in", seed)], platform.port)
        platform.wait_delivered(seed + 1)
    jobs = platform.jobs()[:-3]  # the first three warm things up
    waits = [(job.started_at - job.created_at).total_seconds() for job in jobs if job.started_at]
    ways = []
    with platform.database.read() as connection:
        for job in jobs:
            last = studies.last_instance_at(connection, job.study_id, job.revision)
            (report,) = (
                one for one in deliveries.of_jobs(connection, [job.id]) if one.kind == "sr"
            )
            assert last is not None
            assert report.delivered_at is not None
            ways.append((report.delivered_at - last).total_seconds())
    platform.close()
    network = inference_s()
    told("dispatch: row committed → task started", ours=milliseconds(waits), peer="–", ratio="–")
    told(
        f"last C-STORE → SR acknowledged, less quiet period and {network * 1000:.0f} ms inference",
        ours=milliseconds(ways, QUIET_S + network), peer="–", ratio="–",
    )  # fmt: skip
    assert statistics.median(waits) < 0.010
    assert statistics.median(ways) - QUIET_S - network < 0.150
