"""A finished data set as the bytes of a file, in the character set and syntax of a profile."""

import io
from typing import Final

from pydicom import Dataset, dcmread
from pydicom.uid import UID

from core.domain.profile import SYNTAXES, Profile

UTF_8: Final = "ISO_IR 192"
#: Encodings of the character sets that a profile may ask for (PS3.3 C.12.1.1.2).
CODECS: Final = {"ISO_IR 100": "latin-1", UTF_8: "utf-8"}
#: What typography has and Latin-1 has not.
PLAIN: Final = str.maketrans(
    {"–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "…": "..."}
)
PATIENT: Final = 0x0010  #: the group of who the patient is


def file_bytes(made: Dataset, profile: Profile) -> bytes:
    """`made`, which is in UTF-8 and Explicit VR Little Endian, as a complete PS3.10 file.

    A text that the profile's character set cannot write keeps the whole object in UTF-8:
    a name is never mutilated.
    """
    made.file_meta.TransferSyntaxUID = UID(SYNTAXES["explicit"])
    buffer = io.BytesIO()
    made.save_as(buffer, enforce_file_format=True)
    wanted = profile.character_set
    if wanted == UTF_8 and profile.transfer_syntax == "explicit":
        return buffer.getvalue()
    buffer.seek(0)
    again = dcmread(buffer)
    again.decode()
    if wanted != UTF_8 and _fits(again, CODECS[wanted]):
        again.SpecificCharacterSet = wanted
    return _saved(again, profile.transfer_syntax)


def _saved(made: Dataset, syntax: str) -> bytes:
    buffer = io.BytesIO()
    made.file_meta.TransferSyntaxUID = UID(SYNTAXES[syntax])
    made.save_as(
        buffer, implicit_vr=syntax == "implicit", little_endian=True, enforce_file_format=True
    )
    return buffer.getvalue()


def _fits(made: Dataset, codec: str) -> bool:
    """Make the typography of every text plain; whether all of them can then be written.

    What identifies the patient (group 0010) stays as it is.
    """
    for element in made.iterall():
        if element.VR not in {"LO", "LT", "PN", "SH", "ST", "UC", "UT"} or not element.value:
            continue
        several = element.VM > 1
        texts = [str(one) for one in (element.value if several else [element.value])]
        plain = [one.translate(PLAIN) for one in texts] if element.tag.group != PATIENT else texts
        try:
            "".join(plain).encode(codec)
        except UnicodeEncodeError:
            return False
        if plain != texts:
            element.value = plain if several else plain[0]
    return True
