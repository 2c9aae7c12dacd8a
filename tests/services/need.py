"""Find a program, or leave the test: skipped on a laptop, failed where `CI=true`."""

import os
import shutil
import sysconfig
from pathlib import Path

import pytest

#: Where Debian keeps what it does not put on the PATH.
ELSEWHERE = ("usr/sbin", "usr/lib/postgresql/*/bin")


def absent(what: str, package: str) -> None:
    """Leave the test, because `what` of Debian's or PyPI's `package` is not installed."""
    message = f"{what} is not installed: it comes with {package}, and `make setup` installs it"
    if os.environ.get("CI") == "true":
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


def need(binary: str, *, package: str) -> str:
    """The path of the program `binary`, which `package` brings.

    The virtual environment is not searched: pynetdicom installs programs there that
    have the names of DCMTK's, and these tests want DCMTK.
    """
    ours = Path(sysconfig.get_path("scripts")).resolve()
    folders = [f for f in os.get_exec_path() if f and Path(f).resolve() != ours]
    for pattern in ELSEWHERE:
        folders += sorted(map(str, Path("/").glob(pattern)), reverse=True)
    found = shutil.which(binary, path=os.pathsep.join(folders))
    if found is None:
        absent(binary, package)
    return str(found)


def need_script(binary: str, *, package: str) -> str:
    """The path of a program that the Python package `package` puts beside the interpreter."""
    found = shutil.which(binary, path=sysconfig.get_path("scripts"))
    if found is None:
        absent(binary, package)
    return str(found)


def need_file(path: str, *, package: str) -> Path:
    """The file at `path`, which `package` brings."""
    if not Path(path).is_file():
        absent(path, package)
    return Path(path)
