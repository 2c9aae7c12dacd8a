"""Train the model on simulated mammograms and export it: `python -m models.mammography.train`.

Needs the extra `train` (torch, onnx). Everything is drawn from seeds; cases and the
checkpoint lie in a folder, and a training that was stopped goes on from there.
"""

import argparse
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from models import scores
from models.mammography import pairs, runtime, settle, typical, whole
from models.mammography.batches import Views, batches, views
from models.mammography.evaluate import read_studies
from models.mammography.losses import loss
from models.mammography.network import Decoded, MammographyNetwork
from models.mammography.prepare import prepare
from models.steps import Image
from models.training import cases, embedding, export, loop, standard
from simulator import dx
from simulator.mammography import four_views
from simulator.mammography.scanners import FOR_TRAINING, SCANNERS
from simulator.mammography.truth import DENSITIES, POSITIONS, SIDES

FOLDER: Final = Path(__file__).parent
NAMES: Final = ("mass", "calcifications")
TRAINING: Final = 10_000_000  #: first seeds; evaluations use others
VALIDATION: Final = 9_000_000
CALIBRATION: Final = 8_000_000
SHARD: Final = 50
STUDIES: Final = 120  #: for the embedding
FOREIGN: Final = 40  #: images of other regions
PREVALENCE: Final = 0.75  #: of training breasts with a lesion
FINE_MM: Final = 0.125  #: training views are simulated at the network's finer grid
MOST: Final = 4  #: lesions of a view that are kept
RATE: Final = 2.0e-3
CHECKED: Final = 100  #: validation views that a check looks at

Arrays = dict[str, NDArray[Any]]


def main(argv: list[str] | None = None) -> int:
    """Make the cases that are missing, train for so many minutes, export, choose thresholds."""
    parser = argparse.ArgumentParser(prog="python -m models.mammography.train")
    parser.add_argument("--folder", type=Path, default=Path("var/training/mammography"))
    parser.add_argument("--cases", type=int, default=1000, help="breasts, two views each")
    parser.add_argument("--validation", type=int, default=100)
    parser.add_argument("--calibration", type=int, default=240, help="studies")
    parser.add_argument("--minutes", type=float, default=38.0)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args(argv)
    folder: Path = arguments.folder
    stock = functools.partial(_cases, folder, arguments.threads)
    training = stock("train", range(TRAINING, TRAINING + arguments.cases), simulate)
    validation = stock("valid", range(VALIDATION, VALIDATION + arguments.validation), simulate)
    foreign = stock("foreign", range(TRAINING, TRAINING + FOREIGN), another)
    network = train(
        views(training, foreign["image"]), views(validation, foreign["image"]),
        folder / "checkpoint.pt", arguments.minutes * 60, arguments.threads,
    )  # fmt: skip
    whole.fit(network, views(training, foreign["image"]), seed=12)
    finish(network, validation)
    studies = read_studies(range(CALIBRATION, CALIBRATION + arguments.calibration))
    settle.settle(FOLDER, studies)
    settle.golden(FOLDER, runtime.network(FOLDER), validation)
    settle.reference(FOLDER, studies, pairs.read(FOLDER))
    standard.write(FOLDER, typical.embeddings(STUDIES, arguments.threads))
    return 0


