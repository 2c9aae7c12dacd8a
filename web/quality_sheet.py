"""The counts behind the pages of quality, as CSV."""

import dataclasses
from collections.abc import Iterable
from typing import Final

from core.store.watch.concordance import Counted
from core.store.watch.feedback import Words as Said
from web.charts.sheet import sheet
from web.words import Words

#: The columns, the same in every language: programs read them too.
COUNTED: Final = tuple(field.name for field in dataclasses.fields(Counted))
SAID: Final = tuple(field.name for field in dataclasses.fields(Said))


def counted(found: Iterable[Counted], words: Words) -> bytes:
    """A row for each day, label, source and subgroup; everybody has an empty subgroup."""
    return sheet(COUNTED, (dataclasses.astuple(one) for one in found), words)


def said(found: Iterable[Said], words: Words) -> bytes:
    """A row for each day, role and word."""
    return sheet(SAID, (dataclasses.astuple(one) for one in found), words)
