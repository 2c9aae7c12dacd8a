"""Studies to send, as files."""

from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from simulator import dx
from tests.router.conftest import instance


def written(data: Dataset, path: Path) -> Path:
    """The data set as a PS3.10 file."""
    if not hasattr(data, "file_meta"):
        data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    path.parent.mkdir(parents=True, exist_ok=True)
    data.save_as(path, enforce_file_format=True)
    return path


def chest(folder: Path, seed: int, *, salt: str = "system") -> Path:
    """One simulated chest radiograph."""
    ((data, *_), _) = dx.study(seed, salt=salt)
    return written(data, folder / f"chest-{seed}.dcm")


def ct(folder: Path, count: int, *, study: str = "2.25.4711") -> list[Path]:
    """A CT study of `count` small slices, which no algorithm reads."""
    return [
        written(
            instance(number, study=study, SOPInstanceUID=f"{study}.9.{number}"),
            folder / f"ct-{number}.dcm",
        )
        for number in range(1, count + 1)
    ]
