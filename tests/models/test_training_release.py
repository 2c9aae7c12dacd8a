import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from models import golden as goldens
from models import manifest as manifests
from models.training import release

TEXT = """# a comment that stays
[[weights]]
name = "first"
file = "first.onnx"
sha256 = "{zero}" # of the file

[[weights]]
name = "second"
file = "second.onnx"

[[output.label]]
name = "One"
threshold = 0.5

[[output.label]]
name = "Two"
threshold = 0.25
location_threshold = 0.5

[run]
queue = "cpu"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "manifest.toml").write_text(TEXT.format(zero="0" * 64), encoding="utf-8")
    for name in ("first", "second"):
        (tmp_path / f"{name}.onnx").write_bytes(name.encode())
    return tmp_path


def text(folder: Path) -> str:
    return (folder / "manifest.toml").read_text(encoding="utf-8")


def test_every_table_of_weights_gets_its_own_digest(folder: Path) -> None:
    digests = [hashlib.sha256(name).hexdigest() for name in (b"first", b"second")]
    assert list(release.weights(folder).values()) == digests
    told = text(folder)
    assert f'sha256 = "{digests[0]}" # of the file' in told
    assert f'file = "second.onnx"\nsha256 = "{digests[1]}"\n\n[[output.label]]' in told
    assert told.startswith("# a comment that stays\n")


def test_only_the_label_that_is_meant_changes(folder: Path) -> None:
    release.threshold(folder, "One", threshold=0.125, location_threshold=0.75, most=2)
    lines = text(folder).splitlines()
    one, two = lines.index('name = "One"'), lines.index('name = "Two"')
    assert lines[one + 1 : one + 4] == [
        "threshold = 0.125", "location_threshold = 0.75", "most = 2",
    ]  # fmt: skip
    assert lines[two + 1 : two + 3] == ["threshold = 0.25", "location_threshold = 0.5"]
    with pytest.raises(ValueError, match="no label 'Three'"):
        release.threshold(folder, "Three", threshold=1)


def test_the_golden_case_of_the_reference_model_is_read_as_it_was_written(copied: Path) -> None:
    manifest = manifests.read(copied)
    given = np.arange(12, dtype=np.uint16).reshape(3, 4)
    release.golden(copied, manifest, given, {"probability": np.array([[0.5]], np.float32)})
    (told,) = goldens.read(copied, manifest).values()
    np.testing.assert_array_equal(told.given, given)
    assert told.agrees({"probability": np.array([[0.501]], np.float32)})
    assert not told.agrees({"probability": np.array([[0.51]], np.float32)})


def test_the_reference_counts_every_study(tmp_path: Path) -> None:
    column = np.random.default_rng(1).random(50)
    release.reference(
        tmp_path, {"One": column}, {"One": 0.5}, [30] * 50, "simulated", density={"a": 3}
    )
    told = json.loads((tmp_path / "reference.json").read_text(encoding="utf-8"))
    assert told["count"] == sum(told["labels"]["One"]["counts"]) == 50
    assert told["labels"]["One"]["positive_share"] == pytest.approx((column >= 0.5).mean())
    assert sum(told["age_years"]["counts"]) == 50
    assert told["density"] == {"a": 3}
