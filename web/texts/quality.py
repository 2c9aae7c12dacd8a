"""Is it right? Concordance, disagreements, subgroups."""

from typing import Final

NB: Final[dict[str, str]] = {}

EN: Final[dict[str, str]] = {}
