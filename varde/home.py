"""VARDE_HOME: one platform in it at a time, and the ports that it will need."""

import contextlib
import errno
import fcntl
import os
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from core.domain.errors import SettingsError
from core.settings import Settings

#: The sections of the settings that hold a host and a port to listen on.
LISTENERS: Final = ("dicom", "web", "monitor")


@contextlib.contextmanager
def taken(home: Path) -> Iterator[None]:
    """Hold `home` for this process; `SettingsError` where another `varde up` has it."""
    home.mkdir(parents=True, exist_ok=True)
    path = home / "varde.lock"
    with path.open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            message = (
                f"{home} is in use by another varde (process {file.read().strip() or '?'}): "
                "stop that one, or set VARDE_HOME to another folder"
            )
            raise SettingsError(message) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def ports(settings: Settings) -> Mapping[str, int]:
    """The port of each listener, a free one for 0.

    `SettingsError` names the setting of every port that cannot be had.
    """
    found: dict[str, int] = {}
    faults: list[str] = []
    for section in LISTENERS:
        part = getattr(settings, section)
        try:
            found[section] = bindable(part.host, part.port)
        except OSError as error:
            faults.append(_fault(section, part.host, part.port, error))
    if faults:
        raise SettingsError("\n".join(faults))
    return found


def bindable(host: str, port: int = 0) -> int:
    """`port` if it can be listened on, a free one for 0; raises `OSError`."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    with socket.socket(family, kind, protocol) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(1)
        return int(listener.getsockname()[1])


def _fault(section: str, host: str, port: int, error: OSError) -> str:
    """What is wrong, and which setting cures it."""
    cause = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be used: {error.strerror}"
    return (
        f"{section}.port: {host}:{port} {cause}. Set {section}.port in site.toml, "
        f"or VARDE_{section.upper()}__PORT"
    )
