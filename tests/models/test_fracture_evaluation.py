import numpy as np
import pytest

from models.fracture import report
from models.fracture.cases import SITES
from models.fracture.evaluate import Read, summary
from simulator.wrist.truth import TrueFinding, Truth


def finding(name: str, subtlety: float) -> TrueFinding:
    return TrueFinding(name, "line", name, subtlety, (10, 10, 50, 40), 1.0)


def read(
    *findings: TrueFinding,
    found: tuple[bool, ...] = (),
    false: int = 0,
    probability: float = 0.0,
    hidden: tuple[str, ...] = (),
) -> Read:
    names = [one.name for one in findings]
    truth = Truth(
        30,
        "F",
        "L",
        "PA",
        "isbre",
        findings,
        False,
        False,
        tuple(finding(site, 0.9) for site in hidden),
    )
    return Read(
        truth,
        np.array([site in names for site in SITES]),
        np.array([site in hidden for site in SITES]),
        np.full(len(SITES), probability, np.float32),
        found,
        np.array([false, 0, 0, 0]),
        True,
        np.array([probability] * len(found), np.float32),
        np.array([0 if hit else -1 for hit in found], int),
    )


def test_a_summary_counts_hits_and_false_boxes() -> None:
    told = summary(
        [
            read(finding("distal_radius", 0.1), found=(True,), probability=0.9),
            read(finding("distal_radius", 0.9), found=(False,), probability=0.4),
            read(false=2, probability=0.5),
            read(probability=0.1),
        ]
    )
    assert told["images"] == 4
    assert told["all"]["localised"][0] == pytest.approx(0.5)
    assert told["all"]["false_per_image"][0] == pytest.approx(0.5)
    assert told["all"]["auc"][0] == pytest.approx(0.75)
    assert told["subtlety"]["obvious"][0] == pytest.approx(1.0)
    assert told["subtlety"]["subtle"][0] == pytest.approx(0.0)
    assert told["sites"]["distal_radius"]["positive"] == 2
    assert told["groups"]["scanners held out"]["studies"] == 4


def test_an_image_whose_fracture_cannot_be_seen_counts_neither_way() -> None:
    seen = read(finding("metacarpal", 0.2), found=(True,), probability=0.6)
    told = summary([seen, read(probability=0.1), read(probability=0.9, hidden=("distal_ulna",))])
    assert told["all"]["auc"][0] == pytest.approx(1.0)


def test_the_tables_name_every_site_and_group() -> None:
    told = summary([read(finding("scaphoid", 0.5), found=(True,), probability=0.9), read()])
    text = report.tables(told)
    for words in (*report.SITE.values(), "moderate", "age 18–49", "scanners held out"):
        assert words in text
