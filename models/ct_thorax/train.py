# ruff: noqa: PLR2004 - shares of what is varied, each used once
"""Train both networks on simulated chests and export them: `python -m models.ct_thorax.train`.

Needs the extra `train` (torch, onnx). Everything is drawn from seeds; cases and the
checkpoints lie in a folder, and a training that was stopped goes on from there.
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
from models.ct_thorax import settle, typical
from models.ct_thorax.augment import draw, scanned
from models.ct_thorax.network import LungNetwork, Lungs, NoduleNetwork, Nodules
from models.ct_thorax.targets import lung_loss, nodule_loss
from models.training import cases, embedding, export, loop, standard
from simulator.ct import cases as simulated

FOLDER: Final = Path(__file__).parent
CHESTS, CROPS = 10_000_000, 20_000_000  #: first seeds; evaluations use others
SHARD: Final = 10
CHECKED: Final = 10  #: thoraces that are kept for the checks on the way
CHEST_SIDES: Final = (96, 80, 112)
CROP_SIDE: Final = 48
BATCHES: Final = {"lungs": 2, "nodules": 16}
RATES: Final = {"lungs": 2e-3, "nodules": 2e-3}

Arrays = dict[str, NDArray[Any]]


def main(argv: list[str] | None = None) -> int:
    """Make the cases that are missing, train both for so many minutes, export."""
    parser = argparse.ArgumentParser(prog="python -m models.ct_thorax.train")
    parser.add_argument("--folder", type=Path, default=Path("var/training/ct_thorax"))
    parser.add_argument("--chests", type=int, default=200)
    parser.add_argument("--thoraces", type=int, default=150)
    parser.add_argument("--minutes", type=float, nargs=2, default=(12.0, 28.0))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--validation", type=int, default=24)
    parser.add_argument("--only", choices=["lungs", "nodules"])
    arguments = parser.parse_args(argv)
    lungs, nodules = arguments.minutes
    if arguments.only != "nodules":
        train_lungs(arguments.folder, arguments.chests, lungs * 60, arguments.threads)
    if arguments.only != "lungs":
        train_nodules(arguments.folder, arguments.thoraces, nodules * 60, arguments.threads)
    if arguments.only is None:
        settled(arguments.folder, arguments.validation, arguments.threads)
    return 0


def settled(folder: Path, count: int, threads: int) -> None:
    """Thresholds from `count` scans, golden cases and reference: see `settle`."""
    chest, crop = (
        cases.read(cases.make(folder, kind, range(first, first + shard), make, shard=shard))
        for kind, first, shard, make in (
            ("chest", CHESTS, 2 * SHARD, simulated.chest),
            ("crops", CROPS, SHARD, simulated.crops),
        )
    )
    settle.finish(chest, crop, count, threads)
    standard.write(FOLDER, typical.embeddings(count, threads))


def train_lungs(folder: Path, count: int, seconds: float, threads: int) -> None:
    """Cases, training and export of the lung network."""
    seeds = range(CHESTS, CHESTS + count)
    stock = cases.read(
        cases.make(folder, "chest", seeds, simulated.chest, processes=threads, shard=2 * SHARD)
    )
    kept = {name: array[-CHECKED:] for name, array in stock.items()}
    given = {name: array[:-CHECKED] for name, array in stock.items()}
    network = loop.train(
        LungNetwork(), lambda _: chests(given), _lung_loss, checkpoint=folder / "lungs.pt",
        seconds=seconds, rate=RATES["lungs"], seed=7, threads=threads, check=_lung_check(kept),
        kept=0.99,
    )  # fmt: skip
    image = next(chests(given))[0][:1]
    axes = {2: "z", 3: "y", 4: "x"}
    export.onnx(
        Lungs(network), {"image": image}, ["share"], FOLDER / "lungs.onnx",
        dynamic={"image": axes, "share": axes}, also=[{"image": image[:, :, :64, :64, :96]}],
    )  # fmt: skip


def train_nodules(folder: Path, count: int, seconds: float, threads: int) -> None:
    """Cases, training and export of the nodule network."""
    seeds = range(CROPS, CROPS + count)
    stock = cases.read(
        cases.make(folder, "crops", seeds, simulated.crops, processes=threads, shard=SHARD)
    )
    stock = {name: array.reshape(-1, *array.shape[2:]) for name, array in stock.items()}
    last = CHECKED * simulated.CROPS
    kept = {name: array[-last:] for name, array in stock.items()}
    given = {name: array[:-last] for name, array in stock.items()}
    network = loop.train(
        NoduleNetwork(), lambda _: crops(given), _nodule_loss, checkpoint=folder / "nodules.pt",
        seconds=seconds, rate=RATES["nodules"], seed=8, threads=threads,
        check=_nodule_check(kept), kept=0.99,
    )  # fmt: skip
    image = next(crops(given))[0][:1]
    axes = {2: "z", 3: "y", 4: "x"}
    also = [{"image": torch.nn.functional.pad(image, (0, 16, 0, 8, 0, 24))}]
    export.onnx(
        Nodules(network), {"image": image}, ["heat", "diameter"], FOLDER / "nodules.onnx",
        dynamic={"image": axes, "heat": axes, "diameter": axes}, also=also,
    )  # fmt: skip
    embedding.expose(FOLDER / "nodules.onnx", "heat")


def _lung_loss(network: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
    return lung_loss(network(batch[0]), batch[1])


def _nodule_loss(network: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
    heat, size = network(batch[0])
    return nodule_loss(heat, size, batch[1])


def _random() -> np.random.Generator:
    """Follows torch's generator, which the loop seeds for every epoch."""
    return np.random.default_rng(int(torch.randint(2**31, (1,))))


