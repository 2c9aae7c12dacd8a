"""Heads: from a network's output tensors to findings in pixels of the original image.

A head is a module here with a function `findings` and a line in `HEADS`; the manifest
names it. An algorithm that needs more has a `hooks.py` (see `models.hooks`).
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from core.domain.errors import ModelError
from core.domain.finding import Finding
from core.domain.reason import Reason, ReasonCode
from models.heads import boxes, multilabel, multilabel_map
from models.heads.place import Outputs, Place, output_of, tensor
from models.manifest import Manifest

__all__ = ["HEADS", "Outputs", "Place", "decline", "findings"]

Head = Callable[[Outputs, Manifest, Place], tuple[Finding, ...]]
HEADS: Mapping[str, Head] = MappingProxyType(
    {
        "multilabel": multilabel.findings,
        "multilabel_map": multilabel_map.findings,
        "boxes": boxes.findings,
    }
)


def decline(outputs: Outputs, manifest: Manifest) -> Reason | None:
    """Why the network says that this is not its kind of image; None where it does not.

    The manifest's recognition tensor is (1, 1), a probability in 0..1.
    """
    recognition = output_of(manifest).recognition
    if recognition is None:
        return None
    probability = float(tensor(outputs, recognition.tensor, 2)[0, 0])
    if probability >= recognition.threshold:
        return None
    facts = {"wanted": recognition.wanted, "found": f"{probability:.3f}"}
    return Reason(ReasonCode.NOT_THIS_REGION, facts)


def findings(outputs: Outputs, manifest: Manifest, place: Place) -> tuple[Finding, ...]:
    """What the manifest's head makes of `outputs`: every label answered at least once.

    Raises `ModelError` where the tensors are not as the head describes them.
    """
    name = output_of(manifest).head
    if name not in HEADS:
        message = f"{manifest.key}: the head {name!r} does not read single images"
        raise ModelError(message)
    return HEADS[name](outputs, manifest, place)
