"""`varde models check NAME`: whether an algorithm holds, in use or still a draft."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core import settings as core_settings
from core.domain.errors import ModelError, NotFoundError, SettingsError
from core.sections import Worker
from models import golden, hooks, registry
from models import manifest as manifests
from models.golden import Golden
from models.registry import Algorithm
from models.resample import resample
from varde.arguments import Arguments
from varde.terminal import remark, say

MODELS: Final = Path(registry.__file__).parent
LARGEST: Final = 1024  #: rows or columns of a golden case; the steps make it smaller anyway
TOLERANCE: Final = 2e-3
DEEPEST: Final = 65535


def run(arguments: Arguments) -> int:
    """Read the manifest, verify the weights, run the golden case; raises `ModelError`."""
    file, algorithm = _algorithm(arguments.name)
    worker = core_settings.load(arguments.site).worker
    if arguments.golden:
        _make_golden(algorithm, arguments.golden, worker)
    if algorithm.manifest.output and algorithm.manifest.output.head == "hooks":
        hooks.load(algorithm.folder)
    differences = _differences(algorithm, worker) if algorithm.weights else {}
    if arguments.json:
        say(json.dumps({"key": algorithm.key, "version": algorithm.version, **differences}))
        return 0
    say(f"{algorithm.key} {algorithm.version}: the manifest is in order")
    if algorithm.weights:
        say(f"  weights {algorithm.weights_sha256}")
    for name, gap in differences.items():
        say(f"  golden case, {name}: largest difference {gap:.2g}")
    if file == manifests.DRAFT:
        say(f"to put it in use: mv {algorithm.folder / file} {algorithm.folder / manifests.FILE}")
    return 0


def _algorithm(name: str) -> tuple[str, Algorithm]:
    """One algorithm, in use or a draft; the broken manifest of another is no concern here."""
    folder = MODELS / name
    for file in (manifests.FILE, manifests.DRAFT):
        if name.isidentifier() and (folder / file).is_file():
            return file, registry.read(folder, file)
    message = f"no algorithm «{name}»: there is no models/{name}/{manifests.FILE}"
    raise NotFoundError(message)


def _differences(algorithm: Algorithm, worker: Worker) -> Mapping[str, float]:
    """The largest difference of each tensor from the golden case of its network."""
    from workers.runtime import Runtime  # noqa: PLC0415 - ONNX Runtime, for this command alone

    differences: dict[str, float] = {}
    networks = Runtime(worker).sessions(algorithm)
    cases = golden.read(algorithm.folder, algorithm.manifest)
    for name, case in cases.items():
        outputs = networks[name](case.tensor(algorithm.manifest))
        found = case.differences(outputs)
        if not case.agrees(outputs):
            message = f"{algorithm.key}: the golden case does not hold: {dict(found)}"
            raise ModelError(message)
        prefix = f"{name}." if len(cases) > 1 else ""
        differences |= {f"{prefix}{tensor}": gap for tensor, gap in found.items()}
    return differences


def _make_golden(algorithm: Algorithm, path: Path, worker: Worker) -> None:
    """Keep what the network gives for an image now as what it must always give."""
    from workers.runtime import Runtime  # noqa: PLC0415 - ONNX Runtime, for this command alone

    if algorithm.manifest.input.unit != "image":
        message = f"{algorithm.key}: a golden case of a whole series is made by its training"
        raise SettingsError(message)
    ((name, network),) = Runtime(worker).sessions(algorithm).items()
    case = Golden(_image(path), {}, TOLERANCE)
    made = Golden(case.given, network(case.tensor(algorithm.manifest)), TOLERANCE)
    golden.write(algorithm.folder, algorithm.manifest, name, made)
    remark("the golden case holds the image itself: use none that may not be shared")


def _image(path: Path) -> NDArray[np.uint16]:
    """The pixels of a DICOM file as a worker reads them, at most `LARGEST` rows and columns."""
    import pydicom  # noqa: PLC0415 - for this command alone
    from pydicom.errors import InvalidDicomError  # noqa: PLC0415

    from workers import pixels  # noqa: PLC0415

    try:
        found = pixels.read(pydicom.dcmread(path)).pixels
    except (OSError, InvalidDicomError) as error:
        message = f"{path}: is no DICOM file: {error}"
        raise SettingsError(message) from error
    scale = min(1.0, LARGEST / max(found.shape))
    small = resample(found, (round(found.shape[0] * scale), round(found.shape[1] * scale)))
    if small.min() < 0 or small.max() > DEEPEST:
        message = f"{path}: the pixels do not go from 0 to {DEEPEST}"
        raise SettingsError(message)
    return np.rint(small).astype(np.uint16)
