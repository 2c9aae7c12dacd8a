"""How well the model does on simulated studies: `python -m models.mammography.evaluate`.

Goes the way of `hooks.py`: the same preparation, network, rules and thresholds. No torch.
`[--count N] [--seed FIRST] [--json] [--write-card]`
"""

import argparse
import dataclasses
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from models import card
from models import manifest as manifests
from models.mammography import detect, pairs, report
from models.mammography.detect import Seen
from models.mammography.observed import NAMES, Known, Observation
from models.mammography.runtime import network
from models.steps import Image
from models.training.progress import Progress
from models.volume import Network, View
from simulator.mammography import four_views
from simulator.mammography.four_views import Mammogram
from simulator.mammography.scanners import HELD_OUT, SCANNERS
from simulator.mammography.truth import DENSITIES, Lesion

FOLDER: Final = Path(__file__).parent
FIRST: Final = 20_000_000  #: neither training nor calibration has seen these seeds
FINE_MM: Final = 0.125  #: as fine as the network's second channel: nothing finer reaches it
OVERLAP: Final = 0.3


def main(argv: list[str] | None = None) -> int:
    """Simulate, read, measure; print a table or JSON, and put it into the card."""
    parser = argparse.ArgumentParser(prog="python -m models.mammography.evaluate")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=FIRST)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write-card", action="store_true")
    arguments = parser.parse_args(argv)
    seeds = range(arguments.seed, arguments.seed + arguments.count)
    studies = read_studies(seeds, scanners=tuple(SCANNERS), threads=arguments.threads)
    measured = report.measure(studies, pairs.read(FOLDER), manifests.read(FOLDER), HELD_OUT)
    if arguments.write_card:
        card.write(FOLDER, report.tables(measured))
    print(json.dumps(measured, indent=1) if arguments.json else report.tables(measured))
    return 0


def read_studies(
    seeds: Iterable[int], *, scanners: Sequence[str] | None = None, threads: int = 1
) -> list[Observation]:
    """Studies of `seeds` as the network sees them.

    `scanners` are taken in turn; None is those for training.
    """
    net = network(FOLDER, threads=threads)
    wanted = list(seeds)
    bar = Progress("studies")
    made = []
    for number, seed in enumerate(wanted, start=1):
        scanner = scanners[seed % len(scanners)] if scanners else None
        made.append(observe(four_views.make(seed, scanner=scanner, pixel_mm=FINE_MM), net))
        bar.tell(number / len(wanted), f"{number} of {len(wanted)}")
    return made


def observe(study: four_views.FourViews, net: Network) -> Observation:
    """A simulated study through preparation and network."""
    truth = study.truth
    seen = [_seen(view, net) for view in study.views]
    return Observation(
        truth.seed, truth.age, DENSITIES.index(truth.density), truth.scanner,
        tuple(_known(one) for one in truth.findings),
        tuple(one for one in seen if one is not None), len(study.views),
    )  # fmt: skip


def _seen(view: Mammogram, net: Network) -> Seen | None:
    """The view without its pixels: many studies are kept at once."""
    image = Image(view.pixels.astype(np.float32), (view.pixel_mm, view.pixel_mm))
    uid = f"{view.side}{view.position}"
    found = detect.look(View(image, uid, view.side, view.position), net, OVERLAP)
    if found is None:
        return None
    empty = Image(np.zeros((1, 1), np.float32), image.spacing)
    return dataclasses.replace(found, view=dataclasses.replace(found.view, image=empty))


def _known(one: Lesion) -> Known:
    return Known(one.id, NAMES.index(one.name), one.side, one.shape, one.subtlety, one.boxes)


if __name__ == "__main__":
    raise SystemExit(main())
