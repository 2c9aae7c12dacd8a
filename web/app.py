"""The application: which pages there are, and what they lean on."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from prometheus_client import CollectorRegistry

from core.domain.errors import UnavailableError
from core.logs import logger
from core.queue import News
from core.settings import Settings
from core.store.database import Database, open_database
from core.store.files import Files
from models import registry
from monitoring.exporter import Exporter
from web import (
    attention,
    audit,
    cases,
    faults,
    feedback,
    health,
    pictures,
    quality,
    reports,
    segments,
    study_page,
    watch,
    worklist,
)
from web.context import Context
from web.guard import Guard
from web.telemetry import Telemetry

STATIC = Path(__file__).with_name("static")


def create_app(
    settings: Settings,
    database: Database | None = None,
    *,
    algorithms: Mapping[str, registry.Algorithm] | None = None,
) -> FastAPI:
    """The pages over `database` (opened and closed here where None).

    `algorithms` are those of `models/` where None. Raises `SettingsError` for a broken
    manifest or rule for reports, and `UnavailableError` for a file store that cannot be used.
    """
    reports.rules_of(settings.watch.report_rules)  # what is wrong in them stops the start
    own = database is None
    store = _open(settings) if database is None else database
    news = News(settings.queue.url) if settings.queue.url else None
    context = Context(
        settings=settings,
        database=store,
        files=Files(settings.home),
        news=news,
        algorithms=registry.load() if algorithms is None else algorithms,
    )

    @contextlib.asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        yield
        if own:
            store.close()

    metrics = CollectorRegistry()
    metrics.register(Exporter(store, news))
    app = FastAPI(title="Varde", docs_url=None, redoc_url=None, openapi_url=None, lifespan=life)
    app.state.context = context
    app.state.metrics = metrics
    for part in (
        health,
        worklist,
        study_page,
        pictures,
        segments,
        attention,
        watch,
        quality,
        cases,
    ):
        app.include_router(part.routes)
    for part in (feedback, reports, audit):
        app.include_router(part.routes)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    faults.register(app)
    app.add_middleware(Telemetry, registry=metrics)
    app.add_middleware(Guard, host=settings.web.host)  # the outer one: it sees every answer
    return app


def _open(settings: Settings) -> Database:
    """The database; where it does not answer yet, the pages start and say so."""
    try:
        return open_database(settings)
    except UnavailableError as error:
        logger().warning("the database does not answer yet", error=str(error))
        return Database(settings.database_url, fsync=settings.database.fsync)
