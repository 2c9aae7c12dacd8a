"""The draft of a manifest for a network that is there: what its file tells, written down."""

import hashlib
from pathlib import Path
from typing import Any, Final

from core.domain.errors import SettingsError

FILE: Final = "model.onnx"
PLANE: Final = 4  #: axes of an input tensor of images
_HEAD: Final = """\
# The contract of this algorithm. docs/new-model.md goes through it key by key. What is
# empty is yours to fill in: `varde models check {name}` says what is left.
[algorithm]
name = "{name}"
version = "0.1.0"
purpose = "" # small letters, digits and -: algorithms with one purpose can be compared
kind = "onnx"
licence = ""
intended_use = ""
intended_use_nb = ""

[weights]
file = "{file}"
sha256 = "{sha256}"
input = "{tensor}"

[accepts] # anything else is declined, with the reason; an empty list accepts everything
modality = [""]
body_part = []
view_position = []
"""
_IMAGE: Final = """
[[input.step]]
op = "resize"
size = [{rows}, {columns}]

[[input.step]]
op = "percentile_window" # as in training: or "window", or "standardise"
low = 0.5
high = 99.5

[[input.step]]
op = "pad"
size = [{rows}, {columns}]
"""
_LABEL: Final = """
[[output.label]] # channel {number}
name = ""
code = {{ value = "", scheme = "SCT", meaning = "", meaning_nb = "" }}
threshold = 0.5
"""
_TAIL: Final = """
[encode]
objects = ["sr", "gsps"]

[run]
queue = "cpu"
timeout_s = 60
threads = 2
"""
#: The outputs by which a head is known, and where its labels are counted: (output, axis).
HEADS: Final = {
    "multilabel_map": ({"probability", "location"}, ("probability", 1)),
    "boxes": ({"boxes", "scores"}, ("scores", 2)),
    "multilabel": ({"probability"}, ("probability", 1)),
}


def text(name: str, weights: Path) -> str:
    """The draft for the network in the file `weights`.

    Raises `SettingsError` where the file is no network, or one that no head reads.
    """
    session = _session(weights)
    (tensor,) = session.get_inputs()[:1]
    head = _HEAD.format(
        name=name, file=FILE, tensor=tensor.name,
        sha256=hashlib.sha256(weights.read_bytes()).hexdigest(),
    )  # fmt: skip
    outputs = {output.name: list(output.shape) for output in session.get_outputs()}
    return head + _input(tensor.shape, weights) + _output(outputs, weights) + _TAIL


def _session(weights: Path) -> Any:  # noqa: ANN401 - ONNX Runtime has no types
    import onnxruntime  # noqa: PLC0415 - for this command alone

    try:
        return onnxruntime.InferenceSession(weights, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's own errors share no class
        message = f"{weights}: ONNX Runtime does not take it: {error}"
        raise SettingsError(message) from error


def _input(shape: list[int | str | None], weights: Path) -> str:
    """The steps that make a tensor of that shape (batch, 1, rows, columns)."""
    sizes = [size if isinstance(size, int) else None for size in shape]
    if len(sizes) != PLANE or sizes[1] not in {1, None} or None in sizes[2:]:
        message = (
            f"{weights}: the input is {shape}; single images go in as (batch, 1, rows, columns) "
            "of fixed size. For a series or several images see «hooks» in docs/new-model.md"
        )
        raise SettingsError(message)
    return _IMAGE.format(rows=sizes[2], columns=sizes[3])


def _output(outputs: dict[str, list[Any]], weights: Path) -> str:
    """The head that reads these outputs, and a label for each channel."""
    for head, (wanted, (tensor, axis)) in HEADS.items():
        if wanted <= set(outputs) and isinstance(outputs[tensor][axis], int):
            labels = "".join(_LABEL.format(number=n) for n in range(outputs[tensor][axis]))
            return f'\n[output]\nhead = "{head}"\n{_recognition(outputs)}{labels}'
    known = "; ".join(f"{head}: {', '.join(sorted(names))}" for head, (names, _) in HEADS.items())
    message = f"{weights}: no head reads the outputs {', '.join(outputs)}. Heads read: {known}"
    raise SettingsError(message)


def _recognition(outputs: dict[str, list[Any]]) -> str:
    """A network that says whether this is its kind of image."""
    if "region" not in outputs:
        return ""
    return '\n[output.recognition]\nthreshold = 0.5\nwanted = "" # "a frontal chest radiograph"\n'
