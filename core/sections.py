"""The tables of `site.toml`: frozen, described in `docs/operations.md`, unknown keys refused."""

import dataclasses
import re
import socket
import string
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

import pydantic
from pydantic import Field

from core.domain.job import Priority
from core.domain.profile import PRESETS, SYNTAXES, Kind, Profile

AeTitle = Annotated[str, Field(min_length=1, max_length=16, pattern=r"^[\x20-\x5B\x5D-\x7E]+$")]
Key = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,40}$")]
Port = Annotated[int, Field(ge=0, le=65535)]
Language = Literal["nb", "en"]
ANYBODY = "*"
#: What a series description may consist of: (name, format, conversion) of its fields, or text.
_FILLABLE = [(None, None, None), *((name, "", None) for name in ("name", "version", "unverified"))]
_UNFILLABLE = "series_description may name {name}, {version} and {unverified} only"


class Section(pydantic.BaseModel):
    """A table of `site.toml`: frozen, and nothing in it goes unread."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


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


class Watch(Section):
    """The watch over algorithms after go-live."""

    night_at: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "03:15"
    reference_days: Annotated[int, Field(ge=28, le=1500)] = 364  #: of a full reference
    least_reference_days: Annotated[int, Field(ge=14, le=1500)] = 126  #: of a first one
    margin: Annotated[float, Field(ge=1, le=5)] = 1.2  #: what limits are widened by
    few_a_day: Annotated[float, Field(ge=1)] = 15.0  #: fewer: longer windows, pooled to the trust
    keep_observations_days: Annotated[int, Field(ge=7)] = 90  #: days can be recomputed so long
    audit_share: Annotated[float, Field(ge=0, le=1)] = 0.02  #: of results drawn for a reading
    silent_days: Annotated[int, Field(ge=1, le=60)] = 2  #: of nothing where there used to be some
    report_rules: Path | None = None  #: a site's own rules; None: those that come with Varde


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
    timeout_s: Annotated[float, Field(gt=0)] = 30.0
    commitment: bool = False  #: it is asked for storage commitment
    commitment_s: Annotated[float, Field(gt=0, le=604_800)] = 3600.0  #: unanswered: asked again
    preset: Literal["pacs", "orthanc", "ohif", "weasis", "images_only"] = "pacs"
    objects: tuple[Kind, ...] | None = None  #: this and what follows: None is the preset's
    language: Language | None = None  #: None is that of the pages
    character_set: Literal["ISO_IR 192", "ISO_IR 100"] | None = None
    transfer_syntax: Literal["explicit", "implicit", "deflated"] | None = None
    segmentation: Literal["binary", "labelmap"] | None = None
    palette: Literal["okabe-ito", "yellow", "white"] | None = None
    one_series: bool | None = None
    withdraw: bool | None = None  #: it hides what a rejection note names (IHE IOCM)
    series_number: Annotated[int, Field(ge=0, le=99_999)] | None = None
    series_description: Annotated[str, Field(max_length=64)] | None = None

    @pydantic.model_validator(mode="after")
    def _takes_reports(self) -> Self:
        if self.objects is not None and Kind.SR not in self.objects:
            message = 'objects must name "sr": "not evaluated" and "failed" have no other form'
            raise ValueError(message)
        return self

    @pydantic.field_validator("series_description")
    @classmethod
    def _can_be_filled_in(cls, value: str | None) -> str | None:
        try:
            fields = [field[1:] for field in string.Formatter().parse(value or "")]
        except ValueError as error:
            raise ValueError(_UNFILLABLE) from error
        if any(field not in _FILLABLE for field in fields):
            raise ValueError(_UNFILLABLE)
        return value

    @property
    def syntax(self) -> str:
        """UID of the transfer syntax that its objects are written in."""
        return SYNTAXES[self.transfer_syntax or PRESETS[self.preset].transfer_syntax]

    def profile(self, language: Language) -> Profile:
        """How it wants results; `language` is that of the pages."""
        own = {
            field.name: value
            for field in dataclasses.fields(Profile)
            if (value := getattr(self, field.name)) is not None
        }
        if "objects" in own:
            own["objects"] = tuple(kind for kind in Kind if kind in own["objects"])
        return dataclasses.replace(PRESETS[self.preset], **{"language": language, **own})


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
