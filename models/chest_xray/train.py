"""Train the model on simulated radiographs and export it: `varde models train chest_xray`.

Needs the extra `train` (torch, MONAI, onnx). Everything is drawn from seeds; cases and
checkpoints lie in a folder, and a training that was stopped goes on from there.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from models import manifest as manifests
from models import scores
from models.chest_xray import choose, region, typical
from models.chest_xray.augment import varied
from models.chest_xray.cases import CELLS, LABELS, SIZE, case, stored
from models.chest_xray.evaluate import FOLDER, run, session, simulated
from models.chest_xray.foreign import foreign
from models.chest_xray.loss import Batch, loss
from models.chest_xray.network import ChestNetwork, Probabilities
from models.steps import Image, prepare
from models.training import cases, embedding, export, loop, release, standard
from simulator import chest
from simulator.chest import View
from simulator.scanners import FOR_TRAINING

#: First seeds; the evaluation uses others.
TRAINING, VALIDATION, LATERAL = 10_000_000, 1_000_000, 4_000_000
LATERALS: Final = 240
REFERENCE, GOLDEN = 3_000_000, 3_500_001
REFERENCES: Final = 150
OFTEN: Final = {"nodule": 0.5}  #: more often than elsewhere: the hardest finding
SEED: Final = 7
BATCH: Final = 16
SMALL, EARLY = 256, 9  #: rows of the images in the first so many passes
FOREIGN: Final = 2  #: images of a batch that are made into no chest
RATE: Final = 2e-3
CHECK_S: Final = 360.0  #: between two looks at the validation images
KEPT: Final = 0.995  #: of the averaged weights, each step


def main(argv: list[str] | None = None) -> int:
    """Make the cases that are missing, train for so many minutes, export, choose thresholds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("var/training/chest_xray"))
    parser.add_argument("--cases", type=int, default=6000)
    parser.add_argument("--validation", type=int, default=400)
    parser.add_argument("--minutes", type=float, default=42.0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--into", type=Path, default=FOLDER, help="folder of the model")
    arguments = parser.parse_args(argv)
    folder: Path = arguments.folder
    read = {
        kind: cases.read(cases.make(folder, kind, seeds, simulate, processes=arguments.threads))
        for kind, seeds, simulate in (
            ("valid", _seeds(VALIDATION, arguments.validation), validation_case),
            ("lateral", _seeds(LATERAL, LATERALS), lateral_case),
            ("train", _seeds(TRAINING, arguments.cases), training_case),
        )
    }
    network = loop.train(
        ChestNetwork(), _Batches(read["train"], read["lateral"]), loss,
        checkpoint=folder / "checkpoint.pt", seconds=arguments.minutes * 60, rate=RATE, seed=SEED,
        kept=KEPT, threads=arguments.threads, check_s=CHECK_S,
        check=lambda one: _areas(one, read["valid"]),
    )  # fmt: skip
    torch.manual_seed(SEED)
    region.fit(network, *(torch.from_numpy(read[kind]["image"]) for kind in ("train", "lateral")))
    gap = write(network, read["valid"]["image"][:4], arguments.into)
    print(f"ONNX Runtime differs from torch by {gap:.1e}")
    finish(read["valid"], arguments.into)
    return 0


def training_case(seed: int) -> dict[str, Any]:
    """What is trained on, see `cases.stored`."""
    return _stored(seed, OFTEN)


def validation_case(seed: int) -> dict[str, Any]:
    """What thresholds are chosen on: findings as frequent as in the evaluation."""
    return _stored(seed, chest.PREVALENCE)


def lateral_case(seed: int) -> dict[str, Any]:
    """A lateral image: no frontal one."""
    return {"image": _stored(seed, chest.PREVALENCE, "LL")["image"]}


def _stored(seed: int, prevalence: Any, view: View | None = None) -> dict[str, Any]:  # noqa: ANN401 - as chest.make
    scanner = FOR_TRAINING[seed % len(FOR_TRAINING)]
    made = chest.make(seed, scanner=scanner, size=SIZE, view=view, prevalence=prevalence)
    return stored(case(made.pixels, made.masks, manifests.read(FOLDER)))


def _seeds(first: int, count: int) -> range:
    return range(first, first + count)


class _Batches:
    """Shuffled, varied batches; the last `FOREIGN` images of each are no frontal chests."""

    def __init__(self, training: dict[str, Any], lateral: dict[str, Any]) -> None:
        self._image, self._cells, self._present = (
            torch.from_numpy(training[name]) for name in ("image", "cells", "present")
        )
        self._lateral = torch.from_numpy(lateral["image"])

    def __call__(self, epoch: int) -> Iterator[Batch]:
        order = torch.randperm(len(self._image))
        for chosen in order[: len(order) // BATCH * BATCH].split(BATCH):
            planes = self._image[chosen, None].float() / 255
            other = int(torch.randint(len(self._lateral), ()))
            planes[-1] = self._lateral[other].float() / 255
            planes[-FOREIGN:-1] = foreign(planes[-FOREIGN:-1])
            if epoch <= EARLY:
                planes = functional.interpolate(planes, (SMALL, SMALL), mode="area")
            planes, places = varied(planes, self._cells[chosen].float() / 255)
            chests = len(planes) - FOREIGN
            size = planes.shape[2] // (SIZE // CELLS)
            places = functional.adaptive_avg_pool2d(places[:chests], size)
            yield planes, places, self._present[chosen[:chests]].float()


def _areas(network: nn.Module, validation: dict[str, Any]) -> str:
    """The area under the ROC curve of each label."""
    image = torch.from_numpy(validation["image"])
    found = [network(part[:, None].float() / 255)[0].float() for part in image.split(50)]
    score = torch.cat(found).numpy()
    truth = validation["present"] > 0
    areas = [scores.auc(truth[:, n], score[:, n]) for n in range(len(LABELS))]
    return " ".join(f"{name} {area:.3f}" for name, area in zip(LABELS, areas, strict=True))


def write(network: nn.Module, image: Any, folder: Path) -> float:  # noqa: ANN401 - an array
    """Export one ONNX file: `image` to `probability`, `location`, `region` and `embedding`.

    Returns the largest difference between ONNX Runtime and torch.
    """
    names = ["probability", "location", "region"]
    given: Tensor = torch.from_numpy(image.astype(np.float32) / 255)[:, None]
    gap = export.onnx(
        Probabilities(network), {"image": given}, names, folder / "model.onnx",
        dynamic={name: {0: "batch"} for name in ("image", *names)}, also=[{"image": given[:1]}],
    )  # fmt: skip
    embedding.expose(folder / "model.onnx", "region")
    return gap


def finish(validation: dict[str, Any], folder: Path) -> None:
    """Hashes and thresholds into the manifest, the golden case and the reference beside it."""
    release.weights(folder)
    network = session(folder)
    tensors = validation["image"][:, None, None].astype(np.float32) / np.float32(255)
    parts = [run(network, one) for one in tensors]
    outputs = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    cells, present = validation["cells"] / np.float32(255), validation["present"] > 0
    chosen = choose.numbers(manifests.read(folder), outputs, cells, present)
    for label, values in chosen.items():
        release.threshold(folder, label, **values)
    seeds = range(REFERENCE, REFERENCE + REFERENCES)
    told = [(run(network, one.tensor), truth) for one, truth in simulated(seeds, FOR_TRAINING)]
    said = np.concatenate([one["probability"] for one, _ in told])
    release.reference(
        folder,
        {name: said[:, number] for number, name in enumerate(LABELS)},
        {name: values["threshold"] for name, values in zip(LABELS, chosen.values(), strict=True)},
        [truth.age for _, truth in told],
        "simulated, makers seen in training",
    )
    standard.write(folder, typical.embeddings(2 * REFERENCES, folder=folder))
    made = chest.make(GOLDEN, scanner=FOR_TRAINING[0], size=320)
    manifest = manifests.read(folder)
    ready = prepare(Image(made.pixels.astype(np.float32)), manifest.input.step)
    release.golden(folder, manifest, made.pixels, run(network, ready.tensor))


if __name__ == "__main__":
    raise SystemExit(main())
