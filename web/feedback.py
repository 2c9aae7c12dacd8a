"""A reader's word on an answer: the line below it, and `/api/feedback`."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Annotated, Final

import pydantic
import sqlalchemy as sa
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from core.domain.codes import Code
from core.domain.errors import NotFoundError
from core.domain.feedback import Feedback, Role, Truth, Word
from core.domain.finding import Result
from core.logs import logger
from core.store import results
from core.store.watch import feedback, reports, subjects
from core.store.watch.reports import Address
from monitoring import comparing, truths
from monitoring.report_forms import causes
from web import lookup
from web.answers import Answer
from web.bodies import FORM, JSON, body, form_of, json_of
from web.context import YEAR_S, context_of
from web.schemas import LABEL, FeedbackForm

routes = APIRouter()
ROLE_COOKIE: Final = "varde-role"
LONGEST: Final = 1 << 16  #: bytes of a form or of a request
PREFIX: Final = "truth-"  #: of a form's fields that say what is there: `truth-36118008`
#: What a form may say of a finding; nothing is said of what is left out.
SAID: Final = (Truth.PRESENT, Truth.ABSENT, Truth.UNCERTAIN)
SEE_OTHER, CONFLICT, UNPROCESSABLE = 303, 409, 422


def role_of(request: Request) -> Role | None:
    """The role that this browser spoke in last."""
    return _role(request.cookies.get(ROLE_COOKIE, ""))


def remember(response: Response, role: Role) -> None:
    """Have this browser offer the role first."""
    response.set_cookie(ROLE_COOKIE, role.value, max_age=YEAR_S, samesite="lax", httponly=True)


def asked(answer: Answer, language: str) -> list[Code]:
    """What a reader can say yes or no to, by its name; nothing where nothing was evaluated."""
    if answer.result is None or answer.result.outcome not in truths.EVALUATED:
        return []
    return sorted(truths.looked_for(answer.result), key=lambda code: code.text(language))


def said(connection: sa.Connection, answers: Iterable[Answer]) -> dict[str, list[Feedback]]:
    """What was said of the whole of each answer, by job."""
    found = feedback.of_jobs(connection, [one.job.id for one in answers])
    return {job: [one for one in words if not one.finding] for job, words in found.items()}


def read_truths(fields: Mapping[str, str], codes: Iterable[str]) -> dict[str, Truth]:
    """What a form says of these code values; 422 for another code or another word."""
    known, words = set(codes), {one.value: one for one in SAID}
    told = {
        name.removeprefix(PREFIX): value
        for name, value in fields.items()
        if name.startswith(PREFIX) and value
    }
    if not (told.keys() <= known and set(told.values()) <= words.keys()):
        raise HTTPException(UNPROCESSABLE, "what is said is not of this answer")
    return {label: words[value] for label, value in told.items()}


def read_role(fields: Mapping[str, str]) -> Role:
    """The role that a form names; 422 where it names none."""
    role = _role(fields.get("role", ""))
    if role is None:
        raise HTTPException(UNPROCESSABLE, "a role is missing")
    return role


@routes.post("/studies/{study_id}/feedback")
def from_page(
    request: Request, study_id: str, sent: Annotated[bytes, Depends(body(FORM, LONGEST))]
) -> RedirectResponse:
    """The form below an answer: say it, or take it back; then the page again."""
    fields, now = form_of(sent), dt.datetime.now(dt.UTC)
    role, word = read_role(fields), fields.get("word", "")
    with context_of(request).database.write() as connection:
        study = lookup.study(connection, study_id)
        job = lookup.job(connection, fields.get("job", ""))
        if job.study_id != study.id:
            message = "no such job of this study"
            raise NotFoundError(message)
        if word == "withdraw":
            _withdraw(connection, job.id, role, "", now)
        else:
            result = _evaluated(connection, job.id)
            told = {"job": job.id, "role": role.value, "word": word}
            if word == Word.CORRECT.value:
                codes = [code.value for code in truths.looked_for(result)]
                told["corrected"] = read_truths(fields, codes)  # type: ignore[assignment]
            _record(connection, _form(told), result, now)
    earlier = f"?revision={job.revision}" if job.revision != study.revision else ""
    back = RedirectResponse(f"/studies/{study.id}{earlier}#feedback-{job.id}", SEE_OTHER)
    remember(back, role)
    return back


@routes.post("/api/feedback")
def from_program(
    request: Request, sent: Annotated[bytes, Depends(body(JSON, LONGEST))]
) -> JSONResponse:
    """One word: 201 for a role's first on this result, 200 where it replaces an earlier one."""
    form = _form(json_of(sent))
    with context_of(request).database.write() as connection:
        result = _evaluated(connection, form.job or _newest(connection, form))
        first = _record(connection, form, result, dt.datetime.now(dt.UTC))
    told = {"became": "stored" if first else "replaced", "job": result.job_id}
    return JSONResponse(told, 201 if first else 200)


