"""`varde demo`: a country of its own, studies sent through it, and what came back."""

import contextlib
import datetime as dt
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from core import logs
from core import settings as core_settings
from core.domain.errors import SettingsError
from core.sections import Logs
from models import registry
from simulator.modality import find
from varde import demo_site, everything, home, send
from varde.arguments import Arguments
from varde.child import Program, python
from varde.demo_run import Run
from varde.everything import Platform
from varde.stop import Stop, StoppedError, on_signals
from varde.terminal import remark, say, table

INTERRUPTED: Final = 130
HOST: Final = "127.0.0.1"
TITLES: Final = ("study", "algorithm", "outcome", "findings", "objects", "seconds")


def run(arguments: Arguments) -> int:
    """Start, send, wait, show. 0 only if every study was answered and every object delivered."""
    if arguments.site:
        message = "the demonstration writes its own site.toml: with one of yours, use `varde up`"
        raise SettingsError(message)
    begun = time.monotonic()
    files, other = find(arguments.paths) if arguments.paths else ({}, [])
    send.skipped(other)
    try:
        with on_signals() as stop, _running(arguments, stop) as (platform, archive):
            sending = Run(platform.settings, arguments, files, archive, stop)
            platform.wait_ready(stop)
            remark(f"ready to receive after {time.monotonic() - begun:.1f} s")
            sending.send()
            sending.wait()
            _show(sending, as_json=arguments.json)
            if not arguments.once:
                _invite(platform, sending)
                stop.wait()
                remark("stopping")
            return 1 if sending.missing() else 0
    except StoppedError:
        return INTERRUPTED


@contextlib.contextmanager
def _running(arguments: Arguments, stop: Stop) -> Iterator[tuple[Platform, Path]]:
    """The platform in a fresh home, with an archive beside it, and the archive's folder."""
    root = Path(os.environ.get("VARDE_HOME") or "var")
    folder = demo_site.fresh_home(root, dt.datetime.now(dt.UTC))
    if arguments.out and arguments.out.exists() and not arguments.out.is_dir():
        message = f"{arguments.out}: is not a folder"
        raise SettingsError(message)
    archive, port = (arguments.out or folder / "archive").resolve(), home.bindable(HOST)
    site = folder / "site.toml"
    site.write_text(demo_site.text(registry.load().values(), port), encoding="utf-8")
    settings = core_settings.load(site, home=folder)
    logs.configure(Logs(level="warning"), "demo")
    command = python(
        "-m", "simulator", "archive", "--port", str(port), "--ae-title", demo_site.ARCHIVE,
        "--folder", str(archive),
    )  # fmt: skip
    beside = (Program("archive", command, stage=3),)
    with everything.running(
        settings, site, stop, beside=beside, log_folder=folder / "logs"
    ) as platform:
        yield platform, archive


def _show(sending: Run, *, as_json: bool) -> None:
    """What came back, and what did not."""
    if as_json:
        for told in sending.told():
            say(json.dumps(told, ensure_ascii=False))
    else:
        say(table(TITLES, sending.rows()))
    for missing in sending.missing():
        remark(missing)


def _invite(platform: Platform, sending: Run) -> None:
    """Where to look, and how to go on; beside the answer, so that JSON stays JSON."""
    dicom = platform.settings.dicom
    page = f"{platform.web_url}{sending.page()}"
    remark(f"see the findings: {page}")
    remark(f"send more:        varde send PATH --to {dicom.ae_title}@{dicom.host}:{dicom.port}")
    remark(f"other commands:   VARDE_HOME={platform.settings.home} varde jobs list")
    remark("Ctrl-C stops it")