def chests(stock: Arrays) -> Iterator[tuple[Tensor, Tensor]]:
    """One pass: images (n, 1, z, y, x) and labels (n, z, y, x) of shifted parts of the chests."""
    rng = _random()
    order = rng.permutation(len(stock["image"]))
    for first in range(0, len(order) - BATCHES["lungs"] + 1, BATCHES["lungs"]):
        made = [
            _chest(stock["image"][n], stock["label"][n], rng)
            for n in order[first : first + BATCHES["lungs"]]
        ]
        yield (
            torch.from_numpy(np.stack([image for image, _ in made])[:, None]),
            torch.from_numpy(np.stack([label for _, label in made]).astype(np.int64)),
        )


def _chest(
    image: NDArray[np.uint8], label: NDArray[np.uint8], rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Enlarged or reduced by up to an eighth, cut out, scanned."""
    places = []
    for whole, side in zip(image.shape, CHEST_SIDES, strict=True):
        step = float(rng.uniform(0.88, 1.06)) if rng.random() < 0.7 else 1.0
        first = float(rng.uniform(-4, whole - side * step + 4))
        places.append(np.clip(np.rint(first + step * np.arange(side)), 0, whole - 1).astype(int))
    index = np.ix_(*places)
    return scanned(image[index], simulated.CHEST_MM, draw(rng), rng), label[index]


def crops(stock: Arrays) -> Iterator[tuple[Tensor, Tensor]]:
    """One pass: images (n, 1, z, y, x) and truths (n, 5), cut out, scanned, mirrored, turned."""
    rng = _random()
    order = rng.permutation(len(stock["image"]))
    for first in range(0, len(order) - BATCHES["nodules"] + 1, BATCHES["nodules"]):
        made = [
            _crop(stock["image"][n], stock["truth"][n], rng)
            for n in order[first : first + BATCHES["nodules"]]
        ]
        yield (
            torch.from_numpy(np.stack([image for image, _ in made])[:, None]),
            torch.from_numpy(np.stack([truth for _, truth in made])),
        )


def _crop(
    image: NDArray[np.uint8], truth: NDArray[np.float32], rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    first = rng.integers(0, np.array(image.shape) - CROP_SIDE + 1)
    z, y, x = (slice(int(n), int(n) + CROP_SIDE) for n in first)
    made = scanned(image[z, y, x], simulated.CROP_MM, draw(rng), rng)
    place = truth[:3] - first
    for axis in range(3):
        if rng.random() < 0.5:
            made = np.flip(made, axis)
            place[axis] = CROP_SIDE - 1 - place[axis]
    if rng.random() < 0.5:
        made, place = made.transpose(0, 2, 1), place[[0, 2, 1]]
    return np.ascontiguousarray(made), np.concatenate([place, truth[3:]]).astype(np.float32)


def _lung_check(stock: Arrays) -> Callable[[nn.Module], str]:
    torch.manual_seed(3)
    batches = list(chests(stock))

    def check(network: nn.Module) -> str:
        counts = np.zeros((3, 4))
        for image, label in batches:
            found = network(image).argmax(1)
            for name in range(4):
                one, other = found == name, label == name
                counts[:, name] += [int((one & other).sum()), int(one.sum()), int(other.sum())]
        dice = 2 * counts[0] / np.maximum(counts[1] + counts[2], 1)
        return "Dice left {1:.3f} right {2:.3f} fluid {3:.3f}".format(*dice)

    return check


def _nodule_check(stock: Arrays) -> Callable[[nn.Module], str]:
    torch.manual_seed(4)
    batches = list(crops(stock))

    def check(network: nn.Module) -> str:
        there, tops, gaps = [], [], []
        for image, truth in batches:
            heat, size = network(image)
            flat = torch.sigmoid(heat.float()).flatten(1)
            tops.append(flat.amax(1).numpy())
            there.append(truth[:, 3].numpy() > 4)
            best = flat.argmax(1)[:, None]
            found = torch.exp(size.float().flatten(1).gather(1, best))[:, 0]
            gaps.append((found - truth[:, 4]).abs()[truth[:, 3] > 4].numpy())
        area = scores.auc(np.concatenate(there), np.concatenate(tops))
        return f"AUC {area:.3f} diameter error {np.median(np.concatenate(gaps)):.2f} mm"

    return check


if __name__ == "__main__":
    raise SystemExit(main())
