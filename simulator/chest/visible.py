"""Whether a finding can be seen: its contrast against what lies around and behind it.

A finding changes the line integral of the attenuation, which is what the image shows. It is
looked at through one channel of about its own size, a difference of two Gaussians, as models
of human readers do. Contrast is the channel's strongest answer to the change; noise is the
spread (standard deviation) of its answers to the unchanged ribs, vessels and textures in the
lungs around it, and the quantum noise. What stays below `LEAST` times the noise is not in
the truth, because a reader could not tell it from them; small findings must stand out
more, because there are more places that look like them; what metal hides does not count. The
decision is taken at `ROWS` rows, so that it does not depend on the size of the image that is
asked for.
"""

from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from simulator import xray
from simulator.chest.body import Body
from simulator.chest.person import Floats

ROWS: Final = 384
#: Contrast-to-noise ratio that a finding needs. Others have edges that no channel sees as a
#: whole, and are drawn so that they can be seen.
LEAST: Final = MappingProxyType({"nodule": 1.3, "consolidation": 0.8})
MORE: Final = 0.7  #: of a finding of `SMALL_MM`, on top of `LEAST`
SMALL_MM: Final = 8.0
HIDING: Final = 0.05  #: cm of metal
NOISE: Final = 0.02  #: of a pixel's logarithm, at `ROWS` rows


def shadow(body: Body) -> Floats:
    """The line integral of the attenuation at 120 kV, without metal."""
    return np.asarray(xray.TISSUE * body.tissue + xray.BONE * body.bone, np.float32)


def seen(name: str, body: Body, before: Floats, mask: NDArray[np.bool_]) -> bool:
    """Whether what changed on `mask`, since the shadow was `before`, can be told."""
    mask = mask & (body.metal < HIDING)
    if not mask.any() or name not in LEAST:
        return bool(mask.any())
    lungs = body.lungs[0].inside | body.lungs[1].inside
    width_mm = 2 * float(np.sqrt(mask.sum() / np.pi)) * body.grid.spacing_mm
    return ratio(before, shadow(body), mask, lungs) >= LEAST[name] + MORE * SMALL_MM / width_mm


def ratio(
    before: Floats, after: Floats, mask: NDArray[np.bool_], lungs: NDArray[np.bool_]
) -> float:
    """The contrast-to-noise ratio of what changed on `mask`.

    `lungs`: where the answers to what was there before count as noise.
    """
    size = min(float(np.sqrt(mask.sum() / np.pi)), 30.0)  # the radius of as large a disc, in pixels
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    margin = int(max(3 * size, 24))
    part = (
        slice(max(rows[0] - margin, 0), rows[-1] + margin + 1),
        slice(max(columns[0] - margin, 0), columns[-1] + margin + 1),
    )
    contrast = float(np.abs(_channel(after[part] - before[part], size))[mask[part]].max())
    around = _channel(before[part], size)[lungs[part] | mask[part]]
    return contrast / float(np.hypot(around.std(), NOISE / size))


def _channel(plane: Floats, size: float) -> Floats:
    """The answers of a channel for discs of that radius, in steps of pixels for large ones."""
    step = max(int(size / 5), 1)
    coarse = (
        plane[::step, ::step] if step == 1 else ndimage.uniform_filter(plane, step)[::step, ::step]
    )
    near, far = (
        ndimage.gaussian_filter(coarse, share * size / step, mode="nearest", truncate=3)
        for share in (0.5, 1.5)
    )
    return np.asarray(
        np.kron(near - far, np.ones((step, step), np.float32))[: plane.shape[0], : plane.shape[1]]
    )
