"""The files of results, as they were made: nothing else is ever sent."""

import hashlib
from pathlib import Path

from core.domain.commitment import Commitment
from core.domain.errors import DeliveryError
from core.domain.job import Delivery
from core.store.files import Files


def intact(files: Files, one: Delivery | Commitment) -> Path:
    """The object's file, byte for byte as it was made; without it nothing can be tried.

    Raises a `DeliveryError` that no attempt can mend.
    """
    path = files.absolute(one.path)
    what = "damaged"
    try:
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() == one.sha256:
                return path
    except OSError:
        what = "missing"
    message = f"the result's file is {what}: {one.path}"
    raise DeliveryError(message, status=None, recoverable=False)
