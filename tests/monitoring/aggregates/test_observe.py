from typing import Any

import numpy as np
import pytest

from core.domain.finding import Outcome
from monitoring.aggregates import observe, random_features, wire
from monitoring.aggregates.aggregate import Moments, total

FULL: dict[str, Any] = {
    "scores": {"36118008": 0.9, "60046008": 0.01},
    "numbers": {"kvp": 120.0, "mas": float("nan")},
    "categories": {"view": ["PA", "PA", "LL"], "kernel": []},
    "embedding": np.linspace(-1, 1, 12),
    "groups": ("sex:F", "age:65-79", ""),
}


def test_a_study_with_a_finding() -> None:
    found = observe.study(Outcome.FINDINGS, **FULL)
    assert (found.studies, found.evaluated, found.positives) == (1, 1, 1)
    assert found.outcomes == {"findings": 1}
    assert found.reasons == {}
    assert {key: counts.sum() for key, counts in found.outputs.items()} == {
        "36118008": 1, "60046008": 1,
    }  # fmt: skip
    assert found.outputs["36118008"].argmax() > found.outputs["60046008"].argmax()
    assert found.numbers == {"kvp": Moments(1, 120.0, 14400.0)}
    assert found.categories == {"view": {"LL": 1, "PA": 1}}
    assert found.groups == {"age:65-79": (1, 1), "sex:F": (1, 1)}
    assert found.features.count == 1
    expected = random_features.features(FULL["embedding"][None])[0]
    np.testing.assert_array_equal(found.features.total, expected)


@pytest.mark.parametrize("outcome", [Outcome.NOT_EVALUATED, Outcome.FAILED])
def test_a_study_without_an_answer_has_no_scores(outcome: Outcome) -> None:
    found = observe.study(outcome, reason="error", **FULL)
    assert (found.studies, found.evaluated, found.positives) == (1, 0, 0)
    assert (found.outcomes, found.reasons) == ({outcome.value: 1}, {"error": 1})
    assert found.outputs == {}
    assert found.groups == {"age:65-79": (0, 0), "sex:F": (0, 0)}
    assert found.numbers["kvp"].count == 1


def test_an_embedding_that_is_no_numbers_is_left_out() -> None:
    found = observe.study(Outcome.NOTHING_FOUND, embedding=np.array([1.0, np.inf]))
    assert found.features.count == 0
    assert found.positives == 0


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_study_survives_the_wire_and_adds(outcome: Outcome) -> None:
    one = observe.study(outcome, reason="error", **FULL)
    three = total([wire.load(wire.dump(one)) for _ in range(3)])
    assert three.studies == 3
    assert wire.load(wire.dump(three)).outcomes == {outcome.value: 3}
