"""Fractures: which bone breaks, and how often. They are made in place."""

from collections.abc import Callable
from types import MappingProxyType
from typing import Final

import numpy as np

from simulator.wrist import forearm_fractures, hand_fractures
from simulator.wrist.breaking import Blow, Broken
from simulator.wrist.person import Person
from simulator.wrist.pieces import Piece

SITES: Final = ("distal_radius", "distal_ulna", "scaphoid", "metacarpal")
SHARE: Final = (0.42, 0.17, 0.17, 0.24)  #: of the first fracture
SECOND: Final = 0.3  #: share of the fractured with a second fracture
ULNA_TOO: Final = 0.75  #: share of the second fractures beside a radius that are the ulna's

Maker = Callable[[Blow, list[Piece]], Broken | None]
MAKERS: Final = MappingProxyType[str, Maker](
    {
        "distal_radius": forearm_fractures.radius,
        "distal_ulna": forearm_fractures.ulna,
        "scaphoid": hand_fractures.scaphoid,
        "metacarpal": hand_fractures.metacarpal,
    }
)


def fracture(
    who: Person, pieces: list[Piece], rng: np.random.Generator, subtler: float
) -> list[Broken]:
    """Break one bone or two, in place; what the bones were before is kept in the answer."""
    first = str(rng.choice(SITES, p=SHARE))
    sites = [first]
    if rng.random() < SECOND:
        others = [site for site in SITES if site != first]
        ulna = first == "distal_radius" and rng.random() < ULNA_TOO
        sites.append("distal_ulna" if ulna else str(rng.choice(others)))
    found = []
    for site in sites:
        subtlety = float(subtler + (1 - subtler) * rng.random())
        done = MAKERS[site](Blow(who, subtlety, rng), pieces)
        if done is not None:
            found.append(done)
    for one in found:
        if one.cut is not None:  # what another fracture moved was moved before as well
            one.intact[0].motion = one.piece.motion
    return found
