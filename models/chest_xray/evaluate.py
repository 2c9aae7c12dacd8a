"""How well the model does on simulated radiographs that it was not trained on.

`python -m models.chest_xray.evaluate [--json]`. Goes the way of a worker: the manifest's
steps, ONNX Runtime, the head, its findings. Needs no torch.
"""

import argparse
import dataclasses
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from models import heads
from models import manifest as manifests
from models.chest_xray import scores
from models.chest_xray.cases import LABELS, Case, case
from models.heads import Place
from models.manifest import Manifest
from simulator import chest
from simulator.scanners import HELD_OUT, SCANNERS

FOLDER: Final = Path(__file__).parent
SEED: Final = 2_000_000  #: neither training nor the choice of thresholds has seen these
ON_IT: Final = 0.2  #: a region is right if this share of its cells is on the true finding
COVERED: Final = 0.05  #: a cell belongs to the true finding from this share on
AGES: Final = ((18, 40), (40, 65), (65, 120))


@dataclasses.dataclass(frozen=True, slots=True)
class Reading:
    """What the model said of one image; arrays run over the labels."""

    truth: chest.Truth
    present: NDArray[np.bool_]
    probability: NDArray[np.float32]
    found: NDArray[np.bool_]  #: a region lies on the true finding
    false: NDArray[np.int_]  #: number of regions that lie on none
    accepted: bool

    def group(self) -> Mapping[str, str]:
        """The subgroups that the image belongs to."""
        age = next(f"{low}–{high}" for low, high in AGES if low <= self.truth.age < high)
        held = "held out" if self.truth.scanner in HELD_OUT else "seen in training"
        return {
            "age": age, "sex": self.truth.sex, "view": self.truth.view,
            "scanner": self.truth.scanner, "scanners": held,
        }  # fmt: skip


def evaluate(count: int = 500, seed: int = SEED, size: int = 320) -> dict[str, Any]:
    """Figures for `count` images of `size` rows from `seed` on, as plain data."""
    return summary(list(readings(range(seed, seed + count), tuple(SCANNERS), size)))


def simulated(
    seeds: Iterable[int], scanners: tuple[str, ...], size: int = 320
) -> Iterator[tuple[Case, chest.Truth]]:
    """The case and the truth of every seed, from the scanners in turn."""
    manifest = manifests.read(FOLDER)
    for seed in seeds:
        image = chest.make(seed, scanner=scanners[seed % len(scanners)], size=size)
        yield case(image.pixels, image.masks, manifest), image.truth


def readings(seeds: Iterable[int], scanners: tuple[str, ...], size: int = 320) -> Iterator[Reading]:
    """Run the model in this folder on simulated images."""
    manifest = manifests.read(FOLDER)
    network = session(manifest)
    for one, truth in simulated(seeds, scanners, size):
        yield reading(one, truth, run(network, one.tensor), manifest)


def session(manifest: Manifest) -> onnxruntime.InferenceSession:
    """The network on the CPU."""
    return onnxruntime.InferenceSession(
        FOLDER / manifest.weights[0].file, providers=["CPUExecutionProvider"]
    )


def run(
    network: onnxruntime.InferenceSession, tensor: NDArray[np.float32]
) -> dict[str, NDArray[np.float32]]:
    """The outputs by name."""
    names = [output.name for output in network.get_outputs()]
    return dict(zip(names, network.run(names, {"image": tensor}), strict=True))


def reading(
    one: Case, truth: chest.Truth, outputs: Mapping[str, NDArray[np.float32]], manifest: Manifest
) -> Reading:
    """Compare the head's findings with the masks, in cells of the location map."""
    found, false = np.zeros(len(LABELS), bool), np.zeros(len(LABELS), int)
    assert manifest.output is not None
    codes = [label.code.value for label in manifest.output.label]
    for finding in heads.findings(outputs, manifest, Place("1", one.geometry)):
        if finding.region is None:
            continue
        label = codes.index(finding.code.value)
        points = one.geometry.to_input(np.array(finding.region.points))
        inside = scores.inside(points, one.cells.shape[1:], one.tensor.shape[2])
        on_it = (one.cells[label] >= COVERED)[inside]
        right = bool(on_it.size) and on_it.mean() >= ON_IT
        found[label] |= right
        false[label] += not right
    accepted = heads.decline(outputs, manifest) is None
    return Reading(truth, one.present, outputs["probability"][0], found, false, accepted)


def summary(read: list[Reading]) -> dict[str, Any]:
    """The figures of all images, by label and by subgroup."""
    labels = {name: _label(read, number) for number, name in enumerate(LABELS)}
    groups: dict[str, dict[str, Any]] = {}
    for kind in read[0].group():
        for value in sorted({one.group()[kind] for one in read}):
            part = [one for one in read if one.group()[kind] == value]
            groups[f"{kind} {value}"] = _short(part)
    return {
        "images": len(read),
        "labels": labels,
        "false_positives_per_image": float(np.mean([one.false.sum() for one in read])),
        "accepted": float(np.mean([one.accepted for one in read])),
        "groups": groups,
        "subtlety": {name: _by_subtlety(read, name) for name in LABELS},
    }


def _label(read: list[Reading], number: int) -> dict[str, Any]:
    manifest = manifests.read(FOLDER)
    assert manifest.output is not None
    truth = np.array([one.present[number] for one in read])
    score = np.array([one.probability[number] for one in read])
    said = score >= manifest.output.label[number].threshold
    found = np.array([one.found[number] for one in read])
    false = np.array([one.false[number] for one in read])
    return {
        "positive": int(truth.sum()),
        "auc": scores.interval(scores.auc, truth, score),
        "sensitivity": scores.interval(scores.share, truth, said),
        "specificity": scores.interval(scores.share, ~truth, ~said),
        "localised": scores.interval(scores.share, truth, found),
        "false_positives_per_image": float(false.mean()),
    }


def _short(read: list[Reading]) -> dict[str, Any]:
    """The mean over the labels, for a subgroup."""
    truth = np.array([one.present for one in read])
    score = np.array([one.probability for one in read])
    areas = [scores.auc(truth[:, n], score[:, n]) for n in range(len(LABELS))]
    return {
        "images": len(read),
        "auc": float(np.nanmean(areas)),
        "localised": scores.share(truth.ravel(), np.array([one.found for one in read]).ravel()),
        "false_positives_per_image": float(np.mean([one.false.sum() for one in read])),
    }


def _by_subtlety(read: list[Reading], name: str) -> dict[str, list[float]]:
    """(number, share localised) in each third of the subtlety."""
    number = LABELS.index(name)
    told: dict[str, list[float]] = {}
    for third, words in enumerate(("obvious", "moderate", "subtle")):
        hits = [
            bool(one.found[number])
            for one in read
            for finding in one.truth.findings
            if finding.name == name and third <= min(finding.subtlety * 3, 2.999) < third + 1
        ]
        told[words] = [len(hits), float(np.mean(hits)) if hits else float("nan")]
    return told


def main(argv: list[str] | None = None) -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m models.chest_xray.evaluate")
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--size", type=int, default=320, help="rows of the simulated images")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args(argv)
    told = evaluate(arguments.count, arguments.seed, arguments.size)
    print(json.dumps(told, ensure_ascii=False) if arguments.json else scores.table(told))
    return 0


if __name__ == "__main__":
    sys.exit(main())
