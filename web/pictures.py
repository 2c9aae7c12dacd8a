"""One frame as a PNG that a browser can show."""

import io
import os
import re
import threading
from typing import Final

import PIL.Image
from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response

from core.domain.errors import NotFoundError, UnreadableError
from core.logs import logger
from highdicom_out import shown
from web import images, lookup
from web.context import Context, context_of, words_of
from web.images import Image

routes = APIRouter()
LONGEST_SIDE: Final = 1536
_WINDOW: Final = re.compile(r"(-?\d{1,5}),([1-9]\d{0,4})", re.ASCII)
CACHED: Final = "private, max-age=300, must-revalidate"
#: Decoding is work for a processor core: more at once only makes everybody wait.
_cores = threading.BoundedSemaphore(os.cpu_count() or 1)


def png(pixels: shown.Pixels) -> bytes:
    """The pixels as PNG, made smaller where a side is longer than `LONGEST_SIDE`."""
    picture = PIL.Image.fromarray(pixels)
    scale = LONGEST_SIDE / max(picture.size)
    if scale < 1:
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        picture = picture.resize(size, PIL.Image.Resampling.BICUBIC, reducing_gap=2)
    made = io.BytesIO()
    picture.save(made, "PNG", compress_level=1)
    return made.getvalue()


@routes.get("/studies/{study_id}/instances/{number}/frames/{frame}.png")
def picture(request: Request, study_id: str, number: str, frame: str) -> Response:
    """Frame `frame` of image `number` of the study's latest revision, both counted from 1.

    `?window=CENTRE,WIDTH` shows it in that window rather than in its own.
    """
    context = context_of(request)
    image, index = _found(context, study_id, number, frame)
    window = _window(request.query_params.get("window", ""))
    tag = f'"{image.stamp}-{index}-{window}"' if window else f'"{image.stamp}-{index}"'
    headers = {"ETag": tag, "Cache-Control": CACHED}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    try:
        with _cores:
            file = context.files.absolute(image.instance.path)
            body = png(shown.shown(file, index, window))
    except UnreadableError as error:
        syntax = image.instance.transfer_syntax_uid
        logger().warning("an image cannot be shown", study=study_id, error=str(error), kind=syntax)
        told = words_of(request).text("picture.unreadable")
        return PlainTextResponse(told, error.http_status)
    return Response(body, media_type="image/png", headers=headers)


def _found(context: Context, study_id: str, number: str, frame: str) -> tuple[Image, int]:
    """The image and the frame that a URL names; raises `NotFoundError`."""
    with context.database.read() as connection:
        found = images.of_study(connection, lookup.study(connection, study_id))
    place, index = counted(number), counted(frame)
    if not (0 < place <= len(found) and 0 < index <= found[place - 1].frames):
        message = "no such image"
        raise NotFoundError(message)
    return found[place - 1], index


def _window(asked: str) -> tuple[int, int] | None:
    """Centre and width from a URL, None where none is asked for; `NotFoundError` for nonsense."""
    if not asked:
        return None
    found = _WINDOW.fullmatch(asked)
    if not found:
        message = "no such window"
        raise NotFoundError(message)
    return int(found[1]), int(found[2])


def counted(word: str) -> int:
    """A number from a URL, 0 for what is none."""
    return int(word) if word.isascii() and word.isdigit() and len(word) < 9 else 0  # noqa: PLR2004
