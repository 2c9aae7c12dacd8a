"""The tables. Times are UTC; `site` is on every row that an operator may ask for by site."""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Utc(sa.types.TypeDecorator[dt.datetime]):
    """An aware datetime in UTC, kept without zone where the database has none."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, _: sa.Dialect) -> dt.datetime | None:
        """Refuse naive times: they are the oldest bug in monitoring."""
        if value is not None and value.tzinfo is None:
            message = "a naive datetime"
            raise ValueError(message)
        return value and value.astimezone(dt.UTC)

    def process_result_value(self, value: dt.datetime | None, _: sa.Dialect) -> dt.datetime | None:
        """Give the zone back."""
        return value and (value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value)


UID = sa.String(64)
KEY = sa.String(40)
ID = sa.String(32)  # uuid4 in hexadecimal digits
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


class Table(DeclarativeBase):
    """What every table shares."""

    type_annotation_map = {dt.datetime: Utc(), dict[str, Any]: sa.JSON()}  # noqa: RUF012


class RegionRow(Table):
    """A regional health authority."""

    __tablename__ = "region"
    key: Mapped[str] = mapped_column(KEY, primary_key=True)
    name: Mapped[str]


class TrustRow(Table):
    """A health trust in a region."""

    __tablename__ = "trust"
    key: Mapped[str] = mapped_column(KEY, primary_key=True)
    name: Mapped[str]
    region: Mapped[str] = mapped_column(sa.ForeignKey("region.key"))


class SiteRow(Table):
    """A hospital or imaging unit of a trust."""

    __tablename__ = "site"
    key: Mapped[str] = mapped_column(KEY, primary_key=True)
    name: Mapped[str]
    trust: Mapped[str] = mapped_column(sa.ForeignKey("trust.key"))


class StudyRow(Table):
    """A study as one site sent it. The same UID from two sites is two studies."""

    __tablename__ = "study"
    __table_args__ = (
        sa.UniqueConstraint("site", "study_uid"),
        sa.Index("study_accession", "accession_number", "site"),
    )
    id: Mapped[str] = mapped_column(ID, primary_key=True)
    site: Mapped[str] = mapped_column(sa.ForeignKey("site.key"))
    study_uid: Mapped[str] = mapped_column(UID, index=True)
    revision: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[dt.datetime] = mapped_column(index=True)
    description: Mapped[str] = mapped_column(default="")
    accession_number: Mapped[str] = mapped_column(default="")
    patient_id: Mapped[str] = mapped_column(default="", index=True)
    patient_name: Mapped[str] = mapped_column(default="")
    patient_birth_date: Mapped[str] = mapped_column(default="")
    patient_sex: Mapped[str] = mapped_column(default="")
    study_date: Mapped[str] = mapped_column(default="")


class InstanceRow(Table):
    """One SOP Instance on disk; `revision` 0: not yet part of a complete revision."""

    __tablename__ = "instance"
    __table_args__ = (
        sa.UniqueConstraint("study_id", "sop_uid"),
        sa.Index("instance_pending", "revision", "study_id", "received_at"),
    )
    id: Mapped[int] = mapped_column(BIG, primary_key=True)
    study_id: Mapped[str] = mapped_column(sa.ForeignKey("study.id"))
    series_uid: Mapped[str] = mapped_column(UID)
    sop_uid: Mapped[str] = mapped_column(UID)
    sop_class_uid: Mapped[str] = mapped_column(UID)
    transfer_syntax_uid: Mapped[str] = mapped_column(UID)
    modality: Mapped[str]
    path: Mapped[str]
    size: Mapped[int] = mapped_column(BIG)
    revision: Mapped[int] = mapped_column(default=0)
    received_at: Mapped[dt.datetime]
    attributes: Mapped[dict[str, Any]]


class AssociationRow(Table):
    """An association; `study_id` is the study of its latest instance."""

    __tablename__ = "association"
    id: Mapped[str] = mapped_column(ID, primary_key=True)
    router: Mapped[str]
    site: Mapped[str] = mapped_column(sa.ForeignKey("site.key"))
    calling: Mapped[str]
    called: Mapped[str]
    host: Mapped[str]
    opened_at: Mapped[dt.datetime]
    active_at: Mapped[dt.datetime] = mapped_column(index=True)
    closed_at: Mapped[dt.datetime | None] = mapped_column(index=True)
    ended: Mapped[str] = mapped_column(default="")  # released, aborted, lost
    instances: Mapped[int] = mapped_column(default=0)
    study_id: Mapped[str | None] = mapped_column(sa.ForeignKey("study.id"), index=True)


class RefusalRow(Table):
    """What was not taken, and why: the operator's list."""

    __tablename__ = "refusal"
    id: Mapped[int] = mapped_column(BIG, primary_key=True)
    at: Mapped[dt.datetime] = mapped_column(index=True)
    site: Mapped[str | None] = mapped_column(KEY, index=True)
    calling: Mapped[str]
    called: Mapped[str]
    host: Mapped[str]
    code: Mapped[str] = mapped_column(index=True)
    status: Mapped[int]
    message: Mapped[str]
    path: Mapped[str] = mapped_column(default="")


