"""One frozen tree of settings from one `site.toml`.

Arguments win over the environment (`VARDE_DATABASE__URL`), the environment over the
file, the file over the defaults here. Unknown keys are refused, and so are sites,
trusts and destinations that are named but not described.
"""

import os
import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Self

import pydantic
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from core.domain.errors import SettingsError
from core.sections import (
    ANYBODY,
    Assembly,
    Database,
    Delivery,
    Destination,
    Dicom,
    Dispatch,
    Intake,
    Key,
    Logs,
    Monitor,
    Queue,
    Region,
    Route,
    SiteTable,
    Trust,
    Watch,
    Web,
    Worker,
)

_CAUSES: Final = {  #: what pydantic says in words that are not ours
    "extra_forbidden": "there is no such setting",
    "tuple_type": 'this must be a list: ["…"]',
    "bool_type": "this must be true or false",
    "bool_parsing": "this must be true or false",
}
_HEADER: Final = re.compile(r"\s*(?P<list>\[\[?)(?P<name>[^\[\]]+)\]")  #: of a TOML table
_KEY: Final = re.compile(r"""\s*(?P<name>["'\w][\w."' -]*?)\s*=""")


class Settings(BaseSettings):
    """Everything that a site can set."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix="VARDE_", env_nested_delimiter="__"
    )

    home: Path = Path("var")
    database: Database = Database()
    queue: Queue = Queue()
    dicom: Dicom = Dicom()
    intake: Intake = Intake()
    assembly: Assembly = Assembly()
    dispatch: Dispatch = Dispatch()
    worker: Worker = Worker()
    delivery: Delivery = Delivery()
    web: Web = Web()
    monitor: Monitor = Monitor()
    watch: Watch = Watch()
    logs: Logs = Logs()
    regions: Mapping[Key, Region] = {}
    trusts: Mapping[Key, Trust] = {}
    sites: Mapping[Key, SiteTable] = {}
    destinations: Mapping[Key, Destination] = {}
    routes: tuple[Route, ...] = ()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the library's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment before the file, which `load` hands over as arguments."""
        return env_settings, init_settings

    @pydantic.model_validator(mode="after")
    def _names_exist(self) -> Self:
        for where, name, known in self._references():
            if name not in known:
                message = f"{where} names «{name}», which is not described"
                raise ValueError(message)
        self._senders()
        return self

    def _references(self) -> list[tuple[str, str, Mapping[str, object]]]:
        """(where, name, table) of every name that must be a key of a table."""
        found: list[tuple[str, str, Mapping[str, object]]] = [
            (f"trusts.{key}.region", trust.region, self.regions)
            for key, trust in self.trusts.items()
        ]
        for key, site in self.sites.items():
            found.append((f"sites.{key}.trust", site.trust, self.trusts))
            found += [
                (f"sites.{key}.destinations", name, self.destinations) for name in site.destinations
            ]
        for route in self.routes:
            found += [
                (f"route «{route.name}»", name, self.sites)
                for name in route.sites
                if name != ANYBODY
            ]
        return found

    def _senders(self) -> dict[tuple[str, str], str]:
        """(called, calling) to site; two sites with one pair are an error."""
        pairs: dict[tuple[str, str], str] = {}
        for key, site in self.sites.items():
            for called in site.called or (self.dicom.ae_title,):
                for calling in site.calling:
                    other = pairs.setdefault((called, calling), key)
                    if other != key:
                        message = f"sites «{other}», «{key}»: both have {calling} calling {called}"
                        raise ValueError(message)
        return pairs

    def called_titles(self) -> frozenset[str]:
        """Every AE title that the storage SCP answers to."""
        return frozenset(called for called, _ in self._senders())

    def site_of(self, called: str, calling: str) -> str | None:
        """The site that `calling` sends for, None where it may not send at all."""
        pairs = self._senders()
        return pairs.get((called, calling)) or pairs.get((called, ANYBODY))

    @property
    def database_url(self) -> str:
        """The SQLAlchemy URL in use."""
        return self.database.url or f"sqlite:///{self.home.resolve() / 'varde.db'}"


def load(path: Path | None = None, **arguments: Any) -> Settings:  # noqa: ANN401 - any setting
    """Read `site.toml` (`path`, else `VARDE_SITE`, else `./site.toml` where it exists).

    `arguments` win over everything. Raises `SettingsError` with file and cause.
    """
    named = path or (Path(os.environ["VARDE_SITE"]) if os.environ.get("VARDE_SITE") else None)
    file = named or Path("site.toml")
    if named and not file.is_file():
        message = f"{file}: no such file"
        raise SettingsError(message)
    _check_environment()
    values = _read(file) if file.is_file() else {}
    try:
        settings = Settings(**values)
        if not arguments:
            return settings
        # The environment has had its word: a prefix that no variable has keeps it out now.
        return Settings(**_merged(settings.model_dump(), arguments), _env_prefix="no variable ")
    except pydantic.ValidationError as error:
        raise SettingsError(_told(file, error)) from error


def _check_environment() -> None:
    """A `VARDE_…` variable that sets nothing is a typing error: pydantic-settings ignores it."""
    for variable in sorted(os.environ):
        if not variable.startswith("VARDE_") or variable == "VARDE_SITE":
            continue
        fields = Settings.model_fields
        for part in variable.removeprefix("VARDE_").lower().split("__"):
            if part not in fields:
                message = f"{variable}: there is no such setting (see docs/operations.md)"
                raise SettingsError(message)
            kind = fields[part].annotation
            if not (isinstance(kind, type) and issubclass(kind, pydantic.BaseModel)):
                break
            fields = kind.model_fields


def _read(file: Path) -> dict[str, Any]:
    """The file's tables; a syntax error names file, line and column."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"{file}: {error}"
        raise SettingsError(message) from error


def _merged(base: dict[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with the leaves of `over` laid on top."""
    both = dict(base)
    for key, value in over.items():
        inner = both.get(key)
        both[key] = (
            _merged(inner, value)
            if isinstance(inner, dict) and isinstance(value, Mapping)
            else value
        )
    return both


def _told(file: Path, error: pydantic.ValidationError) -> str:
    """One line a fault: file, line of the key where it is found, key, cause."""
    text = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    lines = []
    for fault in error.errors():
        where = ".".join(str(part) for part in fault["loc"])
        number = _line_of(text, [str(part) for part in fault["loc"]])
        at = f"{file}:{number}" if number else str(file) if text else "settings"
        cause = fault["msg"].removeprefix("Value error, ")
        cause = _CAUSES.get(fault["type"], cause)
        lines.append(f"{at}: {where}: {cause}" if where else f"{at}: {cause}")
    return "\n".join(lines)


def _line_of(text: list[str], loc: list[str]) -> int | None:
    """The 1-based line of the deepest part of `loc` that is written in the file."""
    found, depth = None, 0
    table: list[str] = []
    counts: Counter[str] = Counter()
    for number, line in enumerate(text, start=1):
        if header := _HEADER.match(line):
            name, *below = _parts(header["name"])
            counts[name] += header["list"] == "[["
            table = [name, *([str(counts[name] - 1)] if counts[name] else []), *below]
            path = table
        elif key := _KEY.match(line):
            path = [*table, *_parts(key["name"])]
        else:
            continue
        told = min(len(path), len(loc))
        if told > depth and path[:told] == loc[:told]:
            found, depth = number, told
    return found


def _parts(name: str) -> list[str]:
    """A dotted key's parts."""
    return [part.strip(" \"'") for part in name.split(".")]
