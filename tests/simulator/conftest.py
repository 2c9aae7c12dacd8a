"""An archive for whoever sends to it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from simulator.archive import Archive
from simulator.modality import Peer
from tests.workers.instances import as_file, image, ramp

Write = Callable[..., Path]


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """A running archive."""
    with Archive(tmp_path / "archive") as running:
        yield running


@pytest.fixture
def peer(archive: Archive) -> Peer:
    """The archive as its senders know it."""
    return Peer(archive.ae_title, archive.host, archive.port)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a small image as `tmp_path/NAME`; keywords become attributes."""

    def written(name: str, **tags: object) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(as_file(image(ramp(), tags=tags)))
        return path

    return written
