"""Whether the programs answer: the router to an association, the web to `/health/ready`."""

import contextlib
import http.client
import socket
import struct
from typing import Final

from core.domain.identity import IMPLEMENTATION_CLASS_UID
from core.sections import ANYBODY
from core.settings import Settings

PATIENCE_S: Final = 5.0
ASSOCIATE_RQ, ASSOCIATE_AC, ASSOCIATE_RJ, RELEASE_RQ = 0x01, 0x02, 0x03, 0x05  # PS3.8 9.3.1
VERIFICATION: Final = b"1.2.840.10008.1.1"
IMPLICIT_VR: Final = b"1.2.840.10008.1.2"
CONTEXT_NAME: Final = b"1.2.840.10008.3.1.1.1"


def receives(settings: Settings) -> bool:
    """Whether the storage SCP of the platform answers."""
    dicom, sites = settings.dicom, settings.sites.values()
    called = next((ae for site in sites for ae in site.called), dicom.ae_title)
    calling = next((ae for site in sites for ae in site.calling if ae != ANYBODY), "VARDE")
    return associates(dicom.host, dicom.port, called=called, calling=calling)


def associates(host: str, port: int, *, called: str, calling: str) -> bool:
    """Whether an SCP answers a request for an association, with a yes or a no."""
    with (
        contextlib.suppress(OSError),
        socket.create_connection((host, port), timeout=PATIENCE_S) as peer,
    ):
        peer.sendall(_request(called, calling))
        answer = peer.recv(4096)[:1]
        if answer == bytes([ASSOCIATE_AC]):
            peer.sendall(struct.pack(">BBLL", RELEASE_RQ, 0, 4, 0))
            peer.recv(4096)
        return answer in {bytes([ASSOCIATE_AC]), bytes([ASSOCIATE_RJ])}
    return False


def _request(called: str, calling: str) -> bytes:
    """An A-ASSOCIATE-RQ that asks for Verification (PS3.8 9.3.2)."""
    abstract, transfer = _item(0x30, VERIFICATION), _item(0x40, IMPLICIT_VR)
    context = _item(0x20, bytes([1, 0, 0, 0]) + abstract + transfer)
    user = _item(
        0x50, _item(0x51, struct.pack(">L", 16384)) + _item(0x52, IMPLEMENTATION_CLASS_UID.encode())
    )
    titles = called.ljust(16).encode("ascii") + calling.ljust(16).encode("ascii")
    body = struct.pack(">HH", 1, 0) + titles + bytes(32)
    body += _item(0x10, CONTEXT_NAME) + context + user
    return struct.pack(">BBL", ASSOCIATE_RQ, 0, len(body)) + body


def _item(kind: int, value: bytes) -> bytes:
    return struct.pack(">BBH", kind, 0, len(value)) + value


def serves(host: str, port: int, path: str = "/health/ready") -> bool:
    """Whether an HTTP server answers `path` with 200."""
    web = http.client.HTTPConnection(host, port, timeout=PATIENCE_S)
    try:
        web.request("GET", path)
        return web.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        web.close()
