"""What a night did, what it could not do, and what it found amiss: for its row and the log."""

import collections
import traceback
from typing import Any, Final

from core import logs
from core.domain.errors import VardeError

FOLDED: Final = "folded"  #: in a night's row: whether every day with news was folded
WHOLE: Final = "whole"  #: in a night's row: whether it came to its end
MOST: Final = 200  #: remarks kept in a night's row; the rest are counted


class Notes:
    """Counts of what was done (`did`), remarks (`said`) and failures (`failed`) of one night."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.did: collections.Counter[str] = collections.Counter()
        self._said: dict[str, None] = {}
        self.failed: list[str] = []
        self.folded = False
        self.whole = False

    def say(self, remark: str) -> None:
        """A remark such as `unreadable:haukeland/chest_xray:2026-03-01`; once each."""
        if remark not in self._said:
            self._said[remark] = None
            self.did[remark.partition(":")[0]] += 1
            logs.logger().warning("the watch", detail=remark)

    def fail(self, step: str, what: str, error: Exception) -> None:
        """A step that failed for one stream or day. Only our own errors' text is told."""
        cause = str(error) if isinstance(error, VardeError) else type(error).__name__
        self.failed.append(f"{f'{step} {what}'.strip()}: {cause}")
        where = "".join(traceback.format_tb(error.__traceback__))  # its text may quote a row
        logs.logger().error(
            "a step of the night failed", kind=step, detail=what, error=cause, exception=where
        )

    @property
    def said(self) -> list[str]:
        """Every remark, in the order in which they were made."""
        return list(self._said)

    @property
    def error(self) -> str:
        """What a night's row says: empty where all went well."""
        more = f" (and {len(self.failed) - 1} more)" if len(self.failed) > 1 else ""
        return f"{self.failed[0][:400]}{more}" if self.failed else ""

    def body(self) -> dict[str, Any]:
        """For the night's row."""
        return {
            "did": dict(sorted(self.did.items())),
            "said": self.said[:MOST],
            "failed": [one[:400] for one in self.failed[:MOST]],
            FOLDED: self.folded,
            WHOLE: self.whole,
        }
