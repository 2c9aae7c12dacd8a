"""The loop that every training shares: AdamW, a rate that rises and falls, averaged weights.

Needs the extra `train`.
"""

import copy
import dataclasses
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn

from models.training.progress import Progress

WARM: Final = 0.03  #: share of the training in which the rate rises
SMOOTH: Final = 0.98  #: of the loss that is shown, each step

Batches = Callable[[int], Iterable[Any]]
Loss = Callable[[nn.Module, Any], Tensor]


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """How a training goes, beside what is trained."""

    checkpoint: Path
    seconds: float  #: of wall-clock time, in all runs together
    rate: float  #: the highest
    seed: int
    steps: int | None = None  #: ends earlier, at the same step on every machine
    decay: float = 0.02  #: of the weights
    kept: float = 0.998  #: of the averaged weights, each step
    clip: float = 2.0  #: the largest norm of the gradient
    save_s: float = 60.0
    check_s: float = 180.0
    half: bool = True  #: bfloat16 where it is safe (torch.autocast)


def train(
    network: nn.Module,
    batches: Batches,
    loss: Loss,
    *,
    checkpoint: Path,
    seconds: float,
    rate: float,
    seed: int,
    threads: int = 1,
    check: Callable[[nn.Module], str] | None = None,
    **plan: Any,  # noqa: ANN401 - the fields of Plan
) -> nn.Module:
    """Train until `seconds` (or `steps`) are over; the averaged network, on the CPU, in eval mode.

    `batches(epoch)` gives one pass, of tensors or of tuples, lists or mappings of them;
    torch's generator is seeded for each epoch. `loss(network, batch)` runs under autocast:
    take logits as float before a loss. `check(averaged network)` is told now and then.
    `plan`: further fields of `Plan`. A `checkpoint` that is there is gone on from, at the
    next epoch. On CUDA where there is any. Two runs are the same bit for bit only where
    `steps` ends them and neither was stopped.
    """
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    course = _Course(network, Plan(checkpoint, seconds, rate, seed, **plan), loss)
    course.resume()
    while course.share < 1:
        course.epoch += 1
        torch.manual_seed(seed + 1_000 * course.epoch)
        for batch in batches(course.epoch):
            course.step(batch)
            course.now_and_then(check)
            if course.share >= 1:
                break
    return course.end(check)


