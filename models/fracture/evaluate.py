"""How well the model does on simulated radiographs that it was not trained on.

`python -m models.fracture.evaluate [--count N] [--json] [--write-card] [--real FOLDER]`. Goes
the way of a worker: the manifest's steps, ONNX Runtime, the head, its findings. No torch.
"""

import argparse
import dataclasses
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from core.domain.finding import Finding
from models import card, heads, scores
from models.fracture import report
from models.fracture.cases import FOLDER, SITES, VIEWS, contract, ready
from models.fracture.settle import run, session
from models.heads import Outputs, Place
from models.heads.boxes import suppress
from models.manifest import Manifest
from simulator import chest
from simulator.scanners import SCANNERS as CHEST
from simulator.wrist import radiograph
from simulator.wrist.scanners import HELD_OUT, SCANNERS
from simulator.wrist.truth import TrueFinding, Truth

SEED: Final = 2_000_000  #: neither training nor the choice of thresholds has seen these
FOREIGN: Final = 60  #: images of each kind for the region check
OVERLAP: Final = 0.3  #: a box is right from this intersection over union on
AGES: Final = ((0, 7), (7, 13), (13, 18), (18, 50), (50, 70), (70, 120))
THIRDS: Final = ("obvious", "moderate", "subtle")

Box = tuple[float, float, float, float]


@dataclasses.dataclass(frozen=True, slots=True)
class Read:
    """What the model said of one image. Arrays run over the sites."""

    truth: Truth
    present: NDArray[np.bool_]
    hidden: NDArray[np.bool_]  #: a fracture that this view does not show: not counted
    probability: NDArray[np.float32]
    found: tuple[bool, ...]  #: for each true finding: a reported box lies on it
    false: NDArray[np.int_]  #: reported boxes that lie on none
    accepted: bool
    score: NDArray[np.float32]  #: of every box before thresholds, for the curve
    match: NDArray[np.int_]  #: the true finding that it lies on, -1 for none

    def group(self) -> Mapping[str, str]:
        """The subgroups that the image belongs to."""
        age = next(f"{low}–{high - 1}" for low, high in AGES if low <= self.truth.age < high)
        held = "held out" if self.truth.scanner in HELD_OUT else "seen in training"
        return {
            "age": age, "sex": self.truth.sex, "view": self.truth.view,
            "cast": "yes" if self.truth.has_cast else "no",
            "metal": "yes" if self.truth.has_metal else "no",
            "scanner": self.truth.scanner, "scanners": held,
        }  # fmt: skip


def evaluate(count: int = 700, seed: int = SEED, size: int = 512) -> dict[str, Any]:
    """Figures for `count` images of `size` rows from `seed` on, as plain data."""
    told = summary(list(readings(range(seed, seed + count), size)))
    return told | {"foreign": foreign(range(seed, seed + min(FOREIGN, count)))}


def foreign(seeds: Sequence[int]) -> dict[str, scores.Interval]:
    """The share of other images that the region check accepts, by what they are."""
    manifest, network = contract(), session()
    taken = {"chests": 0, "chests on their side": 0, "negatives of wrists": 0}
    for seed in seeds:
        body = chest.make(seed, scanner=tuple(CHEST)[seed % len(CHEST)], size=320).pixels
        wrist = radiograph.make(seed, scanner=tuple(SCANNERS)[seed % len(SCANNERS)]).pixels
        for name, pixels in zip(taken, (body, body.T, wrist.max() - wrist), strict=True):
            outputs = run(network, ready(pixels, manifest).tensor)
            taken[name] += heads.decline(outputs, manifest) is None
    return {name: scores.wilson(hits, len(seeds)) for name, hits in taken.items()}


