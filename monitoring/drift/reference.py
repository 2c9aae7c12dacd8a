"""What a stream is compared with: learned once, frozen, and kept as bytes.

The bytes are a mark, the form, a SHA-256 of the rest, and zlib over JSON with arrays as base64.
"""

import base64
import dataclasses
import datetime as dt
import hashlib
import json
import zlib
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from core.domain.watch import Chart, Signal
from monitoring.aggregates.wire import CorruptError
from monitoring.drift.baseline import Baseline
from monitoring.drift.channels import Channel
from monitoring.drift.ewma import Noise
from monitoring.drift.series import Array

FORM: Final = 1
MARK: Final = b"varde reference "
SMALL: Final = 0.1  #: a stream whose largest weight of a newest day is less, is a small one
LARGEST: Final = 64 << 20  #: bytes of an unpacked reference


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What all references learned from the same days of the same sites share.

    `basis` (FEATURES, r) the axes of the embedding; `axes` by family (C of the family, r).
    `sites` and `bases` (S, 2, C): each site's mean on workdays and on days off, in scales.
    """

    channels: tuple[Channel, ...]
    basis: Array
    axes: Mapping[Signal, Array]
    sites: tuple[str, ...]
    bases: Array

    @property
    def digest(self) -> bytes:
        """The same for the same ground."""
        made = hashlib.sha256(repr((self.channels, self.sites)).encode())
        for part in (self.basis, self.bases, *(self.axes[key] for key in sorted(self.axes))):
            made.update(np.ascontiguousarray(part).tobytes())
        return made.digest()


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Charted:
    """A chart's baseline and noise of every channel, and of every axis of `Ground.axes`.

    `shapes` by family (2,): the sum of squares over its axes is, when nothing happens, the first
    times a chi-square of as many degrees of freedom as the second (Satterthwaite 1946).
    `levels` by family: (2, scales) how many standard deviations are too many, for a channel and
    for all axes together, the margin within; infinite where there is nothing to compare.
    """

    baseline: Baseline
    channels: Noise
    axes: Mapping[Signal, Noise]
    shapes: Mapping[Signal, Array]
    levels: Mapping[Signal, Array]


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """A stream from `first` to `last`: `days` with studies, `studies` in all.

    `volumes` (7,): mean studies of each weekday, holidays being Sundays; `XX
    day in its averages.
    """

    site: str
    first: dt.date
    last: dt.date
    days: int
    studies: int
    volumes: Array
    scales: tuple[float, ...]
    ground: Ground
    charts: Mapping[Chart, Charted]

    @property
    def small(self) -> bool:
        """Whether its averages are slow ones."""
        return max(self.scales, default=0.0) < SMALL

    @property
    def span(self) -> int:
        """Days from the first to the last."""
        return (self.last - self.first).days + 1

    def dump(self) -> bytes:
        """The bytes; the same reference always gives the same."""
        text = json.dumps(_told(self), sort_keys=True, separators=(",", ":"), allow_nan=False)
        body = zlib.compress(text.encode(), 6)
        return MARK + bytes([FORM]) + hashlib.sha256(body).digest() + body

    @classmethod
    def load(cls, data: bytes) -> "Reference":
        """The reference of `dump`'s bytes; raises `CorruptError`."""
        try:
            return _reference(_read(data))
        except (zlib.error, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            message = f"no reference: {type(error).__name__}"
            raise CorruptError(message) from error


def _read(data: bytes) -> Mapping[str, Any]:
    head = len(MARK) + 1
    if data[: head - 1] != MARK or data[head - 1 : head] != bytes([FORM]):
        message = f"not a reference of form {FORM}"
        raise ValueError(message)
    digest, body = data[head : head + 32], data[head + 32 :]
    if hashlib.sha256(body).digest() != digest:
        message = "a reference whose checksum is wrong"
        raise ValueError(message)
    unpacker = zlib.decompressobj()
    text = unpacker.decompress(body, LARGEST)
    made: Mapping[str, Any] = json.loads(text)
    if not unpacker.eof:
        message = "a reference that is cut off or too large"
        raise ValueError(message)
    return made


def _told(one: Reference) -> dict[str, Any]:
    ground = one.ground
    return {
        "site": one.site, "first": one.first.isoformat(), "last": one.last.isoformat(),
        "days": one.days, "studies": one.studies, "volumes": _packed(one.volumes),
        "scales": list(one.scales),
        "channels": [
            [c.signal.value, c.name, c.kind, list(c.key), c.share, c.start, c.scale]
            for c in ground.channels
        ],
        "basis": _packed(ground.basis),
        "axes": {key.value: _packed(axes) for key, axes in ground.axes.items()},
        "sites": list(ground.sites), "bases": _packed(ground.bases),
        "charts": {
            chart.value: {
                "plain": _packed(made.baseline.plain), "weekday": _packed(made.baseline.weekday),
                "channels": _noise_told(made.channels),
                "axes": {key.value: _noise_told(noise) for key, noise in made.axes.items()},
                "shapes": {key.value: _packed(shape) for key, shape in made.shapes.items()},
                "levels": {key.value: _packed(levels) for key, levels in made.levels.items()},
            }
            for chart, made in one.charts.items()
        },
    }  # fmt: skip


def _noise_told(noise: Noise) -> dict[str, Any]:
    return {field.name: _packed(getattr(noise, field.name)) for field in dataclasses.fields(noise)}


def _reference(body: Mapping[str, Any]) -> Reference:
    channels = tuple(
        Channel(Signal(signal), str(name), str(kind), tuple(key), bool(share), int(start), scale)
        for signal, name, kind, key, share, start, scale in body["channels"]
    )
    axes = {Signal(key): _unpacked(told) for key, told in body["axes"].items()}
    ground = Ground(
        channels, _unpacked(body["basis"]), axes, tuple(body["sites"]), _unpacked(body["bases"])
    )
    return Reference(
        site=str(body["site"]),
        first=dt.date.fromisoformat(body["first"]),
        last=dt.date.fromisoformat(body["last"]),
        days=int(body["days"]),
        studies=int(body["studies"]),
        volumes=_unpacked(body["volumes"]),
        scales=tuple(float(scale) for scale in body["scales"]),
        ground=ground,
        charts={Chart(key): _charted(told) for key, told in body["charts"].items()},
    )


def _charted(told: Mapping[str, Any]) -> Charted:
    return Charted(
        Baseline(_unpacked(told["plain"]), _unpacked(told["weekday"])),
        _noise(told["channels"]),
        {Signal(key): _noise(noise) for key, noise in told["axes"].items()},
        {Signal(key): _unpacked(shape) for key, shape in told["shapes"].items()},
        {Signal(key): _unpacked(levels) for key, levels in told["levels"].items()},
    )


def _noise(told: Mapping[str, Any]) -> Noise:
    return Noise(**{field.name: _unpacked(told[field.name]) for field in dataclasses.fields(Noise)})


def _packed(values: Array) -> list[Any]:
    """Shape and little-endian float32: `rounded` has made arrays what they are read as."""
    flat = base64.b64encode(np.asarray(values, "<f4").tobytes()).decode("ascii")
    return [list(values.shape), flat]


def _unpacked(told: Any) -> Array:  # noqa: ANN401 - what JSON had
    shape, flat = told
    read = np.frombuffer(base64.b64decode(flat, validate=True), "<f4").astype(np.float64)
    return read.reshape([int(n) for n in shape])


def rounded(values: Array) -> Array:
    """To what float32 holds, so that a reference that was kept is the one that was learned."""
    return np.asarray(values, np.float32).astype(np.float64)
