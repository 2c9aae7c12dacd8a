# ruff: noqa: PLR2004 - anatomy is a matter of numbers, each used once
"""Things that are no finding: tubes, lines, a pacemaker with its leads, electrodes."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np

from simulator.chest.body import Body
from simulator.chest.shapes import ellipsoid
from simulator.chest.tubes import Points, curve, thickness

Tube = tuple[Points, float, float]
Draw = Callable[[Body, np.random.Generator], list[Tube]]
PLASTIC: Final = 0.02  #: of a tube's wall or stripe, relative to the metal of a lead
LEAD: Final = 0.35


def add(body: Body, rng: np.random.Generator) -> tuple[str, ...]:
    """Put devices into `body.metal`; their names. More at the bedside."""
    found = []
    for name, (chance, bedside, draw) in DEVICES.items():
        there = rng.random() < (bedside if body.who.bedside else chance)
        own = np.random.default_rng(rng.integers(2**32))
        if there:
            found.append(name)
            body.metal += thickness(body.grid, draw(body, own))
    return tuple(found)


def _tube(_: Body, rng: np.random.Generator) -> list[Tube]:
    """An endotracheal tube, its tip some cm above the fork; two walls and a marking line."""
    end = rng.uniform(-8, -4.8)
    path = curve(
        [(rng.normal(0, 0.3), -21, 1.5), (0.1, -14, 0.4), (rng.normal(0.1, 0.15), end, -0.2)]
    )
    return [(path, 0.5, PLASTIC), (path + np.array([0.42, 0, 0]), 0.07, 0.3)]


def _central_line(_: Body, rng: np.random.Generator) -> list[Tube]:
    """From the neck or under the clavicle into the superior vena cava."""
    side = 1 if rng.random() < 0.4 else -1
    if rng.random() < 0.6:
        start = [(side * rng.uniform(3.5, 6), -20.0, 3.0), (side * 2.6, -13.0, 2.0)]
    else:
        start = [(side * 14.0, -9.0, 4.0), (side * 7.0, -10.6, 4.5), (side * 3.0, -10.2, 3.0)]
    path = curve([*start, (-1.4, -8.6, 1.5), (-1.9, -5, 1), (-2.0, rng.uniform(-3.5, 1), 1)])
    return [(path, 0.11, 0.22)]


def _feeding_tube(_: Body, rng: np.random.Generator) -> list[Tube]:
    """Down the gullet into the stomach."""
    path = curve([
        (0.4, -21, -2), (0.2, -12, -3), (0.3, -3, -3.5), (0.9, 5, -3), (2, 10, -1),
        (rng.uniform(3.5, 7), rng.uniform(12, 14), 2),
    ])  # fmt: skip
    return [(path, 0.19, 0.06), (path, 0.06, 0.25)]


def _drain(_: Body, rng: np.random.Generator) -> list[Tube]:
    """A chest drain through the side wall."""
    side = rng.choice([-1, 1])
    top = (side * rng.uniform(4, 8), rng.uniform(-9, -2), rng.uniform(-3, 3))
    path = curve([(side * 18, 8, 1), (side * 13, 5, 0), (side * 10, 1, -1), top])
    return [(path, 0.38, 0.025), (path, 0.06, 0.25)]


def _pacemaker(body: Body, rng: np.random.Generator) -> list[Tube]:
    """A box below the clavicle, one to three leads into the heart."""
    side = 1 if rng.random() < 0.85 else -1
    at = np.array([side * rng.uniform(7.5, 10.5), rng.uniform(-8.5, -5.5), body.who.depth + 1.5])
    size, turn = (rng.uniform(2.0, 2.7), rng.uniform(1.7, 2.3)), rng.uniform(-0.4, 0.4)
    dx, dy = body.grid.from_axis(at)
    if body.grid.lateral:
        dx = dx * 4
    u, v = dx * np.cos(turn) + dy * np.sin(turn), dy * np.cos(turn) - dx * np.sin(turn)
    can = np.abs(u / size[0]) ** 3 + np.abs(v / size[1]) ** 3
    body.metal += (0.22 * (can < 1) + 0.12 * (can < 0.3)).astype(np.float32)
    ends = [(2.4, 5.5, 3.5), (-2.2, 1.0, 3.0), (4.5, 3.0, -1.0)][: int(rng.integers(1, 4))]
    made = []
    for number, end in enumerate(ends):
        bow = rng.normal(0, 0.35, 3)
        tip = np.array(end) + bow
        way = np.array([
            at - (0, size[1], 0), (side * 5.5, -10.2 + 0.2 * number, 5), (side * 2, -9.4, 3),
            (-1.7, -6, 1.5), np.array((-2.0, -0.5, 1.5)) + bow, tip,
        ])  # fmt: skip
        made.append((curve(way), 0.09, LEAD))
        made.append((curve(np.array([tip - (0.4, 0.4, 0), tip])), 0.16, LEAD))
    return made


def _electrodes(body: Body, rng: np.random.Generator) -> list[Tube]:
    """Electrodes on the skin and their wires."""
    made = []
    for side in (-1, 1, 1)[: int(rng.integers(2, 4))]:
        at = np.array([side * rng.uniform(5, 12), rng.uniform(-9, 9), body.who.depth + 2.5])
        body.metal += 0.06 * np.minimum(
            ellipsoid(body.grid, tuple(at), (0.55, 0.55, 0.3), 0.0), 0.5
        )
        away = at + np.array([rng.normal(0, 3), rng.uniform(-7, 7), 0])
        end = (side * rng.uniform(2, 18), rng.choice([-22, 20]), body.who.depth + 3)
        made.append((curve(np.array([at, away, end])), 0.07, 0.3))
    return made


def _wires(body: Body, rng: np.random.Generator) -> list[Tube]:
    """Loops of wire that close a breastbone."""
    made = []
    for number in range(int(rng.integers(4, 7))):
        y, wide = -8.5 + 2.4 * number + rng.normal(0, 0.2), rng.uniform(0.5, 0.9)
        turn = np.linspace(0, 2 * np.pi, 9)
        ring = [(wide * np.sin(t), y + 0.3 * np.cos(t), body.who.depth + 0.8) for t in turn]
        made.append((curve(ring), 0.05, 0.6))
    return made


#: Chance in an upright patient, chance at the bedside, and what draws it.
DEVICES: Final[Mapping[str, tuple[float, float, Draw]]] = (
    MappingProxyType({
        "endotracheal tube": (0.0, 0.35, _tube),
        "central line": (0.03, 0.45, _central_line),
        "feeding tube": (0.01, 0.3, _feeding_tube),
        "chest drain": (0.01, 0.1, _drain),
        "pacemaker": (0.07, 0.1, _pacemaker),
        "electrodes": (0.04, 0.5, _electrodes),
        "sternal wires": (0.05, 0.12, _wires),
    })
)  # fmt: skip
