# ruff: noqa: PLR2004 - severity is a matter of numbers, each used once
"""Fractures of the forearm's distal end: across, oblique, buckled, through the growth plate."""

import math
from collections.abc import Sequence

import numpy as np

from simulator.wrist.breaking import Blow, Broken, copied, done, named, place, rough
from simulator.wrist.pieces import STEP_MM, Blob, Piece, Shaft
from simulator.wrist.solids import Cut, Motion, View


def radius(blow: Blow, pieces: list[Piece]) -> Broken | None:
    """A fracture of the radius' distal end, as the age has it."""
    who, rng = blow.who, blow.rng
    bone = named(pieces, "radius")
    assert isinstance(bone, Shaft)
    hand = [p for p in pieces if p is not bone and not p.name.startswith(("ulna", "styloid"))]
    draw = rng.random()
    # an early nucleus lies so far from its plate that a slip cannot be told from growth
    epiphysis = next((p for p in pieces if p.name == "radius epiphysis"), None)
    epiphysis = epiphysis if isinstance(epiphysis, Shaft) else None
    if who.is_growing:
        if epiphysis is not None and draw < 0.22:
            return _slipped(blow, bone, epiphysis, hand)
        if draw < 0.60:
            return _buckled("distal_radius", blow, bone)
    elif draw < 0.18:
        return _split_off(blow, bone)
    at = bone.top.at - rng.uniform(12, 30) * who.size
    return _across("distal_radius", blow, bone, hand, at)


def ulna(blow: Blow, pieces: list[Piece]) -> Broken | None:
    """A fracture of the ulna's distal end, most often of its styloid."""
    who, rng = blow.who, blow.rng
    bone = named(pieces, "ulna")
    assert isinstance(bone, Shaft)
    styloid = next((p for p in pieces if p.name == "styloid"), None)
    rest = [p for p in pieces if p.name in {"ulna epiphysis", "styloid"}]
    draw = rng.random()
    if styloid is not None and draw < 0.6:
        assert isinstance(styloid, Blob)
        return _tip(blow, styloid)
    if who.is_growing and draw < 0.85:
        return _buckled("distal_ulna", blow, bone)
    at = bone.top.at - rng.uniform(10, 28) * who.size
    return _across("distal_ulna", blow, bone, rest, at)


def _across(site: str, blow: Blow, bone: Shaft, rest: Sequence[Piece], at: float) -> Broken:
    """A complete break across a shaft's end, or an incomplete one: a line only."""
    force, size, rng = blow.force, blow.size, blow.rng
    slope, lean = float(rng.normal(0, 0.22)), float(rng.normal(0, 2.2)) * size
    line = rough(rng, 0.5)
    if blow.subtlety > 0.6 and rng.random() < 0.6:
        reach = (-1e3, 1e3)
        if rng.random() < 0.5:
            wide = bone.half(at, View(0.0, 1.0))[1]
            edge = float(rng.uniform(-0.2, 0.5)) * wide
            reach = (-1e3, edge) if rng.random() < 0.5 else (-edge, 1e3)
        gap = (0.6 + 0.9 * force) * size
        cut = Cut(at, slope, 0.3 * lean, gap, line, None, reach)
        return done(site, "line", blow, bone, cut)
    back = 1.0 if rng.random() < 0.8 else -1.0  # Colles, Smith
    far = force**1.3 * size
    motion = Motion(
        place(bone, at),
        tilt=float(rng.normal(0, 0.14)) * force + 0.02 * float(rng.normal()),
        bend=back * (0.07 + 0.55 * force * float(rng.uniform(0.4, 1.0))),
        shift=(float(rng.normal(0, 2.6)) * far, -float(rng.uniform(0.0, 4.5)) * far,
               back * float(rng.uniform(0.0, 5.0)) * far),
    )  # fmt: skip
    gap = float(rng.choice([0.0, 0.5, 0.9])) * size
    cut = Cut(at, slope, lean, gap, line, motion)
    kind = "greenstick" if blow.who.is_growing and rng.random() < 0.4 else "complete"
    return done(site, kind, blow, bone, cut, rest=rest)


def _split_off(blow: Blow, bone: Shaft) -> Broken:
    """An oblique break that takes the radial styloid off, into the joint."""
    force, size, rng = blow.force, blow.size, blow.rng
    slope = -float(rng.uniform(0.8, 1.6))
    at = bone.top.at - rng.uniform(-2, 5) * size
    gap = (0.65 + 1.0 * force) * size * math.hypot(1, slope)
    motion = None
    if force > 0.3:
        far = 3.0 * (force - 0.3) * size
        shift = (0.8 * far, -0.4 * far, float(rng.normal(0, 0.4)) * far)
        motion = Motion(place(bone, at - 8 * size), 0.2 * force * float(rng.normal()), 0.0, shift)
    cut = Cut(at, slope, float(rng.normal(0, 0.8)) * size, gap, rough(rng, 0.4), motion,
              (-3 * size, 1e3))  # fmt: skip
    return done("distal_radius", "intra-articular", blow, bone, cut)


