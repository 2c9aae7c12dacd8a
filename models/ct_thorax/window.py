"""HU as both networks read them."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

LOW, HIGH = -1000.0, 400.0  #: HU that become 0 and 1
AIR: Final = -1024  #: what lies outside a volume


def scaled(hu: NDArray[Any]) -> NDArray[np.float32]:
    """HU in `LOW`..`HIGH` as 0..1, cut off outside."""
    values = np.asarray(hu, np.float32)
    return np.asarray(np.clip((values - LOW) * (1 / (HIGH - LOW)), 0, 1), np.float32)
