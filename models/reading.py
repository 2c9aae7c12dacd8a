"""What reading one image, one series or one study gave, before it is a result."""

import dataclasses

from core.domain.finding import Finding, Segment
from core.domain.reason import Reason


@dataclasses.dataclass(frozen=True, slots=True)
class Reading:
    """Findings, or the `reason` why there are none.

    `remarks` are what a reader must know beside the findings: a view that is missing, a
    gap between slices. `read` are the SOP Instance UIDs that the findings are of.
    """

    read: tuple[str, ...]
    findings: tuple[Finding, ...] = ()
    segments: tuple[Segment, ...] = ()
    remarks: tuple[Reason, ...] = ()
    reason: Reason | None = None
