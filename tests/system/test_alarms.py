"""Alarms, with nothing pretended: the monitor, Prometheus, Alertmanager and a webhook.

The monitor reads a database in which things happen; a real Prometheus scrapes it with the rules
that are shipped and three weeks of history; a real Alertmanager with the routes that are shipped
tells the owner. What is said of hours and weeks stays so: only how often is looked, and how long
is waited before something is told, is shortened, by one function.
"""

import contextlib
import datetime as dt
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.domain.case import Consequence, Verdict
from core.domain.finding import Outcome
from core.domain.watch import Chart, Evaluation, Point, Signal, Standing, Stream
from core.sections import Watch
from core.store.watch import cases, evaluations, nights
from monitoring import casework
from tests.services.alertmanager import Receiver, addresses, alertmanager_server
from tests.services.process import Process, free_port
from tests.services.prometheus import Prometheus, backfilled, prometheus_server
from tests.web.seed import Seed, chest, dataset, open_seed

NOW = dt.datetime.now(dt.UTC)
WATCH = Watch()
YESTERDAY = NOW.date() - dt.timedelta(days=1)
HISTORY = dt.timedelta(days=22)
STEP = dt.timedelta(minutes=5)
SILENT = dt.timedelta(hours=3)
#: Days before today of which the rules look at these very hours: a block of each is enough.
LOOKED_AT = (21, 14, 7, 6, 5, 4, 3, 2, 1, 0)
AN_HOUR = 20  #: studies of the site in the history; its peer sends as many and goes on
SHORTENED = {"for", "interval", "group_wait", "group_interval", "scrape_interval",
             "evaluation_interval"}  # fmt: skip
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def shortened(node: Any, factor: float = 600.0) -> Any:
    """A YAML tree in which every waiting time is `factor` times shorter, but not below 0.2 s."""
    if isinstance(node, list):
        return [shortened(one, factor) for one in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _brief(value, factor) if key in SHORTENED else shortened(value, factor)
        for key, value in node.items()
    }


def _brief(duration: str, factor: float) -> str:
    found = re.fullmatch(r"(\d+)([smhdw])", duration)
    assert found, duration
    milliseconds = int(found[1]) * _UNITS[found[2]] * 1000 / factor
    return f"{max(200, round(milliseconds))}ms"


def written(folder: Path, source: Path, *, to: Path | None = None, **changes: Any) -> Path:
    """A shipped file with its waiting times shortened, and some keys changed."""
    tree = shortened(yaml.safe_load(source.read_text("utf-8")))
    target = to or folder / source.name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(yaml.safe_dump({**tree, **changes}, sort_keys=False), "utf-8")
    return target


def history() -> Iterator[str]:
    """What Prometheus would have recorded of two sites: a steady flow, day and night.

    Drammen's ends three hours ago, and what did not come since is summed up.
    """
    start = (NOW - HISTORY).timestamp()
    times = [
        (NOW - dt.timedelta(days=day) + step * STEP).timestamp()
        for day in LOOKED_AT
        for step in range(-4 * 12, 1 if day == 0 else 30)
    ]
    for prefix, labels in (
        ("site:varde_studies_received", '{{site="{site}"}}'),
        ("site_algorithm:varde_evaluated", '{{site="{site}",algorithm="chest_xray"}}'),
    ):
        yield f"# TYPE {prefix}:total gauge\n"
        for site in ("drammen", "baerum"):
            series = f"{prefix}:total{labels.format(site=site)}"
            stop = (NOW - SILENT).timestamp() if site == "drammen" else times[-1]
            for at in times:
                yield f"{series} {AN_HOUR * (min(at, stop) - start) / 3600:.3f} {at:.0f}\n"
        missed = f"{prefix}:missed{labels.format(site='drammen')}"
        yield f"# TYPE {prefix}:missed gauge\n"
        for at in times:
            late = max(0.0, at - (NOW - SILENT).timestamp())
            yield f"{missed} {AN_HOUR * late / 3600:.3f} {at:.0f}\n"
        yield f"# TYPE {prefix}:clock gauge\n"
        yield from (f"{prefix}:clock {at:.0f} {at:.0f}\n" for at in times)


def answered(seed: Seed, site: str, at: dt.datetime) -> None:
    """A study that arrived and was read at that time."""
    study = seed.study([dataset(chest(8, 8))], site=site, at=at)
    seed.complete(study, at=at)
    job = seed.job(study, site=site, at=at)
    seed.claim(job, at=at)
    seed.answer(job, Outcome.NOTHING_FOUND, at=at)


def evaluated(
    seed: Seed, standing: Standing, day: dt.date, *, site: str = "baerum"
) -> list[Evaluation]:
    """How chest_xray stood at a site on a day, written as the nightly job writes it."""
    score = 1.4 if standing is Standing.OUTSIDE else 0.4
    one = Evaluation(
        Stream(site, "chest_xray"), day, 1, 400, 60, standing,
        (Point(Signal.OUTPUT, Chart.OWN, score, standing),),
    )  # fmt: skip
    with seed.database.write() as connection:
        evaluations.write(connection, [one], dt.datetime.now(dt.UTC))
    return [one]


