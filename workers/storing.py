"""From a result to files, rows and deliveries: all of it, or nothing."""

import dataclasses
import hashlib
import secrets
from collections.abc import Iterator, Sequence

from pydicom import Dataset

from core.domain.activation import Activation
from core.domain.errors import UnavailableError, UnreadableError
from core.domain.finding import Outcome, Result
from core.domain.job import Job
from core.domain.profile import Kind, Profile
from core.domain.study import Instance
from core.settings import Settings
from core.store import deliveries, jobs, results, studies, succession
from core.store.results import StoredObject
from core.store.succession import Succession
from core.store.watch import activations
from models.registry import Algorithm
from workers import observing
from workers.batch import Batch, Made, made, standing
from workers.lease import Lease, LeaseLostError
from workers.observer import Noted, Observer
from workers.pictures import Pictures
from workers.station import Station

#: What the encoder makes of any result that it fits; the manifest adds what only some have.
ANY_RESULT = frozenset(Kind) - {Kind.SEG}
SOURCES = 10  #: headers that a result without images refers to, one for each series
NO_IMAGES = ("SR", "PR", "KO", "DOC", "SEG", "RTSTRUCT", "RTPLAN", "REG", "AU", "ECG", "HD")
TRIES = 5  #: encodings of one result while other results of the study come in between


class _ChangedError(Exception):
    """Another result of the study was stored meanwhile: what this one replaces is another thing."""


def store(
    station: Station,
    job: Job,
    lease: Lease,
    *,
    owner: str,
    result: Result,
    instances: Sequence[Instance],
    observer: Observer,
) -> int:
    """Encode `result`, write its objects, then its rows in one transaction.

    Returns the number of deliveries: none where a newer result has taken its place already.
    Raises `LeaseLostError` where the job is another worker's by now: nothing of this run stays.
    """
    sources = list(_sources(station, result, instances, job.study_id))
    with station.database.read() as connection:
        state = activations.state(connection, job.site, job.algorithm)
    # In shadow an algorithm is as if its site had no destination: it runs, and nothing leaves.
    site = "" if state is Activation.SHADOW else job.site
    installed = station.installed(job)
    profiles = wanted(station.settings, site, installed)
    observer.sources(sources)
    noted = observer.noted(result, installed.folder if installed else None)
    batch = Batch(job, result, sources, profiles, Pictures(station, instances))
    for _ in range(TRIES):
        with station.database.read() as connection:
            found = standing(connection, batch)
        objects = [] if found.outdated_by else list(made(batch, found, station.clock()))
        lease.check()
        written = _write(station, job, objects)
        try:
            return _commit(
                station, batch, found, owner=owner, made=objects, written=written, noted=noted
            )
        except _ChangedError:
            _remove(station, written)
        except LeaseLostError:
            _remove(station, written)
            raise
    message = "other results of the study keep coming in between"
    raise UnavailableError(message)


def wanted(settings: Settings, site: str, algorithm: Algorithm | None) -> dict[str, Profile]:
    """How each of the site's destinations wants the result, by key, as far as the manifest gives.

    Under "" the profile of nobody: a report is made where there is no destination, or no site
    any more.
    """
    given = ANY_RESULT | set(algorithm.manifest.encode.objects if algorithm else ())
    described = settings.sites.get(site)
    language = settings.web.language
    profiles = {
        key: settings.destinations[key].profile(language)
        for key in (described.destinations if described else ())
    }
    return {
        key: dataclasses.replace(one, objects=tuple(k for k in one.objects if k in given))
        for key, one in (profiles or {"": Profile(objects=(Kind.SR,), language=language)}).items()
    }


def _sources(
    station: Station, result: Result, instances: Sequence[Instance], study_id: str
) -> Iterator[Dataset]:
    """The headers that the objects refer to: what was read, else the first of each series."""
    known = {one.sop_uid: one for one in instances}
    chosen = [known[uid] for uid in result.read] or _first_of_series(instances)
    for instance in chosen:
        try:
            yield station.header(instance)
        except UnreadableError:
            continue
        except UnavailableError:
            if result.outcome is not Outcome.FAILED:
                raise
            yield _from_rows(station, study_id, instance)


