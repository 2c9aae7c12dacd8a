"""Which algorithms there are: every folder with a manifest, its weights verified.

Imports no machine learning library: the router and the web read it too.
"""

import dataclasses
import hashlib
import uuid
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from core.domain.errors import SettingsError
from models import hooks
from models import manifest as manifests

#: Name space of Device UIDs: another algorithm, version or weights gives another UID.
_DEVICES = uuid.UUID("6a0f6c07-5d0b-5a7e-9d53-0c9b1f1b6a52")


@dataclasses.dataclass(frozen=True, slots=True)
class Algorithm:
    """An algorithm that is ready: its manifest holds and its weights are the ones it names.

    `weights` are the files by the network's name; none for a vendor's product, which
    runs elsewhere.
    """

    key: str
    folder: Path
    manifest: manifests.Manifest
    weights: Mapping[str, Path]

    @property
    def version(self) -> str:
        """The version that the manifest states."""
        return self.manifest.algorithm.version

    @property
    def weights_sha256(self) -> str:
        """The SHA-256 of the weights, lower-case hex; empty where there are none.

        Of several files that of the lines `<SHA-256>  <file>`, as sha256sum prints them in
        the order of the manifest.
        """
        several = self.manifest.weights
        if len(several) <= 1:
            return "".join(one.sha256 for one in several)
        lines = "".join(f"{one.sha256}  {one.file}\n" for one in several)
        return hashlib.sha256(lines.encode()).hexdigest()

    @property
    def device_uid(self) -> str:
        """A UID (PS3.5 B.2, 2.25.x) of this algorithm, version and weights; always the same."""
        told = f"{self.manifest.algorithm.name}\n{self.version}\n{self.weights_sha256}"
        return f"2.25.{uuid.uuid5(_DEVICES, told).int}"


def load(root: Path | None = None) -> Mapping[str, Algorithm]:
    """Every algorithm below `root` (this package where None), by folder name, sorted.

    Raises `SettingsError` on the first manifest that is wrong, and for weights that
    are missing or whose SHA-256 is not the manifest's.
    """
    root = Path(__file__).parent if root is None else root
    folders = sorted(path.parent for path in root.glob(f"*/{manifests.FILE}"))
    return MappingProxyType({folder.name: read(folder) for folder in folders})


def read(folder: Path, file: str = manifests.FILE) -> Algorithm:
    """The algorithm in `folder`. Raises `SettingsError` as `load` does."""
    manifest = manifests.read(folder, file)
    paths = {one.name: _verified(folder / one.file, one.sha256) for one in manifest.weights}
    if manifest.input.unit != "image" and not (folder / hooks.FILE).is_file():
        message = f'{folder}: unit "{manifest.input.unit}" needs a {hooks.FILE}'
        raise SettingsError(message)
    return Algorithm(folder.name, folder, manifest, MappingProxyType(paths))


def _verified(path: Path, sha256: str) -> Path:
    """`path`, if its content has that SHA-256."""
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        message = f"{path}: the weights cannot be read: {error.strerror}"
        raise SettingsError(message) from error
    if found != sha256:
        message = f"{path}: SHA-256 is {found}, the manifest says {sha256}"
        raise SettingsError(message)
    return path
