"""Random Fourier features (Rahimi and Recht 2007): an embedding as a vector whose mean tells.

The mean of these features over some studies is all that the maximum mean discrepancy (MMD)
with a Gaussian kernel needs: `|mean - mean'|²`, up to the error of `FEATURES` features, which
shrinks as their root. Means come from sums, and sums add.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitoring.aggregates.bins import FEATURES

SEED: Final = 20260101  #: of the frequencies; another seed makes other features


def features(embeddings: NDArray[np.floating]) -> NDArray[np.float64]:
    """(n, FEATURES) features of (n, d) embeddings that are already standardised.

    Standardised: less the mean and over the standard deviation of each dimension in the
    algorithm's reference, and then over the root of d, so that two studies lie about
    sqrt(2) apart and the kernel's width is 1.
    """
    made = np.asarray(embeddings, np.float64)
    frequencies, phases = _drawn(made.shape[1])
    told: NDArray[np.float64] = np.sqrt(2.0 / FEATURES) * np.cos(made @ frequencies + phases)
    return told


def _drawn(size: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(d, FEATURES) frequencies and (FEATURES,) phases, always the same for one d."""
    rng = np.random.default_rng([SEED, size])
    return rng.standard_normal((size, FEATURES)), rng.uniform(0.0, 2.0 * np.pi, FEATURES)
