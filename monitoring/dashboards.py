"""Writes Grafana's dashboards: `python -m monitoring.dashboards monitoring/grafana/dashboards`.

They are for operators. What physicians and managers look at is on Varde's own pages, with intervals
and with the words that belong to them; here is what the platform does, minute by minute.
"""

import json
import sys
from pathlib import Path
from typing import Any, Final, NamedTuple

WIDTH: Final = 24  #: of a row, in Grafana's units
SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
HERE: Final = 'site=~"$site"'
BOTH: Final = 'site=~"$site",algorithm=~"$algorithm"'


class Panel(NamedTuple):
    """One panel: its title, expressions with their legends, and the unit of their values."""

    title: str
    queries: tuple[tuple[str, str], ...]  #: (expression, legend)
    unit: str
    kind: str = "timeseries"
    width: int = 12
    limits: tuple[float, ...] = ()  #: where it turns orange, then red
    told: str = ""  #: what to know about it


class Board(NamedTuple):
    """One dashboard."""

    uid: str
    title: str
    panels: tuple[Panel, ...]
    variables: tuple[tuple[str, str], ...] = ()  #: (label, metric that has it)


PLATFORM: Final = Board(
    "varde-platform", "Varde: platform",
    (
        Panel("Database", (("min(varde_database_up)", "up"),), "bool_on_off", "stat", 4),
        Panel("Queue", (("min(varde_queue_up)", "up"),), "bool_on_off", "stat", 4),
        Panel("Exporter caught up", (("min(varde_exporter_caught_up)", "yes"),), "bool_yes_no",
              "stat", 4),
        Panel("Alarms", (('count(ALERTS{alertstate="firing"}) or vector(0)', "firing"),), "short",
              "stat", 4, (1, 5)),
        Panel("Disk left",
              (("min(varde_disk_free_bytes) / min(varde_disk_size_bytes)", "left"),),
              "percentunit", "stat", 4),
        Panel("Oldest job", (("max(varde_queue_oldest_seconds)", "waits"),), "s", "stat", 4,
              (300, 900)),
        Panel("Studies received",
              (((f"sum by (site) (rate(varde_studies_received_total{{{HERE}}}[$__rate_interval])) "
                "* 3600"), "{{site}}"),), "short",
              told="In an hour, by site."),
        Panel("Silence",
              ((f"time() - max by (site) (varde_last_instance_timestamp_seconds{{{HERE}}})",
                "{{site}}"),), "s",
              told="Since the last instance. Nights and weekends are quiet of themselves: the "
                   "alarm knows what was expected."),
        Panel("Expected and not come",
              ((f"site:varde_studies_received:missed{{{HERE}}}", "{{site}}"),), "short",
              limits=(6, 12), told="Studies expected since the last one came. 12 are an alarm."),
        Panel("Instances received",
              (((f"sum by (modality) (rate(varde_instances_received_total{{{HERE}}}"
                "[$__rate_interval]))"), "{{modality}}"),), "cps"),
        Panel("Queues", (("max by (queue) (varde_queue_depth)", "{{queue}}"),), "short"),
        Panel("Jobs under way",
              ((f"sum by (state) (varde_jobs{{{HERE}}})", "{{state}}"),), "short"),
        Panel("Results",
              (((f"sum by (outcome) (rate(varde_inference_results_total{{{HERE}}}"
                "[$__rate_interval])) * 3600"), "{{outcome}}"),), "short", told="In an hour."),
        Panel("Time to read, median and 95 %",
              tuple(((f"histogram_quantile({level}, sum by (le, algorithm) "
                     "(rate(varde_inference_duration_seconds_bucket[$__rate_interval])))"),
                     f"{{{{algorithm}}}} {level}") for level in (0.5, 0.95)), "s"),
        Panel("From the last instance to the receipt, 95 %",
              ((("histogram_quantile(0.95, sum by (le, site) "
                f"(rate(varde_result_delivery_seconds_bucket{{{HERE}}}[$__rate_interval])))"),
                "{{site}}"),), "s", limits=(120, 300)),
        Panel("Not delivered",
              (("sum by (destination, state) (varde_deliveries)", "{{destination}} {{state}}"),),
              "short"),
        Panel("Commitment not given",
              (("sum by (destination, state) (varde_commitments)", "{{destination}} {{state}}"),),
              "short"),
        Panel("Refusals",
              ((f"sum by (site, code) (increase(varde_refusals_total{{{HERE}}}[1h]))",
                "{{site}} {{code}}"),), "short", told="In the last hour."),
        Panel("Pages: answers",
              (("sum by (status) (rate(varde_http_requests_total[$__rate_interval]))",
                "{{status}}"),), "reqps"),
        Panel("Pages: 95 % of answers within",
              ((("histogram_quantile(0.95, sum by (le, route) "
                "(rate(varde_http_request_duration_seconds_bucket[$__rate_interval])))"),
                "{{route}}"),), "s"),
        Panel("Room on the disk", (("min(varde_disk_free_bytes)", "left"),), "bytes"),
    ),
    (("site", "varde_studies_received_total"),),
)  # fmt: skip

