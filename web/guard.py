"""What every answer carries so that a browser can do nothing else with it than show it,
and whose requests may change anything.
"""

import ipaddress
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
STATIC_FOR: Final = "public, max-age=31536000, immutable"  #: their URL changes with their content
WRONG_NAME: Final = (
    "Varde listens on loopback and answers to IP addresses and to names without a dot only: "
    "another site's name may have been pointed here to read patient data (DNS rebinding). "
    "Use http://127.0.0.1, or let the proxy in front send such a Host header.\n"
)
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
#: What a page of any other site can send without being asked (Fetch standard, "simple" requests).
SIMPLE_KINDS: Final = frozenset(
    {"application/x-www-form-urlencoded", "multipart/form-data", "text/plain"}
)
FOREIGN: Final = (
    "Refused: what changes something must come from Varde's own pages, or, without a browser, "
    "as application/json (cross-site request forgery). A proxy in front must pass on the Host "
    "header that the browser sent.\n"
)


class Guard:
    """Adds the security headers; refuses what a stranger's page sends to change something.

    On loopback it also refuses names that a stranger can own.
    """

    def __init__(self, app: ASGIApp, host: str) -> None:
        """`host` is what the server listens on."""
        self._app = app
        self._loopback = _is_loopback(host)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        static = scope["path"].startswith("/static/")

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                found = message["status"] == 200  # noqa: PLR2004
                headers.setdefault("Cache-Control", STATIC_FOR if static and found else "no-store")
            await send(message)

        headers = Headers(scope=scope)
        app = self._app
        if self._loopback and not _is_own_name(headers.get("host", "")):
            app = PlainTextResponse(WRONG_NAME, 421)
        elif scope["method"] not in SAFE and not _is_own_request(headers):
            app = PlainTextResponse(FOREIGN, 403)
        await app(scope, receive, send_guarded)


def _is_own_request(headers: Headers) -> bool:
    """Whether a page of this very origin has sent it, or no browser at all.

    A browser says so itself in headers that no page can set: Sec-Fetch-Site (Fetch Metadata),
    or Origin where it is older. Without either, only what a foreign page could not have sent
    unasked is let through: never a form.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}  # none: the reader reloads a page that was sent
    origin = headers.get("origin")
    if origin is not None:
        return urlsplit(origin).netloc.lower() == headers.get("host", "").lower() != ""
    return headers.get("content-type", "").partition(";")[0].strip().lower() not in SIMPLE_KINDS


def _is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_own_name(header: str) -> bool:
    """Whether a Host header is an IP address or a name without a dot: nobody can rent those."""
    bracketed = header.startswith("[")  # IPv6, as in [::1]:8080
    name = header[1:].split("]", maxsplit=1)[0] if bracketed else header.split(":", maxsplit=1)[0]
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return "." not in name.rstrip(".")
    return True
