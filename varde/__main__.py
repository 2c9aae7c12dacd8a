"""`python -m varde` is `varde`."""

import sys

from varde.cli import main

sys.exit(main())
