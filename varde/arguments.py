"""The command line as data: every command, its arguments, and the function that it names.

Only `argparse` is imported here, so that help and mistakes are answered at once.
"""

import argparse
import datetime as dt
from pathlib import Path

_Commands = argparse._SubParsersAction  # noqa: SLF001 - argparse has no public name for it

PROGRAMS = {
    "router": "receives studies, decides, delivers results",
    "worker": "runs algorithms",
    "web": "the pages and the API",
    "monitor": "the exporter that Prometheus scrapes",
}
ACTIVATIONS = ("shadow", "supervised", "live", "suspended")


class Arguments(argparse.Namespace):
    """What the command line said; a command reads only its own."""

    site: Path | None = None  #: `site.toml`
    command: str = ""  #: `module:function` below `varde`
    json: bool = False
    once: bool = False
    out: Path | None = None
    paths: list[Path]
    studies: int = 8
    rate: float = 0.0
    seed: int = 1
    to: str = ""
    calling: str = ""
    study_uid: str = ""
    target: str = ""
    job_id: str = ""
    state: list[str]
    name: str = ""
    weights: Path | None = None
    golden: Path | None = None
    program: str = ""
    rest: list[str]
    activation: str = ""  #: one of `ACTIVATIONS`
    day: dt.date | None = None
    scope: str = ""  #: a site's key, `*` or `trust:` and a trust's key
    algorithm: str = ""
    by: str = ""
    reason: str = ""
    first: dt.date | None = None
    last: dt.date | None = None
    before_first: dt.date | None = None
    before_last: dt.date | None = None
    until: dt.date | None = None
    rules: Path | None = None
    sample: Path | None = None


def parser() -> argparse.ArgumentParser:
    """The parser of the whole contract."""
    top = argparse.ArgumentParser(
        prog="varde", description="Runs AI on radiology studies, and keeps watch over it."
    )
    top.add_argument("--site", type=Path, metavar="FILE", help="site.toml (default: ./site.toml)")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    _platform(commands)
    _studies(commands)
    _jobs(commands)
    _models(commands)
    _watch(commands)
    _reports(commands)
    for name, told in PROGRAMS.items():
        one = commands.add_parser(name, help=f"one program: {told}")
        one.set_defaults(command="programs:run", program=name)
    return top


def _platform(commands: "_Commands[argparse.ArgumentParser]") -> None:
    """`up`, `demo`, `check` and `conformance`."""
    up = commands.add_parser("up", help="everything on one machine, until Ctrl-C")
    up.set_defaults(command="up:run")
    demo = commands.add_parser("demo", help="`up`, then sends studies and shows the answers")
    demo.set_defaults(command="demo:run")
    demo.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="DICOM files or folders")
    demo.add_argument("--once", action="store_true", help="stop when every study is answered")
    demo.add_argument("--out", type=Path, metavar="DIR", help="the objects as the archive got them")
    demo.add_argument("--json", action="store_true", help="one JSON object a study on stdout")
    demo.add_argument("--studies", type=_a_number, default=8, metavar="N", help="simulated studies")
    demo.add_argument("--rate", type=_a_rate, default=0.0, help="studies a minute (0: no pause)")
    demo.add_argument("--seed", type=int, default=1, help="of the first simulated study")
    check = commands.add_parser("check", help="validate site.toml, routes and manifests")
    check.set_defaults(command="check:run")
    conformance = commands.add_parser("conformance", help="the DICOM conformance statement")
    conformance.set_defaults(command="conformance.command:run")
    conformance.add_argument("--out", type=Path, metavar="FILE", help="default: standard output")


def _studies(commands: "_Commands[argparse.ArgumentParser]") -> None:
    """`send`, `explain` and `routes`."""
    send = commands.add_parser("send", help="send DICOM files by C-STORE")
    send.set_defaults(command="send:run")
    send.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="files or folders")
    send.add_argument("--to", default="", metavar="AE@HOST:PORT", help="default: this platform")
    send.add_argument("--from", dest="calling", default="", metavar="AE", help="calling AE title")
    explain = commands.add_parser("explain", help="why, and why not, for every algorithm")
    explain.set_defaults(command="explain:run")
    explain.add_argument("study_uid", metavar="STUDY_UID")
    explain.add_argument("--json", action="store_true")
    routes = commands.add_parser("routes", help="try routes without running anything")
    one = routes.add_subparsers(required=True, metavar="ACTION").add_parser("test")
    one.set_defaults(command="explain:test")
    one.add_argument("target", metavar="PATH|STUDY_UID")
    one.add_argument("--json", action="store_true")


def _jobs(commands: "_Commands[argparse.ArgumentParser]") -> None:
    """`jobs list`, `retry` and `cancel`."""
    jobs = commands.add_parser("jobs", help="what runs, what waits, what needs a hand")
    actions = jobs.add_subparsers(required=True, metavar="ACTION")
    listed = actions.add_parser("list", help="what needs attention comes first")
    listed.set_defaults(command="jobs:listed")
    listed.add_argument("--state", action="append", default=[], metavar="STATE")
    listed.add_argument("--json", action="store_true")
    for name, told in (("retry", "start again what ended badly"), ("cancel", "withdraw a job")):
        one = actions.add_parser(name, help=told)
        one.set_defaults(command=f"jobs:{name}")
        one.add_argument("job_id", metavar="ID")


