"""Does the algorithm behave as before? All streams at a glance, and each by itself."""

import datetime as dt
import re
from collections.abc import Container, Mapping
from typing import Final

import sqlalchemy as sa
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from core.domain.errors import NotFoundError
from core.domain.event import Event
from core.domain.watch import NATIONAL, TRUST, Evaluation, Signal, Stream
from core.store.watch import activations, cases, evaluations, events, nights, overview, references
from core.store.watch.overview import Place
from web import names, night, stream, stream_sheet
from web.charts.frame import Mark
from web.context import Context, context_of, page, words_of
from web.members import Series
from web.overview import FACES, URGENT, Asked, Facts, Line, counts, lines, matrix
from web.texts import TEXTS
from web.words import Words

routes = APIRouter()
LOOK_BACK: Final = dt.timedelta(days=60)  #: how far «since» is looked for
MOST_MARKS: Final = 30
_SCOPE: Final = re.compile(rf"\{NATIONAL}|({TRUST})?[a-z0-9_-]{{1,40}}")
_KEY: Final = re.compile(r"[a-z0-9_-]{1,40}")


@routes.api_route("/watch", methods=["GET", "HEAD"])
def watch(request: Request) -> HTMLResponse:
    """Every stream, the worst first."""
    context, now = context_of(request), dt.datetime.now(dt.UTC)
    due = night.due(now, context.settings.watch.night_at)
    with context.database.read() as connection:
        places = overview.places(connection)
        found = _lines(connection, context, places, due)
        last, running = nights.last(connection), nights.running(connection)
        asked, wanted = _asked(request.query_params, places, found)
        faces = (asked.face,) if asked.face else URGENT
        shown = [one for one in wanted if one.face in faces]
        # Since when a stream has been inside is the one thing that nobody asks.
        streams = [one.stream for one in shown if one.face != FACES[-1]]
        since = overview.since(connection, streams, due - LOOK_BACK)
    return page(
        request, "watch.html",
        asked=asked, places=places, total=len(wanted), counts=counts(wanted), lines=shown,
        algorithms={one.stream.algorithm: one.name for one in found}, since=since,
        matrix=matrix(wanted), due=due, health=night.health(last, running, due, now), last=last,
        running=running, names=names, label_sets=_label_sets(context, words_of(request)),
        night_at=context.settings.watch.night_at,
    )  # fmt: skip


def _lines(
    connection: sa.Connection, context: Context, places: list[Place], due: dt.date
) -> list[Line]:
    """Every stream that was ever evaluated, the worst first."""
    facts = Facts(places, cases.open_counts(connection), activations.all_states(connection))
    return lines(evaluations.latest(connection), facts, due, context.name_of)


def _asked(
    query: Mapping[str, str], places: list[Place], found: list[Line]
) -> tuple[Asked, list[Line]]:
    """(what the reader wants to see, of what is ours; the streams that are it)."""
    known = {one.key for one in places} | {TRUST + one.trust for one in places}
    asked = Asked(
        _one_of(query.get("scope", ""), known),
        _one_of(query.get("algorithm", ""), {one.stream.algorithm for one in found}),
        _one_of(query.get("standing", ""), FACES),
    )
    return asked, [one for one in found if asked.admits(one)]


def _one_of(asked: str, known: Container[str]) -> str:
    """What was asked for, where it is one of ours."""
    return asked if asked in known else ""


def _label_sets(context: Context, words: Words) -> dict[str, dict[str, str]]:
    """The words for findings, by algorithm."""
    return {
        key: dict(names.labels(algorithm, words)) for key, algorithm in context.algorithms.items()
    }


def known_stream(connection: sa.Connection, site: str, algorithm: str) -> Stream:
    """The stream of an address; raises `NotFoundError` for what no site or algorithm is called."""
    places = overview.places(connection) if _SCOPE.fullmatch(site) else []
    scopes = {NATIONAL, *(one.key for one in places), *(TRUST + one.trust for one in places)}
    if not places or site not in scopes or not _KEY.fullmatch(algorithm):
        message = "no such stream"
        raise NotFoundError(message)
    return Stream(site, algorithm)


