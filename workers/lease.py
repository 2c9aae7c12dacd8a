"""A claim on a job that is renewed while the work goes on, and that says when it is lost."""

import contextlib
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from core.domain.errors import VardeError

SHARE = 3  #: a lease is renewed this many times before it would end


class LeaseLostError(Exception):
    """Another worker may have the job, or an operator has withdrawn it: write nothing."""


class Lease:
    """Renews in a thread of its own from entering the `with` until leaving it."""

    def __init__(self, renew: Callable[[], bool], lease_s: float) -> None:
        """`renew` says False where the lease is lost, and raises where nobody can say."""
        self._renew = renew
        self._lease_s = lease_s
        self._until = time.monotonic() + lease_s
        self._stop = threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)

    @property
    def lost(self) -> bool:
        """Whether the work is in vain."""
        return self._lost.is_set()

    def wait_lost(self, timeout_s: float) -> bool:
        """Wait until it is lost, at most `timeout_s`; returns whether it is."""
        return self._lost.wait(timeout_s)

    def check(self) -> None:
        """Raise `LeaseLostError` where it is lost."""
        if self.lost:
            raise LeaseLostError

    def _keep(self) -> None:
        while not self._stop.wait(self._lease_s / SHARE):
            asked = time.monotonic()
            if (held := self._ask()) is True:
                self._until = asked + self._lease_s
            elif held is False or asked >= self._until:
                self._lost.set()
                return

    def _ask(self) -> bool | None:
        """Whether the lease is held; None where the database does not answer."""
        with contextlib.suppress(VardeError):
            return self._renew()
        return None

    def __enter__(self) -> Self:
        """Begin to renew."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop renewing; a renewal under way is waited for."""
        self._stop.set()
        self._thread.join()
