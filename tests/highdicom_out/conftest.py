"""Fixtures for the tests of `highdicom_out`."""

import io
from pathlib import Path

import pydicom
import pytest
from pydicom import Dataset

from highdicom_out.encode import EncodedObject, encode
from tests.highdicom_out import samples
from tests.highdicom_out.samples import Encode, Judge, Open
from tests.services.validators import dciodvfy


@pytest.fixture
def encoded() -> Encode:
    """`encode` at the samples' time, in Norwegian unless told otherwise."""

    def run(*args: object, **options: object) -> tuple[EncodedObject, ...]:
        return encode(*args, **{"at": samples.AT, **options})  # type: ignore[arg-type]

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
