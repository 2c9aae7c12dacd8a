"""Results drawn at random: read without the algorithm's answer, compared afterwards."""

import dataclasses
import datetime as dt
from typing import Annotated, Final

import sqlalchemy as sa
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from core.domain.codes import Code
from core.domain.errors import NotFoundError
from core.domain.feedback import Role, Source, Truth
from core.domain.finding import Result
from core.domain.study import Study
from core.logs import logger
from core.store import results, studies
from core.store.watch import audits, comparisons
from core.store.watch.audits import Audit
from monitoring import comparing, truths
from web import feedback, hanging, images, lookup, study_page, windows
from web.bodies import FORM, body, form_of
from web.context import context_of, page, words_of
from web.images import Image
from web.words import Words

routes = APIRouter()
MOST: Final = 200  #: that wait, on one page
LATEST: Final = 30  #: that were read, on the same page
SEE_OTHER, CONFLICT, UNPROCESSABLE = 303, 409, 422


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """An audit with what its reader may see before answering, and the result for afterwards."""

    audit: Audit
    study: Study
    images: list[Image]
    result: Result


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One finding as the reader and the algorithm have it."""

    code: Code
    truth: Truth
    called: bool

    @property
    def agrees(self) -> bool | None:
        """Whether both say the same, None where the reader is not sure."""
        sure = {Truth.PRESENT: True, Truth.ABSENT: False}.get(self.truth)
        return None if sure is None else sure == self.called


@routes.api_route("/audits", methods=["GET", "HEAD"])
def listed(request: Request) -> HTMLResponse:
    """What waits for a blinded reading, and what came of the latest ones."""
    context = context_of(request)
    with context.database.read() as connection:
        sites = studies.sites(connection)
        asked = request.query_params.get("site", "")
        site = asked if any(one.key == asked for one in sites) else None
        waiting = audits.waiting(connection, site=site, limit=MOST)
        done = audits.answered(connection, site=site, limit=LATEST)
        disagreed = {one.job_id for one in done if _disagrees(connection, one.job_id)}
    return page(
        request, "audits.html",
        waiting=waiting, done=done, disagreed=disagreed, sites=sites, site=site, most=MOST,
        names={one.key: one.name for one in sites}, name_of=context.name_of,
    )  # fmt: skip


@routes.api_route("/audits/{job_id}", methods=["GET", "HEAD"])
def audit(request: Request, job_id: str) -> HTMLResponse:
    """The images alone, with the questions; once they are answered, what the algorithm said."""
    context, words = context_of(request), words_of(request)
    with context.database.read() as connection:
        found = _find(connection, job_id)
        sites = {one.key: one.name for one in studies.sites(connection)}
    box = hanging.hang(found.images)
    # No answer goes into what the viewer shows: not even the window that it would open with.
    return page(
        request, "audit.html",
        audit=found.audit, study=found.study, images=found.images, marks={}, box=box,
        current=(found.images[0], 1) if found.images and not box else None,
        catalogue=study_page.catalogue(found.study, found.images, (), words), overlay_off=False,
        windows=windows.offered(found.images), window=windows.OWN, segments="",
        questions=questions(found.result, words), role=feedback.role_of(request),
        roles=tuple(Role), may_say=feedback.SAID,
        rows=rows(found, words) if found.audit.answered_at else [],
        site=sites.get(found.audit.site, found.audit.site), name_of=context.name_of,
    )  # fmt: skip


@routes.post("/audits/{job_id}")
def answered(
    request: Request, job_id: str, sent: Annotated[bytes, Depends(body(FORM, feedback.LONGEST))]
) -> RedirectResponse:
    """Keep what the reader saw. The first answer holds: nobody answers with the result in view."""
    fields, now = form_of(sent), dt.datetime.now(dt.UTC)
    role = feedback.read_role(fields)
    with context_of(request).database.write() as connection:
        found = _find(connection, job_id)
        codes = [code.value for code in truths.looked_for(found.result)]
        told = feedback.read_truths(fields, codes)
        if len(told) < len(codes):
            raise HTTPException(UNPROCESSABLE, "every question needs an answer")
        if not audits.answer(connection, job_id, truths=told, role=role, now=now):
            raise HTTPException(CONFLICT, "somebody has answered already")
        comparing.compare_and_count(connection, found.study.id, now)
    logger().info("an audit was answered", job=job_id, role=role.value)
    back = RedirectResponse(f"/audits/{job_id}", SEE_OTHER)
    feedback.remember(back, role)
    return back


def questions(result: Result, words: Words) -> list[Code]:
    """What is asked, by its name: an order that tells nothing of the answer."""
    return sorted(truths.looked_for(result), key=lambda code: code.text(words.language))


def rows(found: Found, words: Words) -> list[Row]:
    """What both have said, finding by finding."""
    called = truths.calls(found.result)
    return [
        Row(code, found.audit.truths[code.value], called[code.value])
        for code in questions(found.result, words)
        if code.value in found.audit.truths
    ]


def _find(connection: sa.Connection, job_id: str) -> Found:
    """Everything about an audit; raises `NotFoundError` for a job that was not drawn."""
    one = audits.get(connection, lookup.job(connection, job_id).id)
    study = lookup.study(connection, one.study_id)
    result = results.of_jobs(connection, [job_id]).get(job_id)
    if result is None:
        message = "no such audit"
        raise NotFoundError(message)
    return Found(one, study, images.of_study(connection, study), result)


def _disagrees(connection: sa.Connection, job_id: str) -> bool:
    return any(
        one.source is Source.AUDIT and one.disagrees
        for one in comparisons.of_job(connection, job_id)
    )
