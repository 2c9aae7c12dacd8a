"""Bad input: a correct status and a clear message, nothing lost, crashed or hung."""

import errno
import os
import random
import socket
import struct
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset

from core.store.files import Files
from router import explain, header
from router.transfer_syntax import DEFLATED
from tests.router.conftest import NAME, Scp, encoded, instance, settings_of
from tests.router.raw_scu import CT, RawScu, store_request
from tests.services.dcmtk import storescu
from tests.services.need import absent

UID = "2.25.200.1"


def refused(scp: Scp, status: int, code: str, *, kept: bool = True) -> str:
    """The one refusal on the operator's list is as expected; nothing half-done is left."""
    (refusal,) = scp.refusals()
    assert (refusal.status, refusal.code) == (status, code)
    assert NAME not in refusal.message
    assert bool(refusal.path) is kept
    assert scp.count() == 0
    assert scp.kept() == []
    assert scp.leftovers() == []
    return refusal.message


def without(keyword: str) -> Dataset:
    """An instance that lacks an attribute."""
    data = instance()
    delattr(data, keyword)
    return data


def still_serves(scp: Scp, scu: RawScu) -> None:
    """The same association goes on after a refusal."""
    assert scu.store(encoded(instance(9)), "2.25.200.9")[0] == 0
    assert scp.count() == 1


def test_truncated_object(scp: Scp) -> None:
    data = encoded(instance(PixelData=None))
    with RawScu(scp.port) as scu:
        status, comment = scu.store(data[:-3], UID)
        assert status == 0xC002
        assert "ends" in comment or "says" in comment
        refused(scp, 0xC002, "truncated")
        still_serves(scp, scu)


def test_not_dicom(scp: Scp) -> None:
    with RawScu(scp.port) as scu:
        status, comment = scu.store(b"GET / HTTP/1.1\r\nHost: varde\r\n\r\n" * 9, UID)
        assert status == 0xC001
        assert "not a data set" in comment
        refused(scp, 0xC001, "not-dicom")
        still_serves(scp, scu)


def test_empty_data_set(scp: Scp) -> None:
    with RawScu(scp.port) as scu:
        assert scu.store(b"", UID)[0] == 0xC001
        refused(scp, 0xC001, "not-dicom")


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"])
def test_missing_uids(scp: Scp, keyword: str) -> None:
    with RawScu(scp.port) as scu:
        status, comment = scu.store(encoded(without(keyword)), UID)
        assert (status, comment) == (0xC003, f"{keyword} is missing")
        refused(scp, 0xC003, "missing-attribute")


@pytest.mark.parametrize(
    "uid", ["../../../etc/passwd", "1.2/../3", "1..2", ".", "1.2\\3", "1." * 40 + "1"]
)
def test_hostile_uid_in_the_request(scp: Scp, uid: str) -> None:
    with RawScu(scp.port) as scu:
        status, comment = scu.store(encoded(instance()), uid)
        assert status == 0xC004
        assert "is not a UID" in comment
        refused(scp, 0xC004, "invalid-uid")
        still_serves(scp, scu)


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "SOPInstanceUID"])
def test_hostile_uid_in_the_data_set(scp: Scp, keyword: str) -> None:
    data = instance()
    with pytest.warns(UserWarning, match="Invalid value"):
        setattr(data, keyword, "../../evil")
    with RawScu(scp.port) as scu:
        assert scu.store(encoded(data), UID)[0] == 0xC004
        refused(scp, 0xC004, "invalid-uid")
    assert not list(scp.settings.home.parent.rglob("*evil*"))


def test_pixel_data_shorter_than_its_element_says(scp: Scp) -> None:
    with RawScu(scp.port) as scu:
        status, comment = scu.store(encoded(instance())[:-100], UID)
        assert status == 0xC005
        assert "512 bytes" in comment
        refused(scp, 0xC005, "pixel-data-short")


def test_pixel_data_shorter_than_the_header_says(scp: Scp) -> None:
    with RawScu(scp.port) as scu:
        status, comment = scu.store(encoded(instance(Rows=64)), UID)
        assert status == 0xC005
        assert "the header says 2048" in comment
        refused(scp, 0xC005, "pixel-data-short")


@pytest.mark.parametrize("frames", [b"inf ", b"-1", b"x "])
def test_impossible_numbers_of_frames(scp: Scp, frames: bytes) -> None:
    data = encoded(instance(NumberOfFrames=1))
    changed = data.replace(b"IS\x02\x001 ", b"IS" + struct.pack("<H", len(frames)) + frames)
    assert changed != data
    with RawScu(scp.port) as scu:
        assert scu.store(changed, UID)[0] == 0xC005
        refused(scp, 0xC005, "pixel-data-short")


