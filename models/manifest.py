"""The contract of an algorithm's folder: `manifest.toml`, read strictly.

Every key is known or refused; every table is frozen. What is wrong is said once,
with file, line and cause, as `SettingsError` (law 8).
"""

import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self

import pydantic
from pydantic import BeforeValidator, Field

from core.domain.codes import Code
from core.domain.errors import SettingsError
from models.toml_lines import line_of

FILE = "manifest.toml"
DRAFT = "manifest.draft.toml"  #: of an algorithm that is not in use yet
Text = Annotated[str, Field(min_length=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Size = tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]]


class Table(pydantic.BaseModel):
    """A table of the manifest: frozen, and without unknown keys."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, strict=False)


class Identity(Table):
    """`[algorithm]`: who it is and what it is for."""

    name: Text
    version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
    purpose: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]
    kind: Literal["onnx", "dicom-node", "rest"]
    licence: Text
    intended_use: Text
    intended_use_nb: Text


class Weights(Table):
    """`[weights]`, or `[[weights]]` for several networks.

    `file` in the folder and its SHA-256 in lower-case hex; `name` is what `hooks.py`
    calls the network by, `input` the name of its input tensor.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")] = "network"
    input: Text = "image"
    file: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+$")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Accepts(Table):
    """`[accepts]`: the intended-use gate. An empty list accepts anything.

    A missing age is accepted unless `age_required` is set; a missing body part or
    view is not accepted where a list is given, the body part not unless
    `body_part_may_be_missing`: for a model that tells by the pixels.
    """

    modality: tuple[Text, ...] = ()
    body_part: tuple[Text, ...] = ()
    body_part_may_be_missing: bool = False
    view_position: tuple[Text, ...] = ()
    sop_class: tuple[Annotated[str, Field(pattern=r"^[0-9.]+$")], ...] = ()
    min_age_years: Annotated[float, Field(ge=0)] | None = None
    max_age_years: Annotated[float, Field(ge=0)] | None = None
    age_required: bool = False

    @pydantic.model_validator(mode="after")
    def _ages_in_order(self) -> Self:
        if None not in (self.min_age_years, self.max_age_years) and (
            float(self.min_age_years or 0) > float(self.max_age_years or 0)
        ):
            message = "min_age_years is above max_age_years"
            raise ValueError(message)
        return self


class Resize(Table):
    """Scale until the image just fits `size` (rows, columns); the aspect is kept."""

    op: Literal["resize"]
    size: Size


class PercentileWindow(Table):
    """Map the percentiles `low`..`high` of the image itself to 0..1, and cut off outside."""

    op: Literal["percentile_window"]
    low: Annotated[float, Field(ge=0, le=100)]
    high: Annotated[float, Field(ge=0, le=100)]


class Window(Table):
    """Map the pixel values `low`..`high` (HU for CT) to 0..1, and cut off outside."""

    op: Literal["window"]
    low: float
    high: float


class Standardise(Table):
    """Subtract `mean` and divide by `std`; the image's own where they are left out."""

    op: Literal["standardise"]
    mean: float | None = None
    std: Annotated[float, Field(gt=0)] | None = None


class Pad(Table):
    """Fill up to `size` (rows, columns) with `value`, the image in the middle."""

    op: Literal["pad"]
    size: Size
    value: float = 0.0


Step = Annotated[Resize | PercentileWindow | Window | Standardise | Pad, Field(discriminator="op")]


class Input(Table):
    """`[input]`: what is read at once, and the steps that make a tensor of an image, in order.

    `unit` is one image, one series as a volume, or all images of a study together; the
    latter two are read by the folder's `hooks.py`.
    """

    unit: Literal["image", "series", "study"] = "image"
    step: tuple[Step, ...] = ()


class CodeTable(Table):
    """A coded concept as the manifest writes it."""

    value: Text
    scheme: Text
    meaning: Annotated[str, Field(min_length=1, max_length=64)]
    meaning_nb: Annotated[str, Field(max_length=64)] = ""

    @property
    def code(self) -> Code:
        """The concept as the domain knows it."""
        return Code(self.value, self.scheme, self.meaning, self.meaning_nb)