class RevisionRow(Table):
    """A numbered, complete state of a study."""

    __tablename__ = "revision"
    study_id: Mapped[str] = mapped_column(sa.ForeignKey("study.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[dt.datetime] = mapped_column(index=True)
    last_instance_at: Mapped[dt.datetime]
    instances: Mapped[int]
    because: Mapped[str]


class DecisionRow(Table):
    """The why and the why-not of every algorithm for one revision."""

    __tablename__ = "decision"
    study_id: Mapped[str] = mapped_column(sa.ForeignKey("study.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    algorithm: Mapped[str] = mapped_column(KEY, primary_key=True)
    version: Mapped[str]
    chosen: Mapped[bool]
    route: Mapped[str]
    reason: Mapped[str]
    facts: Mapped[dict[str, Any]]


class JobRow(Table):
    """One algorithm on one revision of one study."""

    __tablename__ = "job"
    __table_args__ = (sa.UniqueConstraint("study_id", "revision", "algorithm", "version"),)
    id: Mapped[str] = mapped_column(ID, primary_key=True)
    study_id: Mapped[str] = mapped_column(sa.ForeignKey("study.id"), index=True)
    site: Mapped[str] = mapped_column(sa.ForeignKey("site.key"), index=True)
    revision: Mapped[int]
    algorithm: Mapped[str] = mapped_column(KEY, index=True)
    version: Mapped[str]
    queue: Mapped[str]
    priority: Mapped[int]
    limit_s: Mapped[float]
    state: Mapped[str] = mapped_column(index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    run: Mapped[int] = mapped_column(default=1)
    lease_owner: Mapped[str | None]
    lease_until: Mapped[dt.datetime | None] = mapped_column(index=True)
    created_at: Mapped[dt.datetime] = mapped_column(index=True)
    started_at: Mapped[dt.datetime | None]
    finished_at: Mapped[dt.datetime | None]
    delivered_at: Mapped[dt.datetime | None]
    outcome: Mapped[str | None] = mapped_column(index=True)
    error: Mapped[str] = mapped_column(default="")


class OutboxRow(Table):
    """News that the queue must get; deleted when the job leaves QUEUED."""

    __tablename__ = "outbox"
    job_id: Mapped[str] = mapped_column(sa.ForeignKey("job.id"), primary_key=True)
    due_at: Mapped[dt.datetime] = mapped_column(index=True)
    sent: Mapped[int] = mapped_column(default=0)


class ResultRow(Table):
    """What a job said, as JSON of the domain's Result."""

    __tablename__ = "result"
    job_id: Mapped[str] = mapped_column(sa.ForeignKey("job.id"), primary_key=True)
    run: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[dt.datetime]
    body: Mapped[dict[str, Any]]


class ObjectRow(Table):
    """A DICOM object made from a result, on disk before anything is sent."""

    __tablename__ = "result_object"
    sop_uid: Mapped[str] = mapped_column(UID, primary_key=True)
    job_id: Mapped[str] = mapped_column(sa.ForeignKey("job.id"), index=True)
    run: Mapped[int]
    kind: Mapped[str]
    sop_class_uid: Mapped[str] = mapped_column(UID)
    series_uid: Mapped[str] = mapped_column(UID, default="")
    profile: Mapped[str] = mapped_column(sa.String(16), default="")  # Profile.fingerprint
    path: Mapped[str]
    size: Mapped[int] = mapped_column(BIG)
    sha256: Mapped[str]


class DeliveryRow(Table):
    """One object on its way to one destination."""

    __tablename__ = "delivery"
    __table_args__ = (
        sa.UniqueConstraint("sop_uid", "destination"),
        sa.Index("delivery_due", "state", "destination", "next_at"),
    )
    id: Mapped[int] = mapped_column(BIG, primary_key=True)
    sop_uid: Mapped[str] = mapped_column(sa.ForeignKey("result_object.sop_uid"))
    job_id: Mapped[str] = mapped_column(sa.ForeignKey("job.id"), index=True)
    destination: Mapped[str] = mapped_column(KEY)
    state: Mapped[str]
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[dt.datetime]
    receipt: Mapped[int | None]
    delivered_at: Mapped[dt.datetime | None]
    error: Mapped[str] = mapped_column(default="")
    commitment: Mapped[str] = mapped_column(sa.String(16), default="", index=True)
    transaction_uid: Mapped[str] = mapped_column(UID, default="", index=True)
    commitment_at: Mapped[dt.datetime | None]
    commitment_error: Mapped[str] = mapped_column(default="")
    commitment_asks: Mapped[int] = mapped_column(default=0)
    commitment_resent: Mapped[bool] = mapped_column(default=False)
