"""How well the model does on simulated radiographs that it was not trained on.

`varde models evaluate chest_xray [--json] [--write-card]`. Goes the way of a worker: the
manifest's steps, ONNX Runtime, the head, its findings. Needs no torch.
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

from models import card, heads, scores
from models import manifest as manifests
from models.chest_xray import report
from models.chest_xray.cases import LABELS, SIZE, Case, case
from models.chest_xray.judge import judge
from models.heads import Place
from models.manifest import Manifest
from simulator import chest
from simulator.scanners import HELD_OUT, SCANNERS

FOLDER: Final = Path(__file__).parent
SEED: Final = 2_000_000  #: neither training nor the choice of thresholds has seen these
AGES: Final = ((18, 40), (40, 65), (65, 120))
LATERALS: Final = 60


@dataclasses.dataclass(frozen=True, slots=True)
class Reading:
    """What the model said of one image; arrays run over the labels."""

    truth: chest.Truth
    present: NDArray[np.bool_]
    probability: NDArray[np.float32]
    right: NDArray[np.bool_]  #: a region lies on the true finding
    false: NDArray[np.int_]  #: number of regions that lie on none
    parts: NDArray[np.int_]  #: separate parts of the true finding: single nodules
    found: NDArray[np.int_]  #: those that a region lies on
    accepted: bool

    def group(self) -> Mapping[str, str]:
        """The subgroups that the image belongs to."""
        age = next(f"{low}–{high}" for low, high in AGES if low <= self.truth.age < high)
        held = "held out" if self.truth.scanner in HELD_OUT else "seen in training"
        return {
            "age": age, "sex": self.truth.sex, "view": self.truth.view,
            "devices": "some" if self.truth.devices else "none",
            "scanner": self.truth.scanner, "scanners": held,
        }  # fmt: skip


def evaluate(
    count: int = 700,
    seed: int = SEED,
    size: int = SIZE,
    **changed: Any,  # noqa: ANN401
) -> dict[str, Any]:
    """Figures for `count` images of `size` rows from `seed` on, as plain data.

    `changed`: further arguments of `simulator.chest.make` (prevalence, subtler).
    """
    read = list(readings(range(seed, seed + count), tuple(SCANNERS), size, **changed))
    return summary(read)


def simulated(
    seeds: Iterable[int],
    scanners: tuple[str, ...],
    size: int = SIZE,
    **changed: Any,  # noqa: ANN401
) -> Iterator[tuple[Case, chest.Truth]]:
    """The case and the truth of every seed, from the scanners in turn."""
    manifest = manifests.read(FOLDER)
    for seed in seeds:
        image = chest.make(seed, scanner=scanners[seed % len(scanners)], size=size, **changed)
        yield case(image.pixels, image.masks, manifest), image.truth


def readings(
    seeds: Iterable[int],
    scanners: tuple[str, ...],
    size: int = SIZE,
    **changed: Any,  # noqa: ANN401
) -> Iterator[Reading]:
    """Run the model in this folder on simulated images."""
    manifest = manifests.read(FOLDER)
    network = session(FOLDER)
    for one, truth in simulated(seeds, scanners, size, **changed):
        yield reading(one, truth, run(network, one.tensor), manifest)


def laterals(count: int = LATERALS, seed: int = SEED) -> float:
    """The share of simulated lateral images that the region check accepts."""
    manifest, network = manifests.read(FOLDER), session(FOLDER)
    seeds = range(seed, seed + count)
    return float(np.mean([
        heads.decline(run(network, one.tensor), manifest) is None
        for one, _ in simulated(seeds, tuple(SCANNERS), view="LL")
    ]))  # fmt: skip


def session(folder: Path, threads: int = 0) -> onnxruntime.InferenceSession:
    """The network in `folder`, on the CPU; on as many threads as there are cores where 0."""
    path = folder / manifests.read(folder).weights[0].file
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


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
    assert manifest.output is not None
    said = heads.findings(outputs, manifest, Place("1", one.geometry))
    judged = [
        judge(
            [finding for finding in said if finding.code.value == label.code.value],
            cells,
            one.geometry,
            SIZE,
        )
        for label, cells in zip(manifest.output.label, one.cells, strict=True)
    ]
    return Reading(
        truth, one.present, outputs["probability"][0],
        np.array([label.right > 0 for label in judged]),
        np.array([label.false for label in judged]),
        np.array([label.parts for label in judged]),
        np.array([label.found for label in judged]),
        heads.decline(outputs, manifest) is None,
    )  # fmt: skip


def summary(read: list[Reading]) -> dict[str, Any]:
    """The figures of all images, by label and by subgroup."""
    return {
        "images": len(read),
        "any": _any(read),
        "labels": {name: _label(read, number) for number, name in enumerate(LABELS)},
        "false_positives_per_image": float(np.mean([one.false.sum() for one in read])),
        "accepted": scores.wilson(sum(one.accepted for one in read), len(read)),
        "groups": scores.subgroups(
            [one.group() for one in read], lambda rows: _short([read[row] for row in rows])
        ),
        "subtlety": {name: _by_subtlety(read, name) for name in LABELS},
    }


def _any(read: list[Reading]) -> dict[str, Any]:
    """The image as a whole: any finding against none, and findings of all kinds localised.

    An image's score is that of the label furthest above its threshold, in logits: at 0 lies
    what the algorithm calls "no finding".
    """
    manifest = manifests.read(FOLDER)
    assert manifest.output is not None
    limits = np.array([label.threshold for label in manifest.output.label])
    truth = np.array([one.present for one in read])
    said = np.array([one.probability for one in read], np.float64).clip(1e-6, 1 - 1e-6)
    above = (np.log(said / (1 - said)) - np.log(limits / (1 - limits))).max(1)
    some: NDArray[np.bool_] = np.asarray(truth.any(1), np.bool_)
    wanted, found = truth.sum(1), np.array([(one.right & one.present).sum() for one in read])
    return {
        "positive": int(some.sum()),
        "auc": scores.interval(scores.auc, some, above),
        "sensitivity": scores.interval(scores.share, some, above >= 0),
        "specificity": scores.interval(scores.share, ~some, above < 0),
        "findings": int(wanted.sum()),
        "localised": scores.interval(lambda a, b: float(b.sum() / max(a.sum(), 1)), wanted, found),
    }


def _label(read: list[Reading], number: int) -> dict[str, Any]:
    manifest = manifests.read(FOLDER)
    assert manifest.output is not None
    truth = np.array([one.present[number] for one in read])
    score = np.array([one.probability[number] for one in read])
    said = score >= manifest.output.label[number].threshold
    right = np.array([one.right[number] for one in read])
    parts, found = (
        np.array([getattr(one, name)[number] for one in read]) for name in ("parts", "found")
    )
    return {
        "positive": int(truth.sum()),
        "auc": scores.interval(scores.auc, truth, score),
        "sensitivity": scores.interval(scores.share, truth, said),
        "specificity": scores.interval(scores.share, ~truth, ~said),
        "localised": scores.interval(scores.share, truth, right),
        "parts": int(parts.sum()),
        "parts_found": scores.interval(lambda a, b: float(b.sum() / max(a.sum(), 1)), parts, found),
        "false_positives_per_image": float(np.mean([one.false[number] for one in read])),
    }


def _short(read: list[Reading]) -> dict[str, Any]:
    """The mean over the labels, for a subgroup."""
    truth = np.array([one.present for one in read])
    score = np.array([one.probability for one in read])
    areas = [scores.auc(truth[:, n], score[:, n]) for n in range(len(LABELS))]
    return {
        "auc": float(np.nanmean(areas)),
        "localised": scores.share(truth.ravel(), np.array([one.right for one in read]).ravel()),
        "false_positives_per_image": float(np.mean([one.false.sum() for one in read])),
    }


def _by_subtlety(read: list[Reading], name: str) -> dict[str, tuple[int, float]]:
    """(images, share localised) in each third of the subtlety."""
    number = LABELS.index(name)
    told: dict[str, tuple[int, float]] = {}
    for third, words in enumerate(("obvious", "moderate", "subtle")):
        hits = [
            bool(one.right[number])
            for one in read
            for subtlety in {f.subtlety for f in one.truth.findings if f.name == name}
            if third <= min(subtlety * 3, 2.999) < third + 1
        ]
        told[words] = (len(hits), float(np.mean(hits)) if hits else float("nan"))
    return told


def main(argv: list[str] | None = None) -> int:
    """Print the figures, or write them into the card."""
    parser = argparse.ArgumentParser(prog="varde models evaluate chest_xray")
    parser.add_argument("--count", type=int, default=700)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--size", type=int, default=SIZE, help="rows of the simulated images")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write-card", action="store_true", help="put the tables into card.md")
    arguments = parser.parse_args(argv)
    told = evaluate(arguments.count, arguments.seed, arguments.size)
    told["laterals_accepted"] = laterals()
    print(json.dumps(told, ensure_ascii=False) if arguments.json else report.block(told))
    if arguments.write_card:
        card.write(FOLDER, report.block(told))
    return 0


if __name__ == "__main__":
    sys.exit(main())
