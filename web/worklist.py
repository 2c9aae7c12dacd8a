"""The worklist: every study, newest first, and what became of it."""

import dataclasses
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from core.domain.study import Site, Study, StudyState
from core.store import studies
from web import answers
from web.answers import Answer
from web.context import context_of, page

routes = APIRouter()
PER_PAGE: Final = 50


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """A study and the answers to its latest revision."""

    study: Study
    answers: tuple[Answer, ...]

    @property
    def receiving(self) -> bool:
        """Whether instances are still expected."""
        return self.study.state is StudyState.RECEIVING


@dataclasses.dataclass(frozen=True, slots=True)
class Paging:
    """Where in the list the reader is; pages count from 1."""

    number: int
    pages: int
    total: int


def paging(asked: str, total: int) -> Paging:
    """The page that was asked for, or the nearest there is."""
    pages = max(1, -(-total // PER_PAGE))
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else 1  # noqa: PLR2004
    return Paging(min(max(number, 1), pages), pages, total)


@routes.api_route("/", methods=["GET", "HEAD"])
def worklist(request: Request) -> HTMLResponse:
    """The worklist of one site or of all."""
    with context_of(request).database.read() as connection:
        sites = studies.sites(connection)
        site = _known(request.query_params.get("site", ""), sites)
        place = paging(request.query_params.get("page", ""), studies.count(connection, site=site))
        found = studies.worklist(
            connection, site=site, limit=PER_PAGE, skip=(place.number - 1) * PER_PAGE
        )
        said = answers.of_studies(connection, found)
    lines = [
        Line(study, tuple(a for a in said[study.id] if a.job.revision == study.revision))
        for study in found
    ]
    names = {one.key: one.name for one in sites}
    return page(
        request, "worklist.html",
        lines=lines, sites=sites, site=site, names=names, paging=place,
        name_of=context_of(request).name_of,
    )  # fmt: skip


def _known(asked: str, sites: list[Site]) -> str | None:
    """The site that was asked for, None (all) where it is none of ours."""
    return asked if any(site.key == asked for site in sites) else None
