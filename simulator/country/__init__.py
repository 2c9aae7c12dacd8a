"""A simulated country: hospitals, algorithms and years of studies as daily sums, truth known.

Nothing here is data of a hospital or of a patient; docs/watch/simulated-country.md says what is
simulated, from which figures, and what it cannot show.
"""

from simulator.country.faults import Fault
from simulator.country.generating import Country, generate
from simulator.country.world import World

__all__ = ["Country", "Fault", "World", "generate"]
