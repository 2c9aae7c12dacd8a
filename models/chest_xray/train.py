"""Train the model on simulated radiographs and export it: `python -m models.chest_xray.train`.

Needs the extra `train` (torch, MONAI, onnx). Everything is drawn from seeds; cases and
checkpoints lie in a folder, and a training that was stopped goes on from there.
"""

import argparse
import multiprocessing
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import torch
from monai.metrics import compute_roc_auc
from monai.utils import set_determinism
from torch import Tensor, nn
from torch.nn import functional

from models import manifest as manifests
from models.chest_xray import region, release
from models.chest_xray.augment import foreign, varied
from models.chest_xray.cases import LABELS, store
from models.chest_xray.evaluate import FOLDER, run, session, simulated
from models.chest_xray.network import ChestNetwork, Probabilities
from models.steps import Image, prepare
from simulator import chest
from simulator.scanners import FOR_TRAINING

SHARD: Final = 200  #: cases a file
TRAINING, VALIDATION = 10_000_000, 1_000_000  #: first seeds; evaluations use others
REFERENCE, GOLDEN = 3_000_000, 3_500_001
REFERENCES: Final = 300
BATCH: Final = 32
FOREIGN: Final = 6  #: images of a batch that are made into no chest
RATE: Final = 2.5e-3
KEPT: Final = 0.995  #: of the averaged weights, each step
#: How much the map counts, by label: small things fill few cells.
LABEL: Final = torch.tensor([1.0, 1.0, 2.0, 5.0, 1.0])[:, None, None]
COVERED: Final = torch.tensor([3.0, 3.0, 4.0, 12.0, 3.0])[:, None, None]  #: and where it is

Cases = tuple[Tensor, Tensor, Tensor]