@routes.api_route("/watch/{site}/{algorithm}.csv", methods=["GET", "HEAD"])
def numbers(request: Request, site: str, algorithm: str) -> Response:
    """The numbers behind every figure of the stream's page, or of one signal or member."""
    context, words, query = context_of(request), words_of(request), request.query_params
    with context.database.read() as connection:
        one = known_stream(connection, site, algorithm)
        first, last = _window(context, connection, one, query.get("days", ""))
        told = evaluations.between(connection, one, first, last)
    signal = _one_of(query.get("signal", ""), {each.value for each in Signal})
    body = stream_sheet.sheet_of(told, words, signal=signal, member=query.get("member", ""))
    return download(body, "-".join(("varde", *(re.sub("[^a-z0-9_-]", "", part) or "all"
                                               for part in (site, algorithm)))))  # fmt: skip


def download(body: bytes, name: str) -> Response:
    """A CSV file; `name` consists of letters, digits and hyphens alone."""
    return Response(
        body, media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )  # fmt: skip


@routes.api_route("/watch/{site}/{algorithm}", methods=["GET", "HEAD"])
def one_stream(request: Request, site: str, algorithm: str) -> HTMLResponse:
    """One stream: how it stands, a panel for each signal, the events, the reference."""
    context, words, query = context_of(request), words_of(request), request.query_params
    now = dt.datetime.now(dt.UTC)
    due = night.due(now, context.settings.watch.night_at)
    with context.database.read() as connection:
        one = known_stream(connection, site, algorithm)
        places = overview.places(connection)
        first, last = _window(context, connection, one, query.get("days", ""))
        told = evaluations.between(connection, one, first, last)
        happened = events.between(connection, site, algorithm, first, last)[-MOST_MARKS:]
        known = references.of(connection, one)
        since = overview.since_of(connection, one)
        history = activations.history(connection, site, algorithm, limit=20)
        listed = cases.listed(connection, site=site, algorithm=algorithm, limit=20)
    findings = names.labels(context.algorithms.get(algorithm), words)
    marked = _marks(happened, words)
    series = Series(first, last, told, tuple(mark for mark, _ in marked), findings)
    newest, used = series.newest, {each.number: each for each in known}
    only = _one_of(query.get("signal", ""), {each.value for each in Signal})
    table = query.get("view") == "table"
    return page(
        request, "stream.html",
        stream=one, place=names.scope(site, places, words), name=context.name_of(algorithm),
        newest=newest, face=night.face(newest, due) if newest else "no_data", since=since,
        panels=[] if table else stream.panels(series, words, only=only), only=only,
        rows=stream_sheet.table(told) if table else None, days=(last - first).days + 1,
        periods=stream.PERIODS, first=first, last=last, events=marked, due=due,
        reference=used.get(newest.reference) if newest else None, references=known,
        activations=history, cases=listed, names=names, findings=findings,
        notes=_notes(newest, words), signals_told=_bad(newest, words), is_share=names.is_share,
        watch=context.settings.watch,
        at_site=site != NATIONAL and not site.startswith(TRUST), known_texts=TEXTS["nb"],
    )  # fmt: skip


def _window(
    context: Context, connection: sa.Connection, one: Stream, asked: str
) -> tuple[dt.date, dt.date]:
    """The days shown: those asked for, 90 where none are."""
    days = next((days for days in stream.PERIODS if str(days) == asked), 90)
    due = night.due(dt.datetime.now(dt.UTC), context.settings.watch.night_at)
    return stream.window(overview.newest_of(connection, one), due, days)


def _marks(happened: list[Event], words: Words) -> list[tuple[Mark, Event]]:
    """Each event with its flag, numbered from the oldest."""
    return [
        (Mark(one.day, str(number), f"{words.date(one.day)}: {names.event(one, words)}"), one)
        for number, one in enumerate(happened, 1)
    ]


def _bad(newest: Evaluation | None, words: Words) -> list[str]:
    """The signals that stand as the stream does, in words."""
    told = (
        [one.signal for one in newest.points if one.standing is newest.standing] if newest else []
    )
    return [words.text(f"signal.{signal}") for signal in dict.fromkeys(told)]


def _notes(newest: Evaluation | None, words: Words) -> dict[str, list[str]]:
    """What was skipped, by kind: the days, or whatever else the note says."""
    told: dict[str, list[str]] = {}
    for note in newest.notes if newest else ():
        kind, _, rest = note.partition(":")
        try:
            rest = words.date(dt.date.fromisoformat(rest))
        except ValueError:
            rest = rest[:80]
        told.setdefault(kind, []).append(rest)
    return told