def simulate(seed: int) -> Arrays:
    """The stored case of `seed`: both views of one breast, the one with a lesion if there is one.

    `image` uint8 (2, 2, 832, 512): views CC and MLO, channels of `prepare`; `boxes` (2, 4, 5).
    Every second woman has a category of density in turn, so that none is rare.
    """
    letter = DENSITIES[seed // 2 % len(DENSITIES)] if seed % 2 else None
    body, found = four_views.planned(seed, prevalence=PREVALENCE, density=letter)
    side = found[0].side if found else SIDES[seed % 2]
    own = [one for one in found if one.side == side][:MOST]
    maker = SCANNERS[FOR_TRAINING[seed % len(FOR_TRAINING)]]
    images, boxes = [], np.full((len(POSITIONS), MOST, 5), -1, np.float32)
    for number, position in enumerate(POSITIONS):
        shown = four_views.view(four_views.Take(seed, side, position, maker, FINE_MM), body, own)
        ready = prepare(Image(shown.pixels.astype(np.float32), (FINE_MM, FINE_MM)))
        assert ready is not None
        images.append(np.round(ready.tensor[0] * 255).astype(np.uint8))
        for row, one in enumerate(own):
            boxes[number, row, 0] = NAMES.index(one.name)
            boxes[number, row, 1:] = ready.placing.to_input(np.array([shown.boxes[one.id]]))[0]
    subtlety = [own[row].subtlety if row < len(own) else -1 for row in range(MOST)]
    return {
        "image": np.stack(images),
        "boxes": boxes,
        "subtlety": np.array(subtlety, np.float32),
        "density": np.array(DENSITIES.index(body.density), np.int64),
    }


def another(seed: int) -> Arrays:
    """A simulated chest radiograph as `prepare` brings it to the network."""
    dataset = dx.study(seed, size=640)[0][0]
    pixels = dataset.pixel_array.astype(np.float32)
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        pixels = pixels.max() - pixels
    ready = prepare(Image(pixels, (0.4, 0.4) if seed % 2 else (0.25, 0.25)))
    assert ready is not None
    return {"image": np.round(ready.tensor[0] * 255).astype(np.uint8)}


def train(
    training: Views, validation: Views, checkpoint: Path, seconds: float, threads: int
) -> MammographyNetwork:
    """Train until the time is over; the averaged network."""
    network: MammographyNetwork = loop.train(
        MammographyNetwork(), lambda _: batches(training), loss, checkpoint=checkpoint,
        seconds=seconds, rate=RATE, seed=11, threads=threads, check=_check(validation),
    )  # fmt: skip
    return network


def finish(network: MammographyNetwork, validation: Arrays) -> None:
    """The ONNX file, whose input may have any height and width that 32 divides."""
    given = torch.from_numpy(validation["image"][0].astype(np.float32) / 255)
    names = ("boxes", "scores", "density", "view", "region")
    axes = {"image": {0: "views", 2: "rows", 3: "columns"}}
    export.onnx(
        Decoded(network), {"image": given[:1]}, names, FOLDER / "model.onnx",
        dynamic={**axes, **{name: {0: "views"} for name in names}},
        also=[{"image": given}, {"image": given[:, :, :416, :256].contiguous()}],
    )  # fmt: skip
    # two layers back: what the whole breast is judged by, before it is narrowed to two questions
    embedding.expose(FOLDER / "model.onnx", "region", layers=2)


def _cases(
    folder: Path, threads: int, kind: str, seeds: range, simulated: Callable[[int], Arrays]
) -> Arrays:
    return cases.read(cases.make(folder, kind, seeds, simulated, processes=threads, shard=SHARD))


def _check(data: Views) -> Callable[[nn.Module], str]:
    """Of the strongest heat in a view, the area under the ROC curve for each label."""
    image, boxes = data.image[:CHECKED], data.boxes[:CHECKED]

    def told(network: nn.Module) -> str:
        heat, right = [], []
        for part, density in zip(image.split(5), data.density[:CHECKED].split(5), strict=True):
            out = network(part.float() / 255)
            heat.append(out[0].float().sigmoid().amax((2, 3)))
            right.append(out[2].argmax(1) == density)
        score = torch.cat(heat).numpy()
        areas = [
            f"{name} {scores.auc((boxes[:, :, 0] == n).any(1).numpy(), score[:, n]):.3f}"
            for n, name in enumerate(NAMES)
        ]
        return f"{' '.join(areas)} density {torch.cat(right).float().mean():.2f}"

    return told


if __name__ == "__main__":
    raise SystemExit(main())
