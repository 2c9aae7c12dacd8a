"""Fixtures for the tests of `highdicom_out`."""

import dataclasses
import io
from pathlib import Path

import pydicom
import pytest
from pydicom import Dataset

from core.domain.profile import Profile
from highdicom_out.encode import EncodedObject, encode
from tests.highdicom_out import samples
from tests.highdicom_out.samples import Encode, Judge, Open
from tests.services.validators import dciodvfy


@pytest.fixture
def encoded() -> Encode:
    """`encode` at the samples' time; fields of a profile are given as they are."""
    names = {field.name for field in dataclasses.fields(Profile)}

    def run(*args: object, **options: object) -> tuple[EncodedObject, ...]:
        given = {name: options.pop(name) for name in names & options.keys()}
        profile = dataclasses.replace(Profile(), **given)  # type: ignore[arg-type]
        return encode(*args, **{"at": samples.AT, "profile": profile, **options})  # type: ignore[arg-type]

    return run


@pytest.fixture
def opened() -> Open:
    """Read an encoded object back."""
    return lambda one: pydicom.dcmread(io.BytesIO(one.data))


@pytest.fixture
def flawless(tmp_path: Path) -> Judge:
    """Read an object back, once dciodvfy finds no error in it."""

    def judge(one: EncodedObject) -> Dataset:
        path = tmp_path / f"{one.sop_uid}.dcm"
        path.write_bytes(one.data)
        verdict = dciodvfy(path)
        assert verdict, verdict.output
        return pydicom.dcmread(path)

    return judge