def main(argv: list[str] | None = None) -> int:
    """Make the cases that are missing, train for so many minutes, export."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("var/training/chest_xray"))
    parser.add_argument("--cases", type=int, default=6400)
    parser.add_argument("--validation", type=int, default=600)
    parser.add_argument("--minutes", type=float, default=18.0)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args(argv)
    torch.set_num_threads(arguments.threads)
    set_determinism(7)
    folder: Path = arguments.folder
    make(folder, arguments.cases, arguments.validation, arguments.threads)
    training = read(sorted(folder.glob("train*.npz"))[: arguments.cases // SHARD])
    validation = read(sorted(folder.glob("valid*.npz")))
    network = train(training, validation, folder / "checkpoint.pt", arguments.minutes * 60)
    region.fit(network, training[0])
    export(network, FOLDER / "model.onnx")
    finish(validation)
    return 0


def make(folder: Path, cases: int, validation: int, processes: int) -> None:
    """Simulate the files that are not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [("train", n, TRAINING) for n in range(cases // SHARD)]
    wanted += [("valid", n, VALIDATION) for n in range(validation // SHARD)]
    missing = [(folder / f"{kind}{n:04}.npz", first + n * SHARD) for kind, n, first in wanted]
    missing = [job for job in missing if not job[0].exists()]
    if not missing:
        return
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for number, path in enumerate(pool.imap_unordered(_shard, missing), start=1):
            print(f"cases: {number} of {len(missing)} files, {path.name}", flush=True)


def _shard(job: tuple[Path, int]) -> Path:
    path, first = job
    store([one for one, _ in simulated(range(first, first + SHARD), FOR_TRAINING)], path)
    return path


def read(paths: list[Path]) -> Cases:
    """`image` uint8 (n, 320, 320), `cells` uint8 (n, 5, 40, 40), `present` (n, 5)."""
    files = [np.load(path, allow_pickle=False) for path in paths]
    image, cells, present = (
        torch.from_numpy(np.concatenate([file[name] for file in files]))
        for name in ("image", "cells", "present")
    )
    return image, cells, present


def train(training: Cases, validation: Cases, checkpoint: Path, seconds: float) -> ChestNetwork:
    """Train until the time is over; the rate falls with it. Returns the averaged weights."""
    network = ChestNetwork().to(memory_format=torch.channels_last)
    average = torch.optim.swa_utils.AveragedModel(
        network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(KEPT), use_buffers=True
    )
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=0.02)
    spent = _resume(checkpoint, network, average, optimiser)
    epoch = 0
    while spent < seconds:
        epoch, begun, total = epoch + 1, time.monotonic(), 0.0
        for steps, batch in enumerate(_batches(training), start=1):
            share = (spent + time.monotonic() - begun) / seconds
            if share >= 1:
                break
            rate = RATE * min(1.0, share / 0.03 + 0.05) * (1 + np.cos(np.pi * share)) / 2
            optimiser.param_groups[0]["lr"] = float(rate) + 1e-6
            total += _step(network, optimiser, batch)
            average.update_parameters(network)
            if steps % 20 == 0:
                print(f"\r{share:6.1%} epoch {epoch} loss {total / steps:.4f}", end="", flush=True)
        spent += time.monotonic() - begun
        state = {"network": network, "average": average, "optimiser": optimiser}
        torch.save(
            {name: part.state_dict() for name, part in state.items()} | {"spent": spent}, checkpoint
        )
        print(f" validation {_areas(average.module, validation)}", flush=True)
    average.module.eval()
    module: ChestNetwork = average.module
    return module


def _resume(
    checkpoint: Path, network: nn.Module, average: nn.Module, optimiser: torch.optim.Optimizer
) -> float:
    """Load a checkpoint where there is one; the seconds already spent."""
    if not checkpoint.exists():
        return 0.0
    state = torch.load(checkpoint, weights_only=True)
    network.load_state_dict(state["network"])
    average.load_state_dict(state["average"])
    optimiser.load_state_dict(state["optimiser"])
    return float(state["spent"])


def _batches(cases: Cases) -> Iterator[Cases]:
    """Shuffled, varied batches; the last `FOREIGN` images of each are no chests."""
    image, cells, present = cases
    order = torch.randperm(len(image))
    for chosen in order[: len(order) // BATCH * BATCH].split(BATCH):
        planes = image[chosen, None].float() / 255
        planes, places = varied(planes, (cells[chosen].float() / 255 * 2).clamp(max=1))
        planes[-FOREIGN:] = foreign(planes[-FOREIGN:])
        yield planes, places, present[chosen].float()


def _step(network: ChestNetwork, optimiser: torch.optim.Optimizer, batch: Cases) -> float:
    planes, places, present = batch
    network.train()
    with torch.autocast("cpu", torch.bfloat16):
        whole, place, recognised = network(planes.to(memory_format=torch.channels_last))
    chests = slice(0, len(planes) - FOREIGN)
    is_chest = torch.zeros_like(recognised, dtype=torch.float32)
    is_chest[chests] = 1
    loss = functional.binary_cross_entropy_with_logits(whole[chests].float(), present[chests])
    weight = (1 + COVERED * places[chests]) * LABEL
    loss = loss + 2 * functional.binary_cross_entropy_with_logits(
        place[chests].float(), places[chests], weight
    )
    loss = loss + 0.3 * functional.binary_cross_entropy_with_logits(recognised.float(), is_chest)
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(network.parameters(), 2.0)
    optimiser.step()
    return float(loss.detach())


def _areas(network: nn.Module, cases: Cases) -> str:
    """The area under the ROC curve of each label."""
    network.eval()
    image, _, present = cases
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        scores = torch.cat([network(part[:, None].float() / 255)[0] for part in image.split(64)])
    areas = [
        float(np.mean(compute_roc_auc(scores[:, n].float(), present[:, n])))
        for n in range(len(LABELS))
    ]
    told = zip(LABELS, areas, strict=True)
    return " ".join(f"{name} {area:.3f}" for name, area in told)


def export(network: ChestNetwork, path: Path) -> None:
    """Write one ONNX file: `image` to `probability`, `location` and `region`."""
    module = Probabilities(network.float().to(memory_format=torch.contiguous_format)).eval()
    names = ["probability", "location", "region"]
    torch.onnx.export(
        module,
        (torch.zeros(2, 1, 320, 320),),
        str(path),
        input_names=["image"],
        output_names=names,
        dynamic_axes={name: {0: "batch"} for name in ("image", *names)},
        dynamo=False,
    )


def finish(validation: Cases) -> None:
    """Thresholds into the manifest, the golden case and the reference beside it."""
    network = session(manifests.read(FOLDER))
    image, cells, present = (part.numpy() for part in validation)
    tensors = image[:, None].astype(np.float32) / np.float32(255)
    parts = [run(network, one) for one in np.split(tensors, len(tensors))]
    probability = np.concatenate([part["probability"] for part in parts])
    location = np.concatenate([part["location"] for part in parts])
    chosen = release.thresholds(present > 0, probability)
    release.write_manifest(
        FOLDER, chosen, release.places(present > 0, cells / np.float32(255), location)
    )
    seeds = range(REFERENCE, REFERENCE + REFERENCES)
    told = [(run(network, one.tensor), truth) for one, truth in simulated(seeds, FOR_TRAINING)]
    said = np.concatenate([outputs["probability"] for outputs, _ in told])
    ages = [truth.age for _, truth in told]
    release.write_reference(FOLDER, said, chosen, ages, "simulated, makers seen in training")
    made = chest.make(GOLDEN, scanner=FOR_TRAINING[0])
    ready = prepare(Image(made.pixels.astype(np.float32)), manifests.read(FOLDER).input.step)
    release.write_golden(FOLDER, made.pixels, run(network, ready.tensor))


if __name__ == "__main__":
    raise SystemExit(main())
