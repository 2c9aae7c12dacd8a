"""From stored pixels to what a screen shows (PS3.3 C.11, PS3.4 N.2): 8 bits a sample."""

from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from pydicom import Dataset, dcmread
from pydicom.pixels import apply_color_lut, apply_modality_lut, apply_voi, pixel_array

from core.domain.errors import UnreadableError

Pixels = npt.NDArray[np.uint8]
Grey = npt.NDArray[np.float32]
LARGEST: Final = 200_000_000  #: samples of one frame: more is no image but an attack or an error
BYTE: Final = 8
WHITE: Final = 255
#: Where a multi-frame image keeps what others have at the top level (PS3.3 C.7.6.16).
_GROUPS: Final = ("PixelValueTransformationSequence", "FrameVOILUTSequence")


def shown(path: Path, frame: int, window: tuple[float, float] | None = None) -> Pixels:
    """One frame (counted from 1) as (rows, columns) grey or (rows, columns, 3) RGB.

    `window` is a centre and a width in the modality's own values (HU for CT), instead of
    what the image says of itself. Raises `UnreadableError` for whatever keeps it from being shown.
    """
    try:
        header = dcmread(path, stop_before_pixels=True)
        _check_size(header)
        stored = pixel_array(path, index=frame - 1)
        if _is_colour(header):
            return _colour(stored, header)
        return _grey(stored, header, frame, window)
    except UnreadableError:
        raise
    except Exception as error:
        # Every decoder has its own errors, and their words may quote the header.
        message = f"the frame cannot be decoded: {type(error).__name__}"
        raise UnreadableError(message) from error


def _check_size(header: Dataset) -> None:
    """Refuse an absurd frame before any memory is taken for it."""
    samples = header.Rows * header.Columns * header.get("SamplesPerPixel", 1)
    if samples > LARGEST:
        message = f"{samples} samples in a frame"
        raise UnreadableError(message)


def _is_colour(header: Dataset) -> bool:
    return header.get("SamplesPerPixel", 1) > 1 or _is_palette(header)


def _is_palette(header: Dataset) -> bool:
    return bool(header.PhotometricInterpretation == "PALETTE COLOR")


def _colour(stored: npt.NDArray[Any], header: Dataset) -> Pixels:
    """RGB; pydicom has turned YBR into it."""
    if _is_palette(header):
        stored = apply_color_lut(stored, header)
        bits = stored.dtype.itemsize * BYTE
    else:
        bits = header.BitsStored
    return (stored >> (bits - BYTE) if bits > BYTE else stored).astype(np.uint8)


def _grey(
    stored: npt.NDArray[Any], header: Dataset, frame: int, window: tuple[float, float] | None
) -> Pixels:
    """Modality LUT, VOI LUT or window, and MONOCHROME1 turned round; padding is black."""
    view = _flattened(header, frame)
    padding = _padding(stored, view)
    values = _modality(stored, view)
    share = _windowed(values, *window, "LINEAR") if window else _voi(values, view, ~padding)
    if header.PhotometricInterpretation == "MONOCHROME1":
        share = 1 - share
    share[padding] = 0
    pixels: Pixels = np.rint(np.nan_to_num(share) * WHITE).astype(np.uint8)
    return pixels


def _flattened(header: Dataset, frame: int) -> Dataset:
    """The header with one frame's functional groups laid on top."""
    view = Dataset()
    view.file_meta = header.file_meta  # tells in which byte order a table of VR OW is
    view.update(header)
    shared = list(header.get("SharedFunctionalGroupsSequence") or [])[:1]
    own = list(header.get("PerFrameFunctionalGroupsSequence") or [])[frame - 1 : frame]
    for group in (*shared, *own):
        for name in _GROUPS:
            for item in list(group.get(name) or [])[:1]:
                view.update(item)
    return view


def _number(view: Dataset, keyword: str) -> float | None:
    """The first value of an element as a number, None where there is none that is finite."""
    value = view.get(keyword)
    if isinstance(value, list | tuple) or hasattr(value, "append"):
        value = next(iter(value), None)
    number = float(value) if value not in {None, ""} else float("nan")
    return number if np.isfinite(number) else None


def _padding(stored: npt.NDArray[Any], view: Dataset) -> npt.NDArray[np.bool_]:
    """Which pixels are no part of the image (PS3.3 C.7.5.1.1.2)."""
    value = _number(view, "PixelPaddingValue")
    if value is None:
        return np.zeros(stored.shape, dtype=np.bool_)
    limit = _number(view, "PixelPaddingRangeLimit")
    low, high = sorted((value, value if limit is None else limit))
    found: npt.NDArray[np.bool_] = (stored >= low) & (stored <= high)
    return found


def _modality(stored: npt.NDArray[Any], view: Dataset) -> Grey:
    """Stored values to the modality's own (PS3.3 C.11.1)."""
    if view.get("ModalityLUTSequence"):
        looked_up: Grey = apply_modality_lut(stored, view).astype(np.float32)
        return looked_up
    slope, intercept = _number(view, "RescaleSlope"), _number(view, "RescaleIntercept")
    values: Grey = stored.astype(np.float32) * np.float32(slope or 1)
    return values + np.float32(intercept or 0)


def _voi(values: Grey, view: Dataset, inside: npt.NDArray[np.bool_]) -> Grey:
    """Values of interest as 0..1 (PS3.3 C.11.2): a table, a window, or what the pixels span."""
    if view.get("VOILUTSequence"):
        bits = view.VOILUTSequence[0].LUTDescriptor[2]
        looked_up: Grey = apply_voi(values.astype(np.int32), view, index=0).astype(np.float32)
        return looked_up / np.float32(2**bits - 1)
    centre, width = _number(view, "WindowCenter"), _number(view, "WindowWidth")
    if centre is not None and width is not None and width > 0:
        return _windowed(values, centre, width, str(view.get("VOILUTFunction") or "LINEAR"))
    if view.BitsStored <= BYTE:
        return values / np.float32(2**view.BitsStored - 1)
    low, high = np.percentile(values[inside], (0.5, 99.5)) if inside.any() else (0, 1)
    return np.clip((values - low) / max(high - low, 1), 0, 1).astype(np.float32)


def _windowed(values: Grey, centre: float, width: float, function: str) -> Grey:
    """A window by its function (PS3.3 C.11.2.1.2 and C.11.2.1.3)."""
    if function == "SIGMOID":
        slope = np.clip(-4 * (values - centre) / width, -80, 80)
        return np.asarray(1 / (1 + np.exp(slope)), np.float32)
    if function == "LINEAR":
        centre, width = centre - 0.5, max(width - 1, 1e-6)
    share: Grey = np.clip((values - centre) / width + 0.5, 0, 1).astype(np.float32)
    return share
