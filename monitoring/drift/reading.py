"""Channels read from a series: counts, means and variances."""

from collections.abc import Sequence

import numpy as np

from monitoring.aggregates.bins import BINS, MIDDLES
from monitoring.drift.channels import Channel
from monitoring.drift.series import COUNT, SQUARES, TOTAL, Array, Series


def read(one: Series, channels: Sequence[Channel], basis: Array) -> tuple[Array, Array]:
    """(T, C) counts and (T, C) means in natural units, NaN where a day has none."""
    counts = np.zeros((len(one.days), len(channels)))
    sums = np.zeros_like(counts)
    axes = one.features @ basis if basis.size else np.zeros((len(one.days), 0))
    attributes: dict[str, Array] = {}
    for (key, _), rows in one.categories.items():
        attributes[key] = attributes[key] + rows if key in attributes else rows
    for at, channel in enumerate(channels):
        told = _told(one, channel, axes, attributes)
        if told is not None:
            counts[:, at], sums[:, at] = told
    with np.errstate(invalid="ignore", divide="ignore"):
        return counts, np.where(counts > 0, sums / counts, np.nan)


def _told(  # noqa: C901, PLR0911, PLR0912
    one: Series, channel: Channel, axes: Array, attributes: dict[str, Array]
) -> tuple[Array, Array] | None:
    """(T,) counts and sums of a channel."""
    key = channel.key[0] if channel.key else ""
    match channel.kind:
        case "number":
            rows = one.numbers.get(key)
            return None if rows is None else (rows[:, COUNT], rows[:, TOTAL])
        case "category" | "other":
            whole = attributes.get(key)
            if whole is None:
                return None
            named = [one.categories.get((key, value)) for value in channel.key[1:]]
            many = sum((rows for rows in named if rows is not None), np.zeros(len(one.days)))
            return whole, many if channel.kind == "category" else whole - many
        case "group":
            rows = one.groups.get(key)
            return one.volumes[:, 1], np.zeros(len(one.days)) if rows is None else rows[:, 0]
        case "part":
            rows = one.groups.get(key)
            return None if rows is None else (rows[:, 0], rows[:, 1])
        case "output":
            rows = one.outputs.get(key)
            return None if rows is None else (rows.sum(axis=1), rows @ MIDDLES)
        case "high":
            rows = one.outputs.get(key)
            return (
                None if rows is None else (rows.sum(axis=1), rows[:, channel.start :].sum(axis=1))
            )
        case "top":
            rows = one.outputs.get(key)
            if rows is None:
                return None
            high = rows[:, channel.start :]
            return high.sum(axis=1), high @ MIDDLES[channel.start :]
        case "feature":
            return one.volumes[:, 3], axes[:, channel.start]
        case "positive":
            return one.volumes[:, 1], one.volumes[:, 2]
        case "refused":
            return one.studies, one.studies - one.volumes[:, 1]
        case "outcome":
            ends = one.outcomes.get(key)
            return one.studies, np.zeros(len(one.days)) if ends is None else ends
        case _:
            table = one.pairs.get(key)
            if table is None:
                return None
            apart = (table[:, 0, 1], table[:, 1, 0], table[:, 0, 1] + table[:, 1, 0])
            return table.sum(axis=(1, 2)), apart[channel.start]


def within(one: Series, channels: Sequence[Channel], means: Array) -> Array:
    """(C,) variance between studies of a day; of shares p(1-p); NaN where sums do not tell."""
    return np.array([_within(one, c, float(m)) for c, m in zip(channels, means, strict=True)])


def _within(one: Series, channel: Channel, mean: float) -> float:
    if channel.share:
        return max(mean * (1 - mean), 1e-4)
    if channel.kind == "number":
        rows = one.numbers.get(channel.key[0])
        if rows is None:
            return float("nan")
        has = rows[:, COUNT] > 1
        n, total, squares = rows[has, COUNT], rows[has, TOTAL], rows[has, SQUARES]
        return max(0.0, float((squares - total**2 / n).sum()) / max(1.0, float((n - 1).sum())))
    if channel.kind in {"output", "top"}:
        rows = one.outputs.get(channel.key[0])
        whole = np.zeros(BINS) if rows is None else rows.sum(axis=0)
        whole, places = whole[channel.start :], MIDDLES[channel.start :]
        n = max(float(whole.sum()), 1.0)
        return max(1e-6, float(whole @ places**2) / n - (float(whole @ places) / n) ** 2)
    return float("nan")
