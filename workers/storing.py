"""From a result to files, rows and deliveries: all of it, or nothing."""

import hashlib
import secrets
from collections.abc import Iterator, Sequence

from pydicom import Dataset

from core.domain.errors import UnavailableError, UnreadableError
from core.domain.finding import Outcome, Result
from core.domain.job import Job
from core.domain.study import Instance
from core.settings import Settings
from core.store import deliveries, jobs, results, studies
from core.store.results import StoredObject
from highdicom_out import encode
from highdicom_out.encode import EncodedObject
from models.registry import Algorithm
from workers.lease import Lease, LeaseLostError
from workers.station import Station

ALWAYS = "sr"  #: every outcome gives one, whether or not a destination takes it
SOURCES = 10  #: headers that a result without images refers to, one for each series
NO_IMAGES = ("SR", "PR", "KO", "DOC", "SEG", "RTSTRUCT", "RTPLAN", "REG", "AU", "ECG", "HD")


def store(
    station: Station,
    job: Job,
    lease: Lease,
    *,
    owner: str,
    result: Result,
    instances: Sequence[Instance],
) -> int:
    """Encode `result`, write its objects, then its rows in one transaction.

    Returns the number of deliveries. Raises `LeaseLostError` where the job is another
    worker's by now: nothing of this run stays.
    """
    made = encode.encode(
        result,
        list(_sources(station, result, instances, job.study_id)),
        at=station.clock(),
        run=job.run,
        language=station.settings.web.language,
        objects=wanted(station.settings, job.site, station.installed(job)),
    )
    lease.check()
    written = _write(station, job, made)
    try:
        return _commit(station, job, owner, result, written)
    except LeaseLostError:
        _remove(station, written)
        raise


def wanted(settings: Settings, site: str, algorithm: Algorithm | None) -> tuple[str, ...]:
    """The kinds of object to make: what the site's destinations take and the manifest gives."""
    given = {*algorithm.manifest.encode.objects, ALWAYS} if algorithm else {ALWAYS}
    asked = {ALWAYS, *(kind for _, kinds in _destinations(settings, site) for kind in kinds)}
    return tuple(kind for kind in encode.KINDS if kind in given & asked)


def _destinations(settings: Settings, site: str) -> list[tuple[str, tuple[str, ...]]]:
    """(key, kinds of object) of where the site's results go; a site may be gone by now."""
    described = settings.sites.get(site)
    names = described.destinations if described else ()
    return [(name, settings.destinations[name].objects) for name in names]


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


def _write(station: Station, job: Job, made: Sequence[EncodedObject]) -> list[StoredObject]:
    """Write the objects under names that no other run and no other claim uses."""
    token = secrets.token_hex(4)
    named = [(f"{one.kind}-{n}-{token}.dcm", one.data) for n, one in enumerate(made, start=1)]
    paths = station.files.write_results(job.site, job.id, job.run, named)
    return [
        StoredObject(
            sop_uid=one.sop_uid,
            sop_class_uid=one.sop_class_uid,
            kind=one.kind,
            path=path,
            size=len(one.data),
            sha256=hashlib.sha256(one.data).hexdigest(),
        )
        for one, path in zip(made, paths, strict=True)
    ]


def _commit(
    station: Station, job: Job, owner: str, result: Result, written: Sequence[StoredObject]
) -> int:
    """Everything that others see, at once and only under the lease."""
    now = station.clock()
    said = result.reason.text("en") if result.reason and result.outcome is Outcome.FAILED else ""
    going = _destinations(station.settings, job.site)
    with station.database.write() as connection:
        if not jobs.encoded(
            connection, job.id, owner=owner, outcome=result.outcome, error=said, now=now
        ):
            raise LeaseLostError
        sent = results.store(connection, result, written, run=job.run, destinations=going, now=now)
        if not sent:
            deliveries.settle(connection, job.id, now)
    return sent


def _remove(station: Station, written: Sequence[StoredObject]) -> None:
    """The files of a run that came too late: no row names them."""
    for one in written:
        station.files.absolute(one.path).unlink(missing_ok=True)
