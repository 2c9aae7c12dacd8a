"""Is it right? Concordance with reports, audits and readers, and the disagreements to settle."""

import datetime as dt
import re
from typing import Annotated, Final

import sqlalchemy as sa
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from core.domain.case import CaseKind
from core.domain.errors import NotFoundError
from core.domain.event import EventKind
from core.domain.feedback import Role, Source
from core.domain.watch import Stream
from core.logs import logger
from core.store.watch import cases, comparisons, concordance, events, feedback, overview, sums
from core.store.watch.comparisons import Settled
from core.store.watch.concordance import EVERYBODY, Counted
from core.store.watch.overview import Place
from monitoring import error_cases
from monitoring.performance.subgroups import FEW
from web import concord, errors_chart, names, night, over_time, quality_sheet, subgroups
from web.bodies import FORM, body, form_of
from web.charts.frame import Mark
from web.context import Context, context_of, page, words_of
from web.feedback import read_role, remember, role_of
from web.over_time import Span
from web.watch import download
from web.words import Words

routes = APIRouter()
PERIODS: Final = (90, 365, 730)
MOST: Final = 100  #: disagreements on one page
LONGEST: Final = 1 << 12  #: bytes of a form
SEE_OTHER, CONFLICT, UNPROCESSABLE = 303, 409, 422
_KEY: Final = re.compile(r"[a-z0-9_-]{1,40}")
_LABEL: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SETTLE: Final = re.compile(
    r"([0-9a-f]{32}):([A-Za-z0-9._-]{1,64}):(report|audit|feedback):(algorithm|report|unclear)"
)


@routes.api_route("/quality", methods=["GET", "HEAD"])
def quality(request: Request) -> HTMLResponse:
    """One algorithm at all sites, by name: side by side, not ranked."""
    context, words, query = context_of(request), words_of(request), request.query_params
    first, last = _window(context, query.get("days", ""))
    with context.database.read() as connection:
        known = sums.algorithms(connection)
        algorithm = next((one for one in known if one == query.get("algorithm")), "")
        algorithm = algorithm or next(iter(known), "")
        found = sums.by_site(connection, algorithm, names.ANY, first, last)
        places = overview.places(connection)
        counted = cases.open_counts(connection)
    return page(
        request, "quality.html",
        algorithm=algorithm, algorithms=sorted((context.name_of(one), one) for one in known),
        days=(last - first).days + 1, periods=PERIODS, first=first, last=last,
        sides=[subgroups.side_by_side(found, source, places, words) for source in Source],
        alarms={site for site, key, kind, _ in counted
                if key == algorithm and kind == CaseKind.ERRORS.value},
        name_of=context.name_of, few=FEW,
    )  # fmt: skip


def _window(context: Context, asked: str) -> tuple[dt.date, dt.date]:
    days = next((days for days in PERIODS if str(days) == asked), 365)
    last = night.due(dt.datetime.now(dt.UTC), context.settings.watch.night_at)
    return last - dt.timedelta(days - 1), last


def _place(connection: sa.Connection, site: str, algorithm: str) -> Place:
    """The site of an address; raises `NotFoundError` for what no site or algorithm is called."""
    if _KEY.fullmatch(site) and _KEY.fullmatch(algorithm):
        for one in overview.places(connection):
            if one.key == site:
                return one
    message = "no such stream"
    raise NotFoundError(message)


@routes.api_route("/quality/{site}/{algorithm}.csv", methods=["GET", "HEAD"])
def numbers(request: Request, site: str, algorithm: str) -> Response:
    """Every counted day, with labels and subgroups, or what readers said (`part=feedback`)."""
    context, words = context_of(request), words_of(request)
    first, last = _window(context, request.query_params.get("days", ""))
    part = request.query_params.get("part", "")
    with context.database.read() as connection:
        _place(connection, site, algorithm)
        if part == "feedback":
            said = feedback.of_days(connection, first=first, last=last, site=site,
                                    algorithm=algorithm)  # fmt: skip
            made = quality_sheet.said(said, words)
        else:
            found = concordance.of(connection, algorithm=algorithm, first=first, last=last,
                                   site=site, label=None)  # fmt: skip
            made = quality_sheet.counted(found, words)
    return download(made, f"varde-{part or 'quality'}-{site}-{algorithm}")


