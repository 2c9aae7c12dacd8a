"""Who gets which alarm: Alertmanager's own tools on the routes that are shipped."""

import os
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT
from tests.services.alertmanager import OWNERS, addresses, amtool

SHIPPED = ROOT / "monitoring" / "alertmanager"
HOOK = "https://alarms.example.org/hook?key=a&b=c|d\\e"
RULES = [
    rule
    for path in sorted((ROOT / "monitoring" / "rules").glob("*.rules.yml"))
    for group in yaml.safe_load(path.read_text("utf-8"))["groups"]
    for rule in group["rules"]
    if "alert" in rule
]


def started(folder: Path, **variables: str) -> tuple[int, str]:
    """What `start.sh` says with these addresses; what it starts only tells that it was."""
    done = subprocess.run(
        ["sh", SHIPPED / "start.sh", SHIPPED / "alertmanager.yml", folder / "made.yml",
         "echo", "started"],
        env={"PATH": os.environ["PATH"], **variables},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """The configuration with addresses."""
    assert started(tmp_path, **addresses(HOOK)) == (0, "started\n")
    return tmp_path / "made.yml"


def test_the_configuration_is_in_order(made: Path) -> None:
    done = amtool("check-config", made)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_addresses_are_the_sites_own(made: Path) -> None:
    told = yaml.safe_load(made.read_text("utf-8"))
    found = {one["name"]: one["webhook_configs"][0]["url"] for one in told["receivers"]}
    assert found == {owner: f"{HOOK}/{owner}" for owner in OWNERS}
    assert made.stat().st_mode & 0o077 == 0, "an address may hold a secret"


@pytest.mark.parametrize("name", sorted(addresses("")))
@pytest.mark.parametrize("value", ["", "someone@example.org", "https://x.no/'", "https://x.no/ a"])
def test_nothing_starts_without_an_address(tmp_path: Path, name: str, value: str) -> None:
    status, told = started(tmp_path, **{**addresses(HOOK), name: value})
    assert status == 2
    assert told.startswith(f"{name}: ")
    assert not (tmp_path / "made.yml").exists()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_each_alarm_goes_to_its_owner(made: Path, rule: dict[str, dict[str, str]]) -> None:
    labels = {"alertname": rule["alert"], "site": "haukeland", **rule["labels"]}
    done = amtool(
        "config", "routes", "test", f"--config.file={made}",
        f"--verify.receivers={rule['labels']['owner']}",
        *(f"{name}={value}" for name, value in labels.items()),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_has_no_owner_is_told_to_the_platform(made: Path) -> None:
    done = amtool(
        "config", "routes", "test", f"--config.file={made}", "--verify.receivers=platform",
        "alertname=Whatever",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_kept_quiet_are_alarms_that_exist(made: Path) -> None:
    told = yaml.safe_load(made.read_text("utf-8"))
    names = {rule["alert"] for rule in RULES}
    for rule in told["inhibit_rules"]:
        for matcher in (*rule["source_matchers"], *rule["target_matchers"]):
            _, _, alerts = matcher.partition("=")
            assert set(alerts.strip('~"').split("|")) <= names
    drift = next(
        rule for rule in told["inhibit_rules"] if "SiteSilent" in str(rule["source_matchers"])
    )
    assert "VardeDrift|" in str(drift["target_matchers"])
    assert drift["equal"] == ["site"]
