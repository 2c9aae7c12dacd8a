"""Simulated chest radiographs with known truth: frontal (PA, AP) and left lateral.

`make` is a pure function of its arguments: the same seed gives the same patient at every
pixel size, and the same pixels at the same size.
"""

from simulator.chest.findings import FINDINGS
from simulator.chest.person import View
from simulator.chest.radiograph import PREVALENCE, Radiograph, TrueFinding, Truth, make

__all__ = ["FINDINGS", "PREVALENCE", "Radiograph", "TrueFinding", "Truth", "View", "make"]
