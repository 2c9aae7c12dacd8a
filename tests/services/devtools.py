"""A Chromium that a test leads by the hand: clicks, waits, looks and reads the network log.

It speaks the DevTools protocol over a pipe: no port, no driver program, no library.
"""

import base64
import contextlib
import fcntl
import io
import json
import os
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.services.browser import OPTIONS
from tests.services.need import need
from tests.services.process import DEADLINE_S, EndedError, guard

_PACE_S = 0.1  #: between two looks at a page that cannot announce itself
_CHUNK = 1 << 20
_ABOVE = 10  #: file descriptors that the two which Chromium wants (3 and 4) do not collide with


class Chromium:
    """A running browser with one page."""

    def __init__(self, profile: Path, *, size: tuple[int, int], language: str) -> None:
        """Start it with a window of `size` CSS pixels (width, height)."""
        theirs_in, ours_out = _pipe()
        ours_in, theirs_out = _pipe()
        self._in, self._out = ours_in, ours_out
        self._buffer = b""
        self._number = 0
        self._events: list[dict[str, Any]] = []
        width, height = size
        command = [
            need("chromium", package="chromium"),
            *OPTIONS,
            "--remote-debugging-pipe",
            f"--user-data-dir={profile}",
            f"--window-size={width},{height}",
            f"--lang={language}",
            f"--accept-lang={language}",
            "about:blank",
        ]
        redirect = f'exec "$0" "$@" 3<&{theirs_in} 4>&{theirs_out}'
        self._child = subprocess.Popen(
            [*guard(None), need("bash", package="bash"), "-c", redirect, *command],
            pass_fds=(theirs_in, theirs_out),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._session = ""
        self._session = self._attach(size)

    def close(self) -> None:
        """Kill it with all its processes."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()
        os.close(self._in)
        os.close(self._out)

    def open(self, url: str) -> None:
        """Go to a page, without waiting for it."""
        self.say("Page.navigate", url=url)

    def evaluate(self, script: str) -> Any:
        """The value of a JavaScript expression in the page, a promise's when it is kept."""
        told = self.say(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        if fault := told.get("exceptionDetails"):
            message = f"{script[:200]}: {fault.get('exception', fault)}"
            raise AssertionError(message)
        return told["result"].get("value")

    def wait_for(self, script: str, *, within: float = DEADLINE_S) -> Any:
        """Ask the page again and again until the expression is true; returns its value."""
        end = time.monotonic() + within
        while not (value := self.evaluate(script)):
            if time.monotonic() > end:
                seen = self.evaluate("document.body.innerText")
                message = f"not within {within:.0f} s: {script}\nThe page says:\n{seen[:3000]}"
                raise EndedError(message)
            time.sleep(_PACE_S)
        return value

    def click(self, x: float, y: float, *, times: int = 1) -> None:
        """Click at a place in CSS pixels."""
        for count in range(1, times + 1):
            for kind in ("mousePressed", "mouseReleased"):
                self.say(
                    "Input.dispatchMouseEvent",
                    type=kind, x=x, y=y, button="left", clickCount=count,
                )  # fmt: skip

    def point_at(self, x: float, y: float) -> None:
        """Move the mouse to a place in CSS pixels."""
        self.say("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def picture(self) -> NDArray[np.uint8]:
        """What is on the screen: (rows, columns, 3) RGB, one pixel for each CSS pixel."""
        told = self.say("Page.captureScreenshot", format="png")
        with Image.open(io.BytesIO(base64.b64decode(told["data"]))) as image:
            return np.asarray(image.convert("RGB"))

    def steady_picture(self, *, within: float = DEADLINE_S) -> NDArray[np.uint8]:
        """What is on the screen once two looks in a row see the same."""
        end = time.monotonic() + within
        before = self.picture()
        while True:
            time.sleep(3 * _PACE_S)
            now = self.picture()
            if np.array_equal(before, now):
                return now
            if time.monotonic() > end:
                message = f"the page still changes after {within:.0f} s"
                raise EndedError(message)
            before = now

    @property
    def requests(self) -> list[str]:
        """Every address that the page and its workers have asked for."""
        self.evaluate("1")  # what was said until now has been read after this
        return [
            str(event["params"]["request"]["url"])
            for event in self._events
            if event["method"] == "Network.requestWillBeSent"
        ]

    @property
    def faults(self) -> list[str]:
        """What was thrown in the page and caught by nobody."""
        self.evaluate("1")
        return [
            json.dumps(event["params"]["exceptionDetails"])[:500]
            for event in self._events
            if event["method"] == "Runtime.exceptionThrown"
        ]

    def say(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A command of the protocol to the page, and its answer."""
        number = self._send(method, parameters, self._session)
        while True:
            told = self._next()
            if told.get("id") == number:
                assert "error" not in told, f"{method}: {told['error']}"
                answer: dict[str, Any] = told["result"]
                return answer

    def _attach(self, size: tuple[int, int]) -> str:
        targets = self.say("Target.getTargets")["targetInfos"]
        (page,) = [one["targetId"] for one in targets if one["type"] == "page"]
        session: str = self.say("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        self._session = session
        for domain in ("Page", "Runtime", "Network"):
            self.say(f"{domain}.enable")
        width, height = size
        self.say(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip
        self.say(
            "Target.setAutoAttach", autoAttach=True, waitForDebuggerOnStart=False, flatten=True
        )
        return session

    def _send(self, method: str, parameters: dict[str, Any], session: str) -> int:
        self._number += 1
        told = {"id": self._number, "method": method, "params": parameters}
        if session:
            told["sessionId"] = session
        left = json.dumps(told).encode() + b"\0"
        while left:
            left = left[os.write(self._out, left) :]
        return self._number

    def _next(self) -> dict[str, Any]:
        """The next message; events are kept, and a worker's network log is opened."""
        while b"\0" not in self._buffer:
            if not select.select([self._in], [], [], 2 * DEADLINE_S)[0]:
                message = "Chromium says nothing any more"
                raise EndedError(message)
            if not (read := os.read(self._in, _CHUNK)):
                message = f"Chromium ended with {self._child.wait()}"
                raise EndedError(message)
            self._buffer += read
        line, _, self._buffer = self._buffer.partition(b"\0")
        told: dict[str, Any] = json.loads(line)
        if "method" in told:
            self._events.append(told)
            if told["method"] == "Target.attachedToTarget" and self._session:
                self._send("Network.enable", {}, told["params"]["sessionId"])
        return told


@contextlib.contextmanager
def chromium(*, size: tuple[int, int] = (1280, 900), language: str = "en-US") -> Iterator[Chromium]:
    """A running browser, gone afterwards."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Chromium(Path(profile), size=size, language=language)
        try:
            yield browser
        finally:
            browser.close()


def _pipe() -> tuple[int, int]:
    """A pipe's reading and writing end, both above the descriptors that Chromium wants."""
    low = os.pipe()
    reading, writing = (fcntl.fcntl(one, fcntl.F_DUPFD_CLOEXEC, _ABOVE) for one in low)
    for one in low:
        os.close(one)
    return reading, writing
