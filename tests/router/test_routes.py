"""Routes: a decision and a reason for every algorithm."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pydantic
import pytest

from core.domain.errors import SettingsError
from core.domain.reason import ReasonCode
from core.domain.study import Decision, Instance
from core.sections import Route
from models.manifest import Manifest
from models.registry import Algorithm
from router import routes

CR = "1.2.840.10008.5.1.4.1.1.1"
BASE: Mapping[str, str | list[str]] = {
    "Modality": "CR", "BodyPartExamined": "CHEST", "ViewPosition": "PA", "AgeYears": "61.00",
    "StudyDescription": "Røntgen thorax", "KVP": "125",
}  # fmt: skip


def algorithm(key: str = "chest") -> Algorithm:
    """An algorithm of another kind, so that no weights are needed."""
    manifest = Manifest.model_validate({
        "key": key,
        "algorithm": {
            "name": key, "version": "1.0.0", "purpose": key, "kind": "rest", "licence": "x",
            "intended_use": "x", "intended_use_nb": "x",
        },
        "accepts": {
            "modality": ["CR", "DX"], "body_part": ["CHEST"], "view_position": ["PA", "AP"],
            "min_age_years": 18,
        },
        "encode": {"objects": ["sr"]},
        "run": {"queue": "cpu", "timeout_s": 60},
    })  # fmt: skip
    return Algorithm(key=key, folder=Path(key), manifest=manifest, weights={})


def instance(**changes: str | list[str]) -> Instance:
    """An adult's chest radiograph."""
    attributes = {**BASE, **changes}
    return Instance(
        "2.25.1", CR, "2.25.2", "1.2.840.10008.1.2.1", "x", 1, str(attributes["Modality"]), 1,
        {key: value for key, value in attributes.items() if value},
    )  # fmt: skip


def route(**more: Any) -> Route:
    """A route to the algorithm."""
    return Route(**{"name": "Thorax", "algorithm": "chest", **more})


def decide(
    *instances: Instance, rules: tuple[Route, ...] = (route(),), site: str = "a"
) -> Decision:
    """The one decision."""
    known = {"chest": algorithm()}
    (decision,) = routes.decide(instances, site=site, routes=rules, algorithms=known)
    return decision


def test_chosen_and_why() -> None:
    decision = decide(instance())
    assert decision.chosen
    assert decision.reason.text("nb") == "valgt av ruten «Thorax»"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"Modality": "CT"}, ReasonCode.MODALITY),
        ({"BodyPartExamined": "HAND"}, ReasonCode.BODY_PART),
        ({"BodyPartExamined": ""}, ReasonCode.BODY_PART),
        ({"ViewPosition": "LL"}, ReasonCode.VIEW),
        ({"AgeYears": "12.00"}, ReasonCode.AGE),
    ],
)
def test_outside_intended_use(changes: dict[str, str], code: ReasonCode) -> None:
    decision = decide(instance(**changes))
    assert not decision.chosen
    assert decision.reason.code is code
    assert "?" not in decision.reason.text() + decision.reason.text("nb")


def test_unknown_age_passes() -> None:
    assert decide(instance(AgeYears="")).chosen


@pytest.mark.parametrize(
    ("when", "chosen"),
    [
        ({"Modality": "CR"}, True),
        ({"Modality": ["DX", "CR"]}, True),
        ({"StudyDescription": {"pattern": "THORAX$"}}, True),
        ({"StudyDescription": {"pattern": "^hofte"}}, False),
        ({"KVP": {"min": 100, "max": 150}}, True),
        ({"KVP": {"max": 100}}, False),
        ({"StationName": "R1"}, False),
        ({"SOPClassUID": CR}, True),
        ({"TransferSyntaxUID": "1.2.840.10008.1.2.4.90"}, False),
        ({"AgeYears": {"min": 60}}, True),
    ],
)
def test_conditions(when: dict[str, object], *, chosen: bool) -> None:
    decision = decide(instance(), rules=(route(when=when),))
    assert decision.chosen is chosen
    assert "?" not in decision.reason.text()


def test_no_route_and_other_sites() -> None:
    assert decide(instance(), rules=()).reason.code is ReasonCode.NO_ROUTE
    elsewhere = (route(sites=["b"]),)
    assert decide(instance(), rules=elsewhere).reason.code is ReasonCode.SITE
    assert decide(instance(), rules=elsewhere, site="b").chosen


def test_one_fitting_instance_is_enough() -> None:
    assert decide(instance(ViewPosition="LL"), instance()).chosen


def test_reason_is_that_of_the_instance_which_came_furthest() -> None:
    decision = decide(instance(Modality="SR"), instance(ViewPosition="LL"))
    assert decision.reason.code is ReasonCode.VIEW


def test_a_route_to_nowhere_or_on_no_keyword_stops_the_start() -> None:
    with pytest.raises(SettingsError, match="no algorithm «hip»"):
        routes.check([route(algorithm="hip")], {"chest": algorithm()})
    with pytest.raises(SettingsError, match="not a DICOM keyword"):
        routes.check([route(when={"Modalitet": "CR"})], {"chest": algorithm()})


def test_bad_conditions_are_refused() -> None:
    with pytest.raises(pydantic.ValidationError, match="no regular expression"):
        route(when={"Modality": {"pattern": "("}})
    with pytest.raises(pydantic.ValidationError, match="empty condition"):
        route(when={"Modality": {}})
