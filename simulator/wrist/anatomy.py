"""The bones of forearm, wrist and hand, drawn at random about an average adult or child.

Numbers are mm of an average adult in the limb's frame (`simulator.wrist.solids`): they are
multiplied by the person's size. What has not ossified yet is not there or is smaller.
"""

import numpy as np
from scipy import ndimage

from simulator.wrist import forearm, hand
from simulator.wrist.own import Own
from simulator.wrist.person import Person
from simulator.wrist.pieces import Piece
from simulator.wrist.solids import Texture


def texture(rng: np.random.Generator) -> Texture:
    """The grain of one person's bones: a net of fine struts with broad differences under it."""
    noise = rng.normal(size=(224, 224)).astype(np.float32)
    fine = ndimage.gaussian_filter(noise, 0.9, mode="wrap")
    broad = ndimage.gaussian_filter(noise.T, 4.0, mode="wrap")
    table = fine / fine.std() + 0.35 * broad / broad.std()
    return Texture(np.asarray(table / table.std(), np.float32), float(rng.uniform(0.22, 0.32)))


def skeleton(who: Person, rng: np.random.Generator) -> list[Piece]:
    """All bones and their epiphyses, from the forearm to the first phalanges."""
    grain = texture(rng)
    own = Own(who, rng, grain)
    return [*forearm.radius(own), *forearm.ulna(own), *hand.carpals(own), *hand.rays(own)]
