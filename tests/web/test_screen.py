"""What a reader sees in a real browser: the overlay lies on the pixels that it is about."""

import asyncio
import contextlib
import itertools
import json
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import PIL.Image
import pytest
import uvicorn
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from core.domain import codes
from core.domain.finding import Outcome
from core.settings import Settings
from tests.services import browser
from tests.services.process import free_port
from tests.web import kinds
from tests.web.seed import MG, Seed, dataset, finding
from web.app import STATIC, create_app

LEFT, TOP, RIGHT, BOTTOM = 300, 200, 480, 420  #: the bright field and the region, in pixels
SIZE = (1400, 1000)
Picture = npt.NDArray[np.int16]
PRESS = """
(async () => {
  for (const key of %s) {
    await fetch("/wait"); // the browser's clock is virtual, and decoding takes real time
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  }
  await fetch("/wait");
})();
"""


@contextlib.contextmanager
def served(
    settings: Settings,
    seed: Seed,
    *,
    at_second_look: Callable[[], None] | None = None,
    keys: Sequence[str] = (),
) -> Iterator[str]:
    """The pages on a free port; `at_second_look` happens before a study's page is sent again.

    `keys` are pressed one after the other once a study's page is there.
    """
    looks = itertools.count(1)

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"] if keys and scope["type"] == "http" else ""
        if path == "/static/viewer.js":
            script = (STATIC / "viewer.js").read_text("utf-8") + PRESS % json.dumps(list(keys))
            await PlainTextResponse(script, media_type="text/javascript")(scope, receive, send)
            return
        if path == "/wait":
            await asyncio.sleep(0.25)
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


def place(dom: str) -> str:
    """The name of the image that the viewer shows."""
    found = re.search('id="picture"[^>]*data-place="([0-9.]+)"', dom)
    assert found
    return found[1]


@pytest.mark.parametrize(
    ("keys", "shown"),
    [(("n", "n"), "45.1"), (("p", "n", "ArrowRight", "PageDown"), "43.1")],
)  # fmt: skip
def test_keys_go_from_finding_to_finding_and_through_the_slices(
    empty: tuple[Settings, Seed], keys: tuple[str, ...], shown: str
) -> None:
    study = kinds.drawn_thorax(empty[1])
    with served(*empty, keys=keys) as url:
        dom = browser.rendered(f"{url}/studies/{study}")
    assert place(dom) == shown
    number = int(shown.partition(".")[0])
    assert f"/instances/{number}/segments.png?v=" in dom
    marks = re.findall('class="region tone-[0-9]" data-place="([0-9.]+)"( hidden="")?', dom)
    assert [name for name, hidden in marks if not hidden] == [shown] * (number in {32, 45})


def test_keys_choose_the_window_and_hide_the_segments(empty: tuple[Settings, Seed]) -> None:
    study = kinds.drawn_thorax(empty[1])
    with served(*empty, keys=("s", "3")) as url:
        dom = browser.rendered(f"{url}/studies/{study}")
    pixels, outlines = (
        re.search(f'<image id="{name}"[^>]*>', dom) for name in ("pixels", "outlines")
    )
    assert pixels
    assert outlines
    assert "window=40,400" in pixels[0]
    assert "hidden" in outlines[0]
    assert 'id="segments" aria-pressed="false"' in dom


def test_one_view_is_enlarged_and_a_finding_points_to_its_view(
    empty: tuple[Settings, Seed],
) -> None:
    study = kinds.drawn_mammography(empty[1])
    with served(*empty, keys=("n", "2")) as url:
        dom = browser.rendered(f"{url}/studies/{study}")
    panels = re.findall('<figure class="([a-z ]+)" id="panel-([0-9])"', dom)
    assert ("panel pointed alone", "4") in panels, "the second panel is L CC, and has the finding"
    assert sum("alone" in classes for classes, _ in panels) == 1
    assert 'class="box columns-2 one"' in dom


def test_a_breast_that_lies_the_wrong_way_is_turned_with_its_overlay(
    empty: tuple[Settings, Seed], tmp_path: Path
) -> None:
    """The bright field is the chest wall: it must meet the other breast's in the middle."""
    images = []
    for side, bright in (("R", slice(0, 120)), ("L", slice(0, 120))):
        pixels = np.full((700, 600), 400, np.uint16)
        pixels[100:600, bright] = 3600
        images.append(
            dataset(pixels, SOPClassUID=MG, Modality="MG", ImageLaterality=side, ViewPosition="CC",
                    PatientOrientation=["A", "R"], WindowCenter=2000, WindowWidth=4000)
        )  # fmt: skip
    corners = ((0.0, 100.0), (120.0, 100.0), (120.0, 600.0), (0.0, 600.0), (0.0, 100.0))
    found = [finding(codes.NODULE, 0.9, images[0], corners)]
    study = kinds.mammography(empty[1], images, found)
    with served(*empty) as url:
        shown = look(f"{url}/studies/{study}", tmp_path / "on.png")
        hidden = look(f"{url}/studies/{study}?overlay=off", tmp_path / "off.png")
    viewer = np.s_[110:880, 20:850]
    bright = np.abs(hidden[viewer] - 230).max(axis=2) < 12
    columns = np.nonzero(bright.sum(axis=0) > 100)[0]
    assert len(columns) > 50
    assert columns[-1] - columns[0] < len(columns) + 8, "one field, parted by the middle line"
    middle = (columns[0] + columns[-1]) // 2
    changed = np.abs(shown[viewer] - hidden[viewer]).max(axis=2) > 40
    rows = np.nonzero(bright.any(axis=1))[0]
    centre = (rows[0] + rows[-1]) // 2
    assert changed[centre, columns[0] - 5 : columns[0] + 6].any(), "the outline's inner edge"
    assert not changed[centre, middle + 8 :].any(), "the left breast has no finding"
