"""When each alarm fires and when it keeps still: a table that `promtool test rules` runs.

Time begins at 0, so a moment long ago is a negative number. A series is given as in promtool's
own files: `1x600` is 1, six hundred and one times, a minute apart.
"""

import dataclasses
from collections.abc import Mapping
from typing import Final

Series = Mapping[str, str]
HERE: Final = 'site="haukeland",algorithm="chest_xray"'
STREAM: Final = {"site": "haukeland", "algorithm": "chest_xray"}
DAY: Final = 86400


@dataclasses.dataclass(frozen=True, eq=False)
class Case:
    """An alarm that fires at `at` of `firing` with `labels`, and never of `still`."""

    alert: str
    firing: Series
    still: Series
    at: str
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict)


def both(name: str, matchers: str, bad: str, good: str) -> tuple[Series, Series]:
    """The same series, once wrong and once right."""
    series = f"{name}{{{matchers}}}"
    return {series: bad}, {series: good}


def open_case(kind: str, days: float) -> Series:
    """An oldest open case of a kind, `days` before the beginning."""
    opened = f"{-days * DAY:.0f}x600"
    return {f'varde_case_oldest_timestamp_seconds{{{HERE},kind="{kind}"}}': opened}


RESULTS: Final = "varde_inference_results_total"
OUTSIDE: Final = f"varde_drift_outside_since_timestamp_seconds{{{HERE}}}"
SETTLED: Final = f"varde_drift_settled_timestamp_seconds{{{HERE}}}"
DRIFT_OPEN: Final = f'varde_cases_open{{{HERE},kind="drift"}}'
FREE, SIZE = "varde_disk_free_bytes", "varde_disk_size_bytes"
LAST_SITE: Final = 'varde_last_instance_timestamp_seconds{site="haukeland"}'
MISSED_SITE: Final = 'site:varde_studies_received:missed{site="haukeland"}'
MISSED_STREAM: Final = f"site_algorithm:varde_evaluated:missed{{{HERE}}}"
LAST_STREAM: Final = f"varde_last_result_timestamp_seconds{{{HERE}}}"

