"""Errors that know what to do: DIMSE status, HTTP status, and whether a retry makes sense.

DIMSE statuses are those of PS3.4 B.2.3 (C-STORE) and PS3.7 Annex C. Messages
name the cause and the remedy; they never carry a patient's name or number.
"""

from typing import ClassVar


class VardeError(Exception):
    """Every error that Varde raises on purpose."""

    dimse_status: ClassVar[int] = 0xC000
    http_status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False
    code: ClassVar[str] = "error"


class SettingsError(VardeError):
    """`site.toml`, a route, a manifest or the environment is wrong: nothing starts."""

    code = "settings"


class NotDicomError(VardeError):
    """The bytes are not a DICOM data set."""

    dimse_status = 0xC001
    http_status = 400
    code = "not-dicom"


class TruncatedError(VardeError):
    """The data set ends before its last element does."""

    dimse_status = 0xC002
    http_status = 400
    code = "truncated"


class MissingAttributeError(VardeError):
    """A UID that identifies the instance is missing or empty."""

    dimse_status = 0xC003
    http_status = 400
    code = "missing-attribute"


class InvalidUidError(VardeError):
    """A UID has characters other than digits and dots, or more than 64 (PS3.5 9.1)."""

    dimse_status = 0xC004
    http_status = 400
    code = "invalid-uid"


class PixelDataError(VardeError):
    """Pixel Data is shorter than rows, columns, frames and bits say (PS3.5 8.2)."""

    dimse_status = 0xC005
    http_status = 400
    code = "pixel-data-short"


class SopMismatchError(VardeError):
    """The data set is of another SOP class or instance than the C-STORE request says."""

    dimse_status = 0xA900
    http_status = 409
    code = "sop-mismatch"


class ConflictError(VardeError):
    """The SOP Instance UID is known with other content: the first one is kept."""

    dimse_status = 0x0111
    http_status = 409
    code = "conflict"


class TooLargeError(VardeError):
    """The object is larger than `intake.max_object_mb`."""

    dimse_status = 0xC001  # not "out of resources": the same object will never fit
    http_status = 413
    code = "too-large"


class StorageFullError(VardeError):
    """No room on the disk, or the database cannot take the row: send again later."""

    dimse_status = 0xA700
    http_status = 507
    retryable = True
    code = "storage-full"


class UnavailableError(VardeError):
    """A service that Varde leans on (database, queue, archive) does not answer."""

    dimse_status = 0xA700
    http_status = 503
    retryable = True
    code = "unavailable"


class AssociationRejectedError(VardeError):
    """An AE title that `site.toml` does not know, or more associations than it allows."""

    dimse_status = 0x0124
    http_status = 403
    code = "association-rejected"


class UnreadableError(VardeError):
    """The pixels cannot be read: no decoder, wrong photometric interpretation, damaged frames."""

    http_status = 422
    code = "unreadable"


class ModelError(VardeError):
    """A manifest, its weights or its golden case does not hold."""

    code = "model"


class NotFoundError(VardeError):
    """No such study, job or page."""

    http_status = 404
    code = "not-found"


class InvalidError(VardeError):
    """What was sent to a page or to the API cannot be used; the message says which part."""

    http_status = 422
    code = "invalid"


class IllegalTransitionError(VardeError):
    """The job is in no state for this event."""

    http_status = 409
    code = "illegal-transition"


class DeliveryError(VardeError):
    """A destination did not take an object; whether to try again is told by the instance."""

    http_status = 502
    code = "delivery"

    def __init__(self, message: str, *, status: int | None, recoverable: bool) -> None:
        """`status` is the destination's DIMSE status, None where there was no answer."""
        super().__init__(message)
        self.status = status
        self.recoverable = recoverable