def _models(commands: "_Commands[argparse.ArgumentParser]") -> None:
    """`models list`, `new`, `check`, `train` and `evaluate`."""
    models = commands.add_parser("models", help="the algorithms that are here")
    actions = models.add_subparsers(required=True, metavar="ACTION")
    listed = actions.add_parser("list", help="every algorithm")
    listed.set_defaults(command="algorithms:listed")
    listed.add_argument("--json", action="store_true")
    new = actions.add_parser("new", help="the folder of a further algorithm")
    new.set_defaults(command="new_model.command:run")
    new.add_argument("name", metavar="NAME")
    new.add_argument("--weights", type=Path, metavar="FILE", help="a network that is there (ONNX)")
    for name, told in (
        ("check", "manifest, weights and golden case"),
        ("train", "train again; what follows -- goes to its training"),
        ("evaluate", "measure again; what follows -- goes to its evaluation"),
    ):
        one = actions.add_parser(name, help=told)
        one.set_defaults(command="model_check:run" if name == "check" else f"algorithms:{name}")
        one.add_argument("name", metavar="NAME")
        if name != "train":
            one.add_argument("--json", action="store_true")
        if name == "check":
            one.add_argument(
                "--golden", type=Path, metavar="FILE", help="make the golden case of this image"
            )
        else:
            one.add_argument("rest", nargs="*", metavar="-- …", help="its own arguments")


def _watch(commands: "_Commands[argparse.ArgumentParser]") -> None:
    """`watch list`, `night`, `compare`, `relearn`, `references`, `activate` and `planned`."""
    watch = commands.add_parser("watch", help="does every algorithm behave as before?")
    actions = watch.add_subparsers(required=True, metavar="ACTION")
    listed = actions.add_parser("list", help="how every stream stands")
    listed.set_defaults(command="watch:listed")
    night = actions.add_parser("night", help="hold the nightly job now")
    night.set_defaults(command="watch:night")
    night.add_argument("--until", type=_a_day, metavar="DAY", help="default: yesterday")
    relearn = actions.add_parser("relearn", help="learn a new reference; the old ones are kept")
    relearn.set_defaults(command="watch:relearn")
    known = actions.add_parser("references", help="every reference that a stream has had")
    known.set_defaults(command="watch:known")
    activate = actions.add_parser("activate", help="what an algorithm may do at a site")
    activate.set_defaults(command="activation:activate")
    planned = actions.add_parser("planned", help="mark a change that is planned on the charts")
    planned.set_defaults(command="activation:planned")
    compare = actions.add_parser("compare", help="two periods of a stream side by side")
    compare.set_defaults(command="periods:compare")
    for one in (relearn, known, activate, planned, compare):
        one.add_argument("scope", metavar="SITE", help="a site, trust:KEY, or * for all")
        one.add_argument("algorithm", metavar="ALGORITHM")
    for one in (relearn, activate, planned):
        one.add_argument("--by", required=True, metavar="NAME", help="who answers for it")
        one.add_argument("--reason", required=True, metavar="TEXT", help="why, without a patient")
    activate.add_argument("activation", choices=ACTIVATIONS)
    planned.add_argument("--day", type=_a_day, metavar="DAY", help="default: today")
    for one in (relearn, compare):
        one.add_argument("--from", dest="first", type=_a_day, metavar="DAY")
        one.add_argument("--to", dest="last", type=_a_day, metavar="DAY")
    compare.add_argument("--before-from", dest="before_first", type=_a_day, metavar="DAY")
    compare.add_argument("--before-to", dest="before_last", type=_a_day, metavar="DAY")
    for one in (listed, night, known, compare):
        one.add_argument("--json", action="store_true")


def _a_day(text: str) -> dt.date:
    """A day, as 2026-03-01."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        message = f"{text!r} is no day: write it as 2026-03-01"
        raise argparse.ArgumentTypeError(message) from None


def _reports(commands: "_Commands[argparse.ArgumentParser]") -> None:
    """`reports import` and `reports check`."""
    reports = commands.add_parser("reports", help="final reports, to compare answers with")
    actions = reports.add_subparsers(required=True, metavar="ACTION")
    rules = actions.add_parser("check", help="the rules that report text is read by")
    rules.set_defaults(command="report_rules:check")
    rules.add_argument("rules", nargs="?", type=Path, metavar="RULES", help="default: those in use")
    rules.add_argument("--sample", type=Path, metavar="CSV", help="labelled texts to read by them")
    rules.add_argument("--json", action="store_true")
    bring = actions.add_parser("import", help="reports from a CSV file")
    bring.set_defaults(command="reports:bring")
    bring.add_argument("paths", nargs=1, type=Path, metavar="FILE")
    bring.add_argument(
        "--site", dest="scope", default="", metavar="KEY", help="of a file without a column site"
    )


def _a_number(text: str) -> int:
    """A number of studies: one or more."""
    if (count := int(text)) < 1:
        message = "at least one study"
        raise argparse.ArgumentTypeError(message)
    return count


def _a_rate(text: str) -> float:
    """Studies a minute: zero or more."""
    if not 0 <= (rate := float(text)) <= 1e6:  # noqa: PLR2004 - no scanner is faster
        message = "studies a minute, zero or more"
        raise argparse.ArgumentTypeError(message)
    return rate
