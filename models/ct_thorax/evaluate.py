"""Measure the model: `python -m models.ct_thorax.evaluate [--count N] [--json] [--write-card]`.

On simulated chests of seeds that were used for nothing else, half of them of makers that
were never trained on, through the same hooks as in production; `--real FOLDER` reads one
series of DICOM files instead and tells what is found.
"""

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime
import pydicom

from models import card
from models import manifest as manifests
from models.ct_thorax import hooks, report, scoring
from models.manifest import DRAFT, FILE, Manifest
from models.reading import Reading
from models.training.progress import Progress
from models.volume import Network, Networks, Volume
from simulator.ct import dicom, scan
from simulator.ct.scanners import FOR_TRAINING, HELD_OUT

FOLDER: Final = Path(__file__).parent
SEED: Final = 90_000_000  #: first seed of evaluations; trainings use others
FAINT: Final = 0.05  #: threshold for the curves: lower than any that is used
MANY: Final = 40  #: nodules told for the curves
SIZE, PHANTOM_MM = 400, 1.25  #: pixels a side, and how finely the body is made: coarser is faster


def main(argv: list[str] | None = None) -> int:
    """Evaluate and print; 0."""
    parser = argparse.ArgumentParser(prog="python -m models.ct_thorax.evaluate")
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write-card", action="store_true")
    parser.add_argument("--real", type=Path)
    arguments = parser.parse_args(argv)
    manifest = contract()
    networks = sessions(manifest, arguments.threads)
    if arguments.real:
        print(told(real(arguments.real, networks, manifest)))
        return 0
    rows = list(
        rows_of(range(arguments.seed, arguments.seed + arguments.count), networks, manifest)
    )
    figures = report.figures(rows, *(label.threshold for label in _labels(manifest)))
    block = report.block(figures)
    print(json.dumps(figures, indent=1) if arguments.json else block)
    if arguments.write_card:
        card.write(FOLDER, block)
    return 0


def contract() -> Manifest:
    """The manifest, or its draft while there is no other."""
    return manifests.read(FOLDER, FILE if (FOLDER / FILE).exists() else DRAFT)


def sessions(manifest: Manifest, threads: int = 2) -> Networks:
    """The networks by name, on the CPU."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return {one.name: _network(one.file, one.input, options) for one in manifest.weights}


def _network(file: str, tensor: str, options: onnxruntime.SessionOptions) -> Network:
    session = onnxruntime.InferenceSession(
        FOLDER / file, options, providers=["CPUExecutionProvider"]
    )
    names = [one.name for one in session.get_outputs()]
    return lambda image: dict(zip(names, session.run(names, {tensor: image}), strict=True))


def _labels(manifest: Manifest) -> tuple[manifests.Label, ...]:
    assert manifest.output is not None
    return manifest.output.label


def rows_of(
    seeds: Sequence[int], networks: Networks, manifest: Manifest, *, held_out: bool = True
) -> Iterator[report.Row]:
    """Scan after scan, read with thresholds so low that every curve can be drawn."""
    bar = Progress("evaluation")
    for number, seed in enumerate(seeds):
        yield row_of(seed, networks, _open(manifest), held_out=held_out and number % 2 == 0)
        bar.tell((number + 1) / len(seeds), f"{number + 1} of {len(seeds)}")


def _open(manifest: Manifest) -> Manifest:
    """The manifest with thresholds that hide nothing."""
    assert manifest.output is not None
    nodule, effusion = manifest.output.label
    labels = (
        nodule.model_copy(update={"threshold": FAINT, "most": MANY}),
        effusion.model_copy(update={"threshold": FAINT}),
    )
    return manifest.model_copy(
        update={"output": manifest.output.model_copy(update={"label": labels})}
    )


def row_of(seed: int, networks: Networks, manifest: Manifest, *, held_out: bool) -> report.Row:
    """One simulated scan, read and scored."""
    names = HELD_OUT if held_out else FOR_TRAINING
    made = dicom.acquire(
        seed, scanner=names[seed // 2 % len(names)], size=SIZE, phantom_mm=PHANTOM_MM
    )
    begun = time.monotonic()
    reading = hooks.read(volume(made), networks, manifest)
    seconds = time.monotonic() - begun
    truth = made.truth
    amounts = {one.side: one.volume_ml for one in truth.effusions}
    body = made.body.thorax
    lung = np.stack([
        plane > 0.5  # noqa: PLR2004 - more than half of the voxel
        for plane in scan.slices(body.left + body.right, body.grid, made.geometry, outside=0.0)
    ])  # fmt: skip
    return report.Row(
        truth=truth,
        held_out=held_out,
        nodules=tuple(
            scoring.nodules(
                reading.findings,
                [one.centre for one in truth.nodules],
                [one.long_mm for one in truth.nodules],
            )
        ),
        fluids=tuple(
            scoring.fluids(reading.findings, amounts.get("left", 0.0), amounts.get("right", 0.0))
        ),
        dice=scoring.dice(reading, lung),
        seconds=seconds,
        slices=len(made.voxels),
    )


def volume(made: dicom.Acquired) -> Volume:
    """A simulated scan as hooks are given it."""
    geometry = made.geometry
    steps = np.array([geometry.step, geometry.down, geometry.right])
    uids = tuple(f"2.25.{n + 1}" for n in range(len(made.voxels)))
    return Volume(made.voxels, geometry.origin, steps, uids)


def real(folder: Path, networks: Networks, manifest: Manifest) -> Reading:
    """One series of single-frame CT images, all `*.dcm` in `folder`, read as in production."""
    slices = [pydicom.dcmread(path) for path in sorted(folder.glob("*.dcm"))]
    return hooks.read(stacked(slices), networks, manifest)


def stacked(slices: Sequence[pydicom.Dataset]) -> Volume:
    """Evenly spaced slices of one series as a volume of HU, sorted along their normal."""
    axes = np.array(slices[0].ImageOrientationPatient, np.float64)
    right, down = axes[:3], axes[3:]
    normal = np.cross(right, down)
    places = np.array([one.ImagePositionPatient for one in slices], np.float64)
    order = np.argsort(places @ normal)
    between = [float(one) for one in slices[0].PixelSpacing]
    step = (places[order[-1]] - places[order[0]]) / (len(slices) - 1)
    voxels = np.stack([
        slices[n].pixel_array * float(slices[n].RescaleSlope) + float(slices[n].RescaleIntercept)
        for n in order
    ]).astype(np.int16)  # fmt: skip
    steps = np.array([step, down * between[0], right * between[1]])
    return Volume(voxels, places[order[0]], steps, tuple(slices[n].SOPInstanceUID for n in order))


def told(reading: Reading) -> str:
    """A reading as JSON, without the masks."""
    plain: dict[str, Any] = {
        "reason": reading.reason.text() if reading.reason else None,
        "remarks": [one.text() for one in reading.remarks],
        "findings": [
            {
                "what": one.code.meaning,
                "side": one.laterality.meaning if one.laterality else None,
                "probability": round(one.probability, 3),
                "present": one.present,
                "position": [round(value, 1) for value in one.position or ()],
                "measurements": {m.concept.meaning: m.value for m in one.measurements},
            }
            for one in reading.findings
        ],
        "segments": [
            {
                "side": one.laterality.meaning if one.laterality else None,
                "ml": one.measurements[0].value,
            }
            for one in reading.segments
        ],
    }
    return json.dumps(plain, indent=1)


if __name__ == "__main__":
    raise SystemExit(main())
