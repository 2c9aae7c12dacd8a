"""A headless Chromium that looks at a page as a reader does."""

import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.services.need import need

#: How a Chromium is started that needs no screen and reaches nothing but this machine.
OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--hide-scrollbars",
    "--no-first-run",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--force-color-profile=srgb",
    # Nothing but this machine can be reached: a page that needs more shows it here.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


def screenshot(
    url: str, path: Path, *, size: tuple[int, int] = (1280, 900), language: str = "nb-NO"
) -> Path:
    """A PNG of the page at `url`, `size` in CSS pixels (width, height), in `path`."""
    width, height = size
    _look(url, [f"--screenshot={path}", f"--window-size={width},{height}"], language)
    assert path.is_file(), f"Chromium made no picture of {url}"
    return path


def rendered(url: str, *, language: str = "nb-NO") -> str:
    """The page's HTML after its scripts have run."""
    return _look(url, ["--dump-dom"], language)


def _look(url: str, options: Sequence[str], language: str) -> str:
    program = need("chromium", package="chromium")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        own = [f"--user-data-dir={profile}", f"--lang={language}", f"--accept-lang={language}"]
        command = [program, *OPTIONS, *own, "--virtual-time-budget=5000", *options, url]
        done = subprocess.run(command, capture_output=True, timeout=90, check=False, text=True)
    assert done.returncode == 0, f"Chromium exits {done.returncode}:\n{done.stderr[-2000:]}"
    return done.stdout
