"""Whether the program lives, whether it can serve, and its metrics."""

import dataclasses
import shutil
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from core.domain.errors import VardeError
from core.store import studies
from web.context import Context, context_of

routes = APIRouter()
LEAST_FREE_MB: Final = 100
MB: Final = 1024 * 1024


@dataclasses.dataclass(frozen=True, slots=True)
class Part:
    """One thing that the pages lean on, and how it is."""

    ok: bool
    reason: str


def _database(context: Context) -> Part:
    """Whether the tables can be read."""
    try:
        with context.database.read() as connection:
            sites = len(studies.sites(connection))
    except VardeError as error:
        return Part(ok=False, reason=str(error))
    except Exception as error:  # noqa: BLE001 - whatever it is, the answer must name it
        return Part(ok=False, reason=f"the database cannot be read: {type(error).__name__}")
    return Part(ok=True, reason=f"answers, {sites} sites described")


def _queue(context: Context) -> Part:
    """Whether the queue answers."""
    if context.news is None:
        return Part(ok=True, reason="no queue.url is set, so it is not looked at from here")
    if context.news.alive():
        return Part(ok=True, reason="answers")
    return Part(ok=False, reason="the queue does not answer: is Redis at queue.url running?")


def _files(context: Context) -> Part:
    """Whether the file store takes a file and has room."""
    try:
        with context.files.receive() as part:
            part.write(b"varde")
        free = shutil.disk_usage(context.files.home).free // MB
    except VardeError as error:
        return Part(ok=False, reason=str(error))
    except OSError as error:
        return Part(ok=False, reason=f"the file store cannot be used: {error.strerror}")
    if free < LEAST_FREE_MB:
        return Part(ok=False, reason=f"only {free} MB are free, {LEAST_FREE_MB} are needed")
    return Part(ok=True, reason=f"writable, {free} MB free")


@routes.api_route("/health/live", methods=["GET", "HEAD"])
def live() -> dict[str, bool]:
    """The process is up."""
    return {"alive": True}


@routes.api_route("/health/ready", methods=["GET", "HEAD"])
def ready(request: Request) -> JSONResponse:
    """200 where every part is well, else 503; each part with its reason in words."""
    context = context_of(request)
    parts = {
        "database": _database(context),
        "queue": _queue(context),
        "files": _files(context),
    }
    well = all(part.ok for part in parts.values())
    told = {name: dataclasses.asdict(part) for name, part in parts.items()}
    return JSONResponse({"ready": well, "parts": told}, 200 if well else 503)


@routes.get("/metrics")
def metrics(request: Request) -> Response:
    """The pages' own metrics and those of the database, for Prometheus."""
    return Response(generate_latest(request.app.state.metrics), media_type=CONTENT_TYPE_LATEST)
