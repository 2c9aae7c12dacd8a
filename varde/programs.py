"""`varde router`, `worker`, `web`, `monitor`: one program each, as a service manager runs it."""

import importlib
from typing import Final

from core import settings as core_settings
from core.domain.errors import SettingsError
from core.settings import Settings
from varde import embedded_redis
from varde.arguments import Arguments

ROOMS: Final = {"router": "router", "worker": "workers", "web": "web", "monitor": "monitoring"}


def run(arguments: Arguments) -> int:
    """Run one program until it is told to stop; returns its exit code."""
    settings = with_queue(core_settings.load(arguments.site))
    room = importlib.import_module(f"{ROOMS[arguments.program]}.program")
    return int(room.run(settings))


def with_queue(settings: Settings) -> Settings:
    """The settings with a Redis: the configured one, else that of the `varde up` in this home."""
    if settings.queue.url:
        return settings
    if url := embedded_redis.running_url(settings.home):
        return settings.model_copy(update={"queue": settings.queue.model_copy(update={"url": url})})
    message = (
        f"no Redis: queue.url is not set and no `varde up` runs in {settings.home}. "
        "Set queue.url in site.toml, or VARDE_QUEUE__URL"
    )
    raise SettingsError(message)