def _from_rows(station: Station, study_id: str, instance: Instance) -> Dataset:
    """What the database knows of an instance whose file is gone: enough for "failed"."""
    with station.database.read() as connection:
        study = studies.get(connection, study_id)
    head = Dataset()
    head.SpecificCharacterSet = "ISO_IR 192"
    head.StudyInstanceUID, head.SeriesInstanceUID = study.study_uid, instance.series_uid
    head.SOPClassUID, head.SOPInstanceUID = instance.sop_class_uid, instance.sop_uid
    head.Modality, head.StudyDate = instance.modality, study.study_date
    head.PatientName, head.PatientID = study.patient_name, study.patient_id
    head.PatientBirthDate, head.PatientSex = study.patient_birth_date, study.patient_sex
    head.AccessionNumber, head.StudyDescription = study.accession_number, study.description
    return head


def _first_of_series(instances: Sequence[Instance]) -> list[Instance]:
    """One instance of each series, images first, at most `SOURCES`."""
    firsts: dict[str, Instance] = {}
    for instance in sorted(instances, key=lambda one: one.modality in NO_IMAGES):
        firsts.setdefault(instance.series_uid, instance)
    return list(firsts.values())[:SOURCES]


def _write(station: Station, job: Job, made: Sequence[Made]) -> list[StoredObject]:
    """Write the objects under names that no other run and no other claim uses."""
    token = secrets.token_hex(4)
    named = [
        (f"{one.object.kind}-{n}-{token}.dcm", one.object.data)
        for n, one in enumerate(made, start=1)
    ]
    paths = station.files.write_results(job.site, job.id, job.run, named) if named else []
    return [
        StoredObject(
            sop_uid=one.object.sop_uid,
            sop_class_uid=one.object.sop_class_uid,
            kind=one.object.kind,
            path=path,
            size=len(one.object.data),
            sha256=hashlib.sha256(one.object.data).hexdigest(),
            series_uid=one.object.series_uid,
            profile=one.profile,
        )
        for one, path in zip(made, paths, strict=True)
    ]


def _commit(
    station: Station,
    batch: Batch,
    found: Succession,
    *,
    owner: str,
    made: Sequence[Made],
    written: Sequence[StoredObject],
    noted: Noted,
) -> int:
    """Everything that others see, at once, only under the lease and only while `found` holds."""
    job, result, now = batch.job, batch.result, station.clock()
    going = [(key, profile) for key, profile in batch.profiles.items() if key]
    only = {one.object.sop_uid: one.only for one in made if one.only}
    with station.database.write() as connection:
        succession.lock(connection, job.study_id)
        if standing(connection, batch) != found:
            raise _ChangedError
        if not jobs.encoded(
            connection,
            job.id,
            owner=owner,
            outcome=result.outcome,
            error=_remarkable(result, found),
            now=now,
        ):
            raise LeaseLostError
        sent = results.store(
            connection, result, written, run=job.run, destinations=going, now=now, only=only
        )
        observing.record(connection, job, noted, now=now)
        if not sent:
            deliveries.settle(connection, job.id, now)
    return sent


def _remarkable(result: Result, found: Succession) -> str:
    """What the job's line says: why it failed, why it is not sent."""
    if newer := found.outdated_by:
        told = f"{newer.algorithm} {newer.version} has answered revision {newer.revision}"
        return f"not sent: {told} already"
    failed = result.outcome is Outcome.FAILED
    return result.reason.text("en") if result.reason and failed else ""


def _remove(station: Station, written: Sequence[StoredObject]) -> None:
    """The files of a run that came too late: no row names them."""
    for one in written:
        station.files.absolute(one.path).unlink(missing_ok=True)
