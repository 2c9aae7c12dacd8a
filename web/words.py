"""Words, numbers and times as a reader of one language expects them."""

import dataclasses
import datetime as dt
import math
import zoneinfo
from collections.abc import Sequence
from typing import Final, Literal

from core.domain.finding import Measurement
from web.texts import TEXTS

LANGUAGES: Final[tuple[Literal["nb", "en"], ...]] = ("nb", "en")
NARROW: Final = "\N{NARROW NO-BREAK SPACE}"
SPACE: Final = "\N{NO-BREAK SPACE}"
MINUS: Final = "\N{MINUS SIGN}"
#: Units (UCUM) that a reader writes otherwise.
UNITS: Final = {"mm2": "mm²", "mm3": "mm³", "cm2": "cm²", "cm3": "cm³", "mL": "ml",
                "1": "", "{score}": ""}  # fmt: skip


def _norwegian_time() -> dt.tzinfo:
    """Clocks on Norwegian walls, also where the machine's own is UTC."""
    try:
        return zoneinfo.ZoneInfo("Europe/Oslo")
    except zoneinfo.ZoneInfoNotFoundError:
        return dt.datetime.now().astimezone().tzinfo or dt.UTC


ZONE: Final = _norwegian_time()


@dataclasses.dataclass(frozen=True, slots=True)
class Words:
    """One language: `nb` or `en`."""

    language: Literal["nb", "en"]

    def text(self, key: str, **facts: object) -> str:
        """The sentence of `key` with its facts filled in, not escaped."""
        return TEXTS[self.language][key].format_map(facts)

    def count(self, key: str, number: int) -> str:
        """`1 funn`, `2 funn`: the sentence of `key`.one or `key`.many."""
        return self.text(f"{key}.{'one' if number == 1 else 'many'}", number=self.number(number))

    def number(self, value: float, digits: int = 0) -> str:
        """A number with the language's decimal mark and groups."""
        shown = f"{value:,.{digits}f}"
        if self.language == "en":
            return shown
        return shown.replace(",", NARROW).replace(".", ",")

    def percent(self, share: float) -> str:
        """A share in 0..1 as whole per cent; never rounded to certainty, up or down."""
        whole = round(share * 100)
        sign = "%" if self.language == "en" else f"{SPACE}%"
        if whole == 0 < share:
            return f"<{SPACE}1{sign}"
        if whole == 100 > share * 100:  # noqa: PLR2004
            return f">{SPACE}99{sign}"
        return f"{whole}{sign}"

    def points(self, share: float) -> str:
        """A difference of shares in percentage points: `+2,1`, `−0,4`, `0,0`."""
        whole = round(share * 100, 1)
        sign = "" if not whole else MINUS if whole < 0 else "+"
        return f"{sign}{self.number(abs(whole), 1)}"

    def joined(self, parts: Sequence[str]) -> str:
        """`A, b og c`: all but the first begin small."""
        told = [
            part if index == 0 else part[:1].lower() + part[1:] for index, part in enumerate(parts)
        ]
        return f" {self.text('and')} ".join([", ".join(told[:-1]), told[-1]] if told[1:] else told)

    def quantity(self, one: Measurement) -> str:
        """A measurement with its unit: `8,2 mm`, `1 240 mm³`; a score has no unit."""
        digits = 0 if one.value == round(one.value) or abs(one.value) >= 100 else 1  # noqa: PLR2004
        unit = UNITS.get(one.unit.value, one.unit.value)
        return f"{self.number(one.value, digits)}{SPACE if unit else ''}{unit}"

    def seconds(self, value: float) -> str:
        """`3,2 s`, `4 min 10 s`, `2 t 5 min`."""
        if value < 99.95:  # noqa: PLR2004 - below, tenths are worth reading
            return f"{self.number(max(value, 0), 1)}{SPACE}s"
        minutes, rest = divmod(round(value), 60)
        if minutes < 60:  # noqa: PLR2004
            return f"{minutes}{SPACE}min {rest}{SPACE}s"
        hours, minutes = divmod(minutes, 60)
        return f"{self.number(hours)}{SPACE}{self.text('hours')} {minutes}{SPACE}min"

    def moment(self, at: dt.datetime) -> str:
        """A time in Norway, to the second."""
        pattern = "%d.%m.%Y %H:%M:%S" if self.language == "nb" else "%Y-%m-%d %H:%M:%S"
        return at.astimezone(ZONE).strftime(pattern)

    def clock(self, at: dt.datetime) -> str:
        """The time of day for today, the day and the time for other days."""
        here, now = at.astimezone(ZONE), dt.datetime.now(ZONE)
        if here.date() == now.date():
            return here.strftime("%H:%M:%S")
        return here.strftime("%d.%m. %H:%M" if self.language == "nb" else "%b %d %H:%M")

    def day(self, date: str) -> str:
        """A DICOM date (DA, PS3.5 6.2); what is not one is shown as it is."""
        try:
            made = dt.date(int(date[:4]), int(date[4:6]), int(date[6:8]))
        except ValueError:
            return date
        return made.strftime("%d.%m.%Y") if self.language == "nb" else made.isoformat()

    def date(self, day: dt.date) -> str:
        """A calendar day in full: `21.11.2026`."""
        return day.strftime("%d.%m.%Y") if self.language == "nb" else day.isoformat()

    def short_day(self, day: dt.date) -> str:
        """A day on an axis: `21. nov.`, `nov.` for the first of a month, the year in January."""
        month = self.text(f"month.{day.month}")
        if day.day == 1:
            return f"{month}{SPACE}{day.year % 100:02}" if day.month == 1 else month
        return f"{day.day}. {month}" if self.language == "nb" else f"{month}{SPACE}{day.day}"

    def month(self, day: dt.date) -> str:
        """A month: `nov. 2026`."""
        return f"{self.text(f'month.{day.month}')} {day.year}"

    def figure(self, value: float, digits: int = 3) -> str:
        """A number with `digits` significant ones: `1,43`, `0,0214`, `1 240`."""
        if not math.isfinite(value):
            return "–"
        whole = math.floor(math.log10(abs(value))) + 1 if value else 1
        return self.number(value, min(max(digits - whole, 0), 8)).replace("-", MINUS)

    def share(self, value: float, digits: int = 1) -> str:
        """A share in 0..1 as per cent with decimals: `92,1 %`."""
        sign = "%" if self.language == "en" else f"{SPACE}%"
        return f"{self.number(value * 100, digits)}{sign}".replace("-", MINUS)

    def person(self, name: str) -> str:
        """A DICOM person name (PN, PS3.5 6.2.1) as `Family, Given Middle`."""
        groups = [group for group in name.split("=") if group.strip("^ ")]
        parts = [part.strip() for part in (groups[0] if groups else "").split("^")]
        family, given = parts[0], " ".join(part for part in parts[1:3] if part)
        return ", ".join(part for part in (family, given) if part) or self.text("no_name")

    def sex(self, code: str) -> str:
        """Patient's Sex (0010,0040) in words."""
        return self.text(f"sex.{code}") if code in {"M", "F", "O"} else ""