@contextlib.contextmanager
def watched(root: Path, folder: Path) -> Iterator[tuple[Seed, Prometheus, Receiver]]:
    """The whole of it over a database with a quiet night behind it."""
    _, seed = open_seed(folder)
    with seed.database.write() as connection:
        night, _ = nights.claim(connection, YESTERDAY, by="test", now=NOW)
        nights.finish(connection, night, streams=1, error="", notes={}, now=NOW)
    answered(seed, "baerum", NOW)
    answered(seed, "drammen", NOW - SILENT)
    evaluated(seed, Standing.INSIDE, YESTERDAY)
    (folder / "site.toml").write_text("", "utf-8")
    port, ship = free_port(), root / "monitoring"
    environment = {
        "PATH": "/usr/bin:/bin", "VARDE_HOME": str(folder), "VARDE_MONITOR__PORT": str(port),
        "VARDE_WATCH__NIGHT_AT": (NOW + dt.timedelta(hours=12)).strftime("%H:%M"),
    }  # fmt: skip
    backfilled(folder / "tsdb", history(), folder / "history.txt")
    for rules in sorted((ship / "rules").glob("*.rules.yml")):
        written(folder, rules, to=folder / "rules" / rules.name)
    routes = written(folder, ship / "alertmanager" / "alertmanager.yml", to=folder / "routes.yml")
    start = ship / "alertmanager" / "start.sh"
    with contextlib.ExitStack() as stack:
        stack.callback(seed.database.close)
        monitor = stack.enter_context(
            Process([sys.executable, "-m", "monitoring"], env=environment, cwd=root)
        )
        receiver = stack.enter_context(Receiver())
        alertmanager = stack.enter_context(
            alertmanager_server(start, routes, folder, addresses(receiver.url))
        )
        monitor.wait_for_port(port)
        peers = [{"static_configs": [{"targets": [alertmanager.url.removeprefix("http://")]}]}]
        jobs = [
            {"job_name": name, "scrape_interval": "1s", "static_configs": [{"targets": [at]}]}
            for name, at in (
                ("varde-monitor", f"127.0.0.1:{port}"), ("varde-web", f"127.0.0.1:{port}"),
            )
        ]  # fmt: skip
        configuration = written(
            folder, ship / "prometheus.yml", alerting={"alertmanagers": peers}, scrape_configs=jobs
        )
        prometheus = stack.enter_context(prometheus_server(configuration, folder / "tsdb"))
        yield seed, prometheus, receiver


@pytest.mark.timeout(200)
def test_alarms_reach_their_owner_and_are_called_off(root: Path, tmp_path: Path) -> None:
    with watched(root, tmp_path) as (seed, prometheus, receiver):
        # A silent stop: Drammen sent 20 studies an hour for three weeks, and none for three hours.
        receiver.wait_for("platform", "firing", "VardeSiteSilent", "drammen", "")
        assert ("VardeSiteSilent", "baerum", "") not in prometheus.alerts()
        told = receiver.annotations["VardeSiteSilent"]
        assert told["summary_nb"].startswith("Ingenting kommer fra drammen")
        answered(seed, "drammen", dt.datetime.now(dt.UTC))
        receiver.wait_for("platform", "resolved", "VardeSiteSilent", "drammen", "")

        # Drift: an evaluation outside is told to those who look after quality, and to nobody else.
        first = evaluated(seed, Standing.OUTSIDE, YESTERDAY)
        with seed.database.write() as connection:
            (case,) = casework.after_night(connection, first, now=NOW, watch=WATCH)
        receiver.wait_for("ai_quality", "firing", "VardeDrift", "baerum", "chest_xray")
        link = receiver.annotations["VardeDrift"]["link"]
        assert link == "http://127.0.0.1:8080/watch/baerum/chest_xray"
        # Settled by a person: called off, though the chart is still outside.
        at = dt.datetime.now(dt.UTC)
        with seed.database.write() as connection:
            cases.settle(
                connection, case, by="Kari Nordmann", verdict=Verdict.EXPLAINED,
                consequence=Consequence.CONTINUE, reason="ny røntgenlab", now=at,
            )  # fmt: skip
        receiver.wait_for("ai_quality", "resolved", "VardeDrift", "baerum", "chest_xray")
        assert "outside" in str(prometheus.values('varde_drift_standing{standing="outside"} == 1'))

        # Elsewhere, and nobody has opened a case: told all the same, until it is back inside.
        evaluated(seed, Standing.OUTSIDE, YESTERDAY, site="drammen")
        receiver.wait_for("ai_quality", "firing", "VardeDrift", "drammen", "chest_xray")
        evaluated(seed, Standing.INSIDE, NOW.date(), site="drammen")
        receiver.wait_for("ai_quality", "resolved", "VardeDrift", "drammen", "chest_xray")

        owners = {owner for owner, _, alert, *_ in receiver.told if alert == "VardeDrift"}
        assert owners == {"ai_quality"}
        assert {owner for owner, _, alert, *_ in receiver.told if alert == "VardeSiteSilent"} == {
            "platform"
        }
