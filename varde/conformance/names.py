"""Names of attributes, SOP classes and transfer syntaxes, as PS3.6 prints them."""

import functools
import re
from typing import Final

from pydicom.datadict import dictionary_description, dictionary_has_tag, tag_for_keyword
from pydicom.uid import UID
from pynetdicom import sop_class as classes

DEFLATED: Final = "1.2.840.10008.1.2.1.99"
#: Names of PS3.6 that hold a word which our glossary keeps for something else.
SHORTER: Final = {"1.2.840.10008.1.2.4.70": "JPEG Lossless (Process 14, Selection Value 1)"}


def attribute(keyword: str) -> str:
    """The name of an attribute."""
    tag = tag_for_keyword(keyword)
    return dictionary_description(tag) if tag and dictionary_has_tag(tag) else keyword


def sop_class(uid: str) -> str:
    """The name of a SOP class; a newer one than the dictionary's by its keyword."""
    named = UID(uid)
    name = named.name if named.name != uid else _newer().get(uid, uid)
    return f"{name} (retired)" if named.is_retired and "etired" not in name else name


def syntax(uid: str) -> str:
    """The name of a transfer syntax."""
    return SHORTER.get(uid, UID(uid).name)


@functools.cache
def _newer() -> dict[str, str]:
    """Names by UID, of the keywords that the network library knows."""
    found = {str(uid): word for word, uid in vars(classes).items() if isinstance(uid, UID)}
    return {uid: re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", word) for uid, word in found.items()}
