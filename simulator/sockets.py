"""The sockets below pynetdicom: nothing waits for more to send, nothing waits to be acknowledged.

With Nagle's algorithm and delayed acknowledgements every object costs 40 ms.
"""

import contextlib
import socket
from typing import Final

from pynetdicom import evt
from pynetdicom.events import Event, EventHandlerType

_QUICKACK: Final = getattr(socket, "TCP_QUICKACK", None)  # Linux only


def _option(event: Event, option: int | None) -> None:
    """Set a TCP option to 1, where there is such an option and still a socket."""
    wrapped = event.assoc.dul.socket
    if option is not None and wrapped is not None and wrapped.socket is not None:
        with contextlib.suppress(OSError):
            wrapped.socket.setsockopt(socket.IPPROTO_TCP, option, 1)


def _prompt(event: Event) -> None:
    _option(event, socket.TCP_NODELAY)
    _option(event, _QUICKACK)


def _quick(event: Event) -> None:
    """The kernel clears TCP_QUICKACK by itself: set it again before every answer."""
    _option(event, _QUICKACK)


#: For `evt_handlers`, of an SCP as of an SCU.
PROMPT: Final[list[EventHandlerType]] = [
    (evt.EVT_CONN_OPEN, _prompt),
    (evt.EVT_DATA_SENT, _quick),
    (evt.EVT_DATA_RECV, _quick),
]
