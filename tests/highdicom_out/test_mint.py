"""UIDs: valid, the same for the same, different for the different."""

import uuid

from hypothesis import given
from hypothesis import strategies as st

from core.domain.study import valid_uid
from highdicom_out import mint


@given(st.lists(st.text() | st.integers(), max_size=4))
def test_a_minted_uid_is_a_uuid_and_stays(parts: list[str | int]) -> None:
    uid = mint.uid(*parts)
    assert valid_uid(uid) == mint.uid(*parts)
    made = uuid.UUID(int=int(uid.removeprefix("2.25.")))
    assert (made.version, made.variant) == (8, uuid.RFC_4122)


def test_parts_are_told_apart() -> None:
    assert mint.uid("1.2", "3") != mint.uid("1", "2.3")
