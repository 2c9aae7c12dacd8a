# ruff: noqa: PLR2004 - severity is a matter of numbers, each used once
"""Fractures of the hand: scaphoid and metacarpals."""

import dataclasses
import math

from simulator.wrist.breaking import Blow, Broken, done, named, place, rough
from simulator.wrist.pieces import Blob, Piece, Shaft
from simulator.wrist.solids import Cut, Motion


def scaphoid(blow: Blow, pieces: list[Piece]) -> Broken | None:
    """A fracture about the scaphoid's waist; None in a child whose scaphoid is too young."""
    who, rng, force = blow.who, blow.rng, blow.force
    bone = next((p for p in pieces if p.name == "scaphoid"), None)
    if not isinstance(bone, Blob) or who.maturity < 9.5:
        return None
    cut = Cut(
        at=float(rng.normal(0, 0.22)) * bone.long, slope=float(rng.normal(0, 0.25)),
        lean=float(rng.normal(0, 0.5)), gap=(0.55 + 1.3 * force**1.5) * who.size,
        rough=rough(rng, 0.25),
    )  # fmt: skip
    kind = "nondisplaced"
    if force > 0.35:
        kind = "displaced"
        far = 2.2 * (force - 0.35) * who.size
        shift = (float(rng.normal(0, 0.7)) * far, 0.3 * far, float(rng.normal(0, 0.7)) * far)
        motion = Motion(place(bone, cut.at), 0.35 * force * rng.normal(), 0.3 * force, shift)
        cut = dataclasses.replace(cut, motion=motion)
    return done("scaphoid", kind, blow, bone, cut)


def metacarpal(blow: Blow, pieces: list[Piece]) -> Broken | None:
    """A fracture of a metacarpal's neck, shaft or base, most often of the fifth."""
    rng, force, size = blow.rng, blow.force, blow.size
    number = int(rng.choice([1, 2, 3, 4, 5], p=(0.14, 0.1, 0.1, 0.2, 0.46)))
    bone = named(pieces, f"metacarpal {number}")
    assert isinstance(bone, Shaft)
    rest = [p for p in pieces if p.name.startswith((f"phalanx {number}", f"{bone.name} epi"))]
    if number == 1:
        rest = [p for p in rest if p.name.startswith("phalanx")]
    length = bone.top.at
    where = rng.random()
    share, kind = (
        (0.80, "neck") if where < 0.45 else (0.5, "shaft") if where < 0.8 else (0.14, "base")
    )
    at = length * (share + float(rng.normal(0, 0.04 if kind != "shaft" else 0.10)))
    oblique = float(rng.normal(0, 0.9 if kind == "shaft" else 0.25))
    far = 3.2 * force**1.3 * size
    motion = Motion(
        place(bone, at), float(rng.normal(0, 0.16)) * force,
        -0.75 * force * float(rng.uniform(0.3, 1)),
        (float(rng.normal(0, 0.6)) * far, -float(rng.uniform(0, 0.8)) * far,
         float(rng.normal(0, 0.5)) * far),
    )  # fmt: skip
    gap = (0.55 + 0.8 * rng.random()) * size if force < 0.6 or rng.random() < 0.6 else 0.0
    cut = Cut(at, oblique, float(rng.normal(0, 1.2)) * size, gap * math.hypot(1, oblique),
              rough(rng, 0.45), motion)  # fmt: skip
    return done("metacarpal", kind, blow, bone, cut, rest=rest)
