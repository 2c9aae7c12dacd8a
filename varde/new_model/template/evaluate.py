"""Measure the model on simulated radiographs that it was not trained on.

`varde models evaluate NAME` writes the figures to the card. Goes the way of a worker,
without torch.
"""

import argparse
import json
from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime

from models import card, manifest, scores
from models.steps import Image, prepare
from simulator import chest
from simulator.scanners import HELD_OUT, SCANNERS

FOLDER: Final = Path(__file__).parent
FILE: Final = manifest.DRAFT if (FOLDER / manifest.DRAFT).exists() else manifest.FILE
SEED: Final = 2_000_000  #: neither training nor the choice of thresholds has seen these


def main(argv: list[str] | None = None) -> int:
    """Print the figures and write them to the card."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args(argv)
    told = manifest.read(FOLDER, FILE)
    labels = told.output.label if told.output else ()
    network = onnxruntime.InferenceSession(FOLDER / told.weights[0].file)
    truth, said, held = [], [], []
    for seed in range(SEED, SEED + arguments.count):
        name = tuple(SCANNERS)[seed % len(SCANNERS)]
        made = chest.make(seed, scanner=name, size=256)
        tensor = prepare(Image(made.pixels.astype(np.float32)), told.input.step).tensor
        said.append(network.run(["probability"], {told.weights[0].input: tensor})[0][0])
        truth.append([label.name in made.masks for label in labels])
        held.append(name in HELD_OUT)
    columns, scored, other = np.array(truth), np.array(said), np.array(held)
    rows, figures = [], {}
    for number, label in enumerate(labels):
        yes, score = columns[:, number], scored[:, number]
        area = scores.interval(scores.auc, yes, score)
        found = scores.wilson(int((score[yes] >= label.threshold).sum()), int(yes.sum()))
        right = scores.wilson(int((score[~yes] < label.threshold).sum()), int((~yes).sum()))
        unseen = scores.auc(yes[other], score[other])
        figures[label.name] = {"auc": area, "sensitivity": found, "specificity": right}
        rows.append([label.name, *map(card.figures, (area, found, right)), card.figure(unseen)])
    head = ("label", "AUC", "sensitivity", "specificity", "AUC on equipment never trained on")
    block = f"{arguments.count} simulated images.\n\n{card.table(head, rows)}"
    card.write(FOLDER, block)
    print(json.dumps(figures) if arguments.json else block)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
