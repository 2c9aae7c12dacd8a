"""Errors in words: only Varde's own messages are known to be free of patients."""

import traceback
from pathlib import Path

from core.domain.errors import VardeError

FRAMES = 6  #: the innermost calls, which tell a developer where to look


def said(error: Exception) -> str:
    """For a report and a job's row: our own sentence, of anything else its class alone."""
    return str(error) if isinstance(error, VardeError) else type(error).__name__


def traced(error: Exception) -> str:
    """For a log: class and innermost calls, without the message that a library wrote."""
    calls = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    places = (f"{Path(call.filename).name}:{call.lineno} {call.name}" for call in calls)
    return f"{said(error)} in {' > '.join(places)}"
