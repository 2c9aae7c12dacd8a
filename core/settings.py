"""One frozen tree of settings from one `site.toml`.

Arguments win over the environment (`VARDE_DATABASE__URL`), the environment over the
file, the file over the defaults here. Unknown keys are refused, and so are sites,
trusts and destinations that are named but not described.
"""

import os
import re
import socket
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import pydantic
from pydantic import Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from core.domain.errors import SettingsError
from core.domain.job import Priority
from core.domain.study import Site

AeTitle = Annotated[str, Field(min_length=1, max_length=16, pattern=r"^[\x20-\x5B\x5D-\x7E]+$")]
Key = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,40}$")]
Port = Annotated[int, Field(ge=0, le=65535)]
Language = Literal["nb", "en"]
ANYBODY = "*"


class Section(pydantic.BaseModel):
    """A table of `site.toml`: frozen, and nothing in it goes unread."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")


class Database(Section):
    """Where the truth is: empty for SQLite below `home`, else a PostgreSQL URL."""

    url: str = ""
    fsync: bool = True  #: False: a power cut may lose what was acknowledged


class Queue(Section):
    """Redis: empty for the embedded server, else a URL."""

    url: str = ""


class Dicom(Section):
    """The storage SCP."""

    host: str = "127.0.0.1"
    port: Port = 11112
    ae_title: AeTitle = "VARDE"
    max_pdu: Annotated[int, Field(ge=4096, le=1 << 20)] = 131072
    max_associations: Annotated[int, Field(ge=1)] = 64
    idle_s: Annotated[float, Field(gt=0)] = 60.0  #: silence after which an association is aborted


class Intake(Section):
    """What becomes of one instance."""

    fsync: bool = True  #: False: faster, but a power cut may lose acknowledged instances
    max_object_mb: Annotated[int, Field(ge=1)] = 4096
    keep_refused_mb: Annotated[int, Field(ge=0)] = 1024  #: the oldest refused objects go first


class Assembly(Section):
    """How long to wait for a study to be complete, in seconds."""

    quiet_s: Annotated[float, Field(ge=0)] = 10.0
    patience_s: Annotated[float, Field(gt=0)] = 900.0


class Dispatch(Section):
    """How news of jobs reaches the workers."""

    reconcile_s: Annotated[float, Field(gt=0)] = 10.0
    resend_s: Annotated[float, Field(gt=0)] = 60.0  #: a queued job is announced again after this
    attempts: Annotated[int, Field(ge=1)] = 3  #: claims before a job is answered as failed


class Worker(Section):
    """One worker process and its children."""

    queues: tuple[str, ...] = ("cpu", "gpu")
    concurrency: Annotated[int, Field(ge=1)] = 1
    threads: Annotated[int, Field(ge=1)] = 2  #: of ONNX Runtime, for each child
    provider: Literal["cpu", "cuda"] = "cpu"
    lease_s: Annotated[float, Field(gt=0)] = 60.0
    name: str = Field(default_factory=socket.gethostname)


class Delivery(Section):
    """How often a destination is tried, and when that ends."""

    first_delay_s: Annotated[float, Field(gt=0)] = 5.0
    factor: Annotated[float, Field(ge=1)] = 2.0
    longest_delay_s: Annotated[float, Field(gt=0)] = 3600.0
    attempts: Annotated[int, Field(ge=1)] = 20
    linger_s: Annotated[float, Field(ge=0)] = 1.0  #: an idle association is released after this


class Web(Section):
    """The pages. They know no users yet: keep them on loopback."""

    host: str = "127.0.0.1"
    port: Port = 8080
    language: Language = "nb"


class Monitor(Section):
    """The exporter that Prometheus scrapes."""

    host: str = "127.0.0.1"
    port: Port = 9108


class Logs(Section):
    """`json` for machines, `console` for people."""

    format: Literal["console", "json"] = "console"
    level: Literal["debug", "info", "warning", "error"] = "info"


class Region(Section):
    """A regional health authority."""

    name: str


class Trust(Section):
    """A health trust (helseforetak) in a region."""

    name: str
    region: Key


class SiteTable(Section):
    """A site: who may send for it, and where its results go."""

    name: str
    trust: Key
    called: tuple[AeTitle, ...] = ()  #: AE titles it calls; empty: `dicom.ae_title`
    calling: tuple[AeTitle, ...]  #: AE titles it sends from; `*` admits anybody
    destinations: tuple[Key, ...]


class Destination(Section):
    """A peer that takes results by C-STORE."""

    ae_title: AeTitle
    host: str
    port: Annotated[int, Field(ge=1, le=65535)]
    calling: AeTitle = "VARDE"
    objects: tuple[Literal["sr", "gsps"], ...] = ("sr", "gsps")
    timeout_s: Annotated[float, Field(gt=0)] = 30.0


class Condition(Section):
    """What a DICOM attribute must be: one of a set, a range, or a pattern."""

    any_of: tuple[str, ...] | None = None
    min: float | None = None
    max: float | None = None
    pattern: str | None = None

    @pydantic.model_validator(mode="before")
    @classmethod
    def _from_short_form(cls, value: object) -> object:
        """`"CT"` and `["CR", "DX"]` are short for a set."""
        if isinstance(value, str):
            return {"any_of": (value,)}
        return {"any_of": tuple(value)} if isinstance(value, list) else value

    @pydantic.model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            message = "an empty condition: give a value, a list, min/max or pattern"
            raise ValueError(message)
        if self.pattern is not None:
            try:
                re.compile(self.pattern)
            except re.error as error:
                message = f"pattern {self.pattern!r} is no regular expression: {error}"
                raise ValueError(message) from error
        return self

    def wanted(self) -> str:
        """The condition in a reader's words."""
        if self.any_of is not None:
            return ", ".join(self.any_of)
        if self.pattern is not None:
            return f"/{self.pattern}/"
        low = "" if self.min is None else f"{self.min:g}"
        high = "" if self.max is None else f"{self.max:g}"
        return f"{low}–{high}"


