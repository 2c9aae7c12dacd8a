"""What every page needs, and how a page is made from its template."""

import dataclasses
import hashlib
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import jinja2
from fastapi import Request
from fastapi.responses import HTMLResponse

from core.queue import News
from core.settings import Settings
from core.store.database import Database
from core.store.files import Files
from core.store.watch import cases
from models.registry import Algorithm
from web.words import LANGUAGES, Words

HERE: Final = Path(__file__).parent
LANGUAGE_COOKIE: Final = "varde-language"
YEAR_S: Final = 365 * 24 * 3600
BROKEN: Final = 500  #: a page with such a status leans on nothing that may be broken


def _version() -> str:
    """The installed version of Varde, "" in a working tree that was never installed."""
    try:
        return metadata.version("varde")
    except metadata.PackageNotFoundError:
        return ""


def _stamp() -> str:
    """A short hash of every static file: a new one makes browsers fetch them anew."""
    digest = hashlib.sha256()
    for file in sorted((HERE / "static").iterdir()):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


TEMPLATES: Final = jinja2.Environment(
    loader=jinja2.FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
TEMPLATES.globals.update(stamp=_stamp(), version=_version())
TEMPLATES.filters["asked"] = lambda wish: urlencode({key: one for key, one in wish.items() if one})


@dataclasses.dataclass(frozen=True, slots=True)
class Context:
    """The parts of the house that pages lean on."""

    settings: Settings
    database: Database
    files: Files
    news: News | None
    algorithms: Mapping[str, Algorithm]

    def name_of(self, algorithm: str) -> str:
        """What a reader calls an algorithm; its folder's name where it is not here any more."""
        known = self.algorithms.get(algorithm)
        return known.manifest.algorithm.name if known else algorithm


def context_of(request: Request) -> Context:
    """The context that `create_app` made."""
    context: Context = request.app.state.context
    return context


def words_of(request: Request) -> Words:
    """The reader's language: asked for in the URL, else remembered, else the site's."""
    asked = request.query_params.get("lang", "")
    remembered = request.cookies.get(LANGUAGE_COOKIE, "")
    for word in (asked, remembered):
        for language in LANGUAGES:
            if word == language:
                return Words(language)
    return Words(context_of(request).settings.web.language)


def page(request: Request, template: str, status: int = 200, **values: object) -> HTMLResponse:
    """The page of `template`, in the reader's language; the choice of language is remembered."""
    words = words_of(request)
    body = TEMPLATES.get_template(template).render(
        w=words, t=words.text, switch=_switch(request, words), path=request.url.path,
        open_cases=_open_cases(context_of(request)) if status < BROKEN else 0, **values,
    )  # fmt: skip
    response = HTMLResponse(body, status, headers={"Cache-Control": "no-store"})
    if request.query_params.get("lang") in LANGUAGES:
        response.set_cookie(
            LANGUAGE_COOKIE, words.language, max_age=YEAR_S, samesite="lax", httponly=True
        )
    return response


def _open_cases(context: Context) -> int:
    """How many cases nobody has settled; the count beside their name in the menu."""
    with context.database.read() as connection:
        return sum(number for *_, number in cases.open_counts(connection))


def _switch(request: Request, words: Words) -> str:
    """The query of this very page in the other language."""
    kept = [(key, value) for key, value in request.query_params.multi_items() if key != "lang"]
    other = "en" if words.language == "nb" else "nb"
    return "?" + urlencode([*kept, ("lang", other)])
