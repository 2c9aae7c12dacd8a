"""Why a study was read, or was not, and what the routes of today would say."""

from pathlib import Path

import pydicom

from core.domain.errors import NotDicomError, NotFoundError
from core.domain.study import Decision, Instance, Study
from core.settings import Settings
from core.store import assembly, studies
from core.store.database import Database
from core.store.files import Files
from models import registry
from router import header, routes, transfer_syntax
from router.attributes import Reader


def explain(settings: Settings, study_uid: str) -> list[dict[str, object]]:
    """The decisions that were made for the latest revision, at every site that sent the study."""
    database = _opened(settings)
    try:
        with database.read() as connection:
            found = _found(studies.by_uid(connection, study_uid))
            return [
                _told(study, decision)
                for study in found
                for decision in studies.decisions(connection, study.id, study.revision)
            ]
    finally:
        database.close()


def would(settings: Settings, what: str) -> list[dict[str, object]]:
    """What the routes of `settings` would decide for a study that is here, or for files.

    Nothing is run and nothing is written. `what` is a folder, a file or a Study
    Instance UID; files are judged as if every described site had sent them.
    """
    algorithms = registry.load()
    routes.check(settings.routes, algorithms)
    path = Path(what)
    if path.exists():
        return _files(settings, path)
    database, files = _opened(settings), Files(settings.home)
    reader = Reader(routes.keywords(settings.routes))
    rows: list[dict[str, object]] = []
    try:
        with database.read() as connection:
            for study in _found(studies.by_uid(connection, what)):
                known = [
                    _read(files.absolute(instance.path), reader)
                    for instance in assembly.instances(connection, study.id)
                ]
                rows += [
                    _told(study, decision)
                    for decision in routes.decide(
                        known, site=study.site, routes=settings.routes, algorithms=algorithms
                    )
                ]
    finally:
        database.close()
    return rows


def _opened(settings: Settings) -> Database:
    """The database as it is: nothing is made or migrated by asking."""
    if not settings.database.url and not (settings.home / "varde.db").is_file():
        message = f"nothing has been received below {settings.home.resolve()} yet"
        raise NotFoundError(message)
    return Database(settings.database_url)


def _found(known: list[Study]) -> list[Study]:
    if not known:
        message = "no such study here"
        raise NotFoundError(message)
    return known


def _told(study: Study, decision: Decision) -> dict[str, object]:
    return {
        "study": study.study_uid,
        "site": study.site,
        "revision": study.revision,
        **_as_row(decision),
    }


def _as_row(decision: Decision) -> dict[str, object]:
    """A decision in plain values."""
    return {
        "algorithm": decision.algorithm,
        "version": decision.version,
        "chosen": decision.chosen,
        "reason": decision.reason.text(),
        "route": decision.route,
    }


def _files(settings: Settings, path: Path) -> list[dict[str, object]]:
    """Decide for the DICOM files below `path`, a study at a time, for every site."""
    reader = Reader(routes.keywords(settings.routes))
    found: dict[str, list[Instance]] = {}
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if file.is_file() and _is_dicom(file):
            with pydicom.dcmread(file, stop_before_pixels=True) as head:
                uid = str(head.get("StudyInstanceUID", ""))
            found.setdefault(uid, []).append(_read(file, reader))
    if not found:
        message = f"{path}: no DICOM file"
        raise NotDicomError(message)
    algorithms = registry.load()
    return [
        {"study": uid, "site": site, "revision": 0, **_as_row(decision)}
        for uid, instances in found.items()
        for site in settings.sites
        for decision in routes.decide(
            instances, site=site, routes=settings.routes, algorithms=algorithms
        )
    ]


def _is_dicom(file: Path) -> bool:
    """Whether the file has the prefix of PS3.10 7.1."""
    with file.open("rb") as opened:
        opened.seek(128)
        return opened.read(4) == b"DICM"


def _read(file: Path, reader: Reader) -> Instance:
    """A file's instance with every attribute that today's routes ask for."""
    meta = pydicom.filereader.read_file_meta_info(file)
    syntax_uid = str(meta.TransferSyntaxUID)
    start = 128 + 4 + 12 + int(meta.FileMetaInformationGroupLength)
    with file.open("rb") as opened:

        def read(offset: int, length: int) -> bytes:
            opened.seek(offset)
            return opened.read(length)

        source, start, size, syntax = transfer_syntax.plain(
            read, start=start, size=file.stat().st_size, uid=syntax_uid
        )
        walked = header.walk(source, start=start, size=size, syntax=syntax, wanted=reader.wanted)
    kept, _, uids = reader.read(walked.values, big=syntax.big)
    return Instance(
        sop_uid=uids["SOPInstanceUID"],
        sop_class_uid=str(kept.get("SOPClassUID", "")),
        series_uid=uids["SeriesInstanceUID"],
        transfer_syntax_uid=syntax_uid,
        path=str(file),
        size=file.stat().st_size,
        modality=str(kept.get("Modality", "")),
        revision=0,
        attributes=kept,
    )
