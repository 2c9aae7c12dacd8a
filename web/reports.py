"""Final reports from other systems: `POST /api/reports`."""

import datetime as dt
import functools
from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Final

import pydantic
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import JSONResponse

from core.logs import logger
from core.store import studies
from core.store.watch.reports import Became
from monitoring import comparing, receiving
from monitoring.receiving import Arrived
from monitoring.report_forms import ReportForm, causes
from monitoring.reports.rules import Rules
from web.bodies import JSON, body, json_of
from web.context import Context, context_of

routes = APIRouter()
LONGEST: Final = 1 << 20  #: bytes of a request
MOST: Final = 200  #: reports in one request
UNPROCESSABLE: Final = 422
STATUS: Final = {
    Became.STORED: 201, Became.REPLACED: 200, Became.UNCHANGED: 200,
    Became.OLDER: 409, Became.SEVERAL_STUDIES: 409, Became.NO_STUDY: 404,
}  # fmt: skip
WHY: Final = {
    Became.OLDER: "a report that was signed later is here already: this one is not kept",
    Became.SEVERAL_STUDIES: "the accession number belongs to several studies: give study_uid",
    Became.NO_STUDY: "no such study here: the report is not kept. Send it again once the images "
    "have come, or leave it where they never do",
}


@functools.cache
def rules_of(path: Path | None) -> Rules:
    """The site's rules for report text, read once; `SettingsError` where they are wrong."""
    return Rules.load(path)


@routes.post("/api/reports")
def reports(request: Request, sent: Annotated[bytes, Depends(body(JSON, LONGEST))]) -> JSONResponse:
    """One report, or a list of them. The answer says what became of each.

    A list with a faulty report is refused as a whole (422); a report whose study is not here,
    or of which a later one is, does not stop the others.
    """
    told = json_of(sent)
    listed = told if isinstance(told, list) else [told]
    if not 0 < len(listed) <= MOST:
        raise HTTPException(UNPROCESSABLE, f"a list of 1 to {MOST} reports")
    context, now = context_of(request), dt.datetime.now(dt.UTC)
    arrived, faults = _read(context, listed, now)
    if faults:
        return JSONResponse({"status": UNPROCESSABLE, "faults": faults}, UNPROCESSABLE)
    with context.database.write() as connection:
        receipts, days = receiving.receive(connection, arrived, now=now)
        comparing.recount(connection, days)
    counts = Counter(one.became.value for one in receipts)
    logger().info("final reports came", reports=len(receipts), **dict(counts))
    answers = [_answer(one.became) for one in receipts]
    if isinstance(told, list):
        return JSONResponse({"reports": answers, "counts": counts})
    return JSONResponse(answers[0], STATUS[receipts[0].became])


def _read(
    context: Context, told: list[Any], now: dt.datetime
) -> tuple[list[Arrived], list[dict[str, object]]]:
    """The reports as codes, and what is wrong with those that are none, counted from 1."""
    with context.database.read() as connection:
        sites = frozenset(one.key for one in studies.sites(connection))
    known = receiving.known_labels(context.algorithms)
    reads = rules_of(context.settings.watch.report_rules)
    arrived, faults = [], []
    for number, one in enumerate(told, start=1):
        try:
            form = ReportForm.model_validate(one)
            arrived.append(
                form.arrived(sites=sites, known=known, rules=reads, source="api", now=now)
            )
        except pydantic.ValidationError as error:
            faults.append({"report": number, "causes": causes(error)})
        except ValueError as error:
            faults.append({"report": number, "causes": [str(error)]})
    return arrived, faults


def _answer(became: Became) -> dict[str, object]:
    """What the sender is told of one report."""
    told: dict[str, object] = {"status": STATUS[became], "became": became.value}
    return {**told, "error": WHY[became]} if became in WHY else told
