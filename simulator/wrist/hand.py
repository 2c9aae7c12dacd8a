# ruff: noqa: PLR2004 - anatomy is a matter of numbers, each used once
"""Carpal bones, metacarpals and first phalanges, as far as they have ossified."""

import numpy as np

from simulator.wrist.averages import CARPALS, METACARPAL, METACARPALS, PHALANGES
from simulator.wrist.own import Own, point, unit
from simulator.wrist.pieces import Blob, Piece, Shaft
from simulator.wrist.solids import End, Point


def carpals(own: Own) -> list[Piece]:
    """The carpal bones whose nuclei have appeared."""
    pieces: list[Piece] = []
    for bone in CARPALS:
        grown = own.ossified(bone.age, max(12.5, bone.age + 4))
        if grown < 0.12:
            continue
        share = own.who.size * (0.22 + 0.78 * grown) * own.rng.normal(1.05, 0.03)
        long, wide, deep = (half * share for half in bone.half)
        if grown < 0.8:
            long, wide = (0.7 * long + 0.3 * wide), (0.7 * wide + 0.3 * long)
        jitter = own.rng.normal(0, 0.07, 3)
        x, y, z = bone.middle
        pieces.append(
            Blob(
                name=bone.name, origin=own.near((x, y * own.open + 1.0 - 0.03 * y, z), 0.45),
                axis=unit(tuple(np.array(bone.axis) + jitter)), texture=own.grain,
                coarse=0.8 * own.coarse, offset=float(own.rng.random()), stretch=1.25, long=long,
                wide=(wide, deep), cortex=0.75 * max(0.6, own.who.size) * own.cortical,
                spongy=0.27 * own.who.mineral,
                shape=tuple(
                    (order, amount * grown, phase + float(own.rng.normal(0, 0.3)))
                    for order, amount, phase in bone.shape
                ),
                squareness=2.0 + 0.5 * grown,
            )
        )  # fmt: skip
    return pieces


def rays(own: Own) -> list[Piece]:
    """Metacarpals and first phalanges."""
    pieces: list[Piece] = []
    spread = float(own.rng.normal(0, 0.07))
    for number, base, head, half, appears in METACARPALS:
        pieces += _finger(
            own, f"metacarpal {number}", base, head, half=half, appears=appears, spread=spread
        )
    for number, base, head, half in PHALANGES:
        pieces += _finger(
            own, f"phalanx {number}", base, head, half=half, appears=2.0, spread=spread
        )
    return pieces


def _finger(
    own: Own, name: str, base: Point, head: Point, *, half: float, appears: float, spread: float
) -> list[Piece]:
    """A metacarpal or a phalanx, and its epiphysis while it grows."""
    size, rng = own.who.size, own.rng
    start = np.array(own.near((base[0] * (1 + spread), base[1] * own.open + 1, base[2]), 0.4))
    end = np.array(own.near((head[0] * (1 + spread), head[1] * own.open + 1, head[2]), 0.4))
    length = float(np.linalg.norm(end - start))
    direction = (end - start) / length
    grown = own.ossified(appears, 14.0)
    distal = name.startswith("metacarpal") and not name.endswith("1")
    short = 0.0 if grown >= 1 else (0.05 + 0.06 * (1 - grown)) * length
    if not distal:
        start += direction * short
    knots = [
        (s * (length - short), a * half, b * half, x, z, c * half, d)
        for s, a, b, x, z, c, d in METACARPAL
    ]
    table = own.table(knots, 0.0, 1.0, size)
    offset = float(rng.random())
    shaft = Shaft(
        name=name, origin=point(start), axis=point(direction), table=table,
        top=End(length - short, 0, 0, -0.085 / size, 0.7, 0.30),
        bottom=End(0.6, 0, 0, 0.012 / size, 0.7, 0.30), texture=own.grain,
        coarse=0.8 * own.coarse, offset=offset,
    )  # fmt: skip
    if grown >= 1 or grown < 0.15:
        return [shaft]
    share = 0.35 + 0.6 * grown
    thick = (0.8 + 2.0 * grown) * size
    at = end - direction * thick * 0.8 if distal else start - direction * (thick + 1.0 * size)
    deep = 1.35 * half * size * share
    nucleus = Blob(
        name=f"{name} epiphysis", origin=point(at), axis=point(direction), long=thick,
        wide=(deep, deep), cortex=0.5, spongy=0.26 * own.who.mineral, stretch=1.2,
        texture=own.grain, coarse=0.8 * own.coarse, offset=offset,
    )  # fmt: skip
    return [shaft, nucleus]
