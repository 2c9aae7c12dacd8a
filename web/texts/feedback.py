"""What readers say of a result, and what reports and audits say."""

from typing import Final

NB: Final[dict[str, str]] = {}

EN: Final[dict[str, str]] = {}
