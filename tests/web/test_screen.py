"""What a reader sees in a real browser: the overlay lies on the pixels that it is about."""

import contextlib
import itertools
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import PIL.Image
import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from core.domain import codes
from core.domain.finding import Outcome
from core.settings import Settings
from tests.services import browser
from tests.services.process import free_port
from tests.web.seed import Seed, dataset, finding
from web.app import create_app

LEFT, TOP, RIGHT, BOTTOM = 300, 200, 480, 420  #: the bright field and the region, in pixels
SIZE = (1400, 1000)
Picture = npt.NDArray[np.int16]


@contextlib.contextmanager
def served(
    settings: Settings, seed: Seed, *, at_second_look: Callable[[], None] | None = None
) -> Iterator[str]:
    """The pages on a free port; `at_second_look` happens before a study's page is sent again."""
    looks = itertools.count(1)

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        study = scope["type"] == "http" and re.fullmatch("/studies/[0-9a-f]+", scope["path"])
        if study and next(looks) == 2 and at_second_look:
            at_second_look()
        await app(scope, receive, send)

    started = threading.Event()

    class Server(uvicorn.Server):
        async def startup(self, sockets: object = None) -> None:
            await super().startup(sockets)  # type: ignore[arg-type]
            started.set()

    port = free_port()
    app = create_app(settings, seed.database, algorithms={})
    server = Server(uvicorn.Config(watched, port=port, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    assert started.wait(20)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(20)


@pytest.fixture
def study(empty: tuple[Settings, Seed]) -> str:
    """A bright field on a dark image, and a finding whose region is its outline."""
    _, seed = empty
    pixels = np.full((700, 600), 400, np.uint16)
    pixels[TOP:BOTTOM, LEFT:RIGHT] = 3600
    image = dataset(pixels, WindowCenter=2000, WindowWidth=4000)
    key = seed.study([image])
    seed.complete(key)
    job = seed.job(key)
    seed.claim(job)
    corners = [(LEFT, TOP), (RIGHT, TOP), (RIGHT, BOTTOM), (LEFT, BOTTOM), (LEFT, TOP)]
    points = tuple((float(x), float(y)) for x, y in corners)
    seed.answer(job, Outcome.FINDINGS, [finding(codes.NODULE, 0.9, image, points)])
    return key


def look(url: str, file: Path) -> Picture:
    """The page's pixels, (rows, columns, 3)."""
    picture = PIL.Image.open(browser.screenshot(url, file, size=SIZE)).convert("RGB")
    return np.asarray(picture, np.int16)


def test_the_overlay_lies_on_its_pixels(
    empty: tuple[Settings, Seed], study: str, tmp_path: Path
) -> None:
    with served(*empty) as url:
        shown = look(f"{url}/studies/{study}", tmp_path / "on.png")
        hidden = look(f"{url}/studies/{study}?overlay=off", tmp_path / "off.png")
    viewer = hidden[110:900, :800]  # the bright field is the one large area of its grey
    rows, columns = np.nonzero(np.abs(viewer - 230).max(axis=2) < 12)
    top, bottom = np.percentile(rows, (0.5, 99.5)) + 110
    left, right = np.percentile(columns, (0.5, 99.5))
    assert (right - left) / (bottom - top) == pytest.approx(
        (RIGHT - LEFT) / (BOTTOM - TOP), rel=0.03
    )
    changed = np.abs(shown - hidden).max(axis=2) > 40
    middle = round((top + bottom) / 2), round((left + right) / 2)
    for row, column in (
        (top, middle[1]),
        (bottom, middle[1]),
        (middle[0], left),
        (middle[0], right),
    ):
        near = changed[round(row) - 5 : round(row) + 6, round(column) - 5 : round(column) + 6]
        assert near.any(), "no outline where the bright field ends"
    inside = changed[round(top) + 9 : round(bottom) - 9, round(left) + 9 : round(right) - 9]
    assert not inside.any(), "something is drawn over what the region is about"


def test_scripts_run_under_the_policy(empty: tuple[Settings, Seed], study: str) -> None:
    with served(*empty) as url:
        dom = browser.rendered(f"{url}/studies/{study}")
    assert 'class="scripted"' in dom
    assert 'id="fault" class="fault" role="status" hidden' in dom


def test_a_page_gets_its_answer_without_being_loaded_again(empty: tuple[Settings, Seed]) -> None:
    """The answer comes while the page is open; the image stays where it is."""
    settings, seed = empty
    study = seed.study([dataset(np.zeros((8, 8), np.uint8))])
    seed.complete(study)
    job = seed.job(study)
    seed.claim(job)
    with served(
        settings, seed, at_second_look=lambda: seed.answer(job, Outcome.NOTHING_FOUND)
    ) as url:
        dom = browser.rendered(f"{url}/studies/{study}")
    assert 'verdict nothing_found"' in dom
    assert 'verdict running"' not in dom
    assert 'id="offline" class="offline" role="status" hidden' in dom


def test_an_image_that_cannot_be_shown_is_said_in_its_place(
    empty: tuple[Settings, Seed], study: str
) -> None:
    (file,) = empty[1].files.home.glob("instances/*/*/*.dcm")
    file.write_bytes(file.read_bytes()[:3000])
    with served(*empty) as url:
        dom = browser.rendered(f"{url}/studies/{study}")
    assert 'role="status">Bildet kan ikke vises' in dom