def test_an_error_of_our_own_is_a_refusal_that_may_pass(
    scp: Scp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError(NAME)

    monkeypatch.setattr(header, "walk", broken)
    with RawScu(scp.port) as scu:
        assert scu.store(encoded(instance()), UID)[0] == 0xA700
        refused(scp, 0xA700, "unavailable", kept=False)


def test_a_deflated_data_set_is_kept_as_it_came(scp: Scp) -> None:
    squeezer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    data = squeezer.compress(encoded(instance())) + squeezer.flush()
    with RawScu(scp.port, contexts=[(CT, DEFLATED)]) as scu:
        assert scu.store(data, UID)[0] == 0
        assert scu.store(b"not deflated at all", "2.25.200.7")[0] == 0xC001
    assert scp.kept()[0].read_bytes().endswith(data)
    told = explain.would(scp.settings, str(scp.kept()[0].parent))
    assert {"chest_xray", "ct_thorax"} <= {one["algorithm"] for one in told}


def test_lying_transfer_syntax(scp: Scp) -> None:
    with RawScu(scp.port) as scu:
        status, _ = scu.store(encoded(instance(), implicit=True), UID)
        assert status in {0xC001, 0xC002}
        assert scp.count() == 0
        still_serves(scp, scu)


@pytest.mark.parametrize(
    ("uid", "sop_class"), [("2.25.200.2", CT), (UID, "1.2.840.10008.5.1.4.1.1.4")]
)
def test_other_instance_than_the_request_says(scp: Scp, uid: str, sop_class: str) -> None:
    with RawScu(scp.port) as scu:
        status, comment = scu.store(encoded(instance()), uid, sop_class=sop_class)
        assert status == 0xA900
        assert "another SOP" in comment
        refused(scp, 0xA900, "sop-mismatch")


def test_unsupported_transfer_syntax_and_class(scp: Scp) -> None:
    contexts = [
        (CT, "1.2.3.4.5"),
        ("1.2.840.10008.5.1.4.31", "1.2.840.10008.1.2"),
        (CT, "1.2.840.10008.1.2"),
    ]
    with RawScu(scp.port, contexts=contexts) as scu:
        assert scu.answer == 2
        assert scu.results() == [4, 3, 0]


def test_a_file_in_an_unsupported_syntax_is_told_by_storescu(
    scp: Scp, ct_file: Callable[..., Path]
) -> None:
    assert storescu([ct_file()], scp.port).responses == ["Success"]


@pytest.mark.parametrize(
    ("called", "calling", "diagnostic"), [("NOBODY", "RAW", 7), ("VARDE", "STRANGER", 3)]
)
def test_refused_ae_title(scp: Scp, called: str, calling: str, diagnostic: int) -> None:
    with RawScu(scp.port, called=called, calling=calling) as scu:
        assert scu.answer == 3
        assert scu.body[1:4] == bytes((1, 1, diagnostic))
    refused(scp, 0x0124, "association-rejected", kept=False)


def test_storescu_says_why_it_was_rejected(scp: Scp, ct_file: Callable[..., Path]) -> None:
    assert (
        "Calling AE Title Not Recognized"
        in storescu([ct_file()], scp.port, calling="STRANGER").output
    )


def test_too_many_associations(tmp_path: Path) -> None:
    scp = Scp(settings_of(tmp_path / "var", dicom={"port": 0, "max_associations": 1}))
    with RawScu(scp.port) as first:
        assert first.answer == 2
        with RawScu(scp.port) as second:
            assert second.answer == 3
            assert second.body[1:4] == bytes((2, 3, 2))
    scp.stop()


def test_the_same_instance_twice(scp: Scp) -> None:
    data = encoded(instance())
    with RawScu(scp.port) as scu:
        assert [scu.store(data, UID)[0] for _ in range(3)] == [0, 0, 0]
    assert scp.count() == 1
    assert len(scp.kept()) == 1
    assert scp.refusals() == []


def test_the_same_uid_with_other_content(scp: Scp) -> None:
    with RawScu(scp.port) as scu:
        assert scu.store(encoded(instance()), UID)[0] == 0
        before = scp.kept()[0].read_bytes()
        other = encoded(instance(PixelData=b"\7" * 512))
        status, comment = scu.store(other, UID)
    assert status == 0x0111
    assert "the first is kept" in comment
    assert [file.read_bytes() for file in scp.kept()] == [before]
    (refusal,) = scp.refusals()
    assert refusal.code == "conflict"
    assert scp.files.absolute(refusal.path).read_bytes().endswith(other)


def test_the_same_study_from_another_site_is_another_study(tmp_path: Path) -> None:
    sites = {
        key: {"name": key, "trust": "bergen", "calling": [key.upper()], "destinations": []}
        for key in ("haukeland", "voss")
    }
    scp = Scp(settings_of(tmp_path / "var", sites=sites))
    for calling, pixels in (("HAUKELAND", b"\1"), ("VOSS", b"\2")):
        with RawScu(scp.port, calling=calling) as scu:
            assert scu.store(encoded(instance(PixelData=pixels * 512)), UID)[0] == 0
    assert scp.count() == 2
    scp.stop()


def test_full_disk(tmp_path: Path) -> None:
    """A real file system without room: a tmpfs where one can be mounted."""
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(small)],
        check=False,
        capture_output=True,
    )
    if mounted.returncode:
        absent("a small tmpfs (mounting one needs root)", "the right to mount")
    try:
        scp = Scp(settings_of(tmp_path / "var"), Files(small))
        with RawScu(scp.port) as scu:
            big = instance(2, Rows=512, Columns=512, PixelData=bytes(512 * 512 * 2))
            status, comment = scu.store(encoded(big), "2.25.200.2")
            assert status == 0xA700
            assert "disk is full" in comment
            refused(scp, 0xA700, "storage-full", kept=False)
            still_serves(scp, scu)
        scp.stop()
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_disk_that_fills_up_at_the_last_moment(scp: Scp, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fdatasync", full)
    with RawScu(scp.port) as scu:
        assert scu.store(encoded(instance()), UID)[0] == 0xA700
        refused(scp, 0xA700, "storage-full", kept=False)
        monkeypatch.undo()
        still_serves(scp, scu)


def test_object_larger_than_allowed(tmp_path: Path) -> None:
    scp = Scp(settings_of(tmp_path / "var", intake={"max_object_mb": 1}))
    with RawScu(scp.port) as scu:
        big = instance(Rows=1024, Columns=1024, PixelData=bytes(2 << 20))
        status, comment = scu.store(encoded(big), UID)
        assert status == 0xC001
        assert "intake.max_object_mb" in comment
        refused(scp, 0xC001, "too-large", kept=False)
        still_serves(scp, scu)
    scp.stop()


def test_association_lost_in_the_middle_of_an_object(scp: Scp) -> None:
    with RawScu(scp.port) as scu:
        scu.begin(UID)
        scu.send_value(1, 0, encoded(instance())[:300])
    assert scp.closed.acquire(timeout=10)
    assert scp.count() == 0
    assert scp.leftovers() == []


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        struct.pack(">BxL", 4, 0xFFFFFFF0),
        struct.pack(">BxL", 1, 8) + b"whatever",
        struct.pack(">BxL", 5, 4) + bytes(4),
        b"",
    ],
)
def test_garbage_instead_of_an_association(scp: Scp, garbage: bytes) -> None:
    with socket.create_connection(("127.0.0.1", scp.port), timeout=20) as peer:
        peer.sendall(garbage)
        peer.shutdown(socket.SHUT_WR)
        answer = b""
        while more := peer.recv(100):
            answer += more
    assert answer[:1] in {b"\x07", b""}
    with RawScu(scp.port) as scu:
        still_serves(scp, scu)


