"""The TOML form of a set of rules, and where it comes from."""

import hashlib
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import pydantic
from pydantic import Field
from pydantic_core import ErrorDetails

from core.domain.errors import SettingsError
from models.toml_lines import line_of
from monitoring.reports.phrases import expression

SHIPPED: Final = Path(__file__).parent / "norwegian.toml"
ENGINE: Final = 1  #: raised where the engine reads the same rules in another way


def _phrase(text: str) -> str:
    expression(text)
    return text


Phrase = Annotated[str, pydantic.AfterValidator(_phrase)]
List = tuple[Phrase, ...]
Reach = Annotated[int, Field(ge=1, le=40)]
Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]


class Table(pydantic.BaseModel):
    """A table of the file: unknown keys are refused."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", strict=False)


class Headings(Table):
    """Headings of sections, without their colon."""

    referral: List = ()  #: the words of whoever referred: not read
    body: List = ()
    conclusion: List = ()  #: outranks the body


class Cues(Table):
    """Phrases that say something of what stands near them, in the same sentence."""

    before: List = ()  #: of what follows
    after: List = ()  #: of what stands before them
    either: List = ()  #: of what stands before them if there is something, else of what follows
    reach: Reach = 10  #: words between the two, at most
    comma_ends: bool = False  #: of `before`; the reach of `after` always ends at a comma


class Normal(Table):
    """Phrases that say of several findings at once that they are not there."""

    phrases: List
    findings: tuple[Code, ...] = ()  #: code values; none: all


class FindingRules(Table):
    """What a finding is called."""

    name: str  #: for people
    present: List = ()  #: its names; what stands near them decides
    weak: List = ()  #: vague names, which count where no name of `present` is found
    absent: List = ()  #: say by themselves that it is not there
    uncertain: List = ()  #: say by themselves that it is uncertain
    never: List = ()  #: contain a name and mean something else
    elsewhere: List = ()  #: near a name: it is in another organ
    silence: Literal["unknown", "absent"] = "unknown"  #: what it means not to be mentioned


class RuleFile(Table):
    """A whole file."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
    extends: Literal["norwegian"] | None = None  #: its lists are added to those of Varde
    headings: Headings = Headings()
    abbreviations: tuple[Annotated[str, Field(min_length=1, max_length=20)], ...] = ()
    ends: List = ()  #: end the reach of every cue
    neutral: List = ()  #: look like a cue and are none
    negation: Cues = Cues()
    uncertainty: Cues = Cues()
    history: Cues = Cues()  #: what was: says nothing of now
    question: Cues = Cues()  #: what is asked: counts where nothing is answered
    normal: tuple[Normal, ...] = ()
    finding: Mapping[Code, FindingRules] = {}

    @property
    def version(self) -> str:
        """Name and hash of what the rules say, in whatever order of keys and layout."""
        body = json.dumps([ENGINE, self.model_dump(mode="json")], sort_keys=True)
        return f"{self.name} {hashlib.sha256(body.encode()).hexdigest()[:12]}"


def load(path: Path | None = None) -> RuleFile:
    """A site's own rules, or those that come with Varde. Raises `SettingsError`.

    A file with `extends = "norwegian"` adds to these: its lists come after theirs, its other
    values take their place. One without stands alone.
    """
    file = path or SHIPPED
    table, text = _table(file)
    if path is not None and table.get("extends") == "norwegian":
        _checked(file, table, text, whole=False)
        table = _merged(_table(SHIPPED)[0], table)
    return _checked(file, table, text, whole=True)


def _table(file: Path) -> tuple[dict[str, Any], str]:
    try:
        text = file.read_text(encoding="utf-8")
        return tomllib.loads(text), text
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        message = f"{file}: {error}"
        raise SettingsError(message) from error


def _checked(file: Path, table: dict[str, Any], text: str, *, whole: bool) -> RuleFile:
    """The rules; `whole` is False for a file that leaves some keys to the one it extends."""
    try:
        return RuleFile.model_validate(table)
    except pydantic.ValidationError as error:
        faults = [one for one in error.errors() if whole or one["type"] != "missing"]
        if not faults:
            return RuleFile(name="part")
        raise SettingsError("\n".join(_told(file, text, one) for one in faults)) from error


def _told(file: Path, text: str, fault: ErrorDetails) -> str:
    line = line_of(text, fault["loc"])
    key = ".".join(str(one) for one in fault["loc"])
    place = f"{file}:{line}" if line else f"{file}"
    reason = "unknown key" if fault["type"] == "extra_forbidden" else fault["msg"]
    return f"{place}: {key}: {reason}"


def _merged(ground: dict[str, Any], added: dict[str, Any]) -> dict[str, Any]:
    """Tables into tables, lists after lists, other values in the place of others."""
    found = dict(ground)
    for key, value in added.items():
        known = ground.get(key)
        if isinstance(known, dict) and isinstance(value, dict):
            found[key] = _merged(known, value)
        elif isinstance(known, list) and isinstance(value, list):
            found[key] = [*known, *value]
        else:
            found[key] = value
    return found
