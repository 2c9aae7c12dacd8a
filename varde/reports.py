"""`varde reports`: final reports from a file."""

import datetime as dt
import time
from pathlib import Path
from typing import Final

from core import settings as core_settings
from core.domain.errors import SettingsError
from core.settings import Settings
from core.store import studies
from core.store.database import Database
from core.store.watch.reports import Became
from models import registry
from monitoring import receiving, report_csv, report_import
from monitoring.report_csv import Sheet
from monitoring.report_import import Imported, Setting
from monitoring.reports.rules import Rules
from monitoring.truths import ANY
from varde.arguments import Arguments
from varde.jobs import opened
from varde.terminal import Bar, remark, say, table

SHOWN: Final = 50  #: faulty rows on the screen
PATIENCE_S: Final = 2.0  #: without a bar
FAULTY: Final = 1  #: exit status where a row was not imported


def bring(arguments: Arguments) -> int:
    """Import a CSV file; 1 where a row was faulty, and every such row is named."""
    settings = core_settings.load(arguments.site)
    with opened(settings) as store:
        setting = _setting(settings, store, arguments.scope)
        sheet = report_csv.look(arguments.paths[0], setting.known | {ANY})
        _introduce(sheet)
        done = Imported()
        try:
            _run(store, sheet, setting, done)
        except BaseException:
            remark(f"stopped: the rows up to line {done.line} are imported, those after it are not")
            remark("import the file again: what is here already is recognised")
            raise
    _conclude(sheet, done)
    return FAULTY if done.faulty else 0


def _setting(settings: Settings, store: Database, site: str) -> Setting:
    with store.read() as connection:
        sites = frozenset(one.key for one in studies.sites(connection))
    if site and site not in sites:
        message = f"--site: there is no site «{site}». There are: {', '.join(sorted(sites))}"
        raise SettingsError(message)
    known = receiving.known_labels(registry.load())
    return Setting(sites, known, Rules.load(settings.watch.report_rules), site)


def _run(store: Database, sheet: Sheet, setting: Setting, done: Imported) -> None:
    """With a bar once it takes longer than `PATIENCE_S`: how many lines there are is counted."""
    total = _lines(sheet.file)
    bar, began = Bar(total), time.monotonic()

    def tick(rows: int) -> None:
        if time.monotonic() - began > PATIENCE_S:
            bar.show(min(rows, total), "reports")

    report_import.run(store, sheet, setting, done, clock=lambda: dt.datetime.now(dt.UTC), tick=tick)
    bar.clear()


def _lines(file: Path) -> int:
    """How many lines a file has, at least as many as rows."""
    with file.open("rb") as opened_file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: opened_file.read(1 << 20), b""))


def _introduce(sheet: Sheet) -> None:
    utf8 = sheet.encoding != "iso-8859-1"
    say(f"{sheet.file}: {sheet.size} bytes, SHA-256 {sheet.sha256}")
    say(f"{'UTF-8' if utf8 else 'ISO-8859-1'}, columns separated by {sheet.separator!r}")
    if not utf8:
        remark("the file is not UTF-8: it is read as ISO-8859-1. Are æ, ø and å right in it?")


def _conclude(sheet: Sheet, done: Imported) -> None:
    """Every row is in one of the counts."""
    counts = {
        "stored": done.became[Became.STORED],
        "replaced an earlier one": done.became[Became.REPLACED],
        "unchanged": done.became[Became.UNCHANGED],
        "older than what is here": done.became[Became.OLDER],
        "of studies that are not here": done.became[Became.NO_STUDY],
        "faulty": done.faulty,
    }
    say(table(("reports", "number"), [("rows", str(done.rows)), *_texts(counts)]))
    say()
    filled = {name: f"{done.filled[name]} of {done.rows}" for name in sheet.columns}
    say(table(("column", "filled"), filled.items()))
    say()
    if done.silent:
        say(f"{done.silent} texts say nothing that the rules understand")
    say(f"{len(done.days)} days of an algorithm at a site were counted anew")
    for line, cause in done.faults[:SHOWN]:
        remark(f"line {line}: {cause}")
    if done.faulty > SHOWN:
        remark(f"… and {done.faulty - SHOWN} more faulty rows")


def _texts(counts: dict[str, int]) -> list[tuple[str, str]]:
    return [(name, str(count)) for name, count in counts.items() if count]