class Label(Table):
    """`[[output.label]]`: one thing looked for, in the order of the tensor's channels.

    `threshold` is for the probability of the whole image; `location_threshold` for
    the location map, whose connected parts become regions, or for a box. At most `most`
    regions are told, none of which covers less than the share `smallest` of the image.
    `laterality = "from_image"` states the side of a region where the image says which
    side is which.
    """

    name: Text
    code: CodeTable
    site: CodeTable | None = None
    laterality: Literal["none", "from_image"] = "none"
    threshold: Share
    location_threshold: Share = 0.5
    most: Annotated[int, Field(ge=1)] = 6
    smallest: Share = 0.0


class Recognition(Table):
    """`[output.recognition]`: the network's own word on whether this is its kind of image."""

    tensor: Text = "region"
    threshold: Share
    wanted: Text  #: completes "the pixels do not look like …", in any language


class Output(Table):
    """`[output]`: the head that reads the tensors, and what the channels mean.

    `overlap`: of two boxes of one label that share more than this (intersection over
    union) the weaker one is dropped. The head `hooks` is the folder's own `hooks.py`.
    """

    head: Literal["multilabel", "multilabel_map", "boxes", "hooks"]
    overlap: Share = 0.3
    label: Annotated[tuple[Label, ...], Field(min_length=1)]
    recognition: Recognition | None = None


class Encode(Table):
    """`[encode]`: what results are made into; destinations choose, `seg` only if named here."""

    objects: tuple[Literal["sr", "gsps", "seg", "capture", "kos"], ...]


class Run(Table):
    """`[run]`: which queue, how long, on how many threads."""

    queue: Literal["cpu", "gpu"]
    timeout_s: Annotated[float, Field(gt=0)]
    threads: Annotated[int, Field(ge=1)] = 2


def _several(found: object) -> object:
    """One table `[weights]` is a list of one."""
    return [found] if isinstance(found, dict) else found


class Manifest(Table):
    """The whole of `manifest.toml`. `key` is the folder's name, not a key of the file."""

    key: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    algorithm: Identity
    weights: Annotated[tuple[Weights, ...], BeforeValidator(_several)] = ()
    accepts: Accepts = Accepts()
    input: Input = Input()
    output: Output | None = None
    encode: Encode
    run: Run

    @pydantic.model_validator(mode="after")
    def _complete_for_its_kind(self) -> Self:
        if self.algorithm.kind == "onnx" and not (self.weights and self.output):
            message = 'kind "onnx" needs [weights] and [output]'
            raise ValueError(message)
        names = [one.name for one in self.weights]
        if len(set(names)) < len(names):
            message = "two [[weights]] have one name"
            raise ValueError(message)
        return self

    @pydantic.model_validator(mode="after")
    def _head_for_its_unit(self) -> Self:
        if self.output and (self.input.unit != "image") != (self.output.head == "hooks"):
            message = f'unit "{self.input.unit}" cannot have the head "{self.output.head}"'
            raise ValueError(message)
        if len(self.weights) > 1 and self.input.unit == "image":
            message = 'several [[weights]] need a hooks.py: unit "series" or "study"'
            raise ValueError(message)
        return self


def read(folder: Path, file: str = FILE) -> Manifest:
    """Read `folder/manifest.toml`; `SettingsError` with file, line and cause if it is wrong."""
    path = folder / file
    try:
        text = path.read_text(encoding="utf-8")
        tables = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        message = f"{path}: {error}"
        raise SettingsError(message) from error
    if "key" in tables:
        message = f"{path}:{line_of(text, ('key',))}: key: the folder's name is the key"
        raise SettingsError(message)
    try:
        return Manifest.model_validate({**tables, "key": folder.name})
    except pydantic.ValidationError as error:
        raise SettingsError(_complaints(path, text, error)) from error


def _complaints(path: Path, text: str, error: pydantic.ValidationError) -> str:
    """One line for each thing that is wrong: `file:line: key: cause`."""
    return "\n".join(_complaint(path, text, item["loc"], item["msg"]) for item in error.errors())


def _complaint(path: Path, text: str, place: tuple[str | int, ...], cause: str) -> str:
    """`file:line: key: cause`; without the line where the key is missing altogether."""
    line = line_of(text, place)
    where = f"{path}:{line}" if line else str(path)
    return f"{where}: {'.'.join(map(str, place)) or 'manifest'}: {cause}"
