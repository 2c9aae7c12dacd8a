"""Cases: every alarm, what was seen, what to look at first, and the verdict of a named person."""

import datetime as dt
import re
from collections.abc import Mapping
from typing import Annotated, Any, Final

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from core.domain.case import Case, CaseKind, Consequence, Verdict
from core.domain.casework import VERDICTS
from core.domain.errors import IllegalTransitionError, InvalidError, NotFoundError
from core.domain.watch import NATIONAL, TRUST, Stream
from core.logs import logger
from core.store.watch import activations, cases, evaluations, events, overview
from monitoring import verdicts
from web import evidence, names, night, stream
from web.bodies import FORM, body, form_of
from web.charts.frame import Mark
from web.context import Context, context_of, page, words_of
from web.members import Series
from web.words import Words

routes = APIRouter()
MOST: Final = 200
LONGEST: Final = 1 << 14  #: bytes of a form
BEFORE, AFTER = dt.timedelta(days=28), dt.timedelta(days=7)
SHOWN: Final = 4  #: signals drawn on a case's page
SEE_OTHER, CONFLICT, UNPROCESSABLE = 303, 409, 422
_ID: Final = re.compile("[0-9a-f]{32}")
#: Which open case to look at first.
URGENCY: Final = (
    CaseKind.ERRORS, CaseKind.SILENT, CaseKind.DRIFT, CaseKind.DATA, CaseKind.VERIFICATION,
    CaseKind.REFERENCE,
)  # fmt: skip


@routes.api_route("/cases", methods=["GET", "HEAD"])
def listed(request: Request) -> HTMLResponse:
    """The open cases, the most pressing first, then the settled ones, the newest first."""
    context, query = context_of(request), request.query_params
    with context.database.read() as connection:
        places = overview.places(connection)
        kind = next((one for one in CaseKind if one.value == query.get("kind")), None)
        scopes = {NATIONAL, *(one.key for one in places), *(TRUST + one.trust for one in places)}
        site = query.get("site", "") if query.get("site", "") in scopes else None
        algorithm = query.get("algorithm", "")
        algorithm = algorithm if re.fullmatch("[a-z0-9_-]{1,40}", algorithm) else ""
        found = cases.listed(
            connection, site=site, algorithm=algorithm or None, kind=kind, limit=MOST
        )
    return page(
        request, "cases.html",
        waiting=sorted((one for one in found if one.open), key=_pressing),
        done=[one for one in found if not one.open], places=places, names=names, kind=kind,
        signals_of=evidence.short, kinds=URGENCY, site=site or "", algorithm=algorithm,
        name_of=context.name_of,
    )  # fmt: skip


@routes.api_route("/cases/{case_id}", methods=["GET", "HEAD"])
def one_case(request: Request, case_id: str) -> HTMLResponse:
    """What was seen, what to look at, and the form or the verdict."""
    return _page(request, case_id, said="done" if request.query_params.get("done") else "")


@routes.post("/cases/{case_id}")
def settled(
    request: Request, case_id: str, sent: Annotated[bytes, Depends(body(FORM, LONGEST))]
) -> Response:
    """Write the verdict; the page again, with what was typed, where something is missing."""
    fields, now = form_of(sent), dt.datetime.now(dt.UTC)
    try:
        verdict, consequence = _choices(fields)
        with context_of(request).database.write() as connection:
            _checked(case_id)
            case = verdicts.settle(
                connection, case_id, by=fields.get("name", ""), verdict=verdict,
                consequence=consequence, reason=fields.get("reason", ""), now=now,
            )  # fmt: skip
    except InvalidError:
        return _page(request, case_id, said="invalid", typed=fields, status=UNPROCESSABLE)
    except IllegalTransitionError:
        return _page(request, case_id, said="too_late", status=CONFLICT)
    logger().info(
        "a case was settled", case=case.id, kind=case.kind.value, site=case.site,
        algorithm=case.algorithm, verdict=verdict.value, consequence=consequence.value,
    )  # fmt: skip
    return RedirectResponse(f"/cases/{case_id}?done=1", SEE_OTHER)


def _pressing(case: Case) -> tuple[bool, int]:
    """What still holds before what has fallen silent, the most pressing kind first."""
    return case.quiet_at is not None, URGENCY.index(case.kind)


def _choices(fields: Mapping[str, str]) -> tuple[Verdict, Consequence]:
    try:
        return Verdict(fields.get("verdict", "")), Consequence(fields.get("consequence", ""))
    except ValueError:
        message = "a verdict and a consequence are needed"
        raise InvalidError(message) from None


def _checked(case_id: str) -> str:
    if not _ID.fullmatch(case_id):
        message = "no such case"
        raise NotFoundError(message)
    return case_id


def _page(
    request: Request, case_id: str, *, said: str = "", typed: Mapping[str, str] | None = None,
    status: int = 200,
) -> HTMLResponse:  # fmt: skip
    context, words = context_of(request), words_of(request)
    with context.database.read() as connection:
        case = cases.get(connection, _checked(case_id))
        places = overview.places(connection)
        drawn = _around(connection, context, case, words)
        history = activations.history(connection, case.site, case.algorithm, limit=20)
    findings = names.labels(context.algorithms.get(case.algorithm), words)
    at_site = case.site != NATIONAL and not case.site.startswith(TRUST)
    return page(
        request, "case.html", status,
        case=case, place=names.scope(case.site, places, words), at_site=at_site,
        name=context.name_of(case.algorithm), said=said, typed=typed or {}, **drawn,
        signals=evidence.outside(case, findings, words),
        facts=evidence.facts(case, findings, words),
        checks=evidence.checks(case.kind, words), verdicts=VERDICTS[case.kind],
        consequences=tuple(Consequence), history=history,
        longest_name=verdicts.LONGEST_NAME, longest_reason=verdicts.LONGEST_REASON,
    )  # fmt: skip


def _around(
    connection: sa.Connection, context: Context, case: Case, words: Words
) -> dict[str, Any]:
    """The figures and events around the case's day."""
    first, last = case.day - BEFORE, case.day + AFTER
    last = min(
        last, max(case.day, night.due(dt.datetime.now(dt.UTC), context.settings.watch.night_at))
    )
    told = evaluations.between(connection, Stream(case.site, case.algorithm), first, last)
    happened = events.between(connection, case.site, case.algorithm, first, last)[-20:]
    marks = tuple(
        Mark(one.day, str(number), f"{words.date(one.day)}: {names.event(one, words)}")
        for number, one in enumerate(happened, 1)
    )
    findings = names.labels(context.algorithms.get(case.algorithm), words)
    drawn = stream.panels(Series(first, last, told, marks, findings), words)
    wanted = {key.partition(":")[0] for key in case.evidence.get("signals", {})}
    panels = [one for one in drawn if not wanted or one.signal.value in wanted][:SHOWN]
    marked = [(mark, names.event(one, words)) for mark, one in zip(marks, happened, strict=True)]
    return {"panels": panels, "events": marked}
