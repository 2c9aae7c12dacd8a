"""The metrics of the watch over algorithms.

`site` may also be `*` (all sites together) or `trust:` and a trust's key, as in
`core.domain.watch`. What comes from the nightly job is exposed on every scrape: a gauge that
appeared once a day would be stale five minutes later. What can still change (a report that is
corrected, a day that is computed again) is a gauge over the last days, for no counter may go down.
"""

from typing import Final

from monitoring.metric import Metric

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
    DRIFT_SCORE, DRIFT_STANDING, DRIFT_EVALUATED, DRIFT_OUTSIDE, DRIFT_SETTLED, DRIFT_SKIPPED,
    REFERENCE_STUDIES, REFERENCE_NUMBER, NIGHT_FINISHED, NIGHT_DURATION, NIGHT_FAILED,
    NIGHT_STREAMS, UNREADABLE, AGGREGATED, SCORES, PAIRS, CONCORDANCE, AUDIT_NEGATIVES,
    AUDIT_BOUND, AUDITS_DRAWN, AUDITS_ANSWERED, FEEDBACK, CASES_OPEN, CASE_OLDEST, ACTIVATION,
)  # fmt: skip
