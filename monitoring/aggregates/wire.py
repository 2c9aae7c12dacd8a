"""An aggregate as bytes and back: zlib over JSON, the arrays within as base64.

What cannot be read, or is not what an aggregate can be, raises `CorruptError`: a day that is
damaged is told and computed again, never taken for a quiet one.
"""

import base64
import json
import math
import zlib
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from monitoring.aggregates.aggregate import Aggregate, Features, Moments
from monitoring.aggregates.bins import BINS, FEATURES

FORM: Final = 1  #: of what is written here; a day in another form is not compared with
LARGEST: Final = 4 << 20  #: bytes of an unpacked aggregate


class CorruptError(ValueError):
    """Bytes that are no aggregate of this form."""


def dump(one: Aggregate) -> bytes:
    """The bytes; the same aggregate always gives the same."""
    body = {
        "form": FORM,
        "studies": one.studies, "evaluated": one.evaluated, "positives": one.positives,
        "outcomes": dict(one.outcomes), "reasons": dict(one.reasons),
        "outputs": {key: [int(n) for n in counts] for key, counts in one.outputs.items()},
        "numbers": {
            key: [value.count, value.total, value.squares] for key, value in one.numbers.items()
        },
        "categories": {key: dict(value) for key, value in one.categories.items()},
        "features": [one.features.count, _packed(one.features.total)],
        "groups": {key: list(value) for key, value in one.groups.items()},
        "pairs": {key: np.asarray(value).tolist() for key, value in one.pairs.items()},
    }  # fmt: skip
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return zlib.compress(text.encode(), 6)


def load(data: bytes) -> Aggregate:
    """The aggregate of `dump`'s bytes; raises `CorruptError`."""
    try:
        found = _loaded(_read(data))
    except (zlib.error, ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"no aggregate: {type(error).__name__}"
        raise CorruptError(message) from error
    _check(found)
    return found


def _read(data: bytes) -> Mapping[str, Any]:
    """What was dumped, in this form; anything else is an error of those that `load` knows."""
    unpacker = zlib.decompressobj()
    text = unpacker.decompress(data, LARGEST)
    body: Mapping[str, Any] = json.loads(text)
    if not unpacker.eof or body["form"] != FORM:
        message = f"not an aggregate of form {FORM}"
        raise ValueError(message)
    return body


def _loaded(body: Mapping[str, Any]) -> Aggregate:
    count, packed = body["features"]
    return Aggregate(
        studies=int(body["studies"]),
        evaluated=int(body["evaluated"]),
        positives=int(body["positives"]),
        outcomes={str(key): int(n) for key, n in body["outcomes"].items()},
        reasons={str(key): int(n) for key, n in body["reasons"].items()},
        outputs={key: np.asarray(counts, np.int64) for key, counts in body["outputs"].items()},
        numbers={
            key: Moments(int(n), float(total), float(squares))
            for key, (n, total, squares) in body["numbers"].items()
        },
        categories={
            key: {str(value): int(n) for value, n in told.items()}
            for key, told in body["categories"].items()
        },
        features=Features(int(count), _unpacked(packed)),
        groups={key: (int(n), int(k)) for key, (n, k) in body["groups"].items()},
        pairs={key: np.asarray(table, np.int64) for key, table in body["pairs"].items()},
    )


def _packed(values: NDArray[np.float64]) -> str:
    """As float32: a sum of cosines needs no more."""
    return base64.b64encode(np.asarray(values, "<f4").tobytes()).decode("ascii")


def _unpacked(text: str) -> NDArray[np.float64]:
    return np.frombuffer(base64.b64decode(text, validate=True), "<f4").astype(np.float64)


def _check(one: Aggregate) -> None:
    """Counts that add up and numbers that are numbers."""
    right = (
        0 <= one.positives <= one.evaluated <= one.studies
        and all(n >= 0 for n in (*one.outcomes.values(), *one.reasons.values()))
        and sum(one.outcomes.values()) == one.studies
        and all(
            counts.shape == (BINS,) and counts.min() >= 0 and counts.sum() <= one.evaluated
            for counts in one.outputs.values()
        )
        and all(
            n.count >= 0 and math.isfinite(n.total) and math.isfinite(n.squares)
            for n in one.numbers.values()
        )
        and all(n >= 0 for told in one.categories.values() for n in told.values())
        and one.features.count >= 0
        and one.features.total.shape == ((FEATURES,) if one.features.count else (0,))
        and bool(np.isfinite(one.features.total).all())
        and all(0 <= k <= n for n, k in one.groups.values())
        and all(t.shape == (2, 2) and t.min() >= 0 for t in one.pairs.values())
    )
    if not right:
        message = "an aggregate whose counts do not add up"
        raise CorruptError(message)