ALGORITHMS: Final = Board(
    "varde-algorithms", "Varde: algorithms and drift",
    (
        Panel("Standing",
              ((f"sum by (standing) (varde_drift_standing{{{BOTH}}})", "{{standing}}"),), "short",
              told="Streams by how they stood at their last evaluation. Only inside is good news."),
        Panel("Outside, and not settled",
              (('count(ALERTS{alertname="VardeDrift",alertstate="firing"}) or vector(0)',
                "streams"),), "short", "stat", 6, (1, 5)),
        Panel("Open cases", ((f"sum by (kind) (varde_cases_open{{{BOTH}}})", "{{kind}}"),), "short",
              "bargauge", 6),
        Panel("Control score, the highest of each stream",
              ((("max by (site, algorithm) (varde_drift_control_score"
                f"{{{BOTH}}})"), "{{site}} {{algorithm}}"),), "short", width=24, limits=(1,),
              told="1 is the limit. Outside means: look for an explanation, not that the "
                   "algorithm is wrong."),
        Panel("Control score by signal",
              ((("max by (signal, chart) (varde_drift_control_score"
                f"{{{BOTH}}})"), "{{signal}} {{chart}}"),), "short", width=24, limits=(1,)),
        Panel("Evaluated studies",
              ((("sum by (site, algorithm) (rate(varde_inference_results_total"
                f'{{{BOTH},outcome=~"findings|nothing_found"}}[$__rate_interval])) * 3600'),
                "{{site}} {{algorithm}}"),), "short", told="In an hour."),
        Panel("With a finding, last 28 days",
              (((f'sum by (site, algorithm) (varde_aggregated_studies{{{BOTH},outcome="findings"}})'
                " / sum by (site, algorithm) (varde_aggregated_studies"
                f'{{{BOTH},outcome=~"findings|nothing_found"}})'), "{{site}} {{algorithm}}"),),
              "percentunit"),
        Panel("Not evaluated or failed, last 28 days",
              ((("sum by (site, algorithm) (varde_aggregated_studies"
                f'{{{BOTH},outcome!~"findings|nothing_found"}})'
                f" / sum by (site, algorithm) (varde_aggregated_studies{{{BOTH}}})"),
                "{{site}} {{algorithm}}"),), "percentunit"),
        Panel("Not chosen, by reason",
              ((f"sum by (reason) (increase(varde_input_rejections_total{{{BOTH}}}[1d]))",
                "{{reason}}"),), "short", told="In the last day."),
        Panel("Chosen or declined",
              ((f"sum by (outcome) (increase(varde_routing_decisions_total{{{BOTH}}}[1d]))",
                "{{outcome}}"),), "short", told="In the last day."),
        Panel("Scores, last 28 days", ((f"sum by (below) (varde_scores{{{BOTH}}})",
          "< {{below}}"),),
              "short", "bargauge"),
        Panel("Two algorithms with one purpose, last 28 days",
              ((("sum by (algorithm, other, pattern) (varde_algorithm_pairs"
                f"{{{BOTH}}})"), "{{algorithm}} – {{other}}: {{pattern}}"),), "short", "bargauge"),
        Panel("Compared with reports, audits and feedback, last 28 days",
              ((("sum by (source, outcome) (varde_concordance_comparisons"
                f"{{{BOTH}}})"), "{{source}}: {{outcome}}"),), "short", "bargauge",
              told="Counts alone: shares and their intervals are on the pages."),
        Panel("Feedback",
              ((("sum by (role, word) (increase(varde_feedback_total"
                f"{{{BOTH}}}[1d]))"), "{{role}}: {{word}}"),), "short", told="In the last day."),
        Panel("Audits drawn and not read",
              (((f"sum by (site, algorithm) (varde_audits_drawn_total{{{BOTH}}}) - "
                f"(sum by (site, algorithm) (varde_audits_answered_total{{{BOTH}}}) or 0 * "
                f"sum by (site, algorithm) (varde_audits_drawn_total{{{BOTH}}}))"),
                "{{site}} {{algorithm}}"),), "short", limits=(25, 50)),
        Panel("Missed among audited negatives: upper 95 % bound",
              ((f"max by (site, algorithm) (varde_audit_missed_upper95_ratio{{{BOTH}}})",
                "{{site}} {{algorithm}}"),), "percentunit", limits=(0.05, 0.1)),
        Panel("Audited negatives",
              ((f"max by (site, algorithm) (varde_audit_negatives{{{BOTH}}})",
                "{{site}} {{algorithm}}"),), "short"),
        Panel("What it may do",
              ((f"sum by (state) (varde_activation{{{BOTH}}})", "{{state}}"),), "short",
                "bargauge"),
        Panel("Expected and not read",
              ((f"site_algorithm:varde_evaluated:missed{{{BOTH}}}", "{{site}} {{algorithm}}"),),
              "short", limits=(6, 12), told="12 are an alarm."),
    ),
    (("site", "varde_drift_standing"), ("algorithm", "varde_drift_standing")),
)  # fmt: skip

