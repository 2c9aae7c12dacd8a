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


OWN = "http://127.0.0.1"
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("path", ["/studies/0/feedback", "/api/reports", "/audits/0", "/"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": OWN},
        {"Sec-Fetch-Site": "cross-site", "Content-Type": "application/json"},
        {"Sec-Fetch-Site": "nonsense"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://127.0.0.1:8081"},
        {"Origin": "http://127.0.0.1.evil.example"},
        {"Origin": "http://127.0.0.1@evil.example"},
        {"Content-Type": FORM},
        {"Content-Type": f" {FORM.upper()} ; charset=utf-8"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": "text/plain"},
    ],
)
def test_nobody_elses_page_changes_anything(
    client: TestClient, path: str, headers: dict[str, str]
) -> None:
    """Cross-site request forgery: a page elsewhere has the reader's browser send a form."""
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = client.request(method, path, content=b"x=1", headers=headers)
        assert answer.status_code == 403
        assert answer.headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-origin", "Content-Type": FORM},
        {"Sec-Fetch-Site": "none", "Content-Type": FORM},
        {"Origin": OWN, "Content-Type": FORM},
        {"Content-Type": "application/json"},
        {},
    ],
)
def test_own_pages_and_programs_get_through(client: TestClient, headers: dict[str, str]) -> None:
    """What gets through meets the page itself: there is none that takes it."""
    assert client.post("/", content=b"x=1", headers=headers).status_code == 405


def test_looking_is_free_for_anybody(client: TestClient) -> None:
    assert client.get("/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


def test_a_strangers_name_is_refused_before_anything_else(client: TestClient) -> None:
    headers = {"Host": "evil.example", "Origin": "http://evil.example"}
    assert client.post("/api/reports", json={}, headers=headers).status_code == 421
