"""Train the model on simulated radiographs and export it: `python -m models.fracture.train`.

Needs the extra `train` (torch, MONAI, onnx). Everything is drawn from seeds; cases and
the checkpoint lie in a folder, and a training that was stopped goes on from there.
"""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models import scores
from models.fracture import region, settle, typical
from models.fracture.augment import moved, toned
from models.fracture.cases import FOLDER, SITES, VIEWS, contract, ready, stored
from models.fracture.network import Detector, FractureNetwork
from models.fracture.targets import loss
from models.training import cases, embedding, export, loop, release, standard
from simulator import chest
from simulator.scanners import FOR_TRAINING as CHEST_SCANNERS
from simulator.wrist import radiograph
from simulator.wrist.scanners import FOR_TRAINING

TRAINING: Final = 10_000_000  #: first seeds; evaluations use others
VALIDATION: Final = 1_000_000
REFERENCE: Final = 3_000_000
REFERENCES: Final = 300
STUDIES: Final = 200  #: of two images, for the embedding
GOLDEN: Final = 3_500_022
CHESTS: Final = 40_000_000
MANY: Final = 160  #: chests
BATCH: Final = 20
RATE: Final = 2.0e-3

Arrays = dict[str, NDArray[Any]]


def main(argv: list[str] | None = None) -> int:
    """Make the cases that are missing, train for so many minutes, export, choose thresholds."""
    parser = argparse.ArgumentParser(prog="python -m models.fracture.train")
    parser.add_argument("--folder", type=Path, default=Path("var/training/fracture"))
    parser.add_argument("--cases", type=int, default=5600)
    parser.add_argument("--validation", type=int, default=400)
    parser.add_argument("--minutes", type=float, default=36.0)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args(argv)
    folder: Path = arguments.folder
    threads: int = arguments.threads
    valid = cases.make(
        folder, "valid", range(VALIDATION, VALIDATION + arguments.validation), simulate,
        processes=threads,
    )  # fmt: skip
    made = cases.make(
        folder, "train", range(TRAINING, TRAINING + arguments.cases), simulate, processes=threads
    )
    training, validation = cases.read(made), cases.read(valid)
    network = train(training, validation, folder / "checkpoint.pt", arguments.minutes * 60, threads)
    finish(network, training, validation, folder)
    return 0


def simulate(seed: int) -> dict[str, Any]:
    """The stored case of `seed`, of one of the makers for training."""
    image = _made(seed, 512)
    seen, hidden = (
        [(finding.name, finding.box) for finding in several]
        for several in (image.truth.findings, image.truth.hidden)
    )
    return stored(ready(image.pixels, contract()), seen, hidden)


def train(
    training: Arrays, validation: Arrays, checkpoint: Path, seconds: float, threads: int
) -> FractureNetwork:
    """Train until the time is over; the averaged network."""
    network: FractureNetwork = loop.train(
        FractureNetwork(), lambda _: batches(training), _loss, checkpoint=checkpoint,
        seconds=seconds, rate=RATE, seed=7, threads=threads, check=_check(validation),
    )  # fmt: skip
    return network


def batches(stock: Arrays) -> Iterator[tuple[Tensor, Tensor]]:
    """One pass: shuffled, moved and toned images (batch, 1, rows, columns), and their boxes."""
    order = torch.randperm(len(stock["image"]))
    for chosen in order[: len(order) // BATCH * BATCH].split(BATCH):
        image, frame, boxes = (
            torch.from_numpy(stock[n][chosen.numpy()]) for n in ("image", "frame", "boxes")
        )
        planes, kept = moved(image[:, None].float() / 255, frame, boxes)
        yield toned(planes), kept


def finish(network: FractureNetwork, training: Arrays, validation: Arrays, folder: Path) -> None:
    """The region layer, the ONNX file, the thresholds, the golden case, the reference."""
    chests = cases.make(folder, "chest", range(CHESTS, CHESTS + MANY), foreign_chest)
    region.fit(network, training["image"], cases.read(chests)["image"])
    example = torch.from_numpy(next(settle.tensors(validation["image"])))
    names = ("boxes", "scores", "probability", "region")
    export.onnx(Detector(network), {"image": example}, names, FOLDER / "model.onnx")
    embedding.expose(FOLDER / "model.onnx", "region")
    settle.settle(validation)
    reference()
    golden()


def foreign_chest(seed: int) -> dict[str, Any]:
    """A simulated chest radiograph as this model would be given it."""
    made = chest.make(seed, scanner=CHEST_SCANNERS[seed % len(CHEST_SCANNERS)], size=320)
    return {"image": stored(ready(made.pixels, contract()), [])["image"]}


def reference() -> None:
    """The distributions of what the model says where nothing drifts."""
    manifest, network = contract(), settle.session()
    output = manifest.output
    assert output is not None
    said, ages = [], []
    for seed in range(REFERENCE, REFERENCE + REFERENCES):
        made = _made(seed, 512)
        said.append(settle.run(network, ready(made.pixels, manifest).tensor)["probability"][0])
        ages.append(made.truth.age)
    columns = dict(zip((label.name for label in output.label), np.array(said).T, strict=True))
    chosen = {label.name: label.threshold for label in output.label}
    release.reference(FOLDER, columns, chosen, ages, "simulated, makers seen in training")
    standard.write(FOLDER, typical.embeddings(STUDIES))


def golden() -> None:
    """The golden case: a small image, so that it is a small file."""
    manifest, network = contract(), settle.session()
    made = _made(GOLDEN, 384)
    outputs = settle.run(network, ready(made.pixels, manifest).tensor)
    release.golden(FOLDER, manifest, made.pixels, outputs)


def _made(seed: int, size: int) -> radiograph.Radiograph:
    return radiograph.make(
        seed, scanner=FOR_TRAINING[seed % len(FOR_TRAINING)], view=VIEWS[seed % 997 % len(VIEWS)],
        size=size,
    )  # fmt: skip


def _loss(network: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
    image, boxes = batch
    return loss(network(image), boxes.cpu(), image.shape[2], image.shape[3])


def _check(validation: Arrays) -> Callable[[nn.Module], str]:
    """The area under the ROC curve of each site on the validation cases."""
    image, present = validation["image"], settle.present(validation)

    def told(network: nn.Module) -> str:
        device = next(network.parameters()).device
        whole = [
            network((torch.from_numpy(part)[:, None].float() / 255).to(device))[2].float().cpu()
            for part in np.array_split(image[:200], 10)
        ]
        score = torch.cat(whole).numpy()
        areas = [scores.auc(present[:200, n], score[:, n]) for n in range(len(SITES))]
        return " ".join(f"{site} {area:.3f}" for site, area in zip(SITES, areas, strict=True))

    return told


if __name__ == "__main__":
    raise SystemExit(main())
