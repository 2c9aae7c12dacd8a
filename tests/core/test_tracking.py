"""One lesion, one tracking identifier from study to study; never one for two lesions."""

import dataclasses
import datetime as dt
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from core.domain.codes import LEFT, LUNG, RIGHT, Code
from core.domain.finding import Anchor, Finding, Outcome, Provenance, Result
from core.domain.tracking import NEAR, carry

NODULE = Code("27925004", "SCT", "Nodule")
MASS = Code("4147007", "SCT", "Mass")
AT = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
MADE = Provenance(
    algorithm="ct", name="CT", version="1", weights_sha256="", device_uid="2.25.1",
    intended_use="test", platform_version="0", provider="", worker="w", started_at=AT,
    finished_at=AT,
)  # fmt: skip


def nodule(*place: float, uid: str = "", **more: Any) -> Finding:
    """A nodule of the left lung there; `more` changes it."""
    made = Finding(
        NODULE, 0.9, 0.5, "1.2", LUNG, LEFT, tracking_id=uid and f"Nodule {uid}",
        tracking_uid=uid and f"2.25.{uid}", anchor=Anchor("lung L", place),
    )  # fmt: skip
    return dataclasses.replace(made, **more)


def result(*findings: Finding) -> Result:
    """What a job says."""
    return Result("job", Outcome.FINDINGS, MADE, findings)


def uids(one: Result) -> list[str]:
    """The tracking UIDs of its findings."""
    return [finding.tracking_uid for finding in one.findings]


def test_the_same_place_keeps_its_identity_and_a_new_lesion_has_none() -> None:
    prior = result(nodule(0.2, 0.3, 0.4, uid="7"))
    now = carry(result(nodule(0.21, 0.32, 0.41), nodule(0.8, 0.3, 0.4)), [prior])
    assert uids(now) == ["2.25.7", ""]
    assert [one.tracking_id for one in now.findings] == ["Nodule 7", ""]


def test_code_side_and_frame_must_agree() -> None:
    prior = result(nodule(0.2, 0.3, 0.4, uid="7"))
    for other in (
        nodule(0.2, 0.3, 0.4, code=MASS),
        nodule(0.2, 0.3, 0.4, laterality=RIGHT),
        nodule(0.2, 0.3, 0.4, anchor=Anchor("lung R", (0.2, 0.3, 0.4))),
        nodule(0.2, 0.3, 0.4, anchor=Anchor("lung L", (0.2, 0.3))),
        nodule(0.2, 0.3, 0.4, anchor=None),
        nodule(0.2, 0.3, 0.4, probability=0.1),
    ):
        assert uids(carry(result(other), [prior])) == [""]
    unsaid = nodule(0.2, 0.3, 0.4, laterality=None)
    assert uids(carry(result(unsaid), [prior])) == ["2.25.7"]


def test_what_two_could_claim_nobody_gets() -> None:
    prior = result(nodule(0.2, 0.3, 0.4, uid="7"))
    twins = result(nodule(0.21, 0.3, 0.4), nodule(0.2, 0.31, 0.42))
    assert uids(carry(twins, [prior])) == ["", ""]
    both = result(nodule(0.2, 0.3, 0.4, uid="7"), nodule(0.2, 0.3, 0.48, uid="8"))
    assert uids(carry(result(nodule(0.2, 0.3, 0.41)), [both])) == [""]


def test_an_older_study_is_asked_for_what_the_newer_one_does_not_show() -> None:
    newer, older = result(nodule(0.2, 0.3, 0.4, uid="7")), result(nodule(0.7, 0.3, 0.4, uid="8"))
    now = result(nodule(0.2, 0.3, 0.4), nodule(0.7, 0.3, 0.4))
    assert uids(carry(now, [newer, older])) == ["2.25.7", "2.25.8"]
    renamed = result(nodule(0.2, 0.3, 0.4, uid="9"))
    assert uids(carry(now, [newer, renamed])) == ["2.25.7", ""]


def test_a_lesion_of_two_views_is_one() -> None:
    """Both views must agree where both studies have them; one that is missing costs nothing."""

    def lesion(cc: tuple[float, float], mlo: tuple[float, float], uid: str) -> list[Finding]:
        views = (Anchor("R CC", cc), Anchor("R MLO", mlo))
        return [nodule(uid=uid, anchor=one, code=MASS, laterality=RIGHT) for one in views]

    prior = result(*lesion((0.3, 0.5), (0.3, 0.6), "7"))
    same = result(*lesion((0.31, 0.5), (0.3, 0.62), "20"))
    assert uids(carry(same, [prior])) == ["2.25.7", "2.25.7"]
    elsewhere = result(*lesion((0.31, 0.5), (0.3, 0.9), "20"))
    assert uids(carry(elsewhere, [prior])) == ["2.25.20", "2.25.20"]
    one_view = result(lesion((0.31, 0.5), (0.3, 0.6), "20")[0])
    assert uids(carry(one_view, [prior])) == ["2.25.7"]


places = st.lists(st.tuples(*[st.floats(0, 1)] * 3), max_size=8)


@given(before=places, now=places)
def test_no_identity_is_given_twice_and_none_to_anything_far(
    before: list[tuple[float, float, float]], now: list[tuple[float, float, float]]
) -> None:
    prior = result(*(nodule(*place, uid=str(n)) for n, place in enumerate(before, start=1)))
    told = carry(result(*(nodule(*place) for place in now)), [prior])
    given_out = [uid for uid in uids(told) if uid]
    assert len(given_out) == len(set(given_out))
    for one in told.findings:
        if one.tracking_uid and one.anchor:
            was = before[int(one.tracking_uid.removeprefix("2.25.")) - 1]
            gap = sum((a - b) ** 2 for a, b in zip(one.anchor.place, was, strict=True)) ** 0.5
            assert gap <= NEAR


def test_without_priors_nothing_changes() -> None:
    now = result(nodule(0.2, 0.3, 0.4, uid="3"), nodule(0.7, 0.3, 0.4))
    assert carry(now, []) == now
