"""How many requests, how fast, and the last net under them: nothing of a request is logged."""

import time
import traceback

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.datastructures import State
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.logs import logger
from monitoring import catalogue
from web import faults

prometheus_client.disable_created_metrics()

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"})


class Telemetry:
    """Counts and times every request by its route's pattern, never by its path."""

    def __init__(self, app: ASGIApp, registry: CollectorRegistry) -> None:
        """Register the two metrics."""
        self._app = app
        count, duration = catalogue.HTTP_REQUESTS, catalogue.HTTP_DURATION
        self._count = Counter(count.name, count.help, count.labels, registry=registry)
        self._duration = Histogram(
            duration.name, duration.help, duration.labels, buckets=duration.buckets,
            registry=registry,
        )  # fmt: skip

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; an error that nobody caught becomes the page that says so."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0

        async def send_noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        except Exception as error:  # noqa: BLE001 - an exception's text may hold patient data
            _log(error)
            if not status:
                scope.setdefault("state", State())
                await faults.broken(Request(scope))(scope, receive, send_noted)
        finally:
            route = _route(scope)
            method = scope["method"] if scope["method"] in METHODS else "other"
            self._count.labels(route, method, str(status)).inc()
            self._duration.labels(route).observe(time.perf_counter() - began)


def _route(scope: Scope) -> str:
    """The pattern of the route that answered."""
    if scope["path"].startswith("/static/"):
        return "/static"
    return str(getattr(scope.get("route"), "path", "unmatched"))


def _log(error: Exception) -> None:
    """Where it broke, without a word of what it was about."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    logger().error(
        "a page broke", error=type(error).__name__, detail=f"{last.filename}:{last.lineno}"
    )
