"""The output `embedding` of an ONNX file: what the network made of its input, before it decides.

`python -m models.training.embedding FILE OUTPUT [--layers N]`. The watch over algorithms
compares one day's embeddings with a reference's. Needs `onnx`, of the extra `train`.
"""

import argparse
import sys
from pathlib import Path
from typing import Any, Final

import onnx
from onnx import TensorProto, helper

OUTPUT: Final = "embedding"
WEIGHTED: Final = ("Gemm", "MatMul", "Conv", "ConvTranspose")
FLAT: Final = 2  #: axes of a tensor that is pooled already
POOLS: Final = ("GlobalAveragePool", "GlobalMaxPool")


def main(argv: list[str] | None = None) -> int:
    """Add the output to a file; 0."""
    parser = argparse.ArgumentParser(prog="python -m models.training.embedding")
    parser.add_argument("file", type=Path)
    parser.add_argument("output", help="the output before which the layer lies")
    parser.add_argument("--layers", type=int, default=1)
    arguments = parser.parse_args(argv)
    size = expose(arguments.file, arguments.output, layers=arguments.layers)
    sys.stdout.write(f"{arguments.file}: {OUTPUT} of {size} numbers\n")
    return 0


def expose(path: Path, output: str, *, layers: int = 1) -> int:
    """Give the network at `path` the output `embedding` (n, d), float32; returns d.

    It is what the last weighted layer before `output` is given, or the one `layers` before
    it: as it is where that is a vector already, else the mean and the largest value of every
    channel of the map. The other outputs are computed as before. An `embedding` that is there
    already is replaced. ValueError where there is no such layer.
    """
    model = onnx.load(path)
    _without(model.graph)
    tensor = _before(model.graph, output, layers)
    shapes = _shapes(model)
    if tensor not in shapes:
        message = f"{path.name}: the size of {tensor} is not known"
        raise ValueError(message)
    axes = shapes[tensor]
    pooled = len(axes) > FLAT
    size = axes[1] * (len(POOLS) if pooled else 1)
    model.graph.node.extend(_pooling(tensor) if pooled else [_named(tensor)])
    shape = [model.graph.input[0].type.tensor_type.shape.dim[0].dim_param or 1, size]
    model.graph.output.append(helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, shape))
    onnx.checker.check_model(model)
    beside = path.with_suffix(".part.onnx")
    onnx.save(model, beside)
    beside.replace(path)
    return size


def _before(graph: Any, output: str, layers: int) -> str:  # noqa: ANN401 - onnx has no types
    """The first input of the weighted layer that lies `layers` before `output`."""
    makers = {name: node for node in graph.node for name in node.output}
    tensor, passed = output, 0
    while tensor in makers:
        node = makers[tensor]
        tensor = node.input[0]
        passed += node.op_type in WEIGHTED
        if passed == layers:
            return str(tensor)
    message = f"there are no {layers} layers with weights before {output!r}"
    raise ValueError(message)


def _shapes(model: Any) -> dict[str, list[int]]:  # noqa: ANN401 - onnx has no types
    """The axes of every tensor that onnx can tell; 0 for one of any length."""
    told = onnx.shape_inference.infer_shapes(model).graph
    return {
        one.name: [axis.dim_value for axis in one.type.tensor_type.shape.dim]
        for one in (*told.value_info, *told.output)
    }


def _pooling(tensor: str) -> list[Any]:
    """(n, c, …) to (n, 2 c): mean and maximum of every channel."""
    nodes, parts = [], []
    for pool in POOLS:
        whole, flat = f"{OUTPUT}/{pool}", f"{OUTPUT}/{pool}/flat"
        nodes.append(helper.make_node(pool, [tensor], [whole], name=whole))
        nodes.append(helper.make_node("Flatten", [whole], [flat], name=flat, axis=1))
        parts.append(flat)
    return [*nodes, helper.make_node("Concat", parts, [OUTPUT], name=OUTPUT, axis=1)]


def _named(tensor: str) -> Any:  # noqa: ANN401 - onnx has no types
    return helper.make_node("Identity", [tensor], [OUTPUT], name=OUTPUT)


def _without(graph: Any) -> None:  # noqa: ANN401 - onnx has no types
    """Take an `embedding` of before away."""
    for several in (graph.node, graph.output):
        for one in [one for one in several if one.name.split("/")[0] == OUTPUT]:
            several.remove(one)


if __name__ == "__main__":
    raise SystemExit(main())