@pytest.mark.parametrize(
    "values",
    [
        [(1, 2, b"data set without a request")],
        [(99, 3, b"context that was never accepted")],
        [(1, 3, b"no command set")],
        [(1, 1, bytes(70000))],
        [(1, 3, store_request(CT, UID)), (1, 0, b"some"), (1, 3, store_request(CT, UID))],
    ],
)
def test_protocol_errors_abort(scp: Scp, values: list[tuple[int, int, bytes]]) -> None:
    with RawScu(scp.port) as scu:
        for value in values:
            scu.send_value(*value)
        assert scu.pdu()[0] == 7
    with RawScu(scp.port) as scu:
        still_serves(scp, scu)


def test_random_bytes_never_stop_the_service(scp: Scp) -> None:
    dice = random.Random(4711)
    for _ in range(60):
        with RawScu(scp.port) as scu:
            request = bytearray(store_request(CT, UID))
            for _ in range(dice.randrange(6)):
                request[dice.randrange(len(request))] = dice.randrange(256)
            scu.send_value(1, 3, bytes(request))
            scu.socket.sendall(dice.randbytes(dice.randrange(200)))
    with RawScu(scp.port) as scu:
        still_serves(scp, scu)
    scp.server.stop()
    assert scp.leftovers() == []


def test_kept_file_is_a_dicom_file_with_the_bytes_that_came(scp: Scp) -> None:
    data = encoded(instance())
    with RawScu(scp.port) as scu:
        assert scu.store(data, UID, step=7)[0] == 0
        scu.release()
    (file,) = scp.kept()
    assert file.read_bytes().endswith(data)
    assert pydicom.dcmread(file).PatientName == NAME
