"""Final reports arrive: each finds its study, is kept if it is the latest, and is compared."""

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final

import sqlalchemy as sa

from core.domain.feedback import Truth
from core.store.watch import reports
from core.store.watch.comparisons import Day
from core.store.watch.reports import Address, Became, Report
from models.registry import Algorithm
from monitoring import comparing
from monitoring.truths import ANY

#: Clocks may differ by so much; what is signed later than that is a mistake.
SKEW: Final = dt.timedelta(minutes=10)


@dataclasses.dataclass(frozen=True, slots=True)
class Arrived:
    """A final report as codes, before anybody knows of which study it is."""

    address: Address
    signed_at: dt.datetime
    truths: Mapping[str, Truth]
    source: str  #: api, csv
    rules: str = ""  #: version of the rules that read its text; empty: none did


@dataclasses.dataclass(frozen=True, slots=True)
class Receipt:
    """What became of it, and of which study it was."""

    became: Became
    study_id: str = ""


def known_labels(algorithms: Mapping[str, Algorithm]) -> frozenset[str]:
    """The code values that some algorithm here looks for."""
    return frozenset(
        label.code.value
        for one in algorithms.values()
        if one.manifest.output
        for label in one.manifest.output.label
    )


def spoken(truths: Mapping[str, Truth], known: frozenset[str]) -> dict[str, Truth]:
    """What rules have read, as far as an algorithm here looks for it: nothing else is kept."""
    return {label: truth for label, truth in truths.items() if label in known or label == ANY}


def receive(
    connection: sa.Connection, arrived: Sequence[Arrived], *, now: dt.datetime
) -> tuple[list[Receipt], set[Day]]:
    """Keep these reports and compare them; returns what became of each, in order, and the days
    whose comparisons are to be counted anew (`comparing.recount`).
    """
    places = reports.studies_at(connection, [one.address for one in arrived])
    studies = [_only(places[one.address]) for one in arrived]
    reports.hold(connection, filter(None, studies))
    known = [
        Report(study, one.signed_at, now, one.source, one.truths, one.rules)
        for one, study in zip(arrived, studies, strict=True)
        if study
    ]
    became = iter(reports.store_all(connection, known))
    receipts = [
        Receipt(next(became), study)
        if study
        else Receipt(Became.SEVERAL_STUDIES if places[one.address] else Became.NO_STUDY)
        for one, study in zip(arrived, studies, strict=True)
    ]
    news = {one.study_id for one in receipts if one.became in _NEWS}
    return receipts, comparing.compare_studies(connection, news, now)


_NEWS: Final = frozenset({Became.STORED, Became.REPLACED})


def _only(study_ids: Sequence[str]) -> str:
    """The one study, "" where there is none or more than one."""
    return study_ids[0] if len(study_ids) == 1 else ""


def says_anything(truths: Mapping[str, Truth]) -> bool:
    """Whether rules have understood anything of a text."""
    return any(one is not Truth.UNKNOWN for one in truths.values())
