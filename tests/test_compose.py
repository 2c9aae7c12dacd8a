"""`docker-compose.yml` holds, and what it starts does start.

No Docker engine is needed. The file is read by the `compose-spec` package, which refuses
what the Compose Specification does not know (keys, types, durations, ports, conditions);
what that leaves open, names that lead nowhere above all, is asked for here. Then each
of Varde's services runs as a process: the very command, environment and health check,
with hosts, ports and folders exchanged for those of this machine.
"""

import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import compose_spec
import pytest
import yaml

from tests.conftest import ROOT
from tests.services import validators
from tests.services.alertmanager import Alertmanager, addresses
from tests.services.dcmtk import echoscu
from tests.services.process import Process, free_port
from tests.services.redis import Redis

PROGRAMS = ("router", "worker", "web", "monitor")
SERVICES = {*PROGRAMS, "redis", "postgres", "prometheus", "alertmanager", "grafana"}
SECRETS = {
    "POSTGRES_PASSWORD": "pg0secret",
    "REDIS_PASSWORD": "redis0secret",
    "GRAFANA_PASSWORD": "grafana0secret",
    **addresses("https://alarms.example.org/key0secret"),
}

_VARIABLE = re.compile(r"\$(?:(\$)|\{(\w+)(?::([-?])([^}]*))?\})")

SITE = """
[regions.nord]
name = "Nord"
[trusts.unn]
name = "UNN"
region = "nord"
[sites.tromso]
name = "Tromsø"
trust = "unn"
calling = ["ECHOSCU"]
destinations = ["archive"]
[destinations.archive]
ae_title = "ARCHIVE"
host = "127.0.0.1"
port = 104
"""


class MissingVariableError(Exception):
    """A variable without a default is not set: Compose stops there."""


def interpolated(text: str, variables: Mapping[str, str]) -> str:
    """The text as Compose reads it: `$$`, `${NAME}`, `${NAME:-default}` and `${NAME:?message}`."""

    def value(found: re.Match[str]) -> str:
        dollar, name, kind, rest = found.groups()
        if dollar:
            return "$"
        if variables.get(name):
            return variables[name]
        if kind == "-":
            return str(rest)
        raise MissingVariableError(name)

    return _VARIABLE.sub(value, text)


def resolved(node: Any, variables: Mapping[str, str]) -> Any:
    """Every string of a YAML tree interpolated."""
    if isinstance(node, dict):
        return {key: resolved(value, variables) for key, value in node.items()}
    if isinstance(node, list):
        return [resolved(value, variables) for value in node]
    return interpolated(node, variables) if isinstance(node, str) else node


