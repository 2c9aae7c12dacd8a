"""The images of a study in the order in which a reader goes through them."""

import dataclasses
import hashlib
import math
from collections.abc import Mapping
from typing import Final

import sqlalchemy as sa

from core.domain.study import Instance, Study
from core.store import assembly

MOST_FRAMES: Final = 20_000
RENDERING: Final = "1"  #: part of every image's stamp: raised where `shown` shows otherwise
Attributes = Mapping[str, str | list[str]]


@dataclasses.dataclass(frozen=True, slots=True)
class Image:
    """An instance with pixels. `number` counts from 1 within the study.

    `ratio` is the height of a pixel over its width; `stamp` changes with the file.
    """

    number: int
    instance: Instance
    rows: int
    columns: int
    frames: int
    ratio: float
    stamp: str
    flip: bool = False  #: shown with left and right changed, for the customary hanging

    @property
    def side(self) -> str:
        """L or R where the header names one side, else ""."""
        said = (text(self.instance.attributes, key) for key in ("ImageLaterality", "Laterality"))
        return next((one for one in said if one in {"L", "R"}), "")

    @property
    def view(self) -> str:
        """The View Position, "" where the header has none."""
        return text(self.instance.attributes, "ViewPosition")

    @property
    def slice(self) -> str:
        """The Instance Number of a slice of CT or MR: what the PACS calls it; "" for others."""
        sliced = self.instance.modality in {"CT", "MR", "PT"}
        return text(self.instance.attributes, "InstanceNumber") if sliced else ""

    @property
    def height(self) -> float:
        """The height in units of a pixel's width: what a picture without distortion has."""
        return self.rows * self.ratio

    @property
    def label(self) -> str:
        """What series it is of, in the modality's own words."""
        words = (
            text(self.instance.attributes, key) for key in ("ViewPosition", "SeriesDescription")
        )
        return " · ".join(word for word in (self.instance.modality, self.side, *words) if word)


def of_study(connection: sa.Connection, study: Study) -> list[Image]:
    """The images of the latest revision; of what has come so far where there is none yet."""
    found = assembly.instances(connection, study.id, study.revision or None)
    series = {one.series_uid: place for place, one in reversed(list(enumerate(found)))}

    def order(one: Instance) -> tuple[int, int, int]:
        number, within = (_whole(one.attributes, key) for key in ("SeriesNumber", "InstanceNumber"))
        return number, series[one.series_uid], within

    pictures = (one for one in sorted(found, key=order) if _has_pixels(one))
    return [_image(number, one) for number, one in enumerate(pictures, start=1)]


def text(attributes: Attributes, keyword: str) -> str:
    """The first value of a header's attribute, "" where it has none."""
    value = attributes.get(keyword, "")
    return value if isinstance(value, str) else next(iter(value), "")


def _whole(attributes: Attributes, keyword: str, default: int = 0) -> int:
    """An attribute as a whole number, `default` for what is none."""
    try:
        return int(text(attributes, keyword)[:12])
    except ValueError:
        return default


def _has_pixels(one: Instance) -> bool:
    return _whole(one.attributes, "Rows") > 0 and _whole(one.attributes, "Columns") > 0


def _image(number: int, one: Instance) -> Image:
    """The image as its header describes it."""
    seed = f"{RENDERING}\n{one.sop_uid}\n{one.path}"
    return Image(
        number=number,
        instance=one,
        rows=_whole(one.attributes, "Rows"),
        columns=_whole(one.attributes, "Columns"),
        frames=min(max(_whole(one.attributes, "NumberOfFrames", 1), 1), MOST_FRAMES),
        ratio=_ratio(one.attributes),
        stamp=hashlib.sha256(seed.encode()).hexdigest()[:16],
    )


def _ratio(attributes: Attributes) -> float:
    """Height over width of a pixel from its spacing (row first, PS3.3 10.7.1.3); 1 if unknown."""
    spacing = attributes.get("PixelSpacing") or attributes.get("ImagerPixelSpacing") or []
    try:
        row, column = (float(value) for value in spacing)
        ratio = row / column
    except (ValueError, ZeroDivisionError):
        return 1.0
    plausible = math.isfinite(ratio) and 0.1 < ratio < 10 and row > 0  # noqa: PLR2004
    return ratio if plausible and not math.isclose(ratio, 1, rel_tol=1e-3) else 1.0
