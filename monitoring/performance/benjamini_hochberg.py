"""Many tests at once: the share of false finds among those found."""

from collections.abc import Sequence

import numpy as np


def adjusted(values: Sequence[float]) -> tuple[float, ...]:
    """P-values adjusted by Benjamini and Hochberg (1995), in the order given.

    Calling those at or below q found keeps the expected share of false ones below q.
    """
    if not values:
        return ()
    p = np.asarray(values, dtype=np.float64)
    if not ((p >= 0) & (p <= 1)).all():
        message = "a p-value lies between 0 and 1"
        raise ValueError(message)
    order = np.argsort(p)[::-1]
    ranks = np.arange(len(p), 0, -1)
    found = np.empty(len(p))
    found[order] = np.minimum(np.minimum.accumulate(p[order] * len(p) / ranks), 1.0)
    return tuple(float(one) for one in found)
