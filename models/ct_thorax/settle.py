"""What makes a model of two trained networks: digests, thresholds, golden cases, reference."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models import scores
from models.ct_thorax import evaluate, report
from models.ct_thorax.evaluate import FOLDER
from models.ct_thorax.report import Row
from models.ct_thorax.window import scaled
from models.manifest import DRAFT, FILE
from models.training import release

VALIDATION: Final = 80_000_000  #: first seed; trainings and evaluations use others
FALSE: Final = 0.5  #: nodules a scan at which the threshold is set
LOWEST, HIGHEST = 0.15, 0.8  #: thresholds
LEVELS: Final = 1 / 255  #: of a golden input's grey level
GOLDEN_CHEST, GOLDEN_CROP = 16, 32  #: points a side

Arrays = dict[str, NDArray[Any]]


def finish(chest: Arrays, crops: Arrays, count: int, threads: int) -> None:
    """Settle the manifest, which becomes valid with it, and write golden cases and reference."""
    name = FILE if (FOLDER / FILE).exists() else DRAFT
    release.weights(FOLDER, name)
    contract = evaluate.contract()
    networks = evaluate.sessions(contract, threads)
    seeds = range(VALIDATION, VALIDATION + count)
    rows = list(evaluate.rows_of(seeds, networks, contract, held_out=False))
    nodule, effusion = thresholds(rows)
    release.threshold(FOLDER, "Nodule", name, threshold=nodule)
    release.threshold(FOLDER, "Pleural effusion", name, threshold=effusion)
    (FOLDER / name).rename(FOLDER / FILE)
    _reference(rows, nodule, effusion)
    for network, given in (("lungs", _chest(chest)), ("nodules", _crop(crops))):
        tensor = given.astype(np.float32) * np.float32(LEVELS)
        outputs = {key: np.asarray(one) for key, one in networks[network](tensor).items()}
        release.golden(FOLDER, evaluate.contract(), given, outputs, network=network, scale=LEVELS)


def thresholds(rows: Sequence[Row]) -> tuple[float, float]:
    """For nodules where `FALSE` of them a scan are wrong; for fluid between the two classes."""
    nodule = report.curve(rows).at(FALSE)[0]
    fluid = [one for row in rows for one in row.fluids]
    there = np.array([one.true > 0 for one in fluid])
    said = np.array([one.probability for one in fluid])
    effusion = scores.threshold(there, said) if there.any() and not there.all() else 0.5
    low, high = (float(np.clip(one, LOWEST, HIGHEST)) for one in (nodule, effusion))
    return round(low, 3), round(high, 3)


def _reference(rows: Sequence[Row], nodule: float, effusion: float) -> None:
    probability = {
        "Nodule": np.array([max((o.probability for o in row.nodules), default=0) for row in rows]),
        "Pleural effusion": np.array([max(o.probability for o in row.fluids) for row in rows]),
    }
    chosen = {"Nodule": nodule, "Pleural effusion": effusion}
    ages = [int(row.truth.age) for row in rows]
    what = "simulated chests of the validation seeds, makers seen in training; highest of a scan"
    release.reference(FOLDER, probability, chosen, ages, what)


def _chest(stock: Arrays) -> NDArray[np.uint8]:
    """The middle of a chest, thinned out, as grey levels 0..255 of the network's input."""
    some = stock["image"][0][8:, 4:, 12:][::6, ::5, ::6][
        :GOLDEN_CHEST, :GOLDEN_CHEST, :GOLDEN_CHEST
    ]
    return _levels(some)


def _crop(stock: Arrays) -> NDArray[np.uint8]:
    """A crop with a nodule in its middle."""
    truth = stock["truth"].reshape(-1, stock["truth"].shape[-1])
    images = stock["image"].reshape(-1, *stock["image"].shape[-3:])
    number = int(np.argmax(truth[:, 3] > 8))  # noqa: PLR2004 - mm
    first = np.clip(truth[number, :3] - GOLDEN_CROP // 2, 0, images.shape[1] - GOLDEN_CROP)
    z, y, x = (slice(int(n), int(n) + GOLDEN_CROP) for n in first)
    return _levels(images[number][z, y, x])


def _levels(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    hu = image.astype(np.float32) * 6 - 1024
    return np.asarray(np.rint(scaled(hu) * 255), np.uint8)[None, None]