def _buckled(site: str, blow: Blow, bone: Shaft) -> Broken:
    """A torus fracture: the cortex bulges, the inside is compressed, the bone bends a little."""
    force, size, rng = blow.force, blow.size, blow.rng
    at = bone.top.at - rng.uniform(9, 26) * size
    spread = float(rng.uniform(1.8, 3.4)) * size
    high = (0.75 + 1.9 * force) * max(size, 0.6)
    before = copied(bone)
    table = bone.table.copy()
    rows = np.arange(len(table)) * STEP_MM
    bump = high * np.exp(-(((rows - at) / spread) ** 2))
    radial, dorsal = float(rng.uniform(-1, 1)), float(rng.uniform(-1, 1))
    table[:, 0] += 0.62 * bump
    table[:, 1] += 0.62 * bump
    table[:, 2] += 0.55 * radial * bump
    table[:, 3] += 0.55 * dorsal * bump
    band = np.exp(-(((rows - at + 0.4 * spread) / (0.7 * spread)) ** 2))
    table[:, 5] += (0.05 + 0.13 * force) * band
    table[:, 4] *= 1 - 0.3 * band
    kink = (0.02 + 0.16 * force) * float(rng.uniform(0.4, 1.0))
    beyond = np.clip(rows - at, 0, None)
    table[:, 2] += kink * radial * 0.5 * beyond
    table[:, 3] += kink * dorsal * beyond * 0.5
    bone.table = table.astype(np.float32)
    found = Broken(site, "torus", blow.subtlety, bone, [before], [bone], None, at - 1.6 * spread,
                  at + 1.6 * spread)  # fmt: skip
    if force > 0.45 and rng.random() < 0.5:
        gap = 0.7 * size
        side = 1 if radial < 0 else -1
        reach = (-1e3, 0.0) if side < 0 else (0.0, 1e3)
        bone.cuts.append(Cut(at, 0.1, 0.5, gap, rough(rng, 0.3), None, reach))
    return found


def _slipped(blow: Blow, bone: Shaft, epiphysis: Piece, hand: list[Piece]) -> Broken:
    """Salter-Harris I or II: the epiphysis slips on a widened plate, with or without a corner."""
    force, size, rng = blow.force, blow.size, blow.rng
    far = (0.40 + 0.8 * force**1.2) * size
    centre = place(bone, bone.top.at)
    back = 1.0 if rng.random() < 0.85 else -1.0
    shift = (float(rng.normal(0, 2.0)) * far, (0.9 + 1.6 * float(rng.random())) * far,
             back * float(rng.uniform(1.5, 5.5)) * far)  # fmt: skip
    motion = Motion(centre, float(rng.normal(0, 0.12)) * far, back * 0.25 * far, shift)
    before = [copied(piece) for piece in (bone, epiphysis)]
    for piece in hand:
        piece.motion = motion
    wide = bone.half(bone.top.at, View(0.0, 1.0))[1]
    kind = "physeal"
    if rng.random() < 0.5 + 0.4 * blow.subtlety:
        kind = "physeal with a metaphyseal corner"
        side = 1 if rng.random() < 0.5 else -1
        at, slope = bone.top.at - 0.45 * wide, -side * 0.75
        reach = (0.15 * wide, 1e3) if side > 0 else (-1e3, -0.15 * wide)
        gap = (0.6 + 0.8 * force) * size
        bone.cuts.append(Cut(at, slope, 0.6, gap, rough(rng, 0.3), None, reach))
    return Broken("distal_radius", kind, blow.subtlety, bone, before, [bone, epiphysis], None,
                  bone.top.at - 5.0 * size, bone.top.at + 5.5 * size, motion)  # fmt: skip


def _tip(blow: Blow, bone: Blob) -> Broken:
    """The ulna's styloid, off at its root or its tip."""
    force, size, rng = blow.force, blow.size, blow.rng
    at = float(rng.uniform(-0.1, 0.35)) * bone.long
    far = (0.5 + 2.6 * force**1.2) * size
    shift = (-float(rng.uniform(0.1, 0.8)) * far, float(rng.uniform(0.3, 0.9)) * far,
             float(rng.normal(0, 0.4)) * far)  # fmt: skip
    motion = Motion(place(bone, at), float(rng.normal(0, 0.5)) * force, 0.0, shift)
    cut = Cut(at, float(rng.normal(0, 0.3)), 0.3, 0.5 * size, rough(rng, 0.25), motion)
    return done("distal_ulna", "styloid", blow, bone, cut)
