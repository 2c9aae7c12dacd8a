"""Every metric that Varde has: the one place where their names are written.

Labels are bounded: sites, algorithms, queues, destinations and codes are as many as
`site.toml`, the folders of `models/` and the domain's enumerations allow. No label
ever holds a patient, a study, a person, a serial number or free text.
"""

from typing import Final

from monitoring.metric import Metric as Metric  # noqa: PLC0414 - who reads the list names its kind

DATABASE_UP: Final = Metric(
    "varde_database_up", "gauge", (), "1 where the database answered this scrape, else 0."
)
CAUGHT_UP: Final = Metric(
    "varde_exporter_caught_up", "gauge", (),
    "1 once everything since the beginning is counted; until then the counters are left out.",
)  # fmt: skip
QUEUE_UP: Final = Metric(
    "varde_queue_up", "gauge", (), "1 where the queue answered this scrape, else 0."
)
QUEUE_DEPTH: Final = Metric(
    "varde_queue_depth", "gauge", ("queue",), "Messages that wait in each queue."
)
QUEUE_OLDEST: Final = Metric(
    "varde_queue_oldest_seconds", "gauge", ("queue",),
    "Age of the oldest job that waits for a worker; 0 where none waits.", "seconds",
)  # fmt: skip
DISK_FREE: Final = Metric(
    "varde_disk_free_bytes", "gauge", (), "Room left where instances and results are kept."
)
DISK_SIZE: Final = Metric(
    "varde_disk_size_bytes", "gauge", (), "Size of the disk where instances and results are kept."
)
STUDIES: Final = Metric("varde_studies_received_total", "counter", ("site",), "Studies received.")
INSTANCES: Final = Metric(
    "varde_instances_received_total", "counter", ("site", "modality"),
    "Instances received; a modality beyond the usual ones is other.",
)  # fmt: skip
LAST_INSTANCE: Final = Metric(
    "varde_last_instance_timestamp_seconds", "gauge", ("site",),
    "When the last instance arrived, in Unix time: an old one is a silent stop.", "seconds",
)  # fmt: skip
REFUSALS: Final = Metric(
    "varde_refusals_total", "counter", ("site", "code"),
    "Objects and associations that were not taken, by the code of the reason.",
)  # fmt: skip
DECISIONS: Final = Metric(
    "varde_routing_decisions_total", "counter", ("site", "algorithm", "outcome"),
    "Decisions of the routes for each algorithm: chosen or declined.",
)  # fmt: skip
REJECTIONS: Final = Metric(
    "varde_input_rejections_total", "counter", ("site", "algorithm", "reason"),
    "Revisions that an algorithm was not chosen for, by the code of the reason.",
)  # fmt: skip
JOBS: Final = Metric(
    "varde_jobs", "gauge", ("site", "algorithm", "version", "state", "outcome"),
    "Jobs that are under way or need a hand; the outcome is none until there is a result.",
)  # fmt: skip
RESULTS: Final = Metric(
    "varde_inference_results_total", "counter", ("site", "algorithm", "version", "outcome"),
    "Results by outcome; a job that was run again has one for each run.",
)  # fmt: skip
LAST_RESULT: Final = Metric(
    "varde_last_result_timestamp_seconds", "gauge", ("site", "algorithm"),
    "When the last study was evaluated, in Unix time: an old one is a silent stop.", "seconds",
)  # fmt: skip
DELIVERIES: Final = Metric(
    "varde_deliveries", "gauge", ("destination", "state"),
    "Objects that a destination has not acknowledged, by state.",
)  # fmt: skip
COMMITMENTS: Final = Metric(
    "varde_commitments", "gauge", ("destination", "state"),
    "Objects for which storage commitment was asked and is not given, by state.",
)  # fmt: skip
RESULT_DELIVERY: Final = Metric(
    "varde_result_delivery_seconds", "histogram", ("site", "algorithm"),
    "From the last instance of a revision to the last receipt of its result.", "seconds",
    (1, 2, 5, 10, 20, 30, 60, 120, 300, 900, 3600),
)  # fmt: skip
INFERENCE: Final = Metric(
    "varde_inference_duration_seconds", "histogram", ("algorithm",),
    "From a worker's claim of a job to its stored result.", "seconds",
    (0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300),
)  # fmt: skip
HTTP_REQUESTS: Final = Metric(
    "varde_http_requests_total", "counter", ("route", "method", "status"),
    "Requests that the pages answered.",
)  # fmt: skip
HTTP_DURATION: Final = Metric(
    "varde_http_request_duration_seconds", "histogram", ("route",),
    "Time to answer a request.", "seconds",
    (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)  # fmt: skip

# The watch over algorithms. `site` may also be `*` (all sites together) or `trust:` and a trust's
# key, as in `core.domain.watch`. What comes from the nightly job is exposed on every scrape: a
# gauge that appeared once a day would be stale five minutes later. What can still change (a report
# that is corrected, a day computed again) is a gauge over the last days: no counter may go down.
_STREAM: Final = ("site", "algorithm")

DRIFT_SCORE: Final = Metric(
    "varde_drift_control_score", "gauge", (*_STREAM, "signal", "chart"),
    "How far out a signal is, 1 at its limit; missing where there is none to tell.",
)  # fmt: skip
DRIFT_STANDING: Final = Metric(
    "varde_drift_standing", "gauge", (*_STREAM, "standing"),
    "1 for how a stream stood at its last evaluation, 0 for every other standing.",
)  # fmt: skip
DRIFT_EVALUATED: Final = Metric(
    "varde_drift_last_evaluation_timestamp_seconds", "gauge", _STREAM,
    "The end of the last day that was evaluated, in Unix time.", "seconds",
)  # fmt: skip
DRIFT_OUTSIDE: Final = Metric(
    "varde_drift_outside_since_timestamp_seconds", "gauge", _STREAM,
    "The beginning of the day since when a stream that is outside has been so, in Unix time.",
    "seconds",
)  # fmt: skip
DRIFT_SETTLED: Final = Metric(
    "varde_drift_settled_timestamp_seconds", "gauge", _STREAM,
    "When a drift case of the stream was last settled, in Unix time.", "seconds",
)  # fmt: skip
DRIFT_SKIPPED: Final = Metric(
    "varde_drift_skipped", "gauge", (*_STREAM, "why"),
    "Days that the last evaluation had to do without: missing or unreadable.",
)  # fmt: skip
REFERENCE_STUDIES: Final = Metric(
    "varde_drift_reference_studies", "gauge", _STREAM, "Studies in the reference that holds."
)
REFERENCE_NUMBER: Final = Metric(
    "varde_drift_reference_number", "gauge", _STREAM, "The number of the reference that holds."
)
NIGHT_FINISHED: Final = Metric(
    "varde_night_finished_timestamp_seconds", "gauge", (),
    "When the last nightly job without an error ended, in Unix time.", "seconds",
)  # fmt: skip
NIGHT_DURATION: Final = Metric(
    "varde_night_duration_seconds", "gauge", (), "How long the last nightly job took.", "seconds"
)
NIGHT_FAILED: Final = Metric(
    "varde_night_failed", "gauge", (), "1 where the last nightly job ended with an error, else 0."
)
NIGHT_STREAMS: Final = Metric(
    "varde_night_streams", "gauge", (), "Streams that the last nightly job evaluated."
)
UNREADABLE: Final = Metric(
    "varde_aggregates_unreadable", "gauge", _STREAM,
    "Aggregates of the last 28 days that cannot be read.",
)  # fmt: skip
AGGREGATED: Final = Metric(
    "varde_aggregated_studies", "gauge", (*_STREAM, "outcome"),
    "Studies in the aggregates of the last 28 days, by outcome.",
)  # fmt: skip
SCORES: Final = Metric(
    "varde_scores", "gauge", (*_STREAM, "below"),
    "Scores in the aggregates of the last 28 days, each counted once, by the bound it is below.",
)  # fmt: skip
PAIRS: Final = Metric(
    "varde_algorithm_pairs", "gauge", (*_STREAM, "other", "pattern"),
    "Studies of the last 28 days that two algorithms with one purpose read: who found something.",
)  # fmt: skip
CONCORDANCE: Final = Metric(
    "varde_concordance_comparisons", "gauge", (*_STREAM, "source", "outcome"),
    "Results of the last 28 days compared with a report, an audit or feedback.",
)  # fmt: skip
AUDIT_NEGATIVES: Final = Metric(
    "varde_audit_negatives", "gauge", _STREAM,
    "Results without a finding of the last 364 days that an audit has read.",
)  # fmt: skip
AUDIT_BOUND: Final = Metric(
    "varde_audit_missed_upper95_ratio", "gauge", _STREAM,
    "One-sided upper 95 % bound of the share of those where the audit found what was missed.",
)  # fmt: skip
AUDITS_DRAWN: Final = Metric(
    "varde_audits_drawn_total", "counter", _STREAM, "Results drawn for a blinded reading."
)
AUDITS_ANSWERED: Final = Metric(
    "varde_audits_answered_total", "counter", (*_STREAM, "role"), "Blinded readings answered."
)
FEEDBACK: Final = Metric(
    "varde_feedback_total", "counter", (*_STREAM, "role", "word"),
    "What readers said of results and findings.",
)  # fmt: skip
CASES_OPEN: Final = Metric(
    "varde_cases_open", "gauge", (*_STREAM, "kind"), "Cases that nobody has settled."
)
CASE_OLDEST: Final = Metric(
    "varde_case_oldest_timestamp_seconds", "gauge", (*_STREAM, "kind"),
    "When the oldest case that nobody has settled was opened, in Unix time.", "seconds",
)  # fmt: skip
ACTIVATION: Final = Metric(
    "varde_activation", "gauge", (*_STREAM, "state"),
    "1 for what an algorithm may do at a site, 0 for every other state.",
)  # fmt: skip

METRICS: Final[tuple[Metric, ...]] = (
    DATABASE_UP, CAUGHT_UP, QUEUE_UP, QUEUE_DEPTH, QUEUE_OLDEST, DISK_FREE, DISK_SIZE, STUDIES,
    INSTANCES, LAST_INSTANCE, REFUSALS, DECISIONS, REJECTIONS, JOBS, RESULTS, LAST_RESULT,
    DELIVERIES, COMMITMENTS, RESULT_DELIVERY, INFERENCE, HTTP_REQUESTS, HTTP_DURATION,
    DRIFT_SCORE, DRIFT_STANDING, DRIFT_EVALUATED, DRIFT_OUTSIDE, DRIFT_SETTLED, DRIFT_SKIPPED,
    REFERENCE_STUDIES, REFERENCE_NUMBER, NIGHT_FINISHED, NIGHT_DURATION, NIGHT_FAILED,
    NIGHT_STREAMS, UNREADABLE, AGGREGATED, SCORES, PAIRS, CONCORDANCE, AUDIT_NEGATIVES,
    AUDIT_BOUND, AUDITS_DRAWN, AUDITS_ANSWERED, FEEDBACK, CASES_OPEN, CASE_OLDEST, ACTIVATION,
)  # fmt: skip
