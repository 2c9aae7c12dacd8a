"""What every answer carries so that a browser can do nothing else with it than show it."""

import ipaddress
from typing import Final

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


class Guard:
    """Adds the security headers; on loopback, refuses names that a stranger can own."""

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

        stranger = self._loopback and not _is_own_name(Headers(scope=scope).get("host", ""))
        app = PlainTextResponse(WRONG_NAME, 421) if stranger else self._app
        await app(scope, receive, send_guarded)


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
