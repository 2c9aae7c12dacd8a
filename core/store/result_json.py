"""A `Result` as JSON and back: what the result table keeps."""

import dataclasses
import datetime as dt
from typing import Any

from core.domain.codes import Code
from core.domain.finding import Finding, Measurement, Outcome, Provenance, Region, Result
from core.domain.reason import Reason, ReasonCode


def dump(result: Result) -> dict[str, Any]:
    """Plain JSON; datetimes as ISO 8601 with their zone."""

    def plain(value: object) -> object:
        if isinstance(value, dt.datetime):
            return value.isoformat()
        if isinstance(value, dict):
            return {key: plain(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [plain(inner) for inner in value]
        return value

    return {key: plain(value) for key, value in dataclasses.asdict(result).items()}


def load(body: dict[str, Any]) -> Result:
    """The result that `dump` wrote."""
    made = body["provenance"]
    times = {key: dt.datetime.fromisoformat(made[key]) for key in ("started_at", "finished_at")}
    reason = body["reason"]
    return Result(
        job_id=body["job_id"],
        outcome=Outcome(body["outcome"]),
        provenance=Provenance(**{**made, **times}),
        findings=tuple(_finding(finding) for finding in body["findings"]),
        read=tuple(body["read"]),
        reason=reason and Reason(ReasonCode(reason["code"]), reason["facts"]),
    )


def _finding(body: dict[str, Any]) -> Finding:
    region = body["region"]
    points = region and tuple((point[0], point[1]) for point in region["points"])
    codes = {key: body[key] and Code(**body[key]) for key in ("code", "site", "laterality")}
    measurements = tuple(
        Measurement(Code(**one["concept"]), one["value"], Code(**one["unit"]))
        for one in body["measurements"]
    )
    return Finding(
        **{
            **body,
            **codes,
            "measurements": measurements,
            "region": region and Region(**{**region, "points": points}),
        }
    )