CASES: Final = (
    Case("VardeExporterAway", *both("up", 'job="varde-monitor"', "0x60", "1x60"), "6m"),
    Case("VardePagesAway", *both("up", 'job="varde-web"', "1x60 _x60", "1x180"), "2h"),
    Case("VardeDatabaseAway", *both("varde_database_up", "", "0x60", "1x60"), "10m"),
    Case("VardeQueueAway", *both("varde_queue_up", "", "0x60", "1x60"), "10m"),
    Case("VardeExporterBehind", *both("varde_exporter_caught_up", "", "0x60", "0x10 1x60"), "45m"),
    Case("VardeQueueOld", *both("varde_queue_oldest_seconds", 'queue="cpu"', "0+60x60", "300x60"),
         "40m", {"queue": "cpu"}),
    Case("VardeJobsFail",
         {f'{RESULTS}{{{HERE},outcome="failed"}}': "0+1x120",
          f'{RESULTS}{{{HERE},outcome="findings"}}': "0+5x120"},
         {f'{RESULTS}{{{HERE},outcome="failed"}}': "0+0.2x120",
          f'{RESULTS}{{{HERE},outcome="findings"}}': "0+5x120"},
         "90m", {"algorithm": "chest_xray"}),
    Case("VardeUndeliverable",
         *both("varde_jobs", f'{HERE},state="undeliverable",outcome="findings"', "2x60", "0x60"),
         "30m", STREAM),
    Case("VardeDeliveriesWait",
         *both("varde_deliveries", 'destination="pacs",state="waiting"', "300x60", "150x60"),
         "50m", {"destination": "pacs"}),
    Case("VardeCommitmentBroken",
         {'varde_commitments{destination="pacs",state="unanswered"}': "3x120"},
         {'varde_commitments{destination="pacs",state="asked"}': "3x120"},
         "90m", {"destination": "pacs", "state": "unanswered"}),
    Case("VardeRefusals",
         *both("varde_refusals_total", 'site="haukeland",code="truncated"',
               "0x90 0+1x90", "0+0.2x180"),
         "150m", {"site": "haukeland", "code": "truncated"}),
    Case("VardeDiskFull", {FREE: "4x60", SIZE: "100x60"}, {FREE: "40x60", SIZE: "100x60"}, "30m"),
    Case("VardeDiskFills", {FREE: "10x120", SIZE: "100x120"}, {FREE: "40x120", SIZE: "100x120"},
         "90m"),
    Case("VardeSiteQuietForDays",
         {LAST_SITE: f"{-6 * DAY}x120"}, {LAST_SITE: f"{-5 * DAY}x120"},
         "90m", {"site": "haukeland"}),
    Case("VardeSiteMetricLost",
         {LAST_SITE: "1x60 _x300", 'varde_last_instance_timestamp_seconds{site="tromso"}': "1x400",
          "varde_exporter_caught_up": "1x400"},
         {LAST_SITE: "1x60 _x300", 'varde_last_instance_timestamp_seconds{site="tromso"}': "1x400",
          "varde_exporter_caught_up": "0x400"},
         "2h", {"site": "haukeland"}),
    Case("VardeNightFailed", *both("varde_night_failed", "", "1x60", "0x60"), "30m"),
    Case("VardeNightStale",
         *both("varde_night_finished_timestamp_seconds", "", "-107000x90", "-80000x90"), "70m"),
    Case("VardeNightNever", {"varde_database_up": "1x1900"},
         {"varde_database_up": "1x1900", "varde_night_finished_timestamp_seconds": "_x600 9x1300"},
         "31h"),
    Case("VardeAggregatesUnreadable",
         *both("varde_aggregates_unreadable", HERE, "1x60", "0x60"), "45m", STREAM),
    Case("VardeDaysSkipped",
         *both("varde_drift_skipped", f'{HERE},why="missing"', "2x60", "0x60"),
         "45m", {**STREAM, "why": "missing"}),
    Case("VardeDrift", {OUTSIDE: "-3600x60", SETTLED: "-7200x60"},
         {OUTSIDE: "-3600x60", SETTLED: "-60x60"}, "10m", STREAM),
    Case("VardeDrift", {OUTSIDE: "-3600x60"}, {SETTLED: "-60x60"}, "10m", STREAM),
    Case("VardeDrift", {OUTSIDE: "-3600x60", SETTLED: "-60x60", DRIFT_OPEN: "1x60"},
         {OUTSIDE: "-3600x4 _x60"}, "10m", STREAM),
    Case("VardeDriftNotEvaluated",
         *both("varde_drift_last_evaluation_timestamp_seconds", HERE, "-129000x90", "-90000x90"),
         "70m", STREAM),
    Case("VardeNotWatched", {f'{RESULTS}{{{HERE},outcome="findings"}}': "0+1x2400"},
         {f'{RESULTS}{{{HERE},outcome="findings"}}': "0+1x2400",
          f"varde_drift_last_evaluation_timestamp_seconds{{{HERE}}}": "1x2400"},
         "38h", STREAM),
    Case("VardeCasesOld", open_case("drift", 14), open_case("drift", 13), "2h",
         {**STREAM, "kind": "drift"}),
    Case("VardeErrors", *both("varde_cases_open", f'{HERE},kind="errors"', "1x60", "0x60"),
         "10m", STREAM),
    Case("VardeAuditBound",
         {f"varde_audit_missed_upper95_ratio{{{HERE}}}": "0.15x120",
          f"varde_audit_negatives{{{HERE}}}": "120x120"},
         {f"varde_audit_missed_upper95_ratio{{{HERE}}}": "0.15x120",
          f"varde_audit_negatives{{{HERE}}}": "90x120"},
         "90m", STREAM),
    Case("VardeAuditsUnread", {f"varde_audits_drawn_total{{{HERE}}}": "60x120"},
         {f"varde_audits_drawn_total{{{HERE}}}": "60x120",
          f'varde_audits_answered_total{{{HERE},role="radiologist"}}': "20x120"},
         "90m", STREAM),
    Case("VardeSafetyCasesOld", open_case("verification", 3), open_case("verification", 2), "2h",
         {**STREAM, "kind": "verification"}),
    Case("VardeNothingArrives",
         {MISSED_SITE: "20x300", 'site:varde_studies_received:missed{site="b"}': "9x300",
          LAST_SITE: "0x300", 'varde_last_instance_timestamp_seconds{site="b"}': "0x300"},
         {MISSED_SITE: "20x300", 'site:varde_studies_received:missed{site="b"}': "9x300",
          LAST_SITE: "0x300", 'varde_last_instance_timestamp_seconds{site="b"}': "0+60x300"},
         "90m"),
    Case("VardeSiteSilent", {MISSED_SITE: "13x300", LAST_SITE: "0x300"},
         {MISSED_SITE: "11x300", LAST_SITE: "0x300"}, "90m", {"site": "haukeland"}),
    Case("VardeSiteSilent", {MISSED_SITE: "13x300", LAST_SITE: "0x300"},
         {MISSED_SITE: "13x300", LAST_SITE: "0x50 3000x250"}, "90m", {"site": "haukeland"}),
    Case("VardeAlgorithmSilent", {MISSED_STREAM: "20x300", LAST_STREAM: "0x300"},
         {MISSED_STREAM: "20x300", LAST_STREAM: "0x300",
          f'varde_activation{{{HERE},state="suspended"}}': "1x300"},
         "90m", STREAM),
)  # fmt: skip