class Route(Section):
    """A wish: this algorithm for such instances at these sites."""

    name: str
    algorithm: Key
    sites: tuple[str, ...] = (ANYBODY,)
    priority: Literal["stat", "urgent", "routine", "research"] = "routine"
    when: Mapping[str, Condition] = {}

    @property
    def queue_priority(self) -> Priority:
        """The priority as the queue counts it."""
        return Priority[self.priority.upper()]


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

    def described_sites(self) -> tuple[Site, ...]:
        """The sites with the names of their trust and region."""
        return tuple(
            Site(
                key=key,
                name=site.name,
                trust=self.trusts[site.trust].name,
                region=self.regions[self.trusts[site.trust].region].name,
            )
            for key, site in self.sites.items()
        )

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
    values = _read(file) if file.is_file() else {}
    try:
        settings = Settings(**values)
        if not arguments:
            return settings
        # The environment has had its word: a prefix that no variable has keeps it out now.
        return Settings(**_merged(settings.model_dump(), arguments), _env_prefix="no variable ")
    except pydantic.ValidationError as error:
        raise SettingsError(_told(file, error)) from error


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
        lines.append(f"{at}: {where}: {fault['msg']}" if where else f"{at}: {fault['msg']}")
    return "\n".join(lines)


def _line_of(text: list[str], loc: list[str]) -> int | None:
    """The 1-based line of the deepest named key that is written in the file."""
    table = 0
    for number, line in enumerate(text, start=1):
        stripped = line.strip()
        if stripped.startswith("[") and loc and stripped.strip("[] ").split(".")[0] == loc[0]:
            table = number
        if table and loc and re.match(rf"[\"']?{re.escape(loc[-1])}[\"']?\s*=", stripped):
            return number
    return table or None