@routes.delete("/api/feedback/{job_id}/{role}")
def withdrawn(request: Request, job_id: str, role: Role, finding: str = "") -> Response:
    """Take a role's word back; 404 where there is none."""
    if finding and not LABEL.fullmatch(finding):
        message = "no such feedback"
        raise NotFoundError(message)
    with context_of(request).database.write() as connection:
        job = lookup.job(connection, job_id)
        if not _withdraw(connection, job.id, role, finding, dt.datetime.now(dt.UTC)):
            message = "no such feedback"
            raise NotFoundError(message)
    return Response(status_code=204)


def _role(name: str) -> Role | None:
    return next((one for one in Role if one.value == name), None)


def _form(told: object) -> FeedbackForm:
    try:
        return FeedbackForm.model_validate(told)
    except pydantic.ValidationError as error:
        raise HTTPException(UNPROCESSABLE, "; ".join(causes(error))) from None


def _evaluated(connection: sa.Connection, job_id: str) -> Result:
    """The result of a job; 409 where there is nothing to agree with."""
    job = lookup.job(connection, job_id)
    result = results.of_jobs(connection, [job.id]).get(job.id) if job.outcome else None
    if result is None or result.outcome not in truths.EVALUATED:
        raise HTTPException(CONFLICT, "this job has no answer that one could agree with")
    return result


def _newest(connection: sa.Connection, form: FeedbackForm) -> str:
    """The job of an algorithm's newest answer to a study; 409 where several versions have one."""
    address = Address(form.site, form.study_uid)
    found = subjects.of_studies(connection, reports.studies_at(connection, [address])[address])
    answered = [one.job_id for one in found if one.algorithm == form.algorithm and one.newest]
    if not answered:
        message = "this algorithm has no answer to such a study here"
        raise NotFoundError(message)
    if len(answered) > 1:
        raise HTTPException(CONFLICT, "several versions have an answer: give job")
    return answered[0]


def _record(
    connection: sa.Connection, form: FeedbackForm, result: Result, now: dt.datetime
) -> bool:
    """Keep it, compare and count; returns whether it is the role's first word."""
    called = truths.calls(result)
    about = form.finding or truths.ANY
    if not ({about} | form.corrected.keys()) <= called.keys():
        raise HTTPException(UNPROCESSABLE, "a finding that this algorithm does not look for")
    finding = "" if about == truths.ANY else about
    one = Feedback(result.job_id, now, form.role, form.word, finding, dict(form.corrected))
    reports.hold(connection, [lookup.job(connection, result.job_id).study_id])
    first = feedback.record(connection, one, called=called[about])
    _compare(connection, result.job_id, now)
    logger().info("feedback came", job=result.job_id, role=form.role.value, word=form.word.value)
    return first


def _withdraw(
    connection: sa.Connection, job_id: str, role: Role, finding: str, now: dt.datetime
) -> bool:
    reports.hold(connection, [lookup.job(connection, job_id).study_id])
    gone = feedback.withdraw(connection, job_id, role, finding)
    if gone:
        _compare(connection, job_id, now)
        logger().info("feedback was withdrawn", job=job_id, role=role.value)
    return gone


def _compare(connection: sa.Connection, job_id: str, now: dt.datetime) -> None:
    comparing.compare_and_count(connection, lookup.job(connection, job_id).study_id, now)