NIGHTS: Final = Board(
    "varde-nights", "Varde: nights and data quality",
    (
        Panel("Since the last good night",
              (("time() - max(varde_night_finished_timestamp_seconds)", "ago"),), "s", "stat", 6,
              (90000, 108000)),
        Panel("Last night failed", (("max(varde_night_failed)", "failed"),), "bool_yes_no", "stat",
              6),
        Panel("Last night took", (("max(varde_night_duration_seconds)", "took"),), "s", "stat", 6),
        Panel("Streams evaluated", (("max(varde_night_streams)", "streams"),), "short", "stat", 6),
        Panel("Duration of the nights", (("max(varde_night_duration_seconds)", "took"),), "s"),
        Panel("Age of the evaluations",
              ((("time() - max by (site, algorithm) (varde_drift_last_evaluation_timestamp_seconds"
                f"{{{BOTH}}})"), "{{site}} {{algorithm}}"),), "s", limits=(97200, 129600)),
        Panel("Aggregates that cannot be read, last 28 days",
              ((f"sum by (site, algorithm) (varde_aggregates_unreadable{{{BOTH}}})",
                "{{site}} {{algorithm}}"),), "short", limits=(1,)),
        Panel("Days that an evaluation had to do without",
              ((f"sum by (site, algorithm, why) (varde_drift_skipped{{{BOTH}}})",
                "{{site}} {{algorithm}} {{why}}"),), "short", limits=(1,)),
        Panel("Too few, learning or no data",
              ((("sum by (standing) (varde_drift_standing"
                f'{{{BOTH},standing=~"too_few|learning|no_data"}})'), "{{standing}}"),), "short",
              told="Streams of which nothing can be told yet. None of them is good news."),
        Panel("Studies in the reference",
              ((f"max by (site, algorithm) (varde_drift_reference_studies{{{BOTH}}})",
                "{{site}} {{algorithm}}"),), "short"),
        Panel("Number of the reference",
              ((f"max by (site, algorithm) (varde_drift_reference_number{{{BOTH}}})",
                "{{site}} {{algorithm}}"),), "short", told="A step is a reference learned anew."),
        Panel("Oldest open case",
              ((("time() - min by (kind) (varde_case_oldest_timestamp_seconds"
                f"{{{BOTH}}})"), "{{kind}}"),), "s", limits=(259200, 1209600)),
        Panel("Outside since",
              ((("time() - max by (site, algorithm) (varde_drift_outside_since_timestamp_seconds"
                f"{{{BOTH}}})"), "{{site}} {{algorithm}}"),), "s"),
        Panel("Settled",
              ((("time() - max by (site, algorithm) (varde_drift_settled_timestamp_seconds"
                f"{{{BOTH}}})"), "{{site}} {{algorithm}}"),), "s",
              told="Since a drift case of the stream was last settled."),
        Panel("Unknown truth, last 28 days",
              (((f'sum by (source) (varde_concordance_comparisons{{{BOTH},outcome="unknown"}}) / '
                f"sum by (source) (varde_concordance_comparisons{{{BOTH}}})"), "{{source}}"),),
              "percentunit", told="Of what was compared, what the source says nothing about."),
        Panel("Since the last evaluated study",
              ((("time() - max by (site, algorithm) (varde_last_result_timestamp_seconds"
                f"{{{BOTH}}})"), "{{site}} {{algorithm}}"),), "s"),
    ),
    (("site", "varde_drift_standing"), ("algorithm", "varde_drift_standing")),
)  # fmt: skip
BOARDS: Final = (PLATFORM, ALGORITHMS, NIGHTS)


