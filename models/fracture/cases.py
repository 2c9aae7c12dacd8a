"""A simulated radiograph as the network sees it, and as it is stored between two trainings."""

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models import manifest as manifests
from models.manifest import DRAFT, FILE, Manifest
from models.steps import Image, Prepared, prepare

FOLDER: Final = Path(__file__).parent
SIZE: Final = 512
MOST: Final = 4  #: boxes that a stored case has room for
DOUBT: Final = 10
SITES: Final = ("distal_radius", "distal_ulna", "scaphoid", "metacarpal")
VIEWS: Final = ("PA", "LL", "PA", "LL", "PA", "LL", "PA", "OBL", "PA", "LL")


Place = tuple[str, tuple[float, float, float, float]]  #: site, and box


@functools.cache
def contract() -> Manifest:
    """The manifest, or its draft while there are no weights yet."""
    return manifests.read(FOLDER, FILE if (FOLDER / FILE).exists() else DRAFT)


def ready(pixels: NDArray[np.uint16], manifest: Manifest) -> Prepared:
    """The image (rows, columns), larger is brighter, as a worker prepares it."""
    return prepare(Image(pixels.astype(np.float32)), manifest.input.step)


def stored(
    prepared: Prepared, boxes: Sequence[Place], doubtful: Sequence[Place] = ()
) -> dict[str, NDArray[Any]]:
    """`image` uint8 (512, 512), `frame` (4,) and `boxes` (MOST, 5) float32.

    `boxes` are (site, (left, top, right, bottom)) in pixels of the original image; they are
    stored as left, top, right, bottom of the tensor and the site's number, -1 for none, and
    `DOUBT` more for `doubtful` ones: there is a fracture that the image hardly shows.
    `frame` is the part of the tensor that is image, not padding.
    """
    geometry = prepared.geometry
    corners = np.array([[0, 0], [geometry.columns, geometry.rows]])
    kept = np.full((MOST, 5), -1, np.float32)
    marked = [*((*one, 0) for one in boxes), *((*one, DOUBT) for one in doubtful)]
    for row, (site, box, more) in zip(kept, marked, strict=False):
        points = geometry.to_input(np.array(box).reshape(2, 2))
        row[:] = (*points.ravel(), SITES.index(site) + more)
    return {
        "image": np.round(prepared.tensor[0, 0] * 255).astype(np.uint8),
        "frame": geometry.to_input(corners).ravel().astype(np.float32),
        "boxes": kept,
    }
