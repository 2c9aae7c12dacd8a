"""`varde up`, whole and real: it starts, refuses to start, survives, and leaves nothing behind."""

import json
import os
import re
import signal
import socket
import stat
import urllib.request
from pathlib import Path

import pytest

from tests.services.process import Process, wait_for_end
from tests.varde_command.conftest import Start
from tests.varde_command.test_supervisor import children, eventually
from varde import embedded_redis, ready

SITE = """\
[regions.vest]
name = "Vest"
[trusts.fonna]
name = "Fonna"
region = "vest"
[sites.odda]
name = "Odda"
trust = "fonna"
calling = ["ODDA_CT"]
destinations = []
"""


def until_ready(up: Process) -> tuple[int, str]:
    """(DICOM port, address of the pages) of a platform, once it says so."""
    up.wait_for_line("Ctrl-C stops it", within=120)
    dicom = re.search(r"DICOM +VARDE@127\.0\.0\.1:(\d+)", up.output)
    pages = re.search(r"Pages +(\S+)", up.output)
    assert dicom
    assert pages
    return int(dicom[1]), pages[1]


def command_of(process: int) -> str:
    return Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode()


def groups(up: Process) -> dict[str, int]:
    """The processes of a platform by the last word of their command."""
    found = {}
    for process in children(up.pid):
        if not (command := command_of(process)):
            continue  # ended, and not yet buried
        name = "redis" if "valkey" in command or "redis" in command else command.split()[-1]
        found[f"worker-{queue_of(process)}" if name == "worker" else name] = process
    return found


def queue_of(worker: int) -> str:
    """The queue that a worker was started for."""
    lines = Path(f"/proc/{worker}/environ").read_bytes().split(b"\0")
    (told,) = (line for line in lines if line.startswith(b"VARDE_WORKER__QUEUES="))
    (queue,) = json.loads(told.split(b"=", 1)[1])
    return str(queue)


def test_everything_starts_answers_and_stops(start: Start, home: Path) -> None:
    (home.parent / "site.toml").write_text(SITE)
    up = start("up")
    port, pages = until_ready(up)
    assert ready.associates("127.0.0.1", port, called="VARDE", calling="ODDA_CT")
    assert not ready.associates("127.0.0.1", 1, called="VARDE", calling="ODDA_CT")
    with urllib.request.urlopen(f"{pages}health/ready") as answer:
        assert answer.status == 200
    running = groups(up)
    assert set(running) == {
        "router", "worker-cpu", "worker-gpu", "web", "monitor", "redis",
    }  # fmt: skip
    up.signal(signal.SIGTERM)
    assert up.wait(within=60) == 0
    assert "is killed" not in up.output
    for leader in running.values():
        wait_for_end(leader)


def test_the_password_of_redis_is_in_private_files_only(start: Start, home: Path) -> None:
    up = start("up")
    until_ready(up)
    url = (home / "run" / "queue-url").read_text()
    password = re.search(r":([^:@]+)@", url)
    assert password
    for process in groups(up).values():
        assert password[1] not in command_of(process)
    for file in (home / "run" / "queue-url", home / "redis" / "redis.conf"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert password[1] not in up.output
    assert embedded_redis.answers(url)
    assert not embedded_redis.answers(url.replace(password[1], "guessed"))
    assert embedded_redis.running_url(home) == url


def test_no_orphan_is_left_by_a_killed_supervisor(start: Start) -> None:
    up = start("up")
    until_ready(up)
    running = groups(up)
    os.kill(up.pid, signal.SIGKILL)
    for leader in running.values():
        wait_for_end(leader)


@pytest.mark.parametrize("name", ["worker-cpu", "redis", "router"])
def test_a_killed_program_comes_back(start: Start, home: Path, name: str) -> None:
    up = start("up")
    port, _ = until_ready(up)
    first = groups(up)[name]
    os.kill(first, signal.SIGKILL)
    up.wait_for_line(f"{name} starts again")
    eventually(lambda: groups(up).get(name, first) != first)
    if name == "redis":
        url = (home / "run" / "queue-url").read_text()
        eventually(lambda: embedded_redis.answers(url))
    if name == "router":
        eventually(lambda: ready.associates("127.0.0.1", port, called="VARDE", calling="ODDA_CT"))


def test_a_second_one_in_the_same_home_is_refused(start: Start, home: Path) -> None:
    up = start("up")
    until_ready(up)
    second = start("up")
    assert second.wait() == 2
    assert f"{home} is in use by another varde (process {up.pid})" in second.output


@pytest.mark.parametrize("section", ["dicom", "web", "monitor"])
def test_a_taken_port_names_its_setting_before_anything_starts(
    start: Start, home: Path, section: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        variable = f"VARDE_{section.upper()}__PORT"
        up = start("up", **{variable: str(port)})
        assert up.wait() == 2
    told = f"varde: {section}.port: 127.0.0.1:{port} is taken. Set {section}.port in site.toml"
    assert up.output.startswith(told)
    assert variable in up.output
    assert not (home / "varde.db").exists()
    assert not (home / "redis").exists()


def test_a_broken_site_file_stops_the_start(start: Start, home: Path) -> None:
    (home.parent / "site.toml").write_text("[web]\nprot = 1\n")
    up = start("up")
    assert up.wait() == 2
    assert up.output.startswith("varde: site.toml:2: web.prot")


def test_a_program_that_keeps_dying_ends_the_start(start: Start) -> None:
    up = start("up", VARDE_QUEUE__URL="no-redis-at-all")
    assert up.wait(within=120) == 2
    assert "keeps dying" in up.output or "refuses to start" in up.output
