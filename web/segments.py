"""The segments of one image as outlines that lie over it: a PNG with one pixel's border."""

import functools
import hashlib
import io
from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt
import PIL.Image
from fastapi import APIRouter, Request
from fastapi.responses import Response

from core import mask
from core.domain.errors import NotFoundError
from core.domain.finding import Segment
from web import answers, images, lookup
from web.answers import Answer
from web.context import context_of
from web.pictures import CACHED, counted

routes = APIRouter()
HELD: Final = 4  #: masks kept unpacked: a CT of 1,000 slices takes 32 MB
COLOUR: Final = (150, 225, 255)


def of(found: Iterable[Answer]) -> list[Segment]:
    """All segments of these answers."""
    return [segment for answer in found if answer.result for segment in answer.result.segments]


def stamp(found: Iterable[Answer]) -> str:
    """What changes with the segments of these answers."""
    seed = [
        f"{one.job.id} {one.result.provenance.finished_at}"
        for one in found
        if one.result and one.result.segments
    ]
    return hashlib.sha256("\n".join(seed).encode()).hexdigest()[:16] if seed else ""


@routes.get("/studies/{study_id}/instances/{number}/segments.png")
def outlines(request: Request, study_id: str, number: str) -> Response:
    """The outlines on image `number` of what the latest revision's answers have marked."""
    context = context_of(request)
    with context.database.read() as connection:
        study = lookup.study(connection, study_id)
        found = images.of_study(connection, study)
        said = answers.of_studies(connection, [study])[study.id]
    place = counted(number)
    if not 0 < place <= len(found):
        message = "no such image"
        raise NotFoundError(message)
    image = found[place - 1]
    latest = [one for one in said if one.job.revision == study.revision]
    headers = {"ETag": f'"{image.stamp}-{stamp(latest)}"', "Cache-Control": CACHED}
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    edge = np.zeros((image.rows, image.columns), np.bool_)
    for segment in of(latest):
        edge |= _edge(_on(segment, image.instance.sop_uid, edge.shape))
    return Response(_png(edge), media_type="image/png", headers=headers)


def _on(segment: Segment, sop_uid: str, size: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """(rows, columns) of a segment on one image; nothing where it is not on it."""
    if sop_uid not in segment.sop_uids or segment.shape[1:] != size:
        return np.zeros(size, np.bool_)
    plane = _planes(segment.bits, segment.shape)[segment.sop_uids.index(sop_uid)]
    bits = np.unpackbits(plane, count=size[0] * size[1])
    return bits.reshape(size).astype(np.bool_)


@functools.lru_cache(maxsize=HELD)
def _planes(bits: bytes, shape: tuple[int, int, int]) -> npt.NDArray[np.uint8]:
    return mask.planes(bits, shape)


def _edge(inside: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """The pixels of a segment that have a neighbour outside it; the image's border is outside."""
    wide = np.pad(inside, 1)
    core = wide[:-2, 1:-1] & wide[2:, 1:-1] & wide[1:-1, :-2] & wide[1:-1, 2:]
    found: npt.NDArray[np.bool_] = inside & ~core
    return found


def _png(edge: npt.NDArray[np.bool_]) -> bytes:
    """Two colours: nothing, and the outline."""
    picture = PIL.Image.fromarray(edge.astype(np.uint8), mode="P")
    picture.putpalette([0, 0, 0, *COLOUR])
    made = io.BytesIO()
    picture.save(made, "PNG", transparency=0, bits=1)
    return made.getvalue()
