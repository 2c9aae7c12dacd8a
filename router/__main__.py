"""`python -m router`."""

import sys

from core.domain.errors import VardeError
from core.settings import load
from router.program import run

if __name__ == "__main__":
    try:
        sys.exit(run(load()))
    except VardeError as error:
        sys.exit(f"varde router: {error}")
