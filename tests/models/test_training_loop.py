"""The loop and the export; skipped where torch is not installed, as on a machine that only runs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

torch: Any = pytest.importorskip("torch")
pytest.importorskip("onnx")

from models.training import export, loop  # noqa: E402 - they need torch


def batches(epoch: int) -> Iterator[tuple[Any, Any]]:
    """A line with noise, another one each epoch."""
    for _ in range(20):
        x = torch.randn(16, 3)
        yield x, x @ torch.tensor([1.0, -2.0, 0.5])[:, None] + 0.1


def loss(network: Any, batch: tuple[Any, Any]) -> Any:
    return (network(batch[0]).float() - batch[1]).square().mean()


def train(folder: Path, steps: int, name: str = "checkpoint.pt") -> Any:
    torch.manual_seed(0)
    return loop.train(
        torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.BatchNorm1d(8), torch.nn.Linear(8, 1)),
        batches, loss, checkpoint=folder / name, seconds=60, steps=steps, rate=0.05, seed=1,
        half=False, kept=0.9,
    )  # fmt: skip


def test_a_training_learns_and_the_same_seed_gives_the_same_weights(tmp_path: Path) -> None:
    first, second = (train(tmp_path, 200, f"{name}.pt") for name in "ab")
    x, y = next(batches(1))
    assert float((first(x) - y).square().mean()) < 0.2 * float(y.square().mean())
    for one, other in zip(first.state_dict().values(), second.state_dict().values(), strict=True):
        assert torch.equal(one, other)


def test_a_training_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    train(tmp_path, 30)
    before = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert before["steps"] == 30
    train(tmp_path, 50)
    after = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert after["steps"] == 50
    assert after["epoch"] > before["epoch"]
    assert after["spent"] > before["spent"]


def test_a_check_is_told_at_the_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    loop.train(
        torch.nn.Linear(3, 1), batches, loss, checkpoint=tmp_path / "c.pt", seconds=60, steps=5,
        rate=0.01, seed=1, check=lambda network: f"training {network.training}",
    )  # fmt: skip
    assert "training False" in capsys.readouterr().err


class Twice(torch.nn.Module):  # type: ignore[misc] # no torch where types are checked
    """Two outputs."""

    def forward(self, image: Any) -> Any:
        """Both."""
        return image * 2, image.mean((2, 3))


def test_an_export_says_the_same(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    axes = {name: {0: "batch"} for name in ("image", "double", "mean")}
    several = {"image": torch.rand(3, 1, 8, 8)}
    gap = export.onnx(
        Twice(), {"image": torch.rand(1, 1, 8, 8)}, ["double", "mean"], path, dynamic=axes,
        also=[several],
    )  # fmt: skip
    assert gap <= 1e-6
    assert export.difference(Twice(), several, ["double", "mean"], path) <= 1e-6
    with pytest.raises(ValueError, match="differs from torch"):
        export.onnx(
            Twice(), {"image": torch.full((1, 1, 8, 8), torch.nan)}, ["double", "mean"], path
        )
    assert sorted(one.name for one in tmp_path.iterdir()) == ["model.onnx"]
