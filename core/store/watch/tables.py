"""The tables of the watch. Those with a `job_id` go with the study; the others stay for years.

A day is a calendar day in Norway.
"""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core.store.tables import BIG, ID, KEY, Table

SCOPE = sa.String(46)  # a site's key, `*`, or `trust:` and a trust's key
EQUIPMENT = sa.String(16)
LABEL = sa.String(64)
WHO = sa.String(80)


class EquipmentRow(Table):
    """Equipment that a site has sent studies of; the serial number is a keyed hash."""

    __tablename__ = "equipment"
    site: Mapped[str] = mapped_column(sa.ForeignKey("site.key"), primary_key=True)
    key: Mapped[str] = mapped_column(EQUIPMENT, primary_key=True)
    scanner: Mapped[str] = mapped_column(EQUIPMENT)
    modality: Mapped[str]
    manufacturer: Mapped[str]
    model: Mapped[str]
    software: Mapped[str]
    first_at: Mapped[dt.datetime]


class ObservationRow(Table):
    """What one result adds to its day: an aggregate of one study. Goes with the study."""

    __tablename__ = "observation"
    __table_args__ = (sa.Index("observation_day", "site", "algorithm", "day"),)
    job_id: Mapped[str] = mapped_column(sa.ForeignKey("job.id"), primary_key=True)
    run: Mapped[int]
    site: Mapped[str] = mapped_column(KEY)
    algorithm: Mapped[str] = mapped_column(KEY)
    version: Mapped[str]
    equipment: Mapped[str] = mapped_column(EQUIPMENT)
    modality: Mapped[str]
    day: Mapped[dt.date] = mapped_column(sa.Date)
    at: Mapped[dt.datetime] = mapped_column(index=True)
    groups: Mapped[list[str]] = mapped_column(sa.JSON)  # subgroups: sex:F, age:65-79
    body: Mapped[bytes]


class AggregateRow(Table):
    """A day of one algorithm version on one piece of equipment at one site; kept for years."""

    __tablename__ = "aggregate"
    __table_args__ = (sa.Index("aggregate_stream", "algorithm", "day", "site"),)
    site: Mapped[str] = mapped_column(sa.ForeignKey("site.key"), primary_key=True)
    algorithm: Mapped[str] = mapped_column(KEY, primary_key=True)
    version: Mapped[str] = mapped_column(primary_key=True)
    equipment: Mapped[str] = mapped_column(EQUIPMENT, primary_key=True)  # empty: none is known
    day: Mapped[dt.date] = mapped_column(sa.Date, primary_key=True)
    modality: Mapped[str]
    studies: Mapped[int]
    at: Mapped[dt.datetime] = mapped_column(index=True)  # when it was written
    body: Mapped[bytes]
    sha256: Mapped[str] = mapped_column(sa.String(64))


