"""Train the network and export it: `varde models train NAME`.

Needs the extra `train` (`make train-setup`). As it stands it learns the labels of the
manifest on simulated chest radiographs. For images of your own, write another `case`.
"""

import argparse
import functools
import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from monai.networks.blocks import Convolution
from torch import Tensor, nn
from torch.nn import functional

from models import manifest as manifests
from models.manifest import Manifest
from models.resample import resample
from models.steps import Image, prepare
from models.training import cases, export, loop, release
from simulator import chest
from simulator.scanners import FOR_TRAINING

FOLDER: Final = Path(__file__).parent
FILE: Final = manifests.DRAFT if (FOLDER / manifests.DRAFT).exists() else manifests.FILE
STRIDE: Final = 16  #: pixels of the input to a cell of the location map
TRAINING, VALIDATION, GOLDEN = 10_000_000, 1_000_000, 3_500_001  #: first seeds
WIDTHS: Final = (16, 32, 64, 96)
SENSITIVITY: Final = 0.95  #: wanted on the validation images
BATCH: Final = 32


def case(seed: int, manifest: Manifest) -> dict[str, Any]:
    """One image as the network gets it, which labels are on it, and where.

    `image` (rows, columns) uint8 after the manifest's steps; `present` (labels,);
    `cells` (labels, rows / 16, columns / 16), the covered share of each cell.
    """
    made = chest.make(seed, scanner=FOR_TRAINING[seed % len(FOR_TRAINING)], size=256)
    steps = manifest.input.step
    tensor = prepare(Image(made.pixels.astype(np.float32)), steps).tensor[0, 0]
    frame = [step for step in steps if step.op in {"resize", "pad"}]
    shape = tensor.shape[0] // STRIDE, tensor.shape[1] // STRIDE
    cells = np.zeros((len(_labels(manifest)), *shape), np.float32)
    for channel, name in enumerate(_labels(manifest)):
        if name in made.masks:
            mask = prepare(Image(made.masks[name].astype(np.float32)), frame).tensor[0, 0]
            cells[channel] = resample(mask, shape)
    present = np.array([name in made.masks for name in _labels(manifest)], np.float32)
    return {"image": np.round(tensor * 255).astype(np.uint8), "present": present, "cells": cells}


class Network(nn.Module):  # type: ignore[misc] # no torch where types are checked
    """(batch, 1, rows, columns) in 0..1 to logits: `probability` and `location`."""

    def __init__(self, labels: int) -> None:
        super().__init__()
        channels = (1, *WIDTHS)
        self.layers = nn.Sequential(
            *(
                Convolution(
                    2, before, after, strides=2, adn_ordering="NA", act="RELU", norm="BATCH"
                )
                for before, after in itertools.pairwise(channels)
            ),
            Convolution(2, WIDTHS[-1], WIDTHS[-1], adn_ordering="NA", act="RELU", norm="BATCH"),
        )
        self.location = nn.Conv2d(WIDTHS[-1], labels, 1)
        self.whole = nn.Linear(2 * WIDTHS[-1], labels)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """The logits of the image and of its cells."""
        deep = self.layers((image - 0.5) * 4)
        pooled = torch.cat([deep.mean((2, 3)), deep.amax((2, 3))], 1)
        return self.whole(pooled), self.location(deep)


class Probabilities(nn.Module):  # type: ignore[misc] # no torch where types are checked
    """The network as it is exported: probabilities instead of logits."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """`probability` and `location`."""
        whole, location = self.network(image)
        return whole.sigmoid(), location.sigmoid()


def main(argv: list[str] | None = None) -> int:
    """Simulate, train, export, choose thresholds, keep a golden case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("var/training") / FOLDER.name)
    parser.add_argument("--cases", type=int, default=1500)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args(argv)
    manifest = manifests.read(FOLDER, FILE)
    simulate = functools.partial(case, manifest=manifest)
    several = {"processes": arguments.threads}
    seeds = range(TRAINING, TRAINING + arguments.cases)
    training = cases.read(cases.make(arguments.folder, "train", seeds, simulate, **several))
    seeds = range(VALIDATION, VALIDATION + arguments.cases // 8)
    validation = cases.read(cases.make(arguments.folder, "valid", seeds, simulate, **several))
    network = loop.train(
        Network(len(_labels(manifest))),
        lambda _: _batches(training),
        _loss,
        checkpoint=arguments.folder / "checkpoint.pt",
        seconds=arguments.minutes * 60,
        rate=2e-3,
        seed=7,
        threads=arguments.threads,
    )
    _release(network, validation, manifest)
    return 0


def _labels(manifest: Manifest) -> list[str]:
    return [label.name for label in manifest.output.label] if manifest.output else []


def _batches(training: Mapping[str, Any]) -> Iterator[dict[str, Tensor]]:
    """One pass, shuffled, with other tones each time."""
    order = torch.randperm(len(training["image"]))
    for rows in order[: len(order) // BATCH * BATCH].split(BATCH):
        image = torch.from_numpy(training["image"][rows.numpy()])[:, None].float() / 255
        gamma = torch.empty(len(rows), 1, 1, 1).uniform_(0.6, 1.6)
        image = image**gamma + torch.randn(image.shape) * 0.02
        truth = {
            name: torch.from_numpy(training[name][rows.numpy()]) for name in ("present", "cells")
        }
        yield {"image": image, **truth}


def _loss(network: nn.Module, batch: Mapping[str, Tensor]) -> Tensor:
    whole, location = network(batch["image"])
    entropy = functional.binary_cross_entropy_with_logits
    places = entropy(location.float(), batch["cells"], 1 + 5 * batch["cells"])
    return entropy(whole.float(), batch["present"]) + places


def _release(network: nn.Module, validation: Mapping[str, Any], manifest: Manifest) -> None:
    """The ONNX file, its SHA-256 and thresholds in the manifest, and the golden case."""
    module = Probabilities(network)
    names = ["probability", "location"]
    images = torch.from_numpy(validation["image"])[:, None].float() / 255
    dynamic = {name: {0: "batch"} for name in ("image", *names)}
    export.onnx(module, {"image": images[:4]}, names, FOLDER / "model.onnx", dynamic=dynamic)
    with torch.no_grad():
        said = torch.cat([module(part)[0] for part in images.split(64)]).numpy()
    for number, name in enumerate(_labels(manifest)):
        truth = validation["present"][:, number] > 0
        chosen = float(np.quantile(said[truth, number], 1 - SENSITIVITY))
        release.threshold(FOLDER, name, FILE, threshold=round(chosen, 3))
    release.weights(FOLDER, FILE)
    pixels = chest.make(GOLDEN, scanner=FOR_TRAINING[0], size=256).pixels
    tensor = torch.from_numpy(prepare(Image(pixels.astype(np.float32)), manifest.input.step).tensor)
    with torch.no_grad():
        outputs = dict(zip(names, (one.numpy() for one in module(tensor)), strict=True))
    release.golden(FOLDER, manifest, pixels, outputs)


if __name__ == "__main__":
    raise SystemExit(main())
