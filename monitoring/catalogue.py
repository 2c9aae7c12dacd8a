"""Every metric that Varde has: with `catalogue_watch` the one place where names are written.

Labels are bounded: sites, algorithms, queues, destinations and codes are as many as
`site.toml`, the folders of `models/` and the domain's enumerations allow. No label
ever holds a patient, a study, a person, a serial number or free text.
"""

from typing import Final

from monitoring import catalogue_watch
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

METRICS: Final[tuple[Metric, ...]] = (
    DATABASE_UP, CAUGHT_UP, QUEUE_UP, QUEUE_DEPTH, QUEUE_OLDEST, DISK_FREE, DISK_SIZE, STUDIES,
    INSTANCES, LAST_INSTANCE, REFUSALS, DECISIONS, REJECTIONS, JOBS, RESULTS, LAST_RESULT,
    DELIVERIES, COMMITMENTS, RESULT_DELIVERY, INFERENCE, HTTP_REQUESTS, HTTP_DURATION,
    *catalogue_watch.METRICS,
)  # fmt: skip