@routes.api_route("/quality/{site}/{algorithm}", methods=["GET", "HEAD"])
def one_stream(request: Request, site: str, algorithm: str) -> HTMLResponse:
    """One algorithm at one site."""
    context, words, query = context_of(request), words_of(request), request.query_params
    first, last = _window(context, query.get("days", ""))
    label = query.get("label", "") if _LABEL.fullmatch(query.get("label", "")) else names.ANY
    findings = names.labels(context.algorithms.get(algorithm), words)
    with context.database.read() as connection:
        place = _place(connection, site, algorithm)
        found = concordance.of(connection, algorithm=algorithm, first=first, last=last, site=site,
                               label=label, subgroup=EVERYBODY)  # fmt: skip
        grouped = sums.by_subgroup(connection, Stream(site, algorithm), label, first, last)
        said = feedback.of_days(connection, first=first, last=last, site=site,
                                algorithm=algorithm, role=Role.ORTHOPAEDIST)  # fmt: skip
        listed = comparisons.disagreements(
            connection, site=site, algorithm=algorithm, limit=MOST,
            open_only=query.get("all") != "1",
        )  # fmt: skip
        marks = _marks(connection, Stream(site, algorithm), first, last, words)
        equipment = overview.equipment(connection, site)
        settled = cases.listed(connection, site=site, algorithm=algorithm, kind=CaseKind.ERRORS)
        watched = error_cases.charts(connection, Stream(site, algorithm), last, label=label)
    source, span = _main(found), Span(first, last, marks)
    sources, axis = concord.against(found, words)
    versions, version_axes = concord.versions(found, source, words)
    groups, group_axes = subgroups.rows(grouped, source, equipment, words)
    return page(
        request, "quality_stream.html",
        site=site, algorithm=algorithm, place=place.name, name=context.name_of(algorithm),
        label=label, findings=findings, days=(last - first).days + 1, periods=PERIODS,
        first=first, last=last, sources=sources, axis=axis, source=source,
        monthly=[over_time.monthly(found, source, key, span, words) for key in concord.SHOWN],
        versions=versions, version_axes=version_axes, groups=groups, group_axes=group_axes,
        charts=errors_chart.charts(watched, span, words),
        false_finds=over_time.false_finds(said, span, words), marks=marks, few=FEW,
        disagreements=listed, shown_all=query.get("all") == "1", most=MOST, roles=tuple(Role),
        role=role_of(request), answers=tuple(Settled), said=query.get("said", ""),
        open_cases_here=[one for one in settled if one.open],
    )  # fmt: skip


def _main(found: list[Counted]) -> Source:
    """The source with most truths: what figures over time and of subgroups are against."""
    known: dict[Source, int] = dict.fromkeys(Source, 0)
    for one in found:
        known[one.source] += one.known
    return max(Source, key=lambda source: known[source])


def _marks(
    connection: sa.Connection, stream: Stream, first: dt.date, last: dt.date, words: Words
) -> tuple[Mark, ...]:
    """New scanners, software and versions as numbered flags."""
    kinds = {EventKind.SCANNER, EventKind.SOFTWARE, EventKind.VERSION}
    told = [one for one in events.between(connection, stream.site, stream.algorithm, first, last)
            if one.kind in kinds][-12:]  # fmt: skip
    return tuple(
        Mark(one.day, str(number), f"{words.date(one.day)}: {names.event(one, words)}")
        for number, one in enumerate(told, 1)
    )


@routes.post("/quality/{site}/{algorithm}")
def settled(
    request: Request, site: str, algorithm: str,
    sent: Annotated[bytes, Depends(body(FORM, LONGEST))],
) -> RedirectResponse:  # fmt: skip
    """Say who was right in one disagreement."""
    fields, now = form_of(sent), dt.datetime.now(dt.UTC)
    role = read_role(fields)
    told = _SETTLE.fullmatch(fields.get("settle", ""))
    if told is None:
        raise HTTPException(UNPROCESSABLE, "nothing was chosen")
    job_id, label, source, answer = told.groups()
    with context_of(request).database.write() as connection:
        _place(connection, site, algorithm)
        done = comparisons.settle(
            connection, job_id, label, Source(source), settled_as=Settled(answer), role=role,
            now=now,
        )  # fmt: skip
    logger().info("a disagreement was settled", job=job_id, settled_as=answer, role=role.value)
    said = "settled" if done else "gone"
    back = RedirectResponse(f"/quality/{site}/{algorithm}?said={said}#disagreements", SEE_OTHER)
    remember(back, role)
    return back
