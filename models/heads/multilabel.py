"""The head `multilabel`: a probability for each label, and no word on where.

It reads `probability` (1, F), each label somewhere in the image, in 0..1.
"""

from core.domain.errors import ModelError
from core.domain.finding import Finding
from models.heads.place import Outputs, Place, labels_of, tensor
from models.manifest import Manifest


def findings(outputs: Outputs, manifest: Manifest, place: Place) -> tuple[Finding, ...]:
    """One finding without a region for each label, in the order of the manifest.

    Raises `ModelError` where the tensor is not as described.
    """
    labels = labels_of(manifest)
    probabilities = tensor(outputs, "probability", 2)[0]
    if len(labels) != len(probabilities):
        message = f"{len(labels)} labels, {len(probabilities)} probabilities"
        raise ModelError(message)
    return tuple(
        place.finding(label, float(probability))
        for label, probability in zip(labels, probabilities, strict=True)
    )
