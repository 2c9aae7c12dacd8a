"""Grafana's dashboards: written by their generator, and every expression means something."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitoring import dashboards
from monitoring.catalogue import METRICS
from monitoring.dashboards import BOARDS, Board
from tests.conftest import ROOT
from tests.services import validators

GRAFANA = ROOT / "monitoring" / "grafana"
#: What a panel's values are in: Grafana's own names of units.
UNITS = {
    "short", "s", "bytes", "percentunit", "cps", "reqps", "bool_on_off", "bool_yes_no",
}  # fmt: skip
KNOWN = {metric.name: set(metric.labels) for metric in METRICS} | {
    f"{metric.name}{suffix}": {*metric.labels, "le"}
    for metric in METRICS
    if metric.kind == "histogram"
    for suffix in ("_bucket", "_sum", "_count")
}
RULES = [
    rule
    for path in sorted((ROOT / "monitoring" / "rules").glob("*.rules.yml"))
    for group in yaml.safe_load(path.read_text("utf-8"))["groups"]
    for rule in group["rules"]
]


def written(board: Board) -> dict[str, Any]:
    """The dashboard as it lies there."""
    path = GRAFANA / "dashboards" / f"{board.uid}.json"
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


EXPRESSIONS = [
    pytest.param(panel, target["expr"], id=f"{board.uid}: {panel['title']}")
    for board in BOARDS
    for panel in written(board)["panels"]
    for target in panel["targets"]
]


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
def test_what_lies_there_was_generated(board: Board) -> None:
    path = GRAFANA / "dashboards" / f"{board.uid}.json"
    assert path.read_text("utf-8") == dashboards.text(board)


def test_nothing_else_lies_there() -> None:
    found = {path.stem for path in (GRAFANA / "dashboards").iterdir()}
    assert found == {board.uid for board in BOARDS}


def test_every_expression_parses(tmp_path: Path) -> None:
    rules = [
        {"record": f"panel:{number}", "expr": plain(str(param.values[1]))}
        for number, param in enumerate(EXPRESSIONS)
    ]
    path = tmp_path / "panels.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}), "utf-8")
    verdict = validators.promtool("check", "rules", "--lint=none", path)
    assert verdict, verdict.output
    assert f"{len(rules)} rules found" in verdict.output


def plain(expression: str) -> str:
    """Without Grafana's variables."""
    return re.sub(r"\$(site|algorithm)", ".*", expression.replace("$__rate_interval", "1m"))


@pytest.mark.parametrize(("panel", "expression"), EXPRESSIONS)
def test_every_metric_and_label_exists(panel: dict[str, Any], expression: str) -> None:
    recorded = {rule["record"] for rule in RULES if "record" in rule}
    alerts = {rule["alert"] for rule in RULES if "alert" in rule}
    labels: set[str] = set()
    for name, matchers in re.findall(r"\b((?:site|site_algorithm|varde)[\w:]+)(\{[^}]*\})?",
                                     strings_out(expression)):  # fmt: skip
        if ":" in name:
            assert name in recorded
            labels |= set(
                name.partition(":")[0].replace("site_algorithm", "site algorithm").split()
            )
            continue
        assert name in KNOWN, name
        assert set(re.findall(r"(\w+)[!=]~?", matchers)) <= KNOWN[name], matchers
        labels |= KNOWN[name]
    for by in re.findall(r"\b(?:by|on) \(([^)]*)\)", expression):
        assert set(re.split(r",\s*", by)) <= labels, by
    for alert in re.findall(r'alertname="(\w+)"', expression):
        assert alert in alerts
    for target in panel["targets"]:
        told = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
        assert told <= labels, target["legendFormat"]


def strings_out(expression: str) -> str:
    """The expression with empty strings: what stands in them is no name."""
    return re.sub(r'"[^"]*"', '""', expression)


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
def test_a_dashboard_stands_anywhere(board: Board) -> None:
    found = written(board)
    assert found["uid"] == board.uid
    assert "id" not in found, "Grafana gives it"
    names = {one["name"] for one in found["templating"]["list"]}
    used = set(re.findall(r"\$(?!__)\{?(\w+)", json.dumps(found["panels"])))
    assert used <= names
    assert "datasource" in used
    for variable in found["templating"]["list"]:
        if variable["type"] == "query":
            metric, label = re.fullmatch(  # type: ignore[union-attr]  # then the test fails
                r"label_values\((\w+), (\w+)\)", variable["definition"]
            ).groups()
            assert label in KNOWN[metric]


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
def test_panels_have_units_and_do_not_overlap(board: Board) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in written(board)["panels"]:
        where = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(where["x"], where["x"] + where["w"])
            for y in range(where["y"], where["y"] + where["h"])
        }
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < dashboards.WIDTH
        taken |= cells
        unit = panel["fieldConfig"]["defaults"]["unit"]
        assert unit in UNITS
        for target in panel["targets"]:
            seconds = "_seconds" in target["expr"] and "/" not in target["expr"]
            assert (unit == "s") == seconds, panel["title"]
            assert (unit == "bytes") <= ("_bytes" in target["expr"])


def test_every_metric_of_the_catalogue_is_shown() -> None:
    shown = " ".join(str(param.values[1]) for param in EXPRESSIONS)
    missing = [metric.name for metric in METRICS if metric.name not in shown]
    assert missing == []


def test_provisioning_is_the_classic_one() -> None:
    source = yaml.safe_load((GRAFANA / "provisioning/datasources/prometheus.yml").read_text())
    assert source["apiVersion"] == 1
    assert source["datasources"][0]["uid"] == "varde-prometheus"
    provider = yaml.safe_load((GRAFANA / "provisioning/dashboards/varde.yml").read_text())
    assert provider["apiVersion"] == 1
    assert provider["providers"][0]["type"] == "file"
