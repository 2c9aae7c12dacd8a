"""What every answer carries, and whom a server on loopback answers."""

from typing import TYPE_CHECKING

import pytest

from core.sections import Web
from tests.web.conftest import URL, Seeded
from tests.web.visitor import TestClient
from web.app import create_app

if TYPE_CHECKING:
    from core.settings import Settings


@pytest.mark.parametrize("path", ["/", "/nope", "/health/ready", "/metrics", "/static/live.js"])
def test_security_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "DENY"


def test_pages_are_not_kept_and_static_files_are(client: TestClient) -> None:
    assert client.get("/").headers["cache-control"] == "no-store"
    assert "immutable" in client.get("/static/varde.css").headers["cache-control"]
    assert client.get("/static/nope.css").headers["cache-control"] == "no-store"


def test_pages_hold_nothing_that_the_policy_forbids(client: TestClient, seeded: Seeded) -> None:
    for path in ("/", "/refusals", f"/studies/{seeded.house.findings}"):
        html = client.get(path).text
        assert " style=" not in html
        assert "<style" not in html
        assert " onclick=" not in html
        assert "http://" not in html.replace("http://www.w3.org", "")
        assert "https://" not in html


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8080", 200), ("localhost", 200), ("[::1]:8080", 200), ("varde", 200),
        ("evil.example", 421), ("varde.evil.example:8080", 421), ("127.0.0.1.nip.io", 421),
    ],
)  # fmt: skip
def test_loopback_answers_to_no_strangers_name(client: TestClient, host: str, status: int) -> None:
    """A page elsewhere could point its own name here and read patient data (DNS rebinding)."""
    assert client.get("/", headers={"Host": host}).status_code == status


def test_a_server_for_others_answers_to_any_name(seeded: Seeded) -> None:
    settings: Settings = seeded.settings.model_copy(update={"web": Web(host="0.0.0.0")})  # noqa: S104
    with TestClient(create_app(settings, seeded.seed.database, algorithms={}), base_url=URL) as one:
        assert one.get("/", headers={"Host": "varde.sykehus.no"}).status_code == 200
