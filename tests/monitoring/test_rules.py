"""The alarms: each fires where it should, keeps still where it should, and says what to do."""

import re
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from starlette.routing import Match

from monitoring import silence_rules
from monitoring.catalogue import METRICS
from tests.conftest import ROOT
from tests.monitoring.rule_cases import CASES, Case, Series
from tests.services import validators
from tests.services.need import need
from tests.web.seed import open_seed
from web.app import create_app

RULES = sorted((ROOT / "monitoring" / "rules").glob("*.rules.yml"))
OWNERS = {"platform", "ai_quality", "clinical_safety"}
#: Where the platform is blind, deaf, or about to lose what it is sent: nothing else is critical.
CRITICAL = {
    "VardeNothingArrives", "VardeSiteSilent", "VardeAlgorithmSilent", "VardeExporterAway",
    "VardeDatabaseAway", "VardeDiskFull",
}  # fmt: skip
#: Where an alarm takes long to fire, rules are evaluated less often: it is the same to them.
STEPS = {"70m": "5m", "90m": "5m", "2h": "5m", "150m": "5m", "31h": "10m", "38h": "10m"}
ANNOTATIONS = {"summary_nb", "summary_en", "do_nb", "do_en", "link"}


def rules(kind: str) -> list[dict[str, Any]]:
    """All alerting or all recording rules."""
    trees = [yaml.safe_load(path.read_text("utf-8")) for path in RULES]
    groups = [group for tree in trees for group in tree["groups"]]
    return [rule for group in groups for rule in group["rules"] if kind in rule]


ALERTS = rules("alert")
LABELS = {rule["alert"]: rule["labels"] for rule in ALERTS}
FILES = {
    rule["alert"]: path
    for path in RULES
    for group in yaml.safe_load(path.read_text("utf-8"))["groups"]
    for rule in group["rules"]
    if "alert" in rule
}


