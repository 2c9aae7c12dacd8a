"""`varde watch activate` and `planned`: what an algorithm may do, and what is about to change."""

import datetime as dt

from core import settings as core_settings
from core.domain.activation import Activation
from core.domain.watch import Stream
from core.store.watch import scopes
from monitoring import verdicts
from varde.arguments import Arguments
from varde.jobs import opened
from varde.terminal import say


def activate(arguments: Arguments) -> int:
    """Change what an algorithm may do at a site, a trust's sites, or all."""
    settings = core_settings.load(arguments.site)
    state = Activation(arguments.activation)
    with opened(settings) as database, database.write() as connection:
        changed = verdicts.activate(
            connection, Stream(arguments.scope, arguments.algorithm), state,
            by=arguments.by, reason=arguments.reason, now=dt.datetime.now(dt.UTC),
        )  # fmt: skip
    for site in changed:
        say(f"{arguments.algorithm} at {site}: {state}, from the next study on")
    if not changed:
        say(f"{arguments.algorithm} was {state} already")
    return 0


def planned(arguments: Arguments) -> int:
    """Mark a change that is planned on the charts of its day."""
    settings = core_settings.load(arguments.site)
    now = dt.datetime.now(dt.UTC)
    day = arguments.day or scopes.day_of(now)
    with opened(settings) as database, database.write() as connection:
        for site in verdicts.sites_of(connection, arguments.scope):
            verdicts.planned(
                connection, site=site, algorithm=arguments.algorithm, told=arguments.reason,
                by=arguments.by, day=day, now=now,
            )  # fmt: skip
            say(f"{arguments.algorithm} at {site}: marked on {day}")
    return 0
