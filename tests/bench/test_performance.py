"""Charts of errors over years, and rules on reports: figures for `docs/measurements.md`."""

import datetime as dt
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from core.domain.feedback import Source
from core.domain.watch import Standing
from monitoring.performance.confusion import Confusion
from monitoring.performance.estimate import Estimate
from monitoring.performance.watching import Error, watch
from monitoring.reports import accuracy
from monitoring.reports.rule_file import load
from monitoring.reports.rules import LONGEST, Rules
from tests.bench.table import told
from tests.conftest import ROOT

pytestmark = pytest.mark.bench

SAMPLE = ROOT / "tests" / "monitoring" / "reports" / "report_sample.csv"
DAY = dt.date(2024, 1, 1)
STREAMS, YEARS = 100, 5
#: (studies a day, share with the finding, share of reports compared)
SITES = {
    "60 a day, all compared": (60, 1.0),
    "60 a day, 1 in 10": (60, 0.1),
    "8 a day, all": (8, 1.0),
}
PREVALENCE = 0.12


def stream(
    seed: int, studies: int, share: float, days: int, *, changed: int | None
) -> Mapping[dt.date, Mapping[Source, Confusion]]:
    """4 % false positives and 8 % false negatives; from `changed` on twice as many of both.

    Weekends have half of the studies; the share of studies with the finding swings by the week.
    """
    random = np.random.default_rng(seed)
    found = {}
    for number in range(days):
        day = DAY + dt.timedelta(number)
        count = random.poisson(studies * share * (0.5 if day.weekday() > 4 else 1.0))
        there = random.binomial(count, PREVALENCE * (1 + 0.3 * np.sin(number / 58)))
        worse = 2 if changed is not None and number >= changed else 1
        wrong = int(random.binomial(count - there, 0.04 * worse))
        missed = int(random.binomial(there, 0.08 * worse))
        found[day] = {
            Source.REPORT: Confusion(int(there) - missed, wrong, missed, int(count - there) - wrong)
        }
    return found


@pytest.mark.parametrize("site", SITES)
def test_charts_of_errors_give_few_false_alarms_and_find_what_doubles(site: str) -> None:
    studies, share = SITES[site]
    alarms = dict.fromkeys(Error, 0)
    years = dict.fromkeys(Error, 0.0)
    delays: dict[Error, list[int]] = {error: [] for error in Error}
    found_within: dict[Error, int] = dict.fromkeys(Error, 0)
    started = time.perf_counter()
    for seed in range(STREAMS):
        days = stream(seed, studies, share, 365 * YEARS, changed=None)
        for one in watch(days, since=DAY, until=max(days)):
            if one.source is Source.REPORT and one.learned:
                alarms[one.error] += len(one.signals)
                years[one.error] += (max(days) - one.learned).days / 365.25
        start = 730
        days = stream(seed + 1000, studies, share, start + 365, changed=start)
        for one in watch(days, since=DAY, until=max(days)):
            if one.source is Source.REPORT:
                after = [(day - DAY).days - start for day in one.signals]
                late = next((day for day in after if day >= 0), None)
                found_within[one.error] += late is not None
                delays[one.error] += [] if late is None else [late]
    spent = time.perf_counter() - started
    for error in Error:
        rate = alarms[error] / years[error]
        assert rate <= 0.1
        middle = f"{np.median(delays[error]):.0f} days" if delays[error] else "–"
        told(
            f"CUSUM of {error.value.replace('_', ' ')}s, {site}, {STREAMS} streams",
            ours=f"{rate:.3f} false alarms a chart-year; doubled errors found within a year in"
            f" {found_within[error] / STREAMS:.0%}, median {middle}",
            peer="–",
            ratio=f"{spent / STREAMS * 1000:.0f} ms a stream",
        )


def test_rules_read_what_they_have_not_been_fitted_to() -> None:
    rules = Rules.load()
    rows = [one for one in accuracy.sample(SAMPLE, rules) if one.part == "held-out"]
    for one in accuracy.compare(rows, rules)[0]:
        told(
            f"report rules, {one.name or 'all findings'}, {len(rows)} held-out texts",
            ours=f"as labelled {percent(one.agreement)}; present {percent(one.sensitivity)};"
            f" absent {percent(one.specificity)}; reversed {one.reversed}",
            peer="–",
            ratio="–",
        )


def percent(one: Estimate | None) -> str:
    if one is None:
        return "–"
    return f"{one.value:.1%} ({100 * one.low:.1f}–{100 * one.high:.1f}, n {one.count})"


@pytest.mark.parametrize(
    "kind", ["report", "ingen pleuravæske og mulig infiltrat ", "hjertet er ", "\n"]
)
def test_a_megabyte_takes_ten_times_what_a_tenth_of_it_takes(kind: str, tmp_path: Path) -> None:
    if kind == "report":
        texts = [one.text for one in accuracy.sample(SAMPLE, Rules.load())]
        kind = "\n\n".join(texts) + "\n\n"
    rules = Rules(load(), longest=2**20)
    spent = []
    for size in (2**20 // 10, 2**20):
        text = (kind * (size // len(kind) + 1))[:size]
        started = time.process_time()
        rules.read(text)
        spent.append(time.process_time() - started)
    name = {"\n": "line feeds"}.get(kind, kind[:36].strip().replace("\n", " "))
    told(
        f"report rules, a hostile megabyte: {name} (at most {LONGEST} characters are taken)",
        ours=f"{spent[1]:.1f} s",
        peer=f"a tenth of it {spent[0]:.2f} s",
        ratio=f"{spent[1] / max(spent[0], 1e-3):.1f}",
    )
    assert spent[1] < 20 * max(spent[0], 0.05)


def test_a_chart_without_truths_is_never_good_news() -> None:
    days = stream(1, 60, 1.0, 200, changed=None)
    late = max(days) + dt.timedelta(60)
    assert all(one.standing is Standing.NO_DATA for one in watch(days, since=DAY, until=late))
