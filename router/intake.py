"""One instance becomes durable: file beside, checks, final name, row. Only then success."""

import dataclasses
import datetime as dt
from collections.abc import Callable

from core.domain.errors import (
    ConflictError,
    MissingAttributeError,
    NotDicomError,
    PixelDataError,
    SopMismatchError,
    TooLargeError,
    UnavailableError,
    VardeError,
)
from core.domain.study import valid_uid
from core.logs import logger
from core.store import intake as rows
from core.store.database import Database
from core.store.files import Files, Incoming, same_content
from router import header, transfer_syntax
from router.attributes import Reader
from router.file_meta import file_meta


@dataclasses.dataclass(frozen=True, slots=True)
class Sender:
    """An association as intake needs it."""

    association: str
    site: str
    calling: str
    called: str
    host: str


class Intake:
    """Takes instances for one router; shared by its associations."""

    def __init__(
        self,
        database: Database,
        files: Files,
        *,
        reader: Reader,
        max_bytes: int,
        keep_refused: int,
        clock: Callable[[], dt.datetime],
    ) -> None:
        """`max_bytes` bounds one object, `keep_refused` all refused ones together."""
        self.database = database
        self.files = files
        self.reader = reader
        self.max_bytes = max_bytes
        self.keep_refused = keep_refused
        self.clock = clock

    def begin(
        self, sender: Sender, *, sop_class_uid: str, sop_uid: str, syntax: str
    ) -> "Receiving":
        """A new object is coming; errors are kept until its end."""
        return Receiving(self, sender, sop_class_uid, sop_uid, syntax)

    def refuse(self, sender: Sender, error: VardeError, part: Incoming | None = None) -> None:
        """Tell the operator what was not taken, and keep the bytes where there is room."""
        now = self.clock()
        log = logger().bind(association=sender.association, site=sender.site, code=error.code)
        log.warning(
            "refused",
            calling=sender.calling,
            error=str(error),
            status=f"0x{error.dimse_status:04X}",
        )
        try:
            path = ""
            if part is not None and not error.retryable:
                stamp = now.strftime("%Y%m%dT%H%M%S")
                path = self.files.keep_refused(part, stamp=stamp, limit=self.keep_refused)
            with self.database.write() as connection:
                rows.record_refusal(
                    connection,
                    rows.Refusal(
                        now, sender.site or None, sender.calling, sender.called, sender.host,
                        error.code, error.dimse_status, str(error), path,
                    ),
                )  # fmt: skip
        except VardeError as again:
            log.error("refusal not recorded", error=str(again))  # noqa: TRY400 - the message says it


