"""`varde up`: everything on one machine, until somebody says stop."""

import contextlib

from core import logs
from core import settings as core_settings
from varde import everything
from varde.arguments import Arguments
from varde.check import warnings
from varde.everything import Platform
from varde.stop import StoppedError, on_signals
from varde.terminal import remark, say


def run(arguments: Arguments) -> int:
    """Start, say where, wait, stop. 0 after a clean stop."""
    settings = core_settings.load(arguments.site)
    logs.configure(settings.logs, "up")
    with (
        on_signals() as stop,
        contextlib.suppress(StoppedError),
        everything.running(settings, arguments.site, stop) as platform,
    ):
        platform.wait_ready(stop)
        _say(platform)
        stop.wait()
        remark("stopping")
    return 0


def _say(platform: Platform) -> None:
    """What is where, in a few lines."""
    settings = platform.settings
    dicom = settings.dicom
    say("Varde is ready.")
    say(f"  DICOM     {dicom.ae_title}@{dicom.host}:{dicom.port}")
    say(f"  Pages     {platform.web_url}")
    say(f"  Metrics   http://{settings.monitor.host}:{settings.monitor.port}/metrics")
    say(f"  Files     {settings.home}")
    for warning in warnings(settings, {}):
        say(f"  Note      {warning}")
    say("  Ctrl-C stops it.")
