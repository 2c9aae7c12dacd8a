import threading

import pytest

from core.domain.errors import UnavailableError
from workers.lease import Lease, LeaseLostError

SOON_S = 10.0
AWAY = UnavailableError("away")


def test_a_lease_is_renewed_until_it_is_left() -> None:
    thrice = threading.Semaphore(0)

    def renew() -> bool:
        thrice.release()
        return True

    with Lease(renew, 0.03) as lease:
        for _ in range(3):
            assert thrice.acquire(timeout=SOON_S)
        lease.check()
    assert not lease.lost
    assert not [one for one in threading.enumerate() if one.name == "lease"]


def test_a_lost_lease_is_told() -> None:
    with Lease(lambda: False, 0.03) as lease:
        assert lease.wait_lost(SOON_S)
        with pytest.raises(LeaseLostError):
            lease.check()


def test_a_database_that_is_away_costs_the_lease_only_when_it_has_run_out() -> None:
    asked: list[int] = []

    def renew() -> bool:
        asked.append(1)
        raise AWAY

    with Lease(renew, 0.3) as lease:
        assert lease.wait_lost(SOON_S)
    assert len(asked) >= 3


def test_a_database_that_comes_back_saves_the_lease() -> None:
    answers = iter([None, None])
    back = threading.Event()

    def renew() -> bool:
        for _ in answers:
            raise AWAY
        back.set()
        return True

    with Lease(renew, 1.5) as lease:
        assert back.wait(SOON_S)
        assert not lease.lost