class _Course:
    """One training: the network, its average, the optimiser, and how far they are."""

    def __init__(self, network: nn.Module, plan: Plan, loss: Loss) -> None:
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.network = network.to(self.device, memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.network).eval().requires_grad_(requires_grad=False)
        self.optimiser = torch.optim.AdamW(
            _grouped(self.network, plan.decay), lr=plan.rate, weight_decay=plan.decay
        )
        self.plan, self.loss = plan, loss
        self.epoch = self.steps = 0
        self.spent = self.shown = 0.0
        self.saved = self.checked = 0.0
        self.clock = time.monotonic()  #: up to where the time is counted
        self.bar = Progress("training")

    @property
    def share(self) -> float:
        """How much of the training is done."""
        by_steps = self.steps / self.plan.steps if self.plan.steps else 0.0
        return max(self.spent / self.plan.seconds, by_steps)

    def resume(self) -> None:
        """Go on from the checkpoint, where there is one."""
        if not self.plan.checkpoint.exists():
            return
        state = torch.load(self.plan.checkpoint, weights_only=True, map_location=self.device)
        for name in ("network", "average", "optimiser"):
            getattr(self, name).load_state_dict(state[name])
        for name in ("epoch", "steps", "spent", "shown"):
            setattr(self, name, state[name])
        self.saved = self.checked = self.spent

    def step(self, batch: Any) -> None:  # noqa: ANN401 - whatever `batches` gives
        """One batch: forward, back, and into the average."""
        for group in self.optimiser.param_groups:
            group["lr"] = self.plan.rate * _height(self.share)
        self.network.train()
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.plan.half):
            value = self.loss(self.network, _moved(batch, self.device))
        self.optimiser.zero_grad(set_to_none=True)
        value.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), self.plan.clip)
        self.optimiser.step()
        self.steps += 1
        _average(self.average, self.network, min(self.plan.kept, self.steps / (self.steps + 9)))
        loss = float(value.detach())
        self.shown = loss if self.steps == 1 else SMOOTH * self.shown + (1 - SMOOTH) * loss
        now = time.monotonic()
        self.spent += now - self.clock
        self.clock = now

    def now_and_then(self, check: Callable[[nn.Module], str] | None) -> None:
        """The bar; a checkpoint and a check where it is time for one."""
        self.bar.tell(min(self.share, 0.999), f"epoch {self.epoch} loss {self.shown:.4f}")
        if self.spent - self.saved >= self.plan.save_s:
            self.save()
        if check and self.spent - self.checked >= self.plan.check_s:
            self.checked = self.spent
            self._check(check)

    def save(self) -> None:
        """Write the checkpoint; the old one stays until the new one is whole."""
        self.saved = self.spent
        parts = ("network", "average", "optimiser")
        state = {name: getattr(self, name).state_dict() for name in parts}
        state |= {name: getattr(self, name) for name in ("epoch", "steps", "spent", "shown")}
        self.plan.checkpoint.parent.mkdir(parents=True, exist_ok=True)
        beside = self.plan.checkpoint.with_suffix(".part")
        torch.save(state, beside)
        beside.replace(self.plan.checkpoint)

    def end(self, check: Callable[[nn.Module], str] | None) -> nn.Module:
        """The averaged network, saved and told."""
        self.save()
        self.bar.tell(1.0, f"{self.steps} steps, loss {self.shown:.4f}")
        if check:
            self._check(check)
        return self.average.to("cpu", memory_format=torch.contiguous_format).eval()

    def _check(self, check: Callable[[nn.Module], str]) -> None:
        state = torch.random.get_rng_state()
        with (
            torch.no_grad(),
            torch.autocast(self.device.type, torch.bfloat16, enabled=self.plan.half),
        ):
            self.bar.say(f"{self.share:6.1%} {check(self.average)}")
        torch.random.set_rng_state(state)
        self.clock = time.monotonic()


def _height(share: float) -> float:
    """Of the rate: a short rise, then half a cosine down to a hundredth."""
    if share < WARM:
        return 0.05 + 0.95 * share / WARM
    fallen = min((share - WARM) / (1 - WARM), 1.0)
    return 0.01 + 0.99 * (1 + float(torch.cos(torch.tensor(torch.pi * fallen)))) / 2


def _grouped(network: nn.Module, decay: float) -> list[dict[str, Any]]:
    """Only weights of two axes and more decay: no norms, no biases."""
    given = [one for one in network.parameters() if one.requires_grad]
    return [
        {"params": [one for one in given if one.ndim > 1], "weight_decay": decay},
        {"params": [one for one in given if one.ndim <= 1], "weight_decay": 0.0},
    ]


@torch.no_grad()  # type: ignore[untyped-decorator, unused-ignore] # no torch where types are checked
def _average(average: nn.Module, network: nn.Module, kept: float) -> None:
    """Weights and buffers of `network` into those of `average`; counters are copied."""
    for mean, one in zip(
        [*average.parameters(), *average.buffers()],
        [*network.parameters(), *network.buffers()],
        strict=True,
    ):
        if mean.dtype.is_floating_point:
            mean.lerp_(one, 1 - kept)
        else:
            mean.copy_(one)


def _moved(batch: Any, device: torch.device) -> Any:  # noqa: ANN401 - whatever it is made of
    if isinstance(batch, Tensor):
        images = batch.ndim == 4 and batch.is_floating_point()  # noqa: PLR2004 - n, c, rows, columns
        layout = torch.channels_last if images else torch.preserve_format
        return batch.to(device, memory_format=layout, non_blocking=True)
    if isinstance(batch, Mapping):
        return {name: _moved(one, device) for name, one in batch.items()}
    if isinstance(batch, tuple | list):
        return type(batch)(_moved(one, device) for one in batch)
    return batch
