"""The modality: files as they are, every answer told, and whom it cannot reach."""

import dataclasses
import socket
from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest
from pydicom.uid import CTImageStorage, ImplicitVRLittleEndian, RLELossless
from pynetdicom import AE, AllStoragePresentationContexts, evt
from pynetdicom.presentation import build_context

from core.domain.errors import NotDicomError, SettingsError, UnavailableError
from simulator.archive import VERIFICATION, Archive
from simulator.modality import NO_ANSWER, Item, Modality, Peer, find
from tests.services.process import free_port
from tests.workers.instances import as_file, image, ramp


def test_a_compressed_file_goes_as_it_is(archive: Archive, peer: Peer, tmp_path: Path) -> None:
    made = image(ramp())
    made.compress(RLELossless)
    path = tmp_path / "rle.dcm"
    path.write_bytes(as_file(made))
    ((study_uid, items),) = find([path])[0].items()
    (answer,) = Modality(peer, calling="SIM").send(items)
    assert answer.taken
    kept = pydicom.dcmread(archive.folder / study_uid / f"{items[0].sop_uid}.dcm")
    assert kept.file_meta.TransferSyntaxUID == RLELossless
    assert kept.PixelData == made.PixelData


def test_files_are_found_by_study_and_the_rest_is_told(
    tmp_path: Path, write: Callable[..., Path]
) -> None:
    write("in/b/2.dcm", StudyInstanceUID="2.25.2")
    write("in/a/1.dcm", StudyInstanceUID="2.25.1")
    write("in/a/3.dcm", StudyInstanceUID="2.25.2")
    (tmp_path / "in" / "read.me").write_text("no")
    studies, other = find([tmp_path / "in"])
    named = {uid: [Path(str(item.source)).name for item in items] for uid, items in studies.items()}
    assert named == {"2.25.1": ["1.dcm"], "2.25.2": ["3.dcm", "2.dcm"]}
    assert [path.name for path in other] == ["read.me"]


def test_nothing_to_send_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NotDicomError, match="no such file"):
        find([tmp_path / "nowhere"])
    (tmp_path / "read.me").write_text("no")
    with pytest.raises(NotDicomError, match="no DICOM file"):
        find([tmp_path])


def test_more_kinds_than_one_association_can_negotiate(archive: Archive, peer: Peer) -> None:
    kinds = [str(context.abstract_syntax) for context in AllStoragePresentationContexts]
    items = []
    for kind in kinds[:65]:
        for syntax in (None, ImplicitVRLittleEndian):
            made = image(ramp(2, 2), **({"syntax": syntax} if syntax else {}))  # type: ignore[arg-type]
            made.SOPClassUID = kind
            items.append(Item.of(made))
    assert len({item.context for item in items}) == 130
    assert all(answer.taken for answer in Modality(peer, calling="SIM").send(items))
    assert len(list(archive.folder.rglob("*.dcm"))) == 130


def test_nothing_waits_on_its_sockets(peer: Peer) -> None:
    with Modality(peer, calling="SIM")._associated([build_context(VERIFICATION)]) as association:
        wrapped = association.dul.socket
        assert wrapped
        assert wrapped.socket
        assert wrapped.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1


def test_an_instance_that_the_peer_has_no_context_for() -> None:
    picky = AE(ae_title="CT_ONLY")
    picky.add_supported_context(CTImageStorage)
    server = picky.start_server(
        ("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, lambda _: 0x0000)]
    )
    assert server
    try:
        peer = Peer("CT_ONLY", "127.0.0.1", server.server_address[1])
        items = [Item.of(image(ramp())), Item.of(image(ramp()))]
        items[1] = dataclasses.replace(items[1], sop_class_uid=CTImageStorage)
        items[1].source.SOPClassUID = CTImageStorage  # type: ignore[union-attr]
        answers = list(Modality(peer, calling="SIM").send(items))
    finally:
        picky.shutdown()
    assert [(answer.status, answer.taken) for answer in answers] == [(NO_ANSWER, False), (0, True)]


def test_nobody_there() -> None:
    nobody = Peer("X", "127.0.0.1", free_port())
    with pytest.raises(UnavailableError, match="does not answer"):
        list(Modality(nobody, calling="SIM").send([Item.of(image(ramp()))]))


def test_a_calling_title_that_is_not_wanted(archive: Archive, peer: Peer) -> None:
    archive._entity.require_calling_aet = ["SOMEBODY"]
    with pytest.raises(UnavailableError, match="rejects the association"):
        Modality(peer, calling="SIM").echo()


@pytest.mark.parametrize(
    ("text", "peer"),
    [
        ("ARKIV@127.0.0.1:104", Peer("ARKIV", "127.0.0.1", 104)),
        ("MY AE@pacs.example:11112", Peer("MY AE", "pacs.example", 11112)),
        ("ARKIV@[::1]:104", Peer("ARKIV", "::1", 104)),
    ],
)
def test_a_peer_is_read(text: str, peer: Peer) -> None:
    assert Peer.parse(text) == peer


@pytest.mark.parametrize(
    "text", ["", "host:104", "A@host", "A@host:x", "A@host:70000", f"{'A' * 17}@h:1"]
)
def test_what_is_no_peer(text: str) -> None:
    with pytest.raises(SettingsError, match="is not AE@host:port"):
        Peer.parse(text)
