"""A worker as `python -m workers` starts it, with the tiny algorithm and a gate before each file.

Arguments: site.toml, the algorithm's folder, a FIFO. Where the FIFO exists, reading an
instance waits until somebody has opened it for writing and closed it again.
"""

import sys
from pathlib import Path

import pydicom

import core.settings
from core.domain.study import Instance
from models import registry
from workers import program
from workers.station import Station

SITE, FOLDER, GATE = map(Path, sys.argv[1:])
_read = Station.read


def _gated(self: Station, instance: Instance) -> pydicom.Dataset:
    if GATE.exists():
        GATE.read_bytes()
    return _read(self, instance)


if __name__ == "__main__":
    Station.read = _gated  # type: ignore[method-assign]
    algorithm = registry.read(FOLDER)
    sys.exit(program.run(core.settings.load(SITE), {algorithm.key: algorithm}))
