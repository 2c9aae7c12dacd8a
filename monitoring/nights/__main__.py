"""`python -m monitoring.nights`: one night, with the settings as a line of JSON on standard input.

It ends when that input does: whoever started it is gone then.
"""

import os
import sys
import threading

from core import logs
from core.domain.errors import VardeError
from core.settings import Settings
from core.store.database import open_database
from monitoring.nights import clock, night, purposes


def main() -> int:
    """Hold the night that is due; 0 where it went well, 1 where a part of it did not."""
    settings = Settings.model_validate_json(sys.stdin.buffer.readline())
    logs.configure(settings.logs, "night")
    threading.Thread(target=_leashed, daemon=True).start()
    try:
        database = open_database(settings)
        job = night.Job(database, settings.home, settings.watch, purposes.installed())
        return int(bool(job.run(clock.until(job.clock(), settings.watch.night_at)).error))
    except VardeError as error:
        logs.logger().error("no night", code=error.code, error=str(error))
        return 2


def _leashed() -> None:
    """End at once, whatever is being written: the database takes a transaction back."""
    sys.stdin.buffer.read()
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
