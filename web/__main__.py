"""`python -m web`: the pages with the settings of `site.toml`."""

import sys

from core import settings
from core.domain.errors import VardeError
from web import program


def main() -> int:
    """Run the pages; a wrong setting is one line on standard error and status 2."""
    try:
        return program.run(settings.load())
    except VardeError as error:
        sys.stderr.write(f"{error}\n")
        return 2


if __name__ == "__main__":
    sys.exit(main())
