"""Does the algorithm behave as before? Charts, events and cases."""

from typing import Final

NB: Final[dict[str, str]] = {}

EN: Final[dict[str, str]] = {}