class ReferenceRow(Table):
    """What a stream is compared with: frozen and numbered. The latest number holds."""

    __tablename__ = "reference"
    site: Mapped[str] = mapped_column(SCOPE, primary_key=True)
    algorithm: Mapped[str] = mapped_column(KEY, primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[str]  # of the algorithm
    from_day: Mapped[dt.date] = mapped_column(sa.Date)
    to_day: Mapped[dt.date] = mapped_column(sa.Date)
    studies: Mapped[int]
    learned_at: Mapped[dt.datetime]
    by: Mapped[str] = mapped_column(WHO)
    reason: Mapped[str]
    body: Mapped[bytes]
    sha256: Mapped[str] = mapped_column(sa.String(64))


class EvaluationRow(Table):
    """How a stream stood at the end of a day."""

    __tablename__ = "evaluation"
    __table_args__ = (sa.Index("evaluation_day", "day"),)
    site: Mapped[str] = mapped_column(SCOPE, primary_key=True)
    algorithm: Mapped[str] = mapped_column(KEY, primary_key=True)
    day: Mapped[dt.date] = mapped_column(sa.Date, primary_key=True)
    reference: Mapped[int]
    studies: Mapped[int]
    today: Mapped[int]
    standing: Mapped[str]
    at: Mapped[dt.datetime]
    body: Mapped[dict[str, Any]]


class NightRow(Table):
    """A run of the nightly job: what it did, or why it could not."""

    __tablename__ = "night"
    id: Mapped[int] = mapped_column(BIG, primary_key=True)
    until: Mapped[dt.date] = mapped_column(sa.Date)
    started_at: Mapped[dt.datetime] = mapped_column(index=True)
    finished_at: Mapped[dt.datetime | None]
    streams: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(default="")
    notes: Mapped[dict[str, Any]]


class EventRow(Table):
    """What happened to a stream and may explain a change: new equipment, software, version."""

    __tablename__ = "watch_event"
    __table_args__ = (sa.UniqueConstraint("site", "algorithm", "kind", "subject"),)
    id: Mapped[int] = mapped_column(BIG, primary_key=True)
    at: Mapped[dt.datetime]
    day: Mapped[dt.date] = mapped_column(sa.Date, index=True)
    site: Mapped[str] = mapped_column(KEY, index=True)
    algorithm: Mapped[str] = mapped_column(KEY, default="")  # empty: all at the site
    kind: Mapped[str]  # scanner, software, version, reference, activation, planned
    subject: Mapped[str]
    told: Mapped[dict[str, Any]]


class CaseRow(Table):
    """An alarm and its verdict."""

    __tablename__ = "watch_case"
    __table_args__ = (sa.Index("watch_case_open", "settled_at", "site", "algorithm"),)
    id: Mapped[str] = mapped_column(ID, primary_key=True)
    kind: Mapped[str]
    site: Mapped[str] = mapped_column(SCOPE)
    algorithm: Mapped[str] = mapped_column(KEY)
    version: Mapped[str] = mapped_column(default="")
    subject: Mapped[str]
    opened_at: Mapped[dt.datetime] = mapped_column(index=True)
    last_at: Mapped[dt.datetime]
    day: Mapped[dt.date] = mapped_column(sa.Date)
    quiet_at: Mapped[dt.datetime | None]
    settled_at: Mapped[dt.datetime | None]
    by: Mapped[str] = mapped_column(WHO, default="")
    verdict: Mapped[str] = mapped_column(default="")
    consequence: Mapped[str] = mapped_column(default="")
    reason: Mapped[str] = mapped_column(default="")
    evidence: Mapped[dict[str, Any]]


class ActivationRow(Table):
    """Every change of what an algorithm may do at a site; the latest holds, none means live."""

    __tablename__ = "activation"
    id: Mapped[int] = mapped_column(BIG, primary_key=True)
    site: Mapped[str] = mapped_column(sa.ForeignKey("site.key"), index=True)
    algorithm: Mapped[str] = mapped_column(KEY)
    state: Mapped[str]
    at: Mapped[dt.datetime]
    by: Mapped[str] = mapped_column(WHO)
    reason: Mapped[str]
    case_id: Mapped[str] = mapped_column(ID, default="")


class ReportRow(Table):
    """What the final report of a study says of each finding; its text is not kept."""

    __tablename__ = "report"
    study_id: Mapped[str] = mapped_column(sa.ForeignKey("study.id"), primary_key=True)
    at: Mapped[dt.datetime]  # when it was signed
    received_at: Mapped[dt.datetime] = mapped_column(index=True)
    source: Mapped[str]  # api, csv
    rules: Mapped[str] = mapped_column(default="")  # version of the rules; empty: structured
    truths: Mapped[dict[str, Any]]  # code value -> Truth


class ComparisonRow(Table):
    """One finding of one result against a truth. Goes with the study."""

    __tablename__ = "comparison"
    __table_args__ = (sa.Index("comparison_day", "site", "algorithm", "day"),)
    job_id: Mapped[str] = mapped_column(sa.ForeignKey("job.id"), primary_key=True)
    label: Mapped[str] = mapped_column(LABEL, primary_key=True)
    source: Mapped[str] = mapped_column(sa.String(10), primary_key=True)
    site: Mapped[str] = mapped_column(KEY)
    algorithm: Mapped[str] = mapped_column(KEY)
    version: Mapped[str]
    day: Mapped[dt.date] = mapped_column(sa.Date)  # of the study
    called: Mapped[bool]
    truth: Mapped[str]
    groups: Mapped[list[str]] = mapped_column(sa.JSON)
    at: Mapped[dt.datetime] = mapped_column(index=True)
    settled_at: Mapped[dt.datetime | None]  # a disagreement that somebody has read
    settled_as: Mapped[str] = mapped_column(default="")  # algorithm, report, unclear
    settled_role: Mapped[str] = mapped_column(default="")


class ConcordanceRow(Table):
    """A day's comparisons, counted by subgroup; kept for years."""

    __tablename__ = "concordance"
    __table_args__ = (
        sa.Index("concordance_stream", "algorithm", "day", "site"),
        sa.Index("concordance_label", "label", "subgroup", "algorithm", "day"),
    )
    site: Mapped[str] = mapped_column(sa.ForeignKey("site.key"), primary_key=True)
    algorithm: Mapped[str] = mapped_column(KEY, primary_key=True)
    version: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[dt.date] = mapped_column(sa.Date, primary_key=True)
    label: Mapped[str] = mapped_column(LABEL, primary_key=True)
    source: Mapped[str] = mapped_column(sa.String(10), primary_key=True)
    subgroup: Mapped[str] = mapped_column(sa.String(40), primary_key=True)  # empty: everybody
    true_positive: Mapped[int]
    false_positive: Mapped[int]
    false_negative: Mapped[int]
    true_negative: Mapped[int]
    unknown: Mapped[int]


class FeedbackRow(Table):
    """One word of one reader. Goes with the study."""

    __tablename__ = "feedback"
    id: Mapped[int] = mapped_column(BIG, primary_key=True)
    job_id: Mapped[str] = mapped_column(sa.ForeignKey("job.id"), index=True)
    site: Mapped[str] = mapped_column(KEY)
    algorithm: Mapped[str] = mapped_column(KEY)
    version: Mapped[str]
    at: Mapped[dt.datetime] = mapped_column(index=True)
    role: Mapped[str] = mapped_column(sa.String(16))
    word: Mapped[str] = mapped_column(sa.String(16))
    called: Mapped[bool]  # whether the result, or the finding meant, was positive
    finding: Mapped[str] = mapped_column(LABEL, default="")
    corrected: Mapped[dict[str, Any]]


class FeedbackDayRow(Table):
    """A day's feedback, counted by role; kept for years."""

    __tablename__ = "feedback_day"
    site: Mapped[str] = mapped_column(sa.ForeignKey("site.key"), primary_key=True)
    algorithm: Mapped[str] = mapped_column(KEY, primary_key=True)
    version: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[dt.date] = mapped_column(sa.Date, primary_key=True)  # of the feedback
    role: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    word: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    called: Mapped[bool] = mapped_column(primary_key=True)
    count: Mapped[int]


class AuditRow(Table):
    """A result drawn at random for a blinded reading. Goes with the study."""

    __tablename__ = "audit"
    job_id: Mapped[str] = mapped_column(sa.ForeignKey("job.id"), primary_key=True)
    site: Mapped[str] = mapped_column(KEY, index=True)
    algorithm: Mapped[str] = mapped_column(KEY)
    drawn_at: Mapped[dt.datetime]
    answered_at: Mapped[dt.datetime | None] = mapped_column(index=True)
    role: Mapped[str] = mapped_column(sa.String(16), default="")
    truths: Mapped[dict[str, Any]]
