"""`varde`: reads the command line, runs one command, turns errors into words and an exit code.

The commands' modules are imported when they are run: `varde --help` reads none of them.
"""

import importlib
import os
import sys
from collections.abc import Callable, Sequence
from typing import Final

from core.domain.errors import VardeError
from varde.arguments import Arguments, parser
from varde.terminal import remark

REFUSED: Final = 2  #: exit code of an error that Varde raised on purpose
INTERRUPTED: Final = 130  #: exit code after Ctrl-C, as shells count it


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code. Errors are told on stderr, without a traceback."""
    arguments = parser().parse_args(argv, namespace=Arguments())
    try:
        return _command(arguments.command)(arguments)
    except VardeError as error:
        remark(str(error))
        return REFUSED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has left: nothing more can be said there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        remark(f"{error.filename or 'the system'}: {error.strerror or error}")
        return REFUSED


def _command(name: str) -> Callable[[Arguments], int]:
    """The function of `module:function` in this package."""
    module, function = name.split(":")
    found: Callable[[Arguments], int] = getattr(
        importlib.import_module(f"varde.{module}"), function
    )
    return found