@pytest.fixture(scope="module")
def raw() -> dict[str, Any]:
    """The file as it is written, anchors merged."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    return found


@pytest.fixture(scope="module")
def compose(raw: dict[str, Any]) -> dict[str, Any]:
    """The file as Compose reads it where the secrets are set."""
    found: dict[str, Any] = resolved(raw, SECRETS)
    return found


def specified(compose: dict[str, Any]) -> compose_spec.PyCompose:
    """The file as the Compose Specification understands it; `ValueError` where it does not."""
    parsed = compose_spec.PyCompose.from_yaml(yaml.safe_dump(compose))
    parsed.validate()
    return parsed


def test_the_file_follows_the_compose_specification(compose: dict[str, Any]) -> None:
    assert set(specified(compose).service_names()) == SERVICES


@pytest.mark.parametrize(
    "fault",
    [
        {"commandd": "varde"},
        {"restart": "sometimes"},
        {"healthcheck": {"test": ["varde"]}},
        {"depends_on": {"redis": {"condition": "healthy"}}},
        {"ports": ["99999:1"]},
        {"networks": ["nowhere"]},
    ],
    ids=lambda fault: next(iter(fault)),
)
def test_the_specification_is_enforced(compose: dict[str, Any], fault: dict[str, Any]) -> None:
    services = compose["services"] | {"web": compose["services"]["web"] | fault}
    with pytest.raises(ValueError):
        specified(compose | {"services": services})


@pytest.mark.parametrize("secret", sorted(SECRETS))
def test_nothing_starts_without_the_passwords(raw: dict[str, Any], secret: str) -> None:
    others = {name: value for name, value in SECRETS.items() if name != secret}
    with pytest.raises(MissingVariableError, match=secret):
        resolved(raw, others)


def test_no_password_is_written_down() -> None:
    lines = (ROOT / "docker-compose.yml").read_text("utf-8").splitlines()
    told = [line for line in lines if "password" in line.lower() and not line.startswith("#")]
    assert told
    assert all(re.search(r"\$\{\w*PASSWORD:\?", line) for line in told if "PASSWORD" in line)
    assert not re.search(r"://\w*:[^$/]+@", "\n".join(lines))


def mounts(service: dict[str, Any]) -> list[tuple[str, str]]:
    """(source, target) of every volume of a service, in either syntax."""
    listed = service.get("volumes", [])
    split = [each.split(":")[:2] if isinstance(each, str) else None for each in listed]
    return [
        (pair[0], pair[1]) if pair else (each["source"], each["target"])
        for each, pair in zip(listed, split, strict=True)
    ]


def test_names_lead_somewhere(compose: dict[str, Any]) -> None:
    targets = re.findall(r"^FROM \S+ AS (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    for name, service in compose["services"].items():
        assert set(service.get("depends_on", {})) <= set(compose["services"]), name
        for source, _ in mounts(service):
            mine = source == "./site.toml" or (ROOT / source).exists()
            assert mine or source in compose["volumes"], f"{name}: {source}"
        if "build" in service:
            assert service["build"]["target"] in targets


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_service_is_watched_and_comes_back(compose: dict[str, Any], name: str) -> None:
    service = compose["services"][name]
    assert service["restart"] == "unless-stopped"
    assert {"test", "interval", "timeout", "start_period", "retries"} <= set(service["healthcheck"])


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_ports_are_published_on_loopback_alone(compose: dict[str, Any], name: str) -> None:
    for port in compose["services"][name].get("ports", []):
        assert port.startswith("127.0.0.1:")


@pytest.mark.parametrize("name", ["redis", "postgres"])
def test_database_and_queue_cannot_be_reached_from_outside(
    compose: dict[str, Any], name: str
) -> None:
    service = compose["services"][name]
    assert service["networks"] == ["inside"]
    assert "ports" not in service
    assert compose["networks"]["inside"]["internal"] is True


def test_redis_keeps_an_append_only_file(compose: dict[str, Any]) -> None:
    command = compose["services"]["redis"]["command"]
    assert command[command.index("--appendonly") + 1] == "yes"
    assert command[command.index("--appendfsync") + 1] in {"everysec", "always"}


def test_router_worker_and_pages_share_the_instances(compose: dict[str, Any]) -> None:
    for name in PROGRAMS:
        service = compose["services"][name]
        assert ("var", service["environment"]["VARDE_HOME"]) in mounts(service)
        assert service["command"] == ["varde", name]


def test_prometheus_can_read_its_configuration() -> None:
    verdict = validators.promtool("check", "config", ROOT / "monitoring" / "prometheus.yml")
    assert verdict, verdict.output


def test_prometheus_scrapes_services_and_ports_that_exist(compose: dict[str, Any]) -> None:
    written = yaml.safe_load((ROOT / "monitoring" / "prometheus.yml").read_text("utf-8"))
    for job in written["scrape_configs"]:
        for target in (each for group in job["static_configs"] for each in group["targets"]):
            name, port = target.split(":")
            if name != "localhost":
                environment = compose["services"][name]["environment"]
                assert environment[f"VARDE_{name.upper()}__PORT"] == port


def mounted(compose: dict[str, Any], service: str, path: str) -> Path:
    """The file of this repository that a container of `service` finds at `path`."""
    for source, target in mounts(compose["services"][service]):
        if path == target or path.startswith(f"{target}/"):
            return (ROOT / source / path.removeprefix(target).lstrip("/")).resolve()
    raise AssertionError(path)


def test_prometheus_finds_its_rules_and_who_is_told(compose: dict[str, Any]) -> None:
    written = yaml.safe_load((ROOT / "monitoring" / "prometheus.yml").read_text("utf-8"))
    (pattern,) = written["rule_files"]
    folder = mounted(compose, "prometheus", f"/etc/prometheus/{Path(pattern).parent}")
    assert sorted(one.name for one in folder.glob(Path(pattern).name)) == [
        "varde-silence.rules.yml", "varde.rules.yml",
    ]  # fmt: skip
    (peer,) = written["alerting"]["alertmanagers"]
    (target,) = peer["static_configs"][0]["targets"]
    name, port = target.split(":")
    assert f"127.0.0.1:{port}:{port}" in compose["services"][name]["ports"]


def test_alertmanager_starts_as_its_service_says(compose: dict[str, Any], tmp_path: Path) -> None:
    service = compose["services"]["alertmanager"]
    shell, start, template, made, program = service["entrypoint"]
    assert (shell, program) == ("/bin/sh", "/bin/alertmanager")
    assert f"--config.file={made}" in service["command"]
    own = {name: value for name, value in service["environment"].items() if "ALERTS" in name}
    running = Alertmanager(
        mounted(compose, "alertmanager", start), mounted(compose, "alertmanager", template),
        tmp_path, own,
    )  # fmt: skip
    with running.process:
        assert running.alerts() == []
    assert "https://alarms.example.org/key0secret/ai_quality" in running.configuration.read_text()


def test_grafana_finds_its_dashboards(compose: dict[str, Any]) -> None:
    folder = mounted(compose, "grafana", "/etc/grafana/provisioning")
    provider = yaml.safe_load((folder / "dashboards" / "varde.yml").read_text("utf-8"))
    path = provider["providers"][0]["options"]["path"]
    assert len(list(mounted(compose, "grafana", path).glob("*.json"))) == 3
    source = yaml.safe_load((folder / "datasources" / "prometheus.yml").read_text("utf-8"))
    assert source["datasources"][0]["url"] == "http://prometheus:9090"
    assert "prometheus" in compose["services"]


class Here:
    """A service's environment with this machine's hosts, ports and folders."""

    def __init__(self, service: dict[str, Any], folder: Path, queue: str, database: str) -> None:
        """`queue` and `database` are URLs of running servers."""
        written: dict[str, str] = service["environment"]
        assert "@redis:6379/" in written["VARDE_QUEUE__URL"]
        assert "@postgres:5432/" in written["VARDE_DATABASE__URL"]
        (folder / "site.toml").write_text(SITE, encoding="utf-8")
        exchanged = {
            "VARDE_HOME": str(folder / "var"),
            "VARDE_SITE": str(folder / "site.toml"),
            "VARDE_QUEUE__URL": queue,
            "VARDE_DATABASE__URL": database,
        }
        for name, value in written.items():
            if name.endswith("__HOST"):
                assert value == "0.0.0.0"  # noqa: S104 - all of the container's own network
                exchanged[name] = "127.0.0.1"
            if name.endswith("__PORT"):
                self.port = free_port()
                exchanged[name] = str(self.port)
        scripts = sysconfig.get_path("scripts")
        path = os.pathsep.join([scripts, os.environ["PATH"]])
        self.environment = {**os.environ, **written, **exchanged, "PATH": path}
        self._check: list[str] = service["healthcheck"]["test"]

    def healthy(self) -> bool:
        """Whether the service's own health check says so."""
        kind, *rest = self._check
        command = ["sh", "-c", *rest] if kind == "CMD-SHELL" else rest
        if command[0] == "python":
            command[0] = sys.executable
        done = subprocess.run(
            command, env=self.environment, capture_output=True, timeout=60, check=False
        )
        return done.returncode == 0


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_service_starts_gets_healthy_and_stops(
    compose: dict[str, Any], name: str, tmp_path: Path, redis_server: Redis, postgres_url: str
) -> None:
    service = compose["services"][name]
    here = Here(service, tmp_path, redis_server.url, postgres_url)
    assert not here.healthy()
    program = str(Path(sysconfig.get_path("scripts")) / service["command"][0])
    command = [program, *service["command"][1:]]
    with Process(command, env=here.environment, cwd=tmp_path) as process:
        process.wait_until(here.healthy, "healthy", within=60)
        if name == "router":
            assert echoscu(here.port).status == 0
        assert process.stop() == 0, process.output
