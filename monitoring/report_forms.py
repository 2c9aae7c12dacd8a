"""A final report as others write it, checked before anything is believed. Causes quote nothing."""

import datetime as dt
import re
import unicodedata
from collections.abc import Mapping
from typing import Annotated, Any, Final, Self

import pydantic
from pydantic import AfterValidator, BeforeValidator, Field

from core.domain.errors import InvalidUidError
from core.domain.feedback import Truth
from core.domain.study import valid_uid
from core.store.watch.reports import Address
from monitoring.receiving import SKEW, Arrived, spoken
from monitoring.reports.rules import LONGEST, Rules
from monitoring.truths import ANY

LONGEST_NUMBER: Final = 64  #: characters of an accession number: SH has 16, some systems more
_LABEL: Final = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_SAID: Final = frozenset({Truth.PRESENT, Truth.ABSENT, Truth.UNCERTAIN})


def _uid(value: str) -> str:
    try:
        return valid_uid(value) if value else ""
    except InvalidUidError:
        message = "is no UID: digits and dots, at most 64"
        raise ValueError(message) from None


def _number(value: str) -> str:
    """An accession number without the spaces around it."""
    value = value.strip()
    odd = any(unicodedata.category(one).startswith("C") or one == "\\" for one in value)
    if odd or len(value) > LONGEST_NUMBER:
        message = f"is no accession number: at most {LONGEST_NUMBER} printable characters"
        raise ValueError(message)
    return value


def _time(value: object) -> object:
    """ISO 8601 with an offset: a number or a naive time means different things to two systems."""
    try:
        made = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(str(value))
    except ValueError:
        made = None
    if isinstance(value, int | float) or made is None or made.tzinfo is None:
        message = "is no time: ISO 8601 with an offset, such as 2026-03-14T09:30:00+01:00"
        raise ValueError(message)
    return made


def _truths(value: object) -> object:
    """Code value to present, absent or uncertain."""
    message = "is not an object of code values with present, absent or uncertain"
    if value is None:
        return None
    if not isinstance(value, Mapping) or not all(_said(*item) for item in value.items()):
        raise ValueError(message)
    return {label: Truth(truth) for label, truth in value.items()}


def _said(label: object, truth: object) -> bool:
    return (
        isinstance(label, str)
        and isinstance(truth, str)
        and _LABEL.fullmatch(label) is not None
        and truth in _SAID
    )


class ReportForm(pydantic.BaseModel):
    """One final report: of a study at a site, signed, and either codes or text."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    site: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,40}$")]
    study_uid: Annotated[str, AfterValidator(_uid)] = ""
    accession_number: Annotated[str, AfterValidator(_number)] = ""
    signed_at: Annotated[dt.datetime, BeforeValidator(_time)]
    truths: Annotated[Mapping[str, Truth] | None, BeforeValidator(_truths)] = None
    text: Annotated[str, Field(max_length=LONGEST)] | None = None

    @pydantic.model_validator(mode="after")
    def _whole(self) -> Self:
        if not (self.study_uid or self.accession_number):
            message = "study_uid or accession_number is missing"
            raise ValueError(message)
        if (self.truths is None) == (self.text is None):
            message = "give either truths or text"
            raise ValueError(message)
        if self.truths is not None:
            self._contradicts(self.truths)
        return self

    @staticmethod
    def _contradicts(truths: Mapping[str, Truth]) -> None:
        """`any` says that nothing was found: what was found has a code of its own."""
        if not truths:
            message = "truths is empty"
        elif truths.get(ANY, Truth.ABSENT) is not Truth.ABSENT:
            message = f"{ANY} can only be absent: say by its code what is present"
        elif ANY in truths and any(one is not Truth.ABSENT for one in truths.values()):
            message = f"{ANY} is absent, and a finding is not"
        else:
            return
        raise ValueError(message)

    def arrived(
        self,
        *,
        sites: frozenset[str],
        known: frozenset[str],
        rules: Rules,
        source: str,
        now: dt.datetime,
    ) -> Arrived:
        """The report as codes; its text is read and forgotten.

        Raises `ValueError` with the cause for a site or a code that nobody here knows, and
        for a signature in the future.
        """
        if self.site not in sites:
            message = "site: there is no such site"
            raise ValueError(message)
        if self.signed_at > now + SKEW:
            message = "signed_at: is in the future"
            raise ValueError(message)
        truths = self.truths if self.text is None else spoken(rules.read(self.text).truths, known)
        if strange := sorted((truths or {}).keys() - known - {ANY}):
            shown = ", ".join(strange[:5])
            message = f"truths: no algorithm here looks for {shown}"
            raise ValueError(message)
        return Arrived(
            Address(self.site, self.study_uid, self.accession_number),
            self.signed_at.astimezone(dt.UTC),
            truths or {},
            source,
            rules.version if self.text is not None else "",
        )


def causes(error: pydantic.ValidationError) -> list[str]:
    """`field: cause`, one for each thing that is wrong, without a word of what was sent."""
    return [_cause(dict(one)) for one in error.errors(include_input=False, include_url=False)]


def _cause(fault: Mapping[str, Any]) -> str:
    where = fault["loc"][0] if fault["loc"] else ""
    if fault["type"] == "extra_forbidden":
        return "a field that is not known"
    cause = {
        "missing": "is missing",
        "string_pattern_mismatch": "is not of the right form",
    }.get(fault["type"], str(fault["msg"]).removeprefix("Value error, "))
    return f"{where}: {cause}" if where else cause
