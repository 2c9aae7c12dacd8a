"""Structured logs, bound to study, job and association by Varde's own ids; no patient data.

Every event passes `only_known`, which drops any key that is not on the list: a
value from a data set cannot reach a log by accident.
"""

import logging
import sys
import warnings
from collections.abc import MutableMapping
from typing import Any, Final

import structlog

from core.sections import Logs

#: The keys that may be logged. None of them holds a patient's name, number or birth date.
KNOWN_KEYS: Final = frozenset({
    "event", "level", "timestamp", "logger", "program", "site", "study", "job", "association",
    "revision", "algorithm", "version", "queue", "state", "outcome", "attempts", "destination",
    "status", "code", "reason", "error", "detail", "called", "calling", "host", "port", "objects",
    "instances", "seconds", "kind", "path", "count", "exception", "exc_info", "pid", "provider",
    "url", "signal", "transaction", "case", "verdict", "role", "word", "label", "part", "reports",
    "settled_as", "consequence",
})  # fmt: skip


def only_known(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop what is not on the list, and say that something was dropped."""
    unknown = [key for key in event if key not in KNOWN_KEYS]
    for key in unknown:
        del event[key]
    if unknown:
        event["detail"] = f"dropped keys: {', '.join(sorted(unknown))}"
    return event


def configure(settings: Logs, program: str) -> None:
    """Set up structlog for one program; the standard library's loggers are kept to warnings."""
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if settings.format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            _named(program),
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            only_known,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, force=True)
    # These print data sets and quote values; Varde says what matters itself.
    for name in ("pynetdicom", "pydicom", "highdicom"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
        warnings.filterwarnings("ignore", module=name)


def _named(program: str) -> structlog.types.Processor:
    """A processor that writes the program's name, in every thread."""

    def name(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["program"] = program
        return event

    return name


def logger() -> Any:  # noqa: ANN401 - structlog's proxy has no narrower type
    """The logger; `bind(study=…, job=…)` gives one that carries ids."""
    return structlog.get_logger()
