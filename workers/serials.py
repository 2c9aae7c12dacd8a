"""Serial numbers of equipment as keyed hashes: one device stays one, nobody can look it up."""

import hashlib
import hmac
import os
import secrets
from pathlib import Path
from typing import Final

FILE: Final = "equipment.key"
BYTES: Final = 32
DIGITS: Final = 16  #: hexadecimal ones of a hash


class Serials:
    """Hashes serial numbers with one secret."""

    def __init__(self, key: bytes) -> None:
        """`key`: the secret; another one makes every device a new one."""
        self._key = key

    @classmethod
    def below(cls, home: Path) -> "Serials":
        """With the secret in `home`, which is made the first time.

        However many workers start at once, on however many machines that share `home`: the
        file appears whole under its name or not at all, and the first one stays. OSError where
        it cannot be made or read, ValueError where somebody has shortened it.
        """
        path = home / FILE
        if not path.exists():
            _make(path)
        key = path.read_bytes()
        if len(key) < BYTES:
            message = f"{FILE} has {len(key)} bytes: with so few everybody could find a number"
            raise ValueError(message)
        return cls(key)

    def hashed(self, number: str) -> str:
        """16 hexadecimal digits, the same for the same number; empty for none."""
        if not number:
            return ""
        return hmac.new(self._key, number.encode(), hashlib.sha256).hexdigest()[:DIGITS]


def _make(path: Path) -> None:
    """Write a new secret beside and link it to its name, which fails where there is one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{FILE}.{secrets.token_hex(8)}")
    file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(file, "wb") as out:
            out.write(secrets.token_bytes(BYTES))
            out.flush()
            os.fsync(out.fileno())
        try:
            os.link(beside, path)
        except FileExistsError:
            return
    finally:
        beside.unlink(missing_ok=True)
