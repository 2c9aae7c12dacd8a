"""What an algorithm may do at a site is what its workers do."""

from pathlib import Path

from core.domain.activation import Activated, Activation
from core.domain.finding import Outcome
from core.domain.job import State
from core.domain.reason import ReasonCode
from core.store import deliveries, results
from core.store.watch import activations
from models.registry import Algorithm
from tests.workers.place import SITE
from tests.workers.test_lifecycle import Ward


def become(ward: Ward, state: Activation) -> None:
    """Somebody changes what the tiny algorithm may do."""
    with ward.station.database.write() as connection:
        now = ward.clock()
        changed = Activated(SITE, "tiny", state, now, "Kari", "why")
        activations.change(connection, changed, day=now.date())


def test_a_suspended_algorithm_says_so_to_every_destination(
    tmp_path: Path, tiny: Algorithm
) -> None:
    ward = Ward(tmp_path, tiny)
    become(ward, Activation.SUSPENDED)
    job = ward.answered(1)
    with ward.station.database.read() as connection:
        result = results.of_jobs(connection, [job])[job]
        sent = deliveries.of_jobs(connection, [job])
    assert result.outcome is Outcome.NOT_EVALUATED
    assert result.reason is not None
    assert result.reason.code is ReasonCode.SUSPENDED
    assert result.findings == ()
    assert {(one.destination, one.kind) for one in sent} == {("archive", "sr"), ("pacs", "sr")}
    become(ward, Activation.LIVE)
    ward.revise()
    again = ward.answered(2)
    with ward.station.database.read() as connection:
        assert results.of_jobs(connection, [again])[again].outcome is not Outcome.NOT_EVALUATED


def test_in_shadow_it_runs_and_nothing_leaves(tmp_path: Path, tiny: Algorithm) -> None:
    ward = Ward(tmp_path, tiny)
    become(ward, Activation.SHADOW)
    job = ward.asked(1)
    assert ward.performed(job).state is State.DELIVERED
    with ward.station.database.read() as connection:
        assert deliveries.of_jobs(connection, [job]) == []
        result = results.of_jobs(connection, [job])[job]
        assert [one.kind for one in results.objects(connection, job)] == ["sr"]
    assert result.outcome in {Outcome.FINDINGS, Outcome.NOTHING_FOUND}


def test_under_supervision_it_is_live(tmp_path: Path, tiny: Algorithm) -> None:
    ward = Ward(tmp_path, tiny)
    become(ward, Activation.SUPERVISED)
    with ward.station.database.read() as connection:
        assert deliveries.of_jobs(connection, [ward.answered(1)])