def text(board: Board) -> str:
    """A dashboard as Grafana reads it from a file."""
    return json.dumps(_dashboard(board), indent=1, ensure_ascii=False) + "\n"


def _dashboard(board: Board) -> dict[str, Any]:
    return {
        "uid": board.uid,
        "title": board.title,
        "tags": ["varde"],
        "schemaVersion": 39,
        "editable": False,
        "timezone": "Europe/Oslo",
        "refresh": "1m",
        "time": {"from": "now-24h", "to": "now"},
        "templating": {"list": [_datasource(), *(_variable(*one) for one in board.variables)]},
        "panels": _placed(board.panels),
    }


def _datasource() -> dict[str, Any]:
    return {
        "name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus",
        "current": {"text": "Prometheus", "value": "varde-prometheus"},
    }  # fmt: skip


def _variable(label: str, metric: str) -> dict[str, Any]:
    query = f"label_values({metric}, {label})"
    return {
        "name": label, "label": label.capitalize(), "type": "query", "datasource": SOURCE,
        "query": {"query": query, "refId": label}, "definition": query, "refresh": 2, "sort": 1,
        "multi": True, "includeAll": True, "allValue": ".*",
        "current": {"text": ["All"], "value": ["$__all"]},
    }  # fmt: skip


def _placed(panels: tuple[Panel, ...]) -> list[dict[str, Any]]:
    """From left to right, in rows of `WIDTH`."""
    found, x, y, height = [], 0, 0, 0
    for number, panel in enumerate(panels, 1):
        if x + panel.width > WIDTH:
            x, y = 0, y + height
        height = 4 if panel.kind == "stat" else 8
        where = {"x": x, "y": y, "w": panel.width, "h": height}
        found.append({"id": number, "gridPos": where, **_panel(panel)})
        x += panel.width
    return found


def _panel(panel: Panel) -> dict[str, Any]:
    targets = [
        {"refId": chr(ord("A") + number), "expr": expression, "legendFormat": legend,
         "datasource": SOURCE, "instant": panel.kind != "timeseries",
         "range": panel.kind == "timeseries"}
        for number, (expression, legend) in enumerate(panel.queries)
    ]  # fmt: skip
    colours = ["green", "orange", "red"] if len(panel.limits) > 1 else ["green", "red"]
    steps = [
        {"color": colour, "value": value}
        for colour, value in zip(colours, (None, *panel.limits), strict=False)
    ]
    defaults: dict[str, Any] = {"unit": panel.unit, "thresholds": {"mode": "absolute",
                                                                   "steps": steps}}  # fmt: skip
    if panel.limits and panel.kind == "timeseries":
        defaults["custom"] = {"thresholdsStyle": {"mode": "line"}}
    return {
        "title": panel.title, "description": panel.told, "type": panel.kind, "datasource": SOURCE,
        "targets": targets, "fieldConfig": {"defaults": defaults, "overrides": []},
    }  # fmt: skip


def main(folder: Path) -> None:
    """Write all of them."""
    for board in BOARDS:
        (folder / f"{board.uid}.json").write_text(text(board), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
