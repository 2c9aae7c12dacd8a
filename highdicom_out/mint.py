"""UIDs that are the same whenever the same thing is encoded again.

A retry must send the same bytes, and an archive must see one object: UIDs are
therefore derived from what the object is about, not drawn at random.
"""

import hashlib
import uuid

_VERSION = 0x8 << 76  # RFC 9562 5.8: custom, here name-based with SHA-256 (appendix B.2)
_VARIANT = 0x2 << 62
_FREE = ~((0xF << 76) | (0x3 << 62)) & ((1 << 128) - 1)


def uid(*parts: object) -> str:
    """Return the UID of `parts`: `2.25.` and a UUID as an integer (PS3.5 B.2).

    Parts are told apart by a separator that no UID, code or version contains, so
    `("1.2", "3")` and `("1", "2.3")` differ. At most 44 characters.
    """
    name = "\x1f".join(str(part) for part in parts).encode()
    number = int.from_bytes(hashlib.sha256(name).digest()[:16], "big")
    return f"2.25.{uuid.UUID(int=number & _FREE | _VERSION | _VARIANT).int}"
