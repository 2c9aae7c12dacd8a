"""The operator's list: what was not taken and why, jobs and commitments that need a hand."""

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from core.domain.job import DeliveryState
from core.store import commitments, deliveries, intake, jobs, studies
from web.context import context_of, page

routes = APIRouter()
MOST: Final = 100


@routes.api_route("/refusals", methods=["GET", "HEAD"])
def refusals(request: Request) -> HTMLResponse:
    """The latest refusals, jobs that ended badly, and objects that no archive commits to."""
    context = context_of(request)
    with context.database.read() as connection:
        refused = intake.refusals(connection, limit=MOST)
        stuck = jobs.troubled(connection, limit=MOST)
        sent = deliveries.of_jobs(connection, [job.id for job in stuck])
        unkept = commitments.broken(connection, limit=MOST)
        names = {site.key: site.name for site in studies.sites(connection)}
    told = (
        (one.job_id, f"{one.destination}: {one.error}")
        for one in sorted(sent, key=lambda one: one.state is DeliveryState.UNDELIVERABLE)
        if one.error and not one.delivered_at
    )
    return page(
        request,
        "attention.html",
        refusals=refused,
        jobs=stuck,
        errors=dict(told),
        unkept=unkept,
        names=names,
        name_of=context.name_of,
        most=MOST,
    )
