"""What a reader sees when a page cannot be shown: calm, in words, and what to do."""

from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from starlette.exceptions import HTTPException

from core.domain.errors import VardeError
from core.logs import logger
from web.context import page, words_of

RETRY_S: Final = "5"
API: Final = "/api/"  #: below it programs ask, not readers
NOT_FOUND, BROKEN, UNAVAILABLE = 404, 500, 503


def _page(request: Request, status: int, cause: str = "") -> Response:
    """The page for a status; an image's place gets the words alone, a program JSON."""
    told = {NOT_FOUND: "not_found", UNAVAILABLE: "unavailable"}.get(
        status, "broken" if status >= BROKEN else "refused"
    )
    words = words_of(request)
    title, body = words.text(f"fault.{told}.title"), words.text(f"fault.{told}.body")
    if request.url.path.startswith(API):
        response: Response = JSONResponse({"status": status, "error": cause or title}, status)
    elif request.url.path.endswith(".png"):
        response = PlainTextResponse(f"{title}. {body}", status)
    else:
        response = page(request, "fault.html", status, title=title, body=body, code=status)
    if status == UNAVAILABLE:
        response.headers["Retry-After"] = RETRY_S
    return response


def broken(request: Request) -> Response:
    """The page for an error that nobody caught."""
    return _page(request, BROKEN)


def register(app: FastAPI) -> None:
    """Answer every error with a page."""

    @app.exception_handler(VardeError)
    def known(request: Request, error: VardeError) -> Response:
        status = UNAVAILABLE if error.retryable else error.http_status
        if status >= BROKEN:
            logger().warning("a page cannot be shown", code=error.code, error=str(error))
        return _page(request, status, str(error))

    @app.exception_handler(HTTPException)
    def http(request: Request, error: HTTPException) -> Response:
        response = _page(request, error.status_code, error.detail)
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(RequestValidationError)
    def no_such(request: Request, _: RequestValidationError) -> Response:
        return _page(request, NOT_FOUND)
