"""The output `embedding` of an ONNX file; skipped where onnx is not installed."""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

onnx: Any = pytest.importorskip("onnx")

from models import golden, registry  # noqa: E402
from models.training import embedding  # noqa: E402 - it needs onnx

WAYS = {
    "chest_xray": ("network", "region", 1), "fracture": ("network", "region", 1),
    "mammography": ("network", "region", 2), "ct_thorax": ("nodules", "heat", 1),
}  # fmt: skip


def run(path: Path, key: str, network: str) -> dict[str, Any]:
    algorithm = registry.load()[key]
    case = golden.read(algorithm.folder, algorithm.manifest)[network]
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_outputs()]
    told = session.run(names, {"image": case.tensor(algorithm.manifest)})
    return dict(zip(names, told, strict=True))


def copied(folder: Path, key: str, network: str) -> Path:
    path = folder / "copy.onnx"
    path.write_bytes(registry.load()[key].weights[network].read_bytes())
    return path


@pytest.mark.parametrize("key", WAYS)
def test_every_other_output_stays_bit_for_bit(tmp_path: Path, key: str) -> None:
    network, output, layers = WAYS[key]
    path = copied(tmp_path, key, network)
    bare = onnx.load(path)
    embedding._without(bare.graph)
    onnx.save(bare, path)
    before = run(path, key, network)
    assert embedding.OUTPUT not in before
    size = embedding.expose(path, output, layers=layers)
    after = run(path, key, network)
    assert after.pop(embedding.OUTPUT).shape == (1, size)
    assert set(after) == set(before)
    for name, told in before.items():
        np.testing.assert_array_equal(after[name], told, err_msg=name)


@pytest.mark.parametrize("key", WAYS)
def test_the_files_in_the_tree_are_what_the_tool_makes(tmp_path: Path, key: str) -> None:
    network, output, layers = WAYS[key]
    path = copied(tmp_path, key, network)
    before = run(path, key, network)[embedding.OUTPUT]
    embedding.expose(path, output, layers=layers)
    np.testing.assert_array_equal(run(path, key, network)[embedding.OUTPUT], before)


def test_a_map_is_pooled_to_mean_and_maximum(tmp_path: Path) -> None:
    path = copied(tmp_path, "ct_thorax", "nodules")
    assert embedding.expose(path, "heat") == 64
    told = run(path, "ct_thorax", "nodules")[embedding.OUTPUT][0]
    assert (told[32:] >= told[:32]).all()


def test_a_network_without_such_a_layer_is_refused(tmp_path: Path) -> None:
    path = copied(tmp_path, "chest_xray", "network")
    with pytest.raises(ValueError, match="no 99 layers"):
        embedding.expose(path, "region", layers=99)
    with pytest.raises(ValueError, match="no 1 layers with weights before 'nothing'"):
        embedding.expose(path, "nothing")
    assert [one.name for one in tmp_path.iterdir()] == ["copy.onnx"]
