"""Programs are kept running, stopped in order, and leave nothing behind."""

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.services.process import DEADLINE_S, PACE_S, Process, group_members, wait_for_end
from varde import child
from varde.child import Child, Program, python
from varde.stop import Stop, on_signals
from varde.supervisor import Supervisor

pytestmark = pytest.mark.usefixtures("home")
#: Says that it lives, then waits; a SIGTERM is told as well.
WAITS = (
    "import signal, sys, time\n"
    "def end(*_): print('told', flush=True); sys.exit(0)\n"
    "signal.signal(signal.SIGTERM, end)\n"
    "print('lives', flush=True)\n"
    "signal.pause()\n"
)
DEAF = (
    "import signal\nsignal.signal(15, signal.SIG_IGN)\nprint('lives', flush=True)\nsignal.pause()"
)
#: Starts a grandchild that outlives it.
PARENT = (
    "import subprocess, sys, signal\n"
    "subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()'])\n"
    "print('lives', flush=True)\n"
    "signal.pause()\n"
)


def eventually(true: Callable[[], object]) -> None:
    """Wait until a condition holds; the test fails at its deadline."""
    end = time.monotonic() + DEADLINE_S
    stop = Stop()
    while not true():
        assert time.monotonic() < end, "the condition did not come true"
        stop.wait(PACE_S)


def lives(folder: Path, name: str = "one") -> int:
    """How often the program has said that it lives."""
    log = folder / f"{name}.log"
    return log.read_text().count("lives") if log.exists() else 0


def program(code: str, name: str = "one", **more: float) -> Program:
    return Program(name, python("-c", code), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(("deaths", "seconds"), [(1, 0.5), (2, 1), (4, 4), (7, 30), (9999, 30)])
def test_the_pause_grows_and_ends(deaths: int, seconds: float) -> None:
    assert child.pause_s(deaths) == seconds


def test_a_healthy_minute_makes_up_for_earlier_deaths() -> None:
    one = Child(Program("one", ("/bin/true",)), None)
    for now in (0.0, 10.0):
        one.start(now)
        eventually(lambda now=now: one.died(now + 1))  # type: ignore[misc]
    assert (one.deaths, one.due(11.9), one.due(12.0)) == (2, False, True)
    one.start(20.0)
    eventually(lambda: one.died(80.0))
    assert (one.deaths, one.exit_code) == (1, 0)


def test_a_killed_program_is_started_again(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        supervisor.keep(program(WAITS))
        eventually(lambda: lives(tmp_path) == 1)
        first = supervisor.child("one")
        assert first
        assert first.process_id
        os.kill(first.process_id, signal.SIGKILL)
        eventually(lambda: lives(tmp_path) == 2)
        assert (first.deaths, first.exit_code) == (1, -signal.SIGKILL)


def test_what_a_dead_program_leaves_behind_is_killed(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        supervisor.keep(program(PARENT))
        eventually(lambda: lives(tmp_path) == 1)
        one = supervisor.child("one")
        assert one
        leader = one.process_id
        assert leader
        assert len(list(group_members(leader))) == 2
        os.kill(leader, signal.SIGKILL)
        wait_for_end(leader)
        eventually(lambda: lives(tmp_path) == 2)


def test_stages_stop_one_after_the_other(tmp_path: Path) -> None:
    ends = WAITS.replace("print('told', flush=True)", "open(sys.argv[1], 'a').write(sys.argv[2])")
    order = tmp_path / "order"
    with Supervisor(tmp_path) as supervisor:
        for stage, name in enumerate("cab"):
            command = python("-c", ends, str(order), name)
            supervisor.keep(Program(name, command, stage=stage))
            eventually(lambda name=name: lives(tmp_path, name))  # type: ignore[misc]
    assert order.read_text() == "cab"


def test_who_does_not_listen_is_killed_at_the_limit(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        supervisor.keep(program(DEAF, limit_s=0.2))
        eventually(lambda: lives(tmp_path) == 1)
        one = supervisor.child("one")
        assert one
    assert one.exit_code == -signal.SIGKILL


def test_hurry_waits_for_nobody(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        supervisor.keep(program(DEAF, limit_s=3600.0))
        eventually(lambda: lives(tmp_path) == 1)
        supervisor.stop(lambda: True)


def test_last_words(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        assert supervisor.last_words("one") == "without a word"
        supervisor.keep(program("import sys; sys.exit('no, because')"))
        eventually(lambda: (one := supervisor.child("one")) and one.deaths)
        assert supervisor.last_words("one").startswith("no, because")


def test_the_leash_is_pulled_when_the_parent_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys, threading; from pathlib import Path\n"
        "from varde.supervisor import Supervisor; from varde.child import Program, python\n"
        "with Supervisor(Path(sys.argv[1])) as supervisor:\n"
        "    supervisor.keep(Program('one', python('-c', sys.argv[2])))\n"
        "    threading.Event().wait()\n"
    )
    with Process([sys.executable, "-c", code, str(tmp_path), WAITS], env=os.environ) as parent:
        eventually(lambda: lives(tmp_path) == 1)
        (kept,) = children(parent.pid)
        os.kill(parent.pid, signal.SIGKILL)
        wait_for_end(kept)
    assert "told" not in (tmp_path / "one.log").read_text()


def children(parent: int) -> list[int]:
    """The children of a process (Linux)."""
    return [
        int(process)
        for task in Path(f"/proc/{parent}/task").iterdir()
        for process in (task / "children").read_text().split()
    ]


def test_a_leash_without_its_parent_runs_nothing(tmp_path: Path) -> None:
    made = tmp_path / "made"
    command = ["-m", "varde.leash", "1", sys.executable, "-c", f"open({str(made)!r}, 'w')"]
    with Process([sys.executable, *command], env=os.environ) as leash:
        assert leash.wait() == 1
    assert not made.exists()


def test_a_signal_asks_once_and_a_later_one_again(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([10.0, 10.1, 11.0])
    monkeypatch.setattr("varde.stop.time.monotonic", lambda: next(clock))
    before = signal.getsignal(signal.SIGTERM)
    with on_signals() as stop:
        assert not stop.wait(0)
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.wait()
        os.kill(os.getpid(), signal.SIGTERM)  # `timeout` and some managers signal twice
        assert (stop.asked, stop.hurry) == (True, False)
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.hurry
    assert signal.getsignal(signal.SIGTERM) is before
