"""Every metric that Varde has: the one place where their names are written.

Labels are bounded: sites, algorithms, queues, destinations and codes are as many as
`site.toml`, the folders of `models/` and the domain's enumerations allow. No label
ever holds a patient, a study, a person or free text.
"""

import dataclasses
from typing import Final, Literal

Kind = Literal["counter", "gauge", "histogram"]


@dataclasses.dataclass(frozen=True, slots=True)
class Metric:
    """One metric as Prometheus sees it. Counters carry their `_total`; units are base units."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    help: str
    unit: Literal["", "seconds"] = ""
    buckets: tuple[float, ...] = ()  #: upper bounds of a histogram, without +Inf


DATABASE_UP: Final = Metric(
    "varde_database_up", "gauge", (), "1 where the database answered this scrape, else 0."
)
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
STUDIES: Final = Metric("varde_studies_received_total", "counter", ("site",), "Studies received.")
INSTANCES: Final = Metric(
    "varde_instances_received_total", "counter", ("site",), "Instances received."
)
LAST_INSTANCE: Final = Metric(
    "varde_last_instance_timestamp_seconds", "gauge", ("site",),
    "When the last instance arrived, in Unix time: an old one is a silent stop.", "seconds",
)  # fmt: skip
REFUSALS: Final = Metric(
    "varde_refusals_total", "counter", ("site", "code"),
    "Objects and associations that were not taken, by the code of the reason.",
)  # fmt: skip
JOBS: Final = Metric(
    "varde_jobs", "gauge", ("site", "algorithm", "version", "state", "outcome"),
    "Jobs in each state; the outcome is none until there is a result.",
)  # fmt: skip
DELIVERIES: Final = Metric(
    "varde_deliveries", "gauge", ("destination", "state"),
    "Objects on their way to each destination, by state.",
)  # fmt: skip
COMMITMENTS: Final = Metric(
    "varde_commitments", "gauge", ("destination", "state"),
    "Objects for which storage commitment is or was asked, by state.",
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
    DATABASE_UP, QUEUE_UP, QUEUE_DEPTH, QUEUE_OLDEST, STUDIES, INSTANCES, LAST_INSTANCE, REFUSALS,
    JOBS, DELIVERIES, COMMITMENTS, RESULT_DELIVERY, INFERENCE, HTTP_REQUESTS, HTTP_DURATION,
)  # fmt: skip
