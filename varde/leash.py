"""`python -m varde.leash PARENT COMMAND…`: run COMMAND, which dies when PARENT does.

The kernel sends SIGKILL to this process when its parent ends, however that ends
(`PR_SET_PDEATHSIG`, kept over `exec`). A parent that ended before that was arranged
is seen by its process id. Where there is no `prctl` the command just runs.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main(argv: list[str]) -> None:
    """Put the leash on, then become the command."""
    parent, *command = argv
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != int(parent):
        sys.exit(1)
    os.execv(command[0], command)  # noqa: S606 - no shell is the point


if __name__ == "__main__":
    main(sys.argv[1:])
