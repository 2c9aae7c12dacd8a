"""What programs send to the API, beside final reports."""

import re
from collections.abc import Mapping
from typing import Annotated, Final, Self

import pydantic
from pydantic import Field

from core.domain.errors import InvalidUidError
from core.domain.feedback import Role, Truth, Word
from core.domain.study import UID_LENGTH, valid_uid

Key = Annotated[str, Field(pattern=r"^[a-z0-9_-]{0,40}$")]
Job = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
LABEL: Final = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
Label = Annotated[str, Field(pattern=rf"^{LABEL.pattern}$")]


class FeedbackForm(pydantic.BaseModel):
    """A reader's word on a result, or on one finding of it; never who the reader is."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    job: Job | None = None
    site: Key = ""
    study_uid: Annotated[str, Field(max_length=UID_LENGTH)] = ""
    algorithm: Key = ""
    role: Role
    word: Word
    finding: Label | None = None
    corrected: Annotated[Mapping[Label, Truth], Field(max_length=100)] = {}

    @pydantic.model_validator(mode="after")
    def _names_an_answer(self) -> Self:
        """By its job, or as whoever holds a DICOM object of it knows it."""
        others = [bool(one) for one in (self.site, self.study_uid, self.algorithm)]
        if any(others) if self.job else not all(others):
            message = "give either job, or site, study_uid and algorithm"
            raise ValueError(message)
        if self.study_uid:
            try:
                valid_uid(self.study_uid)
            except InvalidUidError:
                message = "study_uid is no UID"
                raise ValueError(message) from None
        return self

    @pydantic.model_validator(mode="after")
    def _says_what_is_there(self) -> Self:
        if Truth.UNKNOWN in self.corrected.values():
            message = "corrected: leave out what is not known"
            raise ValueError(message)
        if (self.word is Word.CORRECT) != bool(self.corrected):
            message = "correct needs corrected, and nothing else has it"
            raise ValueError(message)
        if self.word is Word.CORRECT and self.finding:
            message = "correct is about the whole result: corrected names the findings"
            raise ValueError(message)
        return self
