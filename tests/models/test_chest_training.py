"""The network, its loss and its images; skipped where torch is not installed."""

from typing import Any

import pytest

torch: Any = pytest.importorskip("torch")
pytest.importorskip("monai")

from models.chest_xray import augment, foreign  # noqa: E402 - they need torch
from models.chest_xray.cases import CELLS, LABELS, SIZE  # noqa: E402
from models.chest_xray.loss import loss  # noqa: E402
from models.chest_xray.network import ChestNetwork, Probabilities  # noqa: E402


def test_the_outputs_are_probabilities_of_the_promised_shapes() -> None:
    network = Probabilities(ChestNetwork()).eval()
    with torch.no_grad():
        whole, place, region = network(torch.rand(2, 1, SIZE, SIZE))
    assert whole.shape == (2, len(LABELS))
    assert place.shape == (2, len(LABELS), CELLS, CELLS)
    assert region.shape == (2, 1)
    for one in (whole, place, region):
        assert 0 <= float(one.min()) <= float(one.max()) <= 1


def test_what_is_right_costs_less_than_what_is_wrong() -> None:
    places = torch.zeros(2, len(LABELS), CELLS, CELLS)
    places[0, 3, 20:23, 30:33] = 1
    present = places.amax((2, 3))

    class Fixed(torch.nn.Module):  # type: ignore[misc] # no torch where types are checked
        """Answers as it was told."""

        def __init__(self, sign: float) -> None:
            super().__init__()
            self.sign = sign

        def forward(self, _: Any) -> Any:
            """Sure of itself."""
            chest = torch.tensor([[4.0], [4.0], [-4.0]]) * self.sign
            logits = [self.sign * (8 * one - 4) for one in (present, places)]
            return (
                torch.cat([logits[0], -logits[0][:1]]),
                torch.cat([logits[1], logits[1][:1]]),
                chest,
            )

    batch = (torch.rand(3, 1, SIZE, SIZE), places, present)
    assert float(loss(Fixed(1), batch)) < 0.1 * float(loss(Fixed(-1), batch))


def test_a_finding_moves_with_its_image() -> None:
    torch.manual_seed(1)
    image = torch.full((4, 1, SIZE, SIZE), 0.2)
    image[:, :, 160:224, 176:240] = 1.0
    cells = torch.zeros(4, len(LABELS), CELLS, CELLS)
    cells[:, 3, 20:28, 22:30] = 1
    theta = augment._placing(4)
    moved, places = augment._warped(image, theta), augment._warped(cells, theta)
    bright = torch.nn.functional.avg_pool2d(moved, SIZE // CELLS)[:, 0] > 0.6
    for one, place in zip(bright, places[:, 3] > 0.5, strict=True):
        assert int((one & place).sum()) > 0.85 * int((one | place).sum())


def test_varied_and_foreign_images_stay_in_range() -> None:
    torch.manual_seed(2)
    image = torch.rand(12, 1, SIZE, SIZE)
    varied, cells = augment.varied(image, torch.rand(12, len(LABELS), CELLS, CELLS))
    for made in (varied, foreign.foreign(image), augment.estranged(image)):
        assert made.shape == image.shape
        assert bool(torch.isfinite(made).all())
        assert 0 <= float(made.min()) <= float(made.max()) <= 1
        assert not torch.equal(made, image)
    assert cells.shape == (12, len(LABELS), CELLS, CELLS)
