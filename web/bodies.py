"""What a request brings along, read no further than it may be long."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Final
from urllib.parse import parse_qsl

from fastapi import HTTPException, Request

MOST_FIELDS: Final = 200
LONGEST_LENGTH: Final = 12  #: digits of a Content-Length
FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"
BAD, TOO_LARGE, WRONG_KIND = 400, 413, 415


def body(kind: str, limit: int) -> Callable[[Request], Awaitable[bytes]]:
    """A dependency that gives the body: 415 where it is no `kind`, 413 beyond `limit` bytes."""

    async def read(request: Request) -> bytes:
        if _kind(request) != kind:
            raise HTTPException(WRONG_KIND, f"send {kind}")
        told = request.headers.get("content-length", "0")
        read = bytearray()
        if len(told) < LONGEST_LENGTH and told.isascii() and told.isdigit() and int(told) <= limit:
            async for chunk in request.stream():
                read += chunk
                if len(read) > limit:
                    break
            else:
                return bytes(read)
        raise HTTPException(TOO_LARGE, f"at most {limit} bytes")

    return read


def _kind(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def json_of(sent: bytes) -> object:
    """The JSON that was sent; 400 where it is none, or where an object has a key twice."""
    try:
        return json.loads(sent, object_pairs_hook=_object, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise HTTPException(BAD, "the body is not JSON, or has a key twice") from None


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) < len(pairs):
        message = "a key twice"
        raise ValueError(message)
    return made


def _refuse(_: str) -> None:
    message = "NaN and Infinity are not JSON"
    raise ValueError(message)


def form_of(sent: bytes) -> Mapping[str, str]:
    """The fields of a form; 400 where it is none, or where a field comes twice."""
    try:
        pairs = parse_qsl(
            sent.decode("ascii"), keep_blank_values=True, strict_parsing=bool(sent),
            errors="strict", max_num_fields=MOST_FIELDS,
        )  # fmt: skip
    except ValueError:
        raise HTTPException(BAD, "the body is not a form") from None
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise HTTPException(BAD, "a field comes twice")
    return fields