class Receiving:
    """One object on its way in. Writing never raises: the status waits for the last fragment."""

    def __init__(
        self, intake: Intake, sender: Sender, sop_class_uid: str, sop_uid: str, syntax: str
    ) -> None:
        """Open the file; a full disk is remembered, and the rest of the object passed over."""
        self._intake = intake
        self._sender = sender
        self._named = (sop_class_uid, sop_uid)
        self._syntax = syntax
        self._error: VardeError | None = None
        self._part: Incoming | None = None
        self._start = 0
        try:
            valid_uid(sop_uid, "AffectedSOPInstanceUID")
            valid_uid(sop_class_uid, "AffectedSOPClassUID")
        except VardeError as error:
            self._error = error
        try:
            self._part = intake.files.receive()
        except VardeError as error:
            self._error = self._error or error
        if self._error is None:
            meta = file_meta(
                sop_class_uid=sop_class_uid, sop_uid=sop_uid, transfer_syntax_uid=syntax
            )
            self._start = len(meta)
            self.write(memoryview(meta))

    def write(self, fragment: memoryview) -> None:
        """One fragment of the data set."""
        part = self._part
        if part is None or (self._error and self._error.retryable):
            return
        try:
            if part.size + len(fragment) > self._intake.max_bytes:
                message = f"larger than {self._intake.max_bytes >> 20} MB (intake.max_object_mb)"
                raise TooLargeError(message)
            part.write(fragment)
        except VardeError as error:
            self._error = error
            self.discard()

    def discard(self) -> None:
        """The object will not come to its end: remove the file."""
        if self._part is not None:
            self._part.__exit__(None, None, None)
            self._part = None

    def finish(self, known: dict[str, str]) -> str:
        """The last fragment is in: make it durable. Returns the study's id.

        `known` are the ids of studies that this association has sent of. Raises a
        `VardeError` after the operator has been told.
        """
        try:
            return self._finish(known)
        except VardeError as error:
            self._intake.refuse(self._sender, error, self._part)
            raise
        except Exception as error:
            logger().exception("intake failed", association=self._sender.association)
            told = UnavailableError(f"internal error ({type(error).__name__}), send again")
            self._intake.refuse(self._sender, told, self._part)
            raise told from error
        finally:
            self.discard()

    def _finish(self, known: dict[str, str]) -> str:
        if self._error is not None:
            raise self._error
        part = self._part
        if part is None:
            message = "the file was closed early"
            raise UnavailableError(message)
        new = self._described(part)
        intake = self._intake
        final = intake.files.keep_instance(
            part, site=new.site, study_uid=new.study_uid, sop_uid=new.sop_uid
        )
        new = dataclasses.replace(new, path=intake.files.relative(final), size=part.size)
        try:
            with intake.database.write() as connection:
                study_id, fresh = rows.record_instance(
                    connection, new, association=self._sender.association,
                    known=known.get(new.study_uid), now=intake.clock(),
                )  # fmt: skip
        except VardeError:
            final.unlink(missing_ok=True)
            raise
        if not fresh:
            self._again(new)
        known.clear()
        known[new.study_uid] = study_id
        return study_id

    def _described(self, part: Incoming) -> rows.NewInstance:
        """Walk the header; raises for anything that must not be kept."""
        read, start, size, syntax = transfer_syntax.plain(
            part.read, start=self._start, size=part.size, uid=self._syntax
        )
        if size == start:
            message = "an empty data set"
            raise NotDicomError(message)
        walked = header.walk(
            read, start=start, size=size, syntax=syntax, wanted=self._intake.reader.wanted
        )
        kept, study, uids = self._intake.reader.read(walked.values, big=syntax.big)
        _identified(uids)
        _same_as_named(self._named, (str(kept.get("SOPClassUID", "")), uids["SOPInstanceUID"]))
        _enough_pixels(kept, walked.pixel_bytes)
        return rows.NewInstance(
            site=self._sender.site,
            study_uid=uids["StudyInstanceUID"],
            series_uid=uids["SeriesInstanceUID"],
            sop_uid=uids["SOPInstanceUID"],
            sop_class_uid=self._named[0],
            transfer_syntax_uid=self._syntax,
            modality=str(kept.get("Modality", ""))[:16],
            path="",
            size=part.size,
            attributes=kept,
            study=study,
        )

    def _again(self, new: rows.NewInstance) -> None:
        """The instance is known: the same bytes are a success, others a conflict."""
        part, files = self._part, self._intake.files
        with self._intake.database.read() as connection:
            before = rows.known_instance(
                connection, site=new.site, study_uid=new.study_uid, sop_uid=new.sop_uid
            )
        if part is None or before is None:
            message = "an instance that was known is gone"
            raise UnavailableError(message)
        first = files.absolute(before[0])
        if first == part.path:
            message = "an instance that is new was taken for a known one"
            raise UnavailableError(message)
        if same_content(first, part.path):
            part.path.unlink(missing_ok=True)
            return
        other = "" if before[1] == new.transfer_syntax_uid else " in another transfer syntax"
        message = f"SOP Instance UID known with other content{other}; the first is kept"
        raise ConflictError(message)


def _identified(uids: dict[str, str]) -> None:
    """All three UIDs are there, and are UIDs."""
    for keyword, uid in uids.items():
        if not uid:
            message = f"{keyword} is missing"
            raise MissingAttributeError(message)
        valid_uid(uid, keyword)


def _same_as_named(named: tuple[str, str], found: tuple[str, str]) -> None:
    """The data set is of the SOP class and instance that the request names (PS3.4 B.2.3)."""
    for what, one, other in zip(("class", "instance"), named, found, strict=True):
        if other and one != other:
            message = f"the data set is of another SOP {what} than the request says"
            raise SopMismatchError(message)


def _enough_pixels(kept: dict[str, str | list[str]], pixel_bytes: int | None) -> None:
    """Native pixel data is at least as long as the header says (PS3.5 8.2)."""
    if pixel_bytes is None or pixel_bytes < 0:
        return
    try:
        rows_, columns, bits = (int(str(kept[key])) for key in ("Rows", "Columns", "BitsAllocated"))
        frames = int(float(str(kept.get("NumberOfFrames", "1"))))
        samples = int(str(kept.get("SamplesPerPixel", "1")))
    except (KeyError, ValueError, OverflowError) as error:
        message = "Pixel Data without a number of rows, columns, frames or bits"
        raise PixelDataError(message) from error
    if "422" in str(kept.get("PhotometricInterpretation", "")):
        samples = min(samples, 2)
    if min(rows_, columns, frames, samples, bits) <= 0:
        message = "Pixel Data of no rows, columns, frames or bits"
        raise PixelDataError(message)
    needed = (rows_ * columns * frames * samples * bits + 7) // 8
    if pixel_bytes < needed:
        message = f"Pixel Data has {pixel_bytes} bytes, the header says {needed}"
        raise PixelDataError(message)
