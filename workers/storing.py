"""From a result to files, rows and deliveries: all of it, or nothing."""

import dataclasses
import hashlib
import secrets
from collections.abc import Iterable, Iterator, Sequence

from pydicom import Dataset

from core.domain.errors import UnavailableError, UnreadableError
from core.domain.finding import Outcome, Result
from core.domain.job import Job
from core.domain.profile import REJECTION, Kind, Profile
from core.domain.study import Instance
from core.settings import Settings
from core.store import deliveries, jobs, results, studies
from core.store.results import StoredObject
from highdicom_out import encode
from highdicom_out.encode import EncodedObject
from highdicom_out.encoding import Predecessor
from models.registry import Algorithm
from workers.lease import Lease, LeaseLostError
from workers.pictures import Pictures
from workers.station import Station

#: What any result can be made into; the manifest adds what only some can.
ANY_RESULT = frozenset({Kind.SR, Kind.GSPS, Kind.CAPTURE, Kind.PDF, Kind.KOS})
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
    profiles = wanted(station.settings, job.site, station.installed(job))
    sources = list(_sources(station, result, instances, job.study_id))
    earlier = _earlier(station, job)
    pictures = Pictures(station, instances)
    at = station.clock()
    made = [
        (one, profile.fingerprint)
        for profile in _joined(profiles.values())
        for one in encode.encode(
            result,
            sources,
            at=at,
            run=job.run,
            profile=profile,
            pictures=pictures,
            predecessors=earlier.get(profile.fingerprint, ()),
        )
    ]
    lease.check()
    written = _write(station, job, made)
    going = [(key, profile) for key, profile in profiles.items() if key]
    try:
        return _commit(station, job, owner=owner, result=result, written=written, going=going)
    except LeaseLostError:
        _remove(station, written)
        raise


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


def _joined(profiles: Iterable[Profile]) -> list[Profile]:
    """Profiles whose objects are the same bytes as one, with the kinds that any of them names."""
    found: dict[str, Profile] = {}
    for one in profiles:
        other = found.setdefault(one.fingerprint, one)
        kinds = {*other.objects, *one.objects}
        found[one.fingerprint] = dataclasses.replace(
            one, objects=tuple(kind for kind in Kind if kind in kinds)
        )
    return list(found.values())


def _earlier(station: Station, job: Job) -> dict[str, list[Predecessor]]:
    """What this result takes the place of, by the fingerprint of the profile it was made for."""
    with station.database.read() as connection:
        found = results.replaced(connection, job)
    earlier: dict[str, list[Predecessor]] = {}
    for one in found:
        if one.series_uid and one.kind != REJECTION:
            told = Predecessor(one.kind, one.sop_class_uid, one.sop_uid, one.series_uid)
            earlier.setdefault(one.profile, []).append(told)
    return earlier


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


def _write(
    station: Station, job: Job, made: Sequence[tuple[EncodedObject, str]]
) -> list[StoredObject]:
    """Write the objects under names that no other run and no other claim uses.

    `made` are objects with the fingerprint of the profile that they are for.
    """
    token = secrets.token_hex(4)
    named = [(f"{one.kind}-{n}-{token}.dcm", one.data) for n, (one, _) in enumerate(made, start=1)]
    paths = station.files.write_results(job.site, job.id, job.run, named)
    return [
        StoredObject(
            sop_uid=one.sop_uid,
            sop_class_uid=one.sop_class_uid,
            kind=one.kind,
            path=path,
            size=len(one.data),
            sha256=hashlib.sha256(one.data).hexdigest(),
            series_uid=one.series_uid,
            profile=profile,
        )
        for (one, profile), path in zip(made, paths, strict=True)
    ]


def _commit(
    station: Station,
    job: Job,
    *,
    owner: str,
    result: Result,
    written: Sequence[StoredObject],
    going: Sequence[tuple[str, Profile]],
) -> int:
    """Everything that others see, at once and only under the lease.

    `going` are destinations with their profiles.
    """
    now = station.clock()
    said = result.reason.text("en") if result.reason and result.outcome is Outcome.FAILED else ""
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
