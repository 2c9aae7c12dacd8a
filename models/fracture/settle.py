"""What the validation cases decide: thresholds; and what lies beside the weights."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from models import manifest as manifests
from models import scores
from models.fracture.cases import DOUBT, FOLDER, SITES
from models.heads.boxes import suppress
from models.manifest import DRAFT, FILE
from models.training import release

SENSITIVITY: Final = 0.94  #: of an image's probability, wanted
MOST_FALSE: Final = 0.09  #: share of the images without a fracture there
FALSE_BOXES: Final = 0.10  #: an image, of each label
LEAST, MOST = 0.08, 0.6  #: of a box's score

Arrays = Mapping[str, NDArray[Any]]


def present(cases: Arrays) -> NDArray[np.bool_]:
    """(cases, sites): whether there is a box of the site."""
    site = cases["boxes"][..., 4]
    return np.stack([(site == n).any(axis=1) for n in range(len(SITES))], axis=1)


def certain(cases: Arrays) -> NDArray[np.bool_]:
    """(cases, sites): whether the site's fractures, if any, are all to be seen."""
    site = cases["boxes"][..., 4]
    return np.stack([(site != n + DOUBT).all(axis=1) for n in range(len(SITES))], axis=1)


def session(threads: int = 1) -> onnxruntime.InferenceSession:
    """The network on the CPU, on one thread unless more are wanted."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(
        FOLDER / "model.onnx", options, providers=["CPUExecutionProvider"]
    )


def run(
    network: onnxruntime.InferenceSession, tensor: NDArray[np.float32]
) -> dict[str, NDArray[np.float32]]:
    """The outputs by name for a tensor (1, 1, 512, 512)."""
    names = [output.name for output in network.get_outputs()]
    return dict(zip(names, network.run(names, {"image": tensor}), strict=True))


def settle(cases: Arrays) -> None:
    """Make the draft the manifest where there is none, with digest and thresholds."""
    if not (FOLDER / FILE).exists():
        (FOLDER / FILE).write_text((FOLDER / DRAFT).read_text(encoding="utf-8"), encoding="utf-8")
        (FOLDER / DRAFT).unlink()
    release.weights(FOLDER)
    network = session()
    outputs = [run(network, tensor) for tensor in tensors(cases["image"])]
    whole = np.concatenate([one["probability"] for one in outputs])
    truth, sure = present(cases), present(cases) | certain(cases)
    output = manifests.read(FOLDER).output
    assert output is not None
    for number, label in enumerate(output.label):
        at = scores.threshold(
            truth[sure[:, number], number], whole[sure[:, number], number],
            sensitivity=SENSITIVITY, most_false=MOST_FALSE,
        )  # fmt: skip
        rows = np.flatnonzero(sure[:, number])
        box = location([outputs[row] for row in rows], cases["boxes"][rows], number)
        release.threshold(
            FOLDER, label.name, threshold=round(at, 3), location_threshold=round(box, 3)
        )


def tensors(image: NDArray[np.uint8]) -> Iterator[NDArray[np.float32]]:
    """Stored images (n, 512, 512) as the network takes them, one by one."""
    for one in image:
        yield one[None, None].astype(np.float32) / np.float32(255)


def location(
    outputs: Sequence[Mapping[str, NDArray[np.float32]]], boxes: NDArray[np.float32], number: int
) -> float:
    """The lowest score of a box of one site at which few boxes are false."""
    score, match, truths = [], [], 0
    for one, true in zip(outputs, boxes, strict=True):
        mine = true[true[:, 4] == number, :4]
        column = one["scores"][0, :, number]
        kept = suppress(one["boxes"][0], column, 0.3)
        hits = scores.matches(one["boxes"][0][kept], column[kept], mine)
        score.append(column[kept])
        match.append(np.where(hits >= 0, hits + truths, -1))
        truths += len(mine)
    curve = scores.froc(
        np.concatenate(score), np.concatenate(match), truths=truths, images=len(outputs)
    )
    at, _, _ = curve.at(FALSE_BOXES)
    return float(np.clip(at, LEAST, MOST))
