"""A `Result` as JSON and back: what the result table keeps.

Rows written before a field was there are read as if they had its default.
"""

import base64
import dataclasses
import datetime as dt
from typing import Any

from core.domain.codes import Code
from core.domain.finding import (
    Anchor,
    Finding,
    Measurement,
    Outcome,
    Provenance,
    Region,
    Result,
    Segment,
)
from core.domain.reason import Reason, ReasonCode


def dump(result: Result) -> dict[str, Any]:
    """Plain JSON; datetimes as ISO 8601 with their zone, the bits of a segment as base64."""

    def plain(value: object) -> object:
        if isinstance(value, dt.datetime):
            return value.isoformat()
        if isinstance(value, bytes):
            return base64.b64encode(value).decode("ascii")
        if isinstance(value, dict):
            return {key: plain(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [plain(inner) for inner in value]
        return value

    return {key: plain(value) for key, value in dataclasses.asdict(result).items()}


def load(body: dict[str, Any]) -> Result:
    """The result that `dump` wrote, today or before a field was added."""
    made = body["provenance"]
    times = {key: dt.datetime.fromisoformat(made[key]) for key in ("started_at", "finished_at")}
    reason = body["reason"]
    return Result(
        job_id=body["job_id"],
        outcome=Outcome(body["outcome"]),
        provenance=Provenance(**{**made, **times}),
        findings=tuple(_finding(finding) for finding in body["findings"]),
        read=tuple(body["read"]),
        reason=reason and _reason(reason),
        segments=tuple(_segment(segment) for segment in body.get("segments", ())),
        remarks=tuple(_reason(remark) for remark in body.get("remarks", ())),
    )


def _reason(body: dict[str, Any]) -> Reason:
    return Reason(ReasonCode(body["code"]), body["facts"])


def _code(body: dict[str, Any] | None) -> Code | None:
    return Code(**body) if body else None


def _measurements(bodies: list[dict[str, Any]]) -> tuple[Measurement, ...]:
    return tuple(
        Measurement(Code(**one["concept"]), one["value"], Code(**one["unit"])) for one in bodies
    )


def _finding(body: dict[str, Any]) -> Finding:
    region, position, anchor = body["region"], body.get("position"), body.get("anchor")
    points = region and tuple((point[0], point[1]) for point in region["points"])
    codes = {key: _code(body.get(key)) for key in ("code", "site", "laterality", "answer")}
    return Finding(
        **{
            **body,
            **codes,
            "measurements": _measurements(body["measurements"]),
            "region": region and Region(**{**region, "points": points}),
            "position": position and (position[0], position[1], position[2]),
            "anchor": anchor and Anchor(anchor["frame"], tuple(anchor["place"])),
        }
    )


def _segment(body: dict[str, Any]) -> Segment:
    slices, rows, columns = body["shape"]
    return Segment(
        category=Code(**body["category"]),
        code=Code(**body["code"]),
        sop_uids=tuple(body["sop_uids"]),
        shape=(slices, rows, columns),
        bits=base64.b64decode(body["bits"], validate=True),
        laterality=_code(body["laterality"]),
        measurements=_measurements(body["measurements"]),
    )
