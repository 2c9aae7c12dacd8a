"""From stored pixels to what is shown: LUTs, windows, photometric interpretation, frames."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from pydicom.dataset import Dataset, FileDataset
from pydicom.sequence import Sequence

from core.domain.errors import UnreadableError
from highdicom_out import shown as display
from tests.web.seed import dataset

RAMP = np.arange(0, 4096, 16, dtype=np.uint16).reshape(16, 16)
CHEST_XRAYS = Path(__file__).parents[3] / "shared" / "data" / "cr_chest"


def shown(image: FileDataset, folder: Path, frame: int = 1) -> npt.NDArray[np.uint8]:
    """The image as it is shown after a way over the disk."""
    file = folder / "image.dcm"
    image.save_as(file, enforce_file_format=True)
    return display.shown(file, frame)


def test_window_with_rescale(tmp_path: Path) -> None:
    """Stored 1024 is 0 HU, the centre of the window, and so the middle grey."""
    image = dataset(
        RAMP, RescaleSlope=1, RescaleIntercept=-1024, WindowCenter=[0, 5], WindowWidth=[401, 5]
    )
    grey = shown(image, tmp_path).ravel()
    assert grey[64] == 128
    assert grey[:51].max() == 0
    assert grey[78:].min() == 255
    assert (np.diff(grey.astype(int)) >= 0).all()


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
def test_every_window_function_rises(tmp_path: Path, function: str) -> None:
    image = dataset(RAMP, WindowCenter=2048, WindowWidth=2000, VOILUTFunction=function)
    grey = shown(image, tmp_path).ravel().astype(int)
    assert abs(grey[128] - 128) <= 1
    assert (np.diff(grey) >= 0).all()


def test_monochrome1_is_turned_round(tmp_path: Path) -> None:
    plain = dataset(RAMP, WindowCenter=2048, WindowWidth=4096)
    turned = dataset(
        RAMP, PhotometricInterpretation="MONOCHROME1", WindowCenter=2048, WindowWidth=4096
    )
    assert np.array_equal(shown(turned, tmp_path), 255 - shown(plain, tmp_path))


def test_padding_is_black_and_does_not_set_the_window(tmp_path: Path) -> None:
    stored = RAMP.copy()
    stored[0] = 65535
    image = dataset(stored, PhotometricInterpretation="MONOCHROME1", PixelPaddingValue=65535)
    grey = shown(image, tmp_path)
    assert grey[0].max() == 0
    assert grey[1].min() >= 240


def test_voi_lut(tmp_path: Path) -> None:
    """A table of four values, written in 16 bits of which it uses 8."""
    lut = Dataset()
    lut.add_new(0x00283002, "US", [4, 0, 8])
    lut.add_new(0x00283006, "US", [0, 255, 64, 128])
    image = dataset(np.array([[0, 1], [2, 3]], np.uint16), VOILUTSequence=Sequence([lut]))
    assert shown(image, tmp_path).tolist() == [[0, 255], [64, 128]]


@pytest.mark.parametrize("width", [0, -5, None])
def test_a_window_without_sense_is_left_out(tmp_path: Path, width: int | None) -> None:
    grey = shown(dataset(RAMP, WindowCenter=10, WindowWidth=width), tmp_path)
    assert (grey.min(), grey.max()) == (0, 255)


def test_frames_have_their_own_window(tmp_path: Path) -> None:
    """Enhanced multi-frame keeps window and rescale in functional groups."""
    image = dataset(np.stack([RAMP, RAMP]))
    groups = []
    for centre in (500, 3500):
        window, group = Dataset(), Dataset()
        window.WindowCenter, window.WindowWidth = centre, 200
        group.FrameVOILUTSequence = Sequence([window])
        groups.append(group)
    image.PerFrameFunctionalGroupsSequence = Sequence(groups)
    bright, dark = (shown(image, tmp_path, frame).mean() for frame in (1, 2))
    assert bright > 200
    assert dark < 50


def test_colour(tmp_path: Path) -> None:
    red = np.zeros((4, 4, 3), np.uint8)
    red[..., 0] = 200
    assert shown(dataset(red, PhotometricInterpretation="RGB"), tmp_path)[0, 0].tolist() == [
        200,
        0,
        0,
    ]


def test_palette(tmp_path: Path) -> None:
    image = dataset(np.array([[0, 1]], np.uint8))
    image.PhotometricInterpretation = "PALETTE COLOR"
    for colour, table in (("Red", [0, 65535]), ("Green", [0, 0]), ("Blue", [65535, 0])):
        setattr(image, f"{colour}PaletteColorLookupTableDescriptor", [2, 0, 16])
        data = np.array(table, "<u2").tobytes()
        setattr(image, f"{colour}PaletteColorLookupTableData", data)
    assert shown(image, tmp_path).tolist() == [[[0, 0, 255], [255, 0, 0]]]


def test_an_absurd_size_is_refused_before_memory_is_taken(tmp_path: Path) -> None:
    image = dataset(RAMP)
    image.Rows = image.Columns = 65535
    with pytest.raises(UnreadableError, match="samples"):
        shown(image, tmp_path)


@pytest.mark.parametrize("name", ["RG1_J2KI.dcm", "RG1_JLSN.dcm"])
def test_real_radiographs(name: str) -> None:
    """JPEG 2000 and JPEG-LS of a real scanner, MONOCHROME1: the lungs are darker than the heart."""
    if not CHEST_XRAYS.is_dir():
        pytest.skip(f"{CHEST_XRAYS} is not here")
    grey = display.shown(CHEST_XRAYS / name, 1)
    lung, spine = grey[500:700, 400:600].mean(), grey[900:1100, 850:950].mean()
    assert lung < spine - 30
