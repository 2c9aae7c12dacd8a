"""Each service starts, does its work once, and leaves nothing behind."""

import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psycopg
import pydicom
import pydicom.uid
import pytest
import redis

from tests.services import browser, dcmtk, need, validators
from tests.services.dcmtk import Storescp
from tests.services.orthanc import Orthanc
from tests.services.postgres import Postgres
from tests.services.process import EndedError, Process, free_port, group_members, wait_for_end
from tests.services.redis import Redis, redis_server


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    """A file with the least that a secondary capture may have, but for its type 2 elements."""
    dataset = pydicom.Dataset()
    dataset.SOPClassUID = pydicom.uid.SecondaryCaptureImageStorage
    dataset.SOPInstanceUID = pydicom.uid.generate_uid()
    dataset.StudyInstanceUID = pydicom.uid.generate_uid()
    dataset.SeriesInstanceUID = pydicom.uid.generate_uid()
    dataset.Modality = "OT"
    dataset.PatientID = "1"
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    path = tmp_path / "instance.dcm"
    dataset.save_as(path, enforce_file_format=True)
    return path


def test_a_missing_program_skips_on_a_laptop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="comes with nothing"):
        need.need("no-such-program", package="nothing")


def test_a_missing_program_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="comes with nothing"):
        need.need("no-such-program", package="nothing")


def test_dcmtk_is_not_mistaken_for_pynetdicom() -> None:
    assert dcmtk.run("storescu", "--version").output.startswith("$dcmtk: storescu")


def test_a_killed_process_takes_its_children_along() -> None:
    with Process(["sh", "-c", "sleep 60 & echo started; wait"]) as process:
        process.wait_for_line("started")
        assert len(list(group_members(process.pid))) == 2
    assert list(group_members(process.pid)) == []


def test_a_process_that_ends_ends_the_waiting_and_tells_its_output() -> None:
    with (
        Process(["sh", "-c", "echo no room; exit 3"]) as process,
        pytest.raises(EndedError, match=r"ended with 3(?s:.*)no room"),
    ):
        process.wait_for_port(free_port())
    assert process.wait() == 3


def test_a_process_dies_with_whoever_started_it() -> None:
    script = (
        "from pathlib import Path\n"
        "from tests.services.process import Process\n"
        "child = Process(['sleep', '60'])\n"
        "name = Path('/proc', str(child.pid), 'comm')\n"
        "child.wait_until(lambda: name.read_text() == 'sleep\\n', 'bound to us')\n"
        "print('child', child.pid, flush=True)\n"
        "child.wait()\n"
    )
    with Process([sys.executable, "-c", script]) as parent:
        child = int(parent.wait_for_line("child ").split()[1])
        parent.signal(signal.SIGKILL)
        wait_for_end(child)


def test_redis_loses_its_memory_when_killed(redis_server: Redis) -> None:
    with redis.Redis.from_url(redis_server.url) as client:
        client.set("word", "varde")
    redis_server.kill()
    redis_server.start()
    with redis.Redis.from_url(redis_server.url) as client:
        assert client.get("word") is None


def test_redis_with_an_append_only_file_remembers(tmp_path: Path) -> None:
    with redis_server(tmp_path, aof="always") as server:
        with redis.Redis.from_url(server.url) as client:
            client.set("word", "varde")
        server.kill()
        server.start()
        with redis.Redis.from_url(server.url) as client:
            assert client.get("word") == b"varde"


def test_valkey_answers(valkey_server: Redis) -> None:
    with redis.Redis.from_url(valkey_server.url) as client:
        assert client.ping()


def test_postgres_gives_every_test_a_database_of_its_own(postgres: Postgres) -> None:
    urls = [postgres.create_database() for _ in range(2)]
    for url in urls:
        with psycopg.connect(url.replace("+psycopg", "")) as connection:
            connection.execute("CREATE TABLE cairn (height_m int)")
        postgres.drop_database(url)
    assert urls[0] != urls[1]


def test_postgres_url_is_that_of_an_empty_database(postgres_url: str) -> None:
    with psycopg.connect(postgres_url.replace("+psycopg", "")) as connection:
        tables = connection.execute("SELECT * FROM pg_tables WHERE schemaname = 'public'")
        assert tables.fetchall() == []


def test_orthanc_keeps_what_storescu_sends(orthanc: Orthanc, instance: Path) -> None:
    sent = dcmtk.storescu([instance], orthanc.dicom_port, called=orthanc.ae_title)
    assert sent.responses == ["Success"], sent.output
    (identifier,) = orthanc.wait_for(1)
    assert orthanc.tags(identifier)["PatientID"] == "1"
    assert orthanc.datasets("OT")[0].SOPInstanceUID == pydicom.dcmread(instance).SOPInstanceUID
    assert orthanc.datasets("SR") == []
    assert orthanc.get("/plugins/dicom-web")["ID"] == "dicom-web"


def test_a_rejection_is_read_from_the_output(orthanc: Orthanc, instance: Path) -> None:
    sent = dcmtk.storescu([instance], orthanc.dicom_port, called="NOBODY")
    assert sent.rejected
    assert sent.responses == []


def test_storescp_tells_of_complete_files(storescp: Storescp, instance: Path) -> None:
    sent = dcmtk.dcmsend([instance], storescp.port, called=storescp.ae_title)
    assert sent.status == 0, sent.output
    (received,) = storescp.wait_for(1)
    assert pydicom.dcmread(received).SOPInstanceUID == pydicom.dcmread(instance).SOPInstanceUID


def test_storescp_comes_back_on_its_port(storescp: Storescp) -> None:
    storescp.restart()
    assert dcmtk.echoscu(storescp.port, called=storescp.ae_title).status == 0


def test_dciodvfy_finds_what_is_missing(instance: Path) -> None:
    verdict = validators.dciodvfy(instance)
    assert not verdict
    assert any("Missing attribute" in error for error in verdict.errors)


def test_pixelmed_finds_what_is_no_report(instance: Path) -> None:
    assert not validators.pixelmed_sr(instance)


def test_promtool_judges_metrics() -> None:
    good = "# HELP varde_up Whether it is up.\n# TYPE varde_up gauge\nvarde_up 1\n"
    assert validators.promtool("check", "metrics", content=good)
    assert not validators.promtool("check", "metrics", content="varde_up one\n")


class _Page(BaseHTTPRequestHandler):
    """One page, written by its script."""

    def do_GET(self) -> None:
        script = b"document.querySelector('h1').append('Varde')"
        page = b"<title>v</title><h1></h1><script>" + script + b"</script>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_chromium_sees_what_scripts_wrote(tmp_path: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            url = f"http://127.0.0.1:{server.server_address[1]}/"
            assert "<h1>Varde</h1>" in browser.rendered(url)
            picture = browser.screenshot(url, tmp_path / "page.png", size=(400, 300))
        finally:
            server.shutdown()
            thread.join()
    assert picture.read_bytes().startswith(b"\x89PNG")