def readings(seeds: Iterable[int], size: int = 512) -> Iterator[Read]:
    """Run the model in this folder on simulated images of all makers and views in turn."""
    manifest, network, makers = contract(), session(), tuple(SCANNERS)
    for seed in seeds:
        view = VIEWS[seed // len(makers) % len(VIEWS)]
        image = radiograph.make(seed, scanner=makers[seed % len(makers)], view=view, size=size)
        yield reading(image.pixels, image.truth, network, manifest)


def reading(
    pixels: NDArray[np.uint16],
    truth: Truth,
    network: onnxruntime.InferenceSession,
    manifest: Manifest,
) -> Read:
    """Compare the head's findings with the true boxes."""
    prepared = ready(pixels, manifest)
    outputs = run(network, prepared.tensor)
    place = Place("1", prepared.geometry)
    told = [(box, site) for box, site, _ in boxes(heads.findings(outputs, manifest, place))]
    doubtful = {one.name for one in truth.hidden} - truth.names
    hidden = np.array([site in doubtful for site in SITES])
    found = tuple(any(_right(box, site, one) for box, site in told) for one in truth.findings)
    false = np.zeros(len(SITES), int)
    for box, site in told:
        if not any(_right(box, site, one) for one in truth.findings) and not hidden[site]:
            false[site] += 1
    score, match = _all(outputs, truth, place, hidden)
    return Read(
        truth, np.array([site in truth.names for site in SITES]), hidden,
        outputs["probability"][0], found, false, heads.decline(outputs, manifest) is None,
        score, match,
    )  # fmt: skip


def boxes(findings: Iterable[Finding]) -> Iterator[tuple[Box, int, float]]:
    """Box in pixels of the image, number of the site, and probability of what has a region."""
    output = contract().output
    assert output is not None
    codes = [label.site.value for label in output.label if label.site]
    for finding in findings:
        if finding.region is not None and finding.site is not None:
            yield finding.region.box, codes.index(finding.site.value), finding.probability


def summary(read: list[Read]) -> dict[str, Any]:
    """The figures of all images, by site and by subgroup."""
    groups = scores.subgroups(
        [one.group() for one in read], lambda rows: short([read[row] for row in rows])
    )
    score = np.concatenate([one.score for one in read])
    truths, match = 0, []
    for one in read:
        match.append(np.where(one.match >= 0, one.match + truths, -1))
        truths += len(one.truth.findings)
    curve = scores.froc(score, np.concatenate(match), truths=truths, images=len(read))
    return {
        "images": len(read),
        "accepted": float(np.mean([one.accepted for one in read])),
        "all": short(read) | {"auc": scores.interval(scores.auc, *_any(read))},
        "sites": {site: _site(read, number) for number, site in enumerate(SITES)},
        "groups": groups,
        "subtlety": {
            words: _hits(read, lambda one, n=n: n <= min(one.subtlety * 3, 2.999) < n + 1)
            for n, words in enumerate(THIRDS)
        },
        "kinds": {
            kind: _hits(read, lambda one, kind=kind: one.kind == kind)
            for kind in sorted({one.kind for image in read for one in image.truth.findings})
        },
        "froc": {f"{most:g}": curve.at(most)[1] for most in (0.1, 0.25, 0.5, 1.0)},
    }


def short(read: list[Read]) -> dict[str, Any]:
    """The figures of a subgroup, all sites together."""
    false = np.array([one.false.sum() for one in read])
    return {
        "auc_any": scores.auc(*_any(read)),
        "localised": _hits(read, lambda _: True),
        "false_per_image": scores.interval(lambda part: float(part.mean()), false),
    }


def _site(read: list[Read], number: int) -> dict[str, Any]:
    kept = [one for one in read if not one.hidden[number]]
    truth = np.array([one.present[number] for one in kept])
    score = np.array([one.probability[number] for one in kept])
    output = contract().output
    assert output is not None
    said = score >= output.label[number].threshold
    return {
        "positive": int(truth.sum()),
        "auc": scores.interval(scores.auc, truth, score),
        "sensitivity": scores.interval(scores.share, truth, said),
        "specificity": scores.interval(scores.share, ~truth, ~said),
        "localised": _hits(read, lambda one: one.name == SITES[number]),
        "false_per_image": float(np.mean([one.false[number] for one in read])),
    }


def _any(read: list[Read]) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """Whether there is any fracture, and the largest probability; without hidden ones."""
    kept = [one for one in read if one.present.any() or not one.hidden.any()]
    return (
        np.array([one.present.any() for one in kept], bool),
        np.array([one.probability.max() for one in kept], np.float32),
    )


def _hits(read: list[Read], wanted: Any) -> scores.Interval:  # noqa: ANN401 - of a TrueFinding
    """The share of the wanted true findings that a box lies on, with Wilson's interval."""
    hits = [
        hit
        for one in read
        for finding, hit in zip(one.truth.findings, one.found, strict=True)
        if wanted(finding)
    ]
    return scores.wilson(sum(hits), len(hits))


def _right(box: Box, site: int, true: TrueFinding) -> bool:
    """The same site, and `OVERLAP` or its middle in the true box."""
    if SITES[site] != true.name:
        return False
    left, top, right, bottom = true.box
    inside = left <= (box[0] + box[2]) / 2 <= right and top <= (box[1] + box[3]) / 2 <= bottom
    return inside or float(scores.iou(np.array([box]), np.array([true.box]))[0, 0]) >= OVERLAP


def _all(
    outputs: Outputs, truth: Truth, place: Place, hidden: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.int_]]:
    """Score and match of every box that is no duplicate, whatever it scores."""
    score, match = [], []
    for site in np.flatnonzero(~hidden):
        column = outputs["scores"][0, :, site]
        for n in suppress(outputs["boxes"][0], column, 0.3):
            corners = place.region(outputs["boxes"][0][n].reshape(2, 2).astype(np.float64)).box
            on = [k for k, one in enumerate(truth.findings) if _right(corners, int(site), one)]
            score.append(column[n])
            match.append(on[0] if on else -1)
    return np.array(score, np.float32), np.array(match, int)


def real(folder: Path) -> list[dict[str, Any]]:
    """What the model says of the 16-bit PNG images in `folder`, by file."""
    from PIL import Image  # noqa: PLC0415 - only real images are PNG

    manifest, network, told = contract(), session(), []
    for path in sorted(folder.glob("*.png")):
        with Image.open(path) as file:
            prepared = ready(np.array(file).astype(np.uint16), manifest)
        outputs = run(network, prepared.tensor)
        found = boxes(heads.findings(outputs, manifest, Place("1", prepared.geometry)))
        told.append({
            "image": path.name,
            "region": float(outputs["region"][0, 0]),
            "probability": dict(zip(SITES, outputs["probability"][0].tolist(), strict=True)),
            "boxes": [(SITES[site], [round(v) for v in box], float(p)) for box, site, p in found],
        })  # fmt: skip
    return told


def main(argv: list[str] | None = None) -> int:
    """Print the figures, and put them into the card where asked."""
    parser = argparse.ArgumentParser(prog="python -m models.fracture.evaluate")
    parser.add_argument("--count", type=int, default=700)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--size", type=int, default=512, help="rows of the simulated images")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write-card", action="store_true", help="put the tables into card.md")
    parser.add_argument("--real", type=Path, help="PNG images to read instead")
    arguments = parser.parse_args(argv)
    if arguments.real:
        for line in real(arguments.real):
            print(json.dumps(line, ensure_ascii=False))
        return 0
    told = evaluate(arguments.count, arguments.seed, arguments.size)
    if arguments.write_card:
        card.write(FOLDER, report.tables(told))
    print(json.dumps(told, ensure_ascii=False) if arguments.json else report.tables(told))
    return 0


if __name__ == "__main__":
    sys.exit(main())