def run(folder: Path, tests: list[dict[str, Any]], rules: Path, interval: str = "1m") -> None:
    """`promtool test rules` of a file that is shipped."""
    path = folder / "cases.test.yml"
    told = {"rule_files": [str(rules)], "evaluation_interval": interval, "tests": tests}
    path.write_text(yaml.safe_dump(told, sort_keys=False, allow_unicode=True), "utf-8")
    promtool = need("promtool", package="prometheus")
    done = subprocess.run(
        [promtool, "test", "rules", str(path)],
        capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def groups_of(cases: Iterable[Case]) -> Iterator[tuple[list[Case], Path, str]]:
    """Cases that can be run together: by file, and by how far apart rules are evaluated."""
    keys = {
        case: (FILES[case.alert], "10m" if case.at in {"31h", "38h"} else "1m") for case in cases
    }
    for path, interval in sorted(set(keys.values())):
        yield [case for case, key in keys.items() if key == (path, interval)], path, interval


def given(series: Series) -> list[dict[str, str]]:
    return [{"series": name, "values": values} for name, values in series.items()]


def firing(case: Case, at: str, *, fires: bool) -> dict[str, Any]:
    """That an alarm fires with its labels, or does not."""
    labels = {
        "alertname": case.alert, "alertstate": "firing", **LABELS[case.alert], **case.labels,
    }  # fmt: skip
    inner = ",".join(f'{name}="{value}"' for name, value in labels.items())
    samples = [{"labels": f"ALERTS{{{inner}}}", "value": 1}] if fires else []
    expression = f'ALERTS{{alertname="{case.alert}",alertstate="firing"}}'
    return {"expr": expression, "eval_time": at, "exp_samples": samples}


def test_promtool_has_no_complaint() -> None:
    verdict = validators.promtool("check", "rules", "--lint=all", "--lint-fatal", *RULES)
    assert verdict, verdict.output


@pytest.mark.parametrize("fires", [True, False], ids=["fires", "keeps still"])
def test_each_fires_where_it_should_and_keeps_still_where_it_should(
    tmp_path: Path, fires: bool
) -> None:
    for cases, path, interval in groups_of(CASES):
        tests = [
            {"interval": "1m", "input_series": given(case.firing if fires else case.still),
             "promql_expr_test": [firing(case, case.at, fires=fires)]}
            for case in cases
        ]  # fmt: skip
        run(tmp_path, tests, path, interval)


def test_none_fires_before_it_has_waited(tmp_path: Path) -> None:
    for cases, path, interval in groups_of(CASES):
        tests = [
            {"interval": "1m", "input_series": given(case.firing),
             "promql_expr_test": [firing(case, "1m", fires=False)]}
            for case in cases
        ]  # fmt: skip
        run(tmp_path, tests, path, interval)


def test_every_alarm_has_a_case() -> None:
    assert {case.alert for case in CASES} == set(LABELS)


def test_what_a_reader_is_told(tmp_path: Path) -> None:
    rule = next(rule for rule in ALERTS if rule["alert"] == "VardeDriftNotEvaluated")
    told = {
        "summary_nb": "chest_xray ved haukeland er ikke vurdert på 1d 14h 0m 0s",
        "summary_en": "chest_xray at haukeland has not been evaluated for 1d 14h 0m 0s",
        "do_nb": rule["annotations"]["do_nb"], "do_en": rule["annotations"]["do_en"],
        "link": "https://varde.example.org/watch/haukeland/chest_xray",
    }  # fmt: skip
    stream = {"site": "haukeland", "algorithm": "chest_xray"}
    expected = {"exp_labels": {**rule["labels"], **stream}, "exp_annotations": told}
    name = 'varde_drift_last_evaluation_timestamp_seconds{site="haukeland",algorithm="chest_xray"}'
    case = {
        "interval": "1m", "external_labels": {"pages": "https://varde.example.org"},
        "input_series": given({name: "-129600x200"}),
        "alert_rule_test": [{"eval_time": "2h", "alertname": rule["alert"],
                             "exp_alerts": [expected]}],
    }  # fmt: skip
    run(tmp_path, [case], FILES[rule["alert"]])


Flow = Callable[[int, int, bool], float]  #: (day, hour, holiday) -> studies in that hour
FOURTH = 24  #: the Thursday of the fourth week: three weeks are known by then
NOON = FOURTH * 24 + 12


def hospital(day: int, hour: int, holiday: bool) -> float:
    """Busy at daytime of workdays, a tenth of it at night, on Sundays and on holidays."""
    return 20.0 if day % 7 < 5 and 8 <= hour < 16 and not holiday else 2.0


def clinic(day: int, hour: int, holiday: bool) -> float:
    """Open from eight to four on workdays, and closed else."""
    return 20.0 if day % 7 < 5 and 8 <= hour < 16 and not holiday else 0.0


def stopped(day: int, hour: int, holiday: bool) -> float:
    """A hospital that sends nothing any more from that Thursday at noon."""
    return hospital(day, hour, holiday) if day * 24 + hour < NOON else 0.0


def closed(day: int, hour: int, _: bool) -> float:
    """A clinic that sends nothing that Thursday."""
    return clinic(day, hour, day == FOURTH)


def country(holiday: int = -1, **flows: Flow) -> list[dict[str, str]]:
    """Counters and last arrivals of some sites, hour by hour over four weeks."""
    series: dict[str, str] = {}
    for name, flow in flows.items():
        total, last, totals, times = 0.0, 0, ["0"], ["0"]
        for step in range(26 * 24):
            day, hour = divmod(step, 24)
            came = flow(day, hour, day == holiday)
            total, last = total + came, (step + 1) * 3600 if came else last
            totals.append(f"{total:g}")
            times.append(str(last))
        series[f'varde_studies_received_total{{site="{name}"}}'] = " ".join(totals)
        series[f'varde_last_instance_timestamp_seconds{{site="{name}"}}'] = " ".join(times)
    return given(series)


def silent(hour: int, *names: str) -> dict[str, Any]:
    """That just these sites are told silent `hour` hours after midnight of that Thursday."""
    labels = ",".join(f'{key}="{value}"' for key, value in LABELS["VardeSiteSilent"].items())
    told = 'ALERTS{alertname="VardeSiteSilent",alertstate="firing"'
    samples = [{"labels": f'{told},site="{name}",{labels}}}', "value": 1} for name in names]
    return {"expr": f"{told}}}", "eval_time": f"{FOURTH * 24 + hour}h", "exp_samples": samples}


def test_a_stop_is_heard_and_nights_weekends_and_holidays_are_not(tmp_path: Path) -> None:
    path = FILES["VardeSiteSilent"]
    tree = yaml.safe_load(path.read_text("utf-8"))
    arrivals = tmp_path / "arrivals.rules.yml"  # the other group reads other counters alike
    tree["groups"] = [group for group in tree["groups"] if group["name"] == "varde-arrivals"]
    arrivals.write_text(yaml.safe_dump(tree), "utf-8")
    workday = {
        "interval": "1h",
        "input_series": country(
            stopped=stopped, closed=closed, tromso=hospital, bergen=hospital, private=clinic
        ),
        "promql_expr_test": [
            silent(-120), silent(-96), silent(6), silent(12, "closed"),
            *(silent(hour, "stopped", "closed") for hour in (15, 18, 20, 21, 22)),
            *(silent(hour, "stopped") for hour in (34, 36)),
        ],
    }  # fmt: skip
    holiday = {
        "interval": "1h",
        "input_series": country(FOURTH, tromso=hospital, bergen=hospital, private=clinic),
        "promql_expr_test": [silent(hour) for hour in (-120, -96, 6, 12, 15, 23, 32)],
    }
    run(tmp_path, [workday, holiday], arrivals, "1h")


def test_what_is_learned_is_written_by_its_generator() -> None:
    path = ROOT / "monitoring" / "rules" / "varde-silence.rules.yml"
    assert path.read_text("utf-8") == silence_rules.text()


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_every_alarm_has_an_owner_and_says_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["labels"]["owner"] in OWNERS
    assert (rule["labels"]["severity"] == "critical") == (rule["alert"] in CRITICAL)
    assert set(rule["annotations"]) == ANNOTATIONS
    assert all(len(text) > 10 for text in rule["annotations"].values())
    assert rule["annotations"]["link"].startswith("{{ $externalLabels.pages }}/")
    assert "for" in rule


def test_every_link_leads_to_a_page(tmp_path: Path) -> None:
    settings, seed = open_seed(tmp_path)
    app = create_app(settings, seed.database, algorithms={})
    filled = {"{{ $labels.site }}": "haukeland", "{{ $labels.algorithm }}": "chest_xray"}
    for rule in ALERTS:
        path = rule["annotations"]["link"].removeprefix("{{ $externalLabels.pages }}")
        for label, value in filled.items():
            path = path.replace(label, value)
        scope = {"type": "http", "method": "GET", "path": path, "headers": []}
        assert any(one.matches(scope)[0] is Match.FULL for one in app.router.routes), path
    seed.database.close()


def test_every_metric_and_label_exists() -> None:
    known = {metric.name: set(metric.labels) for metric in METRICS}
    recorded = {rule["record"] for rule in rules("record")}
    for rule in [*ALERTS, *rules("record")]:
        expression = rule["expr"]
        for name in re.findall(r"\b(?:site|site_algorithm):[\w:]+", expression):
            assert name in recorded, name
        for name, matchers in re.findall(r"(?<![:\w])(varde_\w+)(\{[^}]*\})?", expression):
            labels = set(re.findall(r"(\w+)[!=]~?", matchers))
            assert labels <= known[name], f"{name}{matchers}"


def test_every_alarm_is_explained() -> None:
    page = (ROOT / "docs" / "watch" / "alarms.md").read_text("utf-8")
    headings = set(re.findall(r"^### `(\w+)`", page, re.MULTILINE))
    assert headings == {rule["alert"] for rule in ALERTS}
