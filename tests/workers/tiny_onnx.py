"""A network of three nodes in ONNX's wire format, and the folder of an algorithm around it.

Written byte by byte, because a running Varde has no library that writes ONNX. For an
input (1, 1, 8, 8): `probability` is its mean, `location` its average over 2 by 2
pixels, `region` its maximum.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from models import registry
from models.registry import Algorithm

MANIFEST = """
[algorithm]
name = "Tiny"
version = "{version}"
purpose = "tests"
kind = "onnx"
licence = "Apache-2.0"
intended_use = "Tests."
intended_use_nb = "Tester."
[weights]
file = "model.onnx"
sha256 = "{sha256}"
[accepts]
modality = ["CR", "DX"]
body_part = ["CHEST"]
[[input.step]]
op = "resize"
size = [8, 8]
[[input.step]]
op = "pad"
size = [8, 8]
[[input.step]]
op = "window"
low = 0.0
high = 4095.0
[output]
head = "multilabel_map"
[output.recognition]
threshold = 0.2
wanted = "an image with anything on it"
[[output.label]]
name = "Brightness"
code = {{ value = "36118008", scheme = "SCT", meaning = "Pneumothorax" }}
threshold = 0.5
laterality = "from_image"
[encode]
objects = ["sr", "gsps"]
[run]
queue = "cpu"
timeout_s = 20
threads = 1
"""

FLOAT, INT, INTS = 1, 2, 7
Attributes = Mapping[str, int | list[int]]


def folder(root: Path, *, version: str = "1.0.0", key: str = "tiny") -> Algorithm:
    """Write the algorithm below `root`, and read it back."""
    place = root / key
    place.mkdir(parents=True)
    weights = model()
    (place / "model.onnx").write_bytes(weights)
    sha256 = hashlib.sha256(weights).hexdigest()
    (place / "manifest.toml").write_text(MANIFEST.format(version=version, sha256=sha256))
    return registry.read(place)


def model() -> bytes:
    """The bytes of the network: a ModelProto of operator set 13."""
    mean: Attributes = {"axes": [2, 3], "keepdims": 0}
    pool: Attributes = {"kernel_shape": [2, 2], "strides": [2, 2]}
    nodes = (
        _node("ReduceMean", "probability", mean),
        _node("AveragePool", "location", pool),
        _node("ReduceMax", "region", mean),
    )
    graph = b"".join(_field(1, node) for node in nodes) + _field(2, b"tiny")
    graph += _field(11, _tensor("image", (1, 1, 8, 8)))
    shapes = {"probability": (1, 1), "location": (1, 1, 4, 4), "region": (1, 1)}
    graph += b"".join(_field(12, _tensor(*one)) for one in shapes.items())
    return _number(1, 8) + _field(7, graph) + _field(8, _number(2, 13))


def _node(operator: str, output: str, attributes: Attributes) -> bytes:
    head = _field(1, b"image") + _field(2, output.encode()) + _field(4, operator.encode())
    return head + b"".join(_field(5, _attribute(*one)) for one in attributes.items())


def _attribute(name: str, value: int | list[int]) -> bytes:
    if isinstance(value, int):
        return _field(1, name.encode()) + _number(3, value) + _number(20, INT)
    return _field(1, name.encode()) + b"".join(_number(8, one) for one in value) + _number(20, INTS)


def _tensor(name: str, shape: tuple[int, ...]) -> bytes:
    sizes = b"".join(_field(1, _number(1, size)) for size in shape)
    kind = _field(1, _number(1, FLOAT) + _field(2, sizes))
    return _field(1, name.encode()) + _field(2, kind)


def _field(number: int, content: bytes) -> bytes:
    """A length-delimited field."""
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _number(number: int, value: int) -> bytes:
    """A varint field."""
    return _varint(number << 3) + _varint(value)


def _varint(value: int) -> bytes:
    made = b""
    while value > 0x7F:
        made += bytes([value & 0x7F | 0x80])
        value >>= 7
    return made + bytes([value])
