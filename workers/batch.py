"""A result on its way to becoming objects: how each destination wants it, and what it replaces."""

import dataclasses
import datetime as dt
import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence

import sqlalchemy as sa
from pydicom import Dataset

from core.domain.finding import Result
from core.domain.job import Job
from core.domain.profile import REJECTION, Kind, Profile
from core.store import succession
from core.store.results import StoredObject
from core.store.succession import Succession
from highdicom_out import encode
from highdicom_out.encode import EncodedObject
from highdicom_out.encoding import Pictures, Predecessor


@dataclasses.dataclass(frozen=True, slots=True)
class Batch:
    """What is encoded: a result, what it is about and how each destination wants it."""

    job: Job
    result: Result
    sources: Sequence[Dataset]
    profiles: Mapping[str, Profile]  #: by destination; see `wanted`
    pictures: Pictures


@dataclasses.dataclass(frozen=True, slots=True)
class Made:
    """An object with the fingerprint of its profile; `only` some destinations, all where empty."""

    object: EncodedObject
    profile: str
    only: tuple[str, ...] = ()


def standing(connection: sa.Connection, batch: Batch) -> Succession:
    """What this result takes the place of at each destination, or what has taken its own."""
    withdrawing = {key: profile.withdraw for key, profile in batch.profiles.items()}
    return succession.of(connection, batch.job, batch.result.outcome, withdrawing)


def made(batch: Batch, found: Succession, at: dt.datetime) -> Iterator[Made]:
    """Every object, a profile's rejection notes first.

    A note names what its destination holds: those of one profile may hold different kinds.
    """
    for profile in _joined(batch.profiles.values()):
        encoded = functools.partial(
            encode.encode,
            batch.result,
            batch.sources,
            at=at,
            run=batch.job.run,
            profile=profile,
            pictures=batch.pictures,
        )
        holders: dict[tuple[Predecessor, ...], list[str]] = {}
        for key, one in batch.profiles.items():
            if one.fingerprint == profile.fingerprint:
                known = _predecessors(found.replaced.get(key, ()))
                holders.setdefault(known, []).append(key)
        for known, keys in holders.items():
            for note in encoded(predecessors=known, kinds=(REJECTION,)):
                yield Made(note, profile.fingerprint, tuple(keys))
        everything = tuple(dict.fromkeys(one for known in holders for one in known))
        for object_ in encoded(predecessors=everything, kinds=profile.objects):
            yield Made(object_, profile.fingerprint)


def _joined(profiles: Iterable[Profile]) -> list[Profile]:
    """Profiles whose objects are the same bytes as one, with the kinds that any of them names."""
    found: dict[str, Profile] = {}
    for one in profiles:
        other = found.setdefault(one.fingerprint, one)
        kinds = {*other.objects, *one.objects}
        found[one.fingerprint] = dataclasses.replace(
            one, objects=tuple(kind for kind in Kind if kind in kinds)
        )
    return list(found.values())


def _predecessors(objects: Iterable[StoredObject]) -> tuple[Predecessor, ...]:
    """As the encoder takes them; rows of before there was a series in them are left out."""
    return tuple(
        Predecessor(one.kind, one.sop_class_uid, one.sop_uid, one.series_uid)
        for one in objects
        if one.series_uid
    )
