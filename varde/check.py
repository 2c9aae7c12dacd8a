"""`varde check`: whether everything that a start needs is in order, and what is in force."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from core import settings as core_settings
from core.sections import ANYBODY
from core.settings import Settings
from models import registry
from models.registry import Algorithm
from monitoring.reports.rules import Rules
from router import routes
from varde.arguments import Arguments
from varde.terminal import say

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


def run(arguments: Arguments) -> int:
    """Print the effective settings, the algorithms and the warnings; 0 where all is well."""
    settings = core_settings.load(arguments.site)
    algorithms = verify(settings)
    say("\n".join(shown(settings)))
    say("\n# What each destination gets")
    for line in profiles(settings):
        say(f"#   {line}")
    say("\n# Algorithms")
    for algorithm in algorithms.values():
        named = algorithm.manifest.algorithm
        say(f"#   {algorithm.key} {named.version} — {named.name}")
    for warning in warnings(settings, algorithms):
        say(f"# Warning: {warning}")
    say("# All is in order.")
    return 0


def profiles(settings: Settings) -> Iterator[str]:
    """Each destination with its preset and its own settings laid over it."""
    for key, destination in settings.destinations.items():
        profile = destination.profile(settings.web.language)
        withdrawn = ", withdrawn where replaced" if profile.withdraw else ""
        asked = ", storage commitment" if destination.commitment else ""
        yield (
            f"{key}: {', '.join(profile.objects)}; {profile.language}, {profile.character_set}, "
            f"{profile.transfer_syntax}, {profile.segmentation} segmentations{withdrawn}{asked}"
        )


def verify(settings: Settings) -> Mapping[str, Algorithm]:
    """Every algorithm, where manifests, weights, routes and rules hold; else `SettingsError`."""
    algorithms = registry.load()
    routes.check(settings.routes, algorithms)
    Rules.load(settings.watch.report_rules)
    return algorithms


def warnings(settings: Settings, algorithms: Mapping[str, Algorithm]) -> Iterator[str]:
    """What is allowed but worth a second look."""
    if not settings.sites:
        yield "no site is described: every association is refused"
    for key, site in settings.sites.items():
        if ANYBODY in site.calling:
            yield f"sites.{key}: calling has «*»: whoever reaches the port may send"
        if not site.destinations:
            yield f"sites.{key}: no destination: results are kept, nobody gets them"
    for key in algorithms.keys() - {route.algorithm for route in settings.routes}:
        yield f"no route asks for the algorithm «{key}»"
    yield from _exposures(settings)


def _exposures(settings: Settings) -> Iterator[str]:
    """What others can reach, and what a power cut can take."""
    for section in ("web", "monitor"):
        if (host := getattr(settings, section).host) not in LOOPBACK:
            yield f"{section}.host is {host}: {section} knows no users yet, keep it on loopback"
    if settings.dicom.host not in LOOPBACK:
        yield f"dicom.host is {settings.dicom.host}: DICOM here is neither encrypted nor signed"
    if not (settings.intake.fsync and settings.database.fsync):
        yield "fsync is off: a power cut may lose what was acknowledged"


def shown(settings: Settings) -> Iterator[str]:
    """The settings as `site.toml` would say them, without passwords."""
    tree = settings.model_dump(mode="json", exclude_none=True)
    yield "# The settings in force: site.toml, environment and defaults"
    yield from _table((), tree)


def _table(name: tuple[str, ...], table: Mapping[str, Any]) -> Iterator[str]:
    """One TOML table: its values first, then the tables below it."""
    inner = {key: value for key, value in table.items() if _has_tables(value)}
    values = {key: value for key, value in table.items() if key not in inner}
    if name and (values or not inner):
        yield f"\n[{'.'.join(name)}]"
    for key, value in values.items():
        yield f"{key} = {toml(value)}"
    for key, value in inner.items():
        if isinstance(value, Mapping):
            yield from _table((*name, key), value)
            continue
        for one in value:
            yield f"\n[[{'.'.join((*name, key))}]]"
            yield from (f"{inner_key} = {toml(it)}" for inner_key, it in one.items())


def _has_tables(value: object) -> bool:
    """Whether a value is written as tables: a table, or a list of tables."""
    return isinstance(value, Mapping) or (
        isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)
    )


def toml(value: object) -> str:
    """A value as TOML writes it; passwords in URLs are masked."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{key} = {toml(it)}" for key, it in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(toml(it) for it in value)}]"
    if isinstance(value, str | Path):
        text = masked(str(value)).replace("\\", "\\\\").replace('"', '\\"')
        return f'"{text}"'
    return str(value).lower() if isinstance(value, bool) else str(value)


def masked(text: str) -> str:
    """A URL without its user, password and password-like options; other text unchanged."""
    if "://" not in text:
        return text
    without = re.sub(r"://.*@", "://***@", text, flags=re.DOTALL)
    return re.sub(r"((?:pass|secret|token|key)\w*=)[^&;]*", r"\1***", without, flags=re.IGNORECASE)
