"""The demonstration's own country: two regions, two trusts, three sites, one archive."""

import datetime as dt
import json
import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from core.domain.errors import SettingsError
from models.registry import Algorithm
from varde import home

KEPT: Final = 3  #: homes of earlier demonstrations, this one included
ARCHIVE: Final = "ARKIV"
#: Calling AE title of each simulated site, by its key.
SITES: Final = {"drammen": "SIM_DRAMMEN", "haugesund": "SIM_HAUGESUND"}
OTHERS: Final = "andre"  #: the site of whoever else sends
_RUN: Final = re.compile(r"\d{8}-\d{6}(-\d+)?")
_COUNTRY: Final = """\
# Written by `varde demo`, for this one run. Nobody here exists.
[assembly]
quiet_s = 2.0

[regions.sor-ost]
name = "Helse Sør-Øst (simulert)"

[regions.vest]
name = "Helse Vest (simulert)"

[trusts.vestre-viken]
name = "Vestre Viken (simulert)"
region = "sor-ost"

[trusts.fonna]
name = "Helse Fonna (simulert)"
region = "vest"

[sites.drammen]
name = "Drammen sykehus (simulert)"
trust = "vestre-viken"
calling = ["SIM_DRAMMEN"]
destinations = ["arkiv"]

[sites.haugesund]
name = "Haugesund sjukehus (simulert)"
trust = "fonna"
calling = ["SIM_HAUGESUND"]
destinations = ["arkiv"]

[sites.andre]
name = "Andre avsendere på denne maskinen"
trust = "vestre-viken"
calling = ["*"]
destinations = ["arkiv"]
"""


def text(algorithms: Iterable[Algorithm], archive_port: int) -> str:
    """`site.toml`: the country, the archive, and a route for every algorithm."""
    archive = (
        f'\n[destinations.arkiv]\nae_title = "{ARCHIVE}"\n'
        f'host = "127.0.0.1"\nport = {archive_port}\n'
        'objects = ["sr", "gsps", "seg"]\n'
    )
    return _COUNTRY + archive + "".join(_route(algorithm) for algorithm in algorithms)


def _route(algorithm: Algorithm) -> str:
    """Everything that the algorithm accepts; its manifest says what that is."""
    name = json.dumps(algorithm.manifest.algorithm.name, ensure_ascii=False)
    return f'\n[[routes]]\nname = {name}\nalgorithm = "{algorithm.key}"\n'


def fresh_home(root: Path, now: dt.datetime) -> Path:
    """A new folder `root/demo/<time>`; `latest` points to it, the oldest ones go.

    A fresh one for every run: a study that was sent in an earlier run is new again.
    """
    folder = root.resolve() / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    made = _made(folder, now.strftime("%Y%m%d-%H%M%S"))
    latest = folder / "latest"
    fresh = folder / f".latest-{os.getpid()}"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(made.name)
    fresh.replace(latest)
    for old in sorted(path for path in folder.iterdir() if _RUN.fullmatch(path.name))[:-KEPT]:
        _remove(old)
    return made


def _made(folder: Path, name: str) -> Path:
    """`folder/name`, numbered where two runs begin in one second."""
    for number in range(100):
        made = folder / (f"{name}-{number}" if number else name)
        try:
            made.mkdir()
        except FileExistsError:
            continue
        return made
    message = f"{folder} has too many demonstrations of {name}"
    raise SettingsError(message)


def _remove(old: Path) -> None:
    """Remove an earlier run, unless it still runs."""
    try:
        with home.taken(old):
            shutil.rmtree(old, ignore_errors=True)
    except SettingsError:
        return
