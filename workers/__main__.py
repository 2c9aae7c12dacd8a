"""`python -m workers`: the same as `varde worker`."""

import sys

import core.settings
from core.domain.errors import SettingsError
from workers.program import WRONG_SETTINGS, run


def main() -> int:
    """Read `site.toml` and work until told to stop; 2 where the settings are wrong."""
    try:
        settings = core.settings.load()
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return WRONG_SETTINGS
    return run(settings)


if __name__ == "__main__":
    sys.exit(main())
