# ruff: noqa: PLR2004 - anatomy is a matter of numbers, each used once
"""Between the lungs and around them: heart, great vessels, airways, the body's outline."""

import numpy as np

from simulator.chest.person import SIDES, Floats, Grid, Person
from simulator.chest.shapes import ellipsoid, round_root, texture
from simulator.chest.tubes import curve, thickness


def heart(who: Person, grid: Grid, rng: np.random.Generator) -> Floats:
    """Two ellipsoids that lean to the left: its width is `heart_share` of the chest's."""
    width = who.heart_share * who.half
    height = (5.1 + 0.25 * width) * rng.uniform(0.93, 1.07)
    tilt = rng.uniform(0.3, 0.6)
    x, y = width * rng.uniform(0.28, 0.42), 3.6 + 2.6 * who.breath + rng.normal(0, 0.3)
    deep, z = rng.uniform(4.0, 4.8) * (0.75 + 0.25 * width / 5.5), 1.6
    whole = ellipsoid(grid, (x, y, z), (width, height, deep), tilt)
    right = ellipsoid(
        grid, (x - 0.58 * width, y + 0.2, z), (0.42 * width, 0.72 * height, 0.8 * deep), 0.0
    )
    return np.maximum(whole, right)


def great_vessels(who: Person, grid: Grid, rng: np.random.Generator) -> Floats:
    """Centimetres of tissue in the place of lung: mediastinum, aorta, pulmonary trunk, hila."""
    wide, arch = rng.uniform(1.5, 2.4) + 0.3 * who.bedside, rng.uniform(-6.2, -4.8)
    knob = rng.uniform(1.2, 1.7) + 0.004 * max(who.age - 50, 0)
    if grid.lateral:
        column = 0.55 * who.depth * round_root(2.6 - np.abs(grid.across - 0.5), 2.2)
        column = column * np.clip((-1 - grid.y) / 5, 0, 1)
    else:
        flare = 0.05 * np.clip(-7 - grid.y, 0, None) ** 1.5
        lean = 0.25 * np.tanh((grid.y + 4) / 4)
        column = 1.7 * who.depth * round_root(wide + flare - np.abs(grid.across + lean), 1.6)
    out = rng.uniform(1.5, 2.1)
    paths = [
        ellipsoid(grid, (out, arch, -1.0), (knob, knob * 1.1, 3.4), 0.0),
        ellipsoid(grid, (1.9 + rng.normal(0, 0.2), arch + 3.0, 2.0), (1.5, 1.9, 2.0), 0.3),
    ]
    for side in SIDES:
        at = (side * 3.1, -0.9 + 0.5 * (side < 0) + rng.normal(0, 0.3), -0.3)
        size = rng.uniform(0.75, 1.2)
        paths.append(0.9 * ellipsoid(grid, at, (1.1 * size, 1.9 * size, 1.3), -0.35 * side))
    down = curve([(1.2, arch, -3.0), (1.6, -1, -0.62 * who.depth), (0.8, 9, -0.62 * who.depth)])
    tube = thickness(grid, [(down, 1.2, 1.0)])
    return np.asarray(np.maximum(column, np.maximum.reduce([*paths, tube])), np.float32)


def airways(grid: Grid, rng: np.random.Generator) -> Floats:
    """Centimetres of air in the windpipe and the main bronchi."""
    off = rng.normal(0, 0.25)
    fork = np.array([off + 0.2, -3.6, -1.0])
    paths = [(curve([(off, -19, 0.5), (off, -9, 0.2), fork]), 0.85, 1.0)]
    for side in SIDES:
        first = fork + np.array([side * 1.4, 1.3, 0])
        second = fork + np.array([side * 3.2, 2.4 + 0.4 * (side < 0), -0.2])
        paths.append((curve([fork, first, second]), 0.55, 0.8))
    return thickness(grid, paths)


def belly_gas(who: Person, grid: Grid, rng: np.random.Generator) -> Floats:
    """Centimetres of gas under the left diaphragm: the stomach's bubble, a loop of the bowel."""
    total = np.zeros(grid.shape, np.float32)
    for chance, y in ((0.6, 11.0), (0.35, 13.0)):
        at = (rng.uniform(4, 8.5), y + 2.5 * who.breath + rng.uniform(-0.8, 1), rng.uniform(-1, 4))
        axes = (rng.uniform(1.3, 3.2), rng.uniform(0.9, 1.8), rng.uniform(1, 3))
        there = rng.random() < chance
        total += there * ellipsoid(grid, at, axes, rng.uniform(-0.3, 0.3))
    return total


def outline(who: Person, grid: Grid, rng: np.random.Generator) -> Floats:
    """The body from neck to belly, with the arms where they are in the image."""
    y, deep = grid.y, who.depth + 2.0 + 0.9 * who.fat
    wide = who.half + 1.6 + 0.8 * who.fat
    if grid.lateral:
        rise = np.clip((y + 17) / 8, 0, 1)
        reach = (who.depth + 1.2 + 0.5 * who.fat) * (0.5 + 0.5 * np.sqrt(rise))
        reach = reach + 0.3 * who.fat * np.clip((y - 6) / 6, 0, 1)
        share = np.clip(1 - np.abs((grid.across + 0.3) / reach) ** 2.4, 0, 1)
        arms = 8 * round_root(5.5 - np.hypot(grid.across - 1.5, y + 17.5), 3.5)
        return np.asarray(2 * wide * share**0.42 * (0.6 + 0.4 * rise) + arms, np.float32)
    shoulder = 1 / (1 + np.exp(-(y + 15 - 0.14 * np.abs(grid.across)) / 1.1))
    width = 6.0 + (wide - 6.0) * shoulder
    arms = np.where(y < -2, (8.5 + rng.uniform(-1, 2)) * np.clip((-2 - y) / 6, 0, 1) * shoulder, 0)
    share = np.clip(1 - np.abs(grid.across / (width + arms)) ** 2.3, 0, 1)
    depth = 2 * deep * (0.58 + 0.42 * np.clip((y + 18) / 13, 0, 1))
    return np.asarray(depth * share**0.42, np.float32)


def breasts(who: Person, grid: Grid, rng: np.random.Generator) -> Floats:
    """Soft shadows with a sharper lower edge; muscles of the chest in their place in men."""
    total = np.zeros(grid.shape, np.float32)
    thick = rng.uniform(0.8, 2.4) + 0.7 * who.fat if who.sex == "F" else rng.uniform(0.2, 1.2)
    low, reach = rng.uniform(3.5, 8.0), rng.uniform(5.0, 7.0)
    if grid.lateral:
        front = who.depth + 0.4 + 0.5 * who.fat
        return 6 * ellipsoid(grid, (0, low - 1, front), (1.2, 0.7 * reach, 0.7 * thick), 0.0)
    for side in SIDES:
        out = side * rng.uniform(7.0, 9.0)
        below = np.where(grid.y > low, 1.3, 0.75)
        far = np.hypot(grid.across - out, (grid.y - low) * below)
        total += thick * np.clip(1 - (far / reach) ** 2, 0, 1) ** 0.6
    return total


def rough(grid: Grid, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Of muscle and fat: a share of the body's thickness, and cm of fine structure."""
    return 0.03 * texture(grid, rng, 3.5), 0.22 * texture(grid, rng, 0.5)
