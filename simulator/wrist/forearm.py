# ruff: noqa: PLR2004 - anatomy is a matter of numbers, each used once
"""Radius and ulna, whole or with growth plates."""

import dataclasses

import numpy as np

from simulator.wrist.averages import PROXIMAL, RADIUS, ULNA
from simulator.wrist.own import Own, dense, unit
from simulator.wrist.pieces import STEP_MM, Blob, Piece, Shaft
from simulator.wrist.solids import End, Floats


def radius(own: Own) -> list[Piece]:
    """The radius, and its epiphysis while it grows."""
    rng, size = own.rng, own.who.size
    tilt, volar = rng.normal(0.40, 0.05), rng.normal(0.19, 0.05)
    wide = size * (0.92 if own.who.maturity < 5 else 1.0)
    table = own.table(RADIUS, -PROXIMAL, size, wide)
    joint = End(PROXIMAL * size, tilt, volar, rng.uniform(0.002, 0.010) / size, 1.0, 0.60)
    return _grown(own, "radius", table, joint, (0.0, 0.0), appears=1.0, high=7.0)


def ulna(own: Own) -> list[Piece]:
    """The ulna, its styloid, and its epiphysis while it grows."""
    rng, size = own.rng, own.who.size
    table = own.table(ULNA, -PROXIMAL, size, size)
    variance = rng.normal(-1.0, 1.0) * size
    joint = End(PROXIMAL * size + variance, 0.02, 0, -0.032 / size, 0.9, 0.35)
    x, z = -27.0 * own.open * size, 1.5 * size
    pieces = _grown(own, "ulna", table, joint, (x, z), appears=5.6, high=4.6)
    grown = own.ossified(7.5, 13)
    if grown > 0.2:
        root = (x - 6.2 * size, variance + 1.2 * size, z + 1.0 * size)
        pieces.append(
            Blob(
                name="styloid", origin=root, axis=unit((-0.28, 1.0, 0.05)), texture=own.grain,
                coarse=0.7 * own.coarse, offset=0.4, long=(2.0 + 4.6 * grown) * size,
                wide=(2.5 * size, 2.8 * size), cortex=0.7, spongy=0.28 * own.who.mineral,
            )
        )  # fmt: skip
    return pieces


def _grown(
    own: Own, name: str, table: Floats, joint: End, at: tuple[float, float],
    *, appears: float, high: float,
) -> list[Piece]:  # fmt: skip
    """A long bone of the forearm: whole, or as metaphysis and epiphysis."""
    rng, who, size = own.rng, own.who, own.who.size
    plate, offset = own.physis(), float(rng.random())
    whole = Shaft(
        origin=(at[0], -PROXIMAL * size, at[1]), axis=(0.0, 1.0, 0.0),
        name=name, table=table, top=joint, texture=own.grain, coarse=own.coarse, offset=offset,

    )  # fmt: skip
    level = joint.at - high * size
    phase = float(rng.uniform(0, 6))
    if not plate:
        scar = own.who.age < 40 and rng.random() < 0.7
        if scar:
            dense(table, level, 0.5 * size, 0.12)
        return [whole]
    slope = joint.slope_x * 0.12
    hollow = rng.normal(-0.003, 0.004) / size
    wave = float(rng.uniform(0.15, 0.4)) * size
    low = End(level - plate, slope, 0.0, hollow, 0.9, 0.40, wave, phase)
    grown = float(np.clip((who.maturity - appears) / (12.5 - appears), 0, 1))
    table = table.copy()
    # the metaphysis of a child is as wide as the plate, then narrows
    top = int(low.at / STEP_MM)
    reach = int(16 * size / STEP_MM)
    if grown < 1:
        table[top:, :2] = np.maximum(table[top:, :2], table[top, :2] * 0.97)
    shaft = dataclasses.replace(whole, table=table, top=low)
    if rng.random() < 0.35:
        dense(table, level - plate - rng.uniform(3, reach * STEP_MM), 0.4, 0.10)
    if who.maturity < appears + 0.3:
        return [shaft]
    share = 0.30 + 0.70 * grown**0.8
    if grown > 0.55:
        return [
            shaft,
            _cap(shaft, joint, dataclasses.replace(low, at=level, plate=0.8, depth=0.35), share),
        ]
    half = max(0.35 * high * (0.5 + 0.9 * grown), 1.3) * size
    wide, deep = (float(v) * share for v in table[top, :2])
    x, y, z = whole.origin
    middle = (
        x + float(table[top, 2]) + 0.10 * wide * (1 - grown), y + level + half + 0.7 * size, z
    )  # fmt: skip
    nucleus = Blob(
        name=f"{name} epiphysis", origin=middle, axis=unit((-0.12, 1.0, 0.0)),
        texture=own.grain, coarse=0.6 * own.coarse, offset=offset, stretch=1.2,
        long=half, wide=(wide, deep), cortex=0.6, spongy=0.26 * who.mineral,
        shape=((3, 0.06, 1.2),), squareness=2.4,
    )  # fmt: skip
    return [shaft, nucleus]


def _cap(shaft: Shaft, joint: End, low: End, share: float) -> Shaft:
    """An epiphysis between its growth plate, at `low`, and the joint."""
    table = shaft.table.copy()
    table[:, :2] *= min(1.02, share + 0.04)
    return dataclasses.replace(
        shaft, name=f"{shaft.name} epiphysis", table=table, top=joint, bottom=low, stretch=1.3,
        cuts=[],
    )  # fmt: skip
