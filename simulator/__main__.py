"""`python -m simulator archive|modality|country`: a receiver, a sender, a country of daily sums."""

import argparse
import secrets
import signal
import sys
import threading
import time
from pathlib import Path

from core.domain.errors import VardeError
from simulator.archive import Archive
from simulator.modality import Modality, Peer

REFUSED = 2


def main(argv: list[str] | None = None) -> int:
    """Run one of them; 2 for an error that is told on stderr."""
    arguments = parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except VardeError as error:
        sys.stderr.write(f"simulator: {error}\n")
        return REFUSED


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="python -m simulator", description=__doc__)
    kinds = top.add_subparsers(required=True, metavar="WHAT")
    archive = kinds.add_parser("archive", help="a storage SCP that keeps what it gets")
    archive.set_defaults(run=_archive)
    archive.add_argument("--host", default="127.0.0.1")
    archive.add_argument("--port", type=int, default=0, help="0: a free one")
    archive.add_argument("--ae-title", default="ARKIV")
    archive.add_argument("--folder", type=Path, required=True)
    modality = kinds.add_parser("modality", help="sends simulated studies with known truth")
    modality.set_defaults(run=_modality)
    modality.add_argument("--to", default="VARDE@127.0.0.1:11112", metavar="AE@HOST:PORT")
    modality.add_argument("--from", dest="calling", default="SIM_DRAMMEN", metavar="AE")
    modality.add_argument("--studies", type=int, default=8)
    modality.add_argument("--rate", type=float, default=0.0, help="studies a minute, 0: no pause")
    modality.add_argument("--seed", type=int, default=1)
    modality.add_argument("--salt", default="", help="of the UIDs; default: drawn")
    modality.add_argument("--kind", action="append", default=[], help="several: in turn")
    modality.add_argument("--scanner", action="append", default=[], help="several: in turn")
    modality.add_argument("--truth", type=Path, help="file that gets the truth, a JSON line each")
    country = kinds.add_parser(
        "country", help="years of 20 hospitals and 4 algorithms as daily sums into a database"
    )
    country.set_defaults(run=_country)
    country.add_argument("--into", required=True, metavar="DATABASE_URL|HOME")
    country.add_argument("--years", type=float, default=2.0)
    country.add_argument("--seed", type=int, default=1)
    country.add_argument("--from", dest="start", default="", metavar="DAY", help="YYYY-MM-DD")
    country.add_argument(
        "--recent", action="store_true", help="the last day is yesterday, with something to find"
    )
    country.add_argument("--site", action="append", default=[], help="several; default: all 20")
    country.add_argument("--algorithm", action="append", default=[], help="several; default: all 4")
    country.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="NAME@SITE@DAY[+DAYS][@ALGORITHM]",
        help="several; the site * means all",
    )
    country.add_argument("--truth", type=Path, help="JSON; default: truth.json in HOME, or here")
    return top


def _country(arguments: argparse.Namespace) -> int:
    """Write a country of daily sums, and its truth."""
    from simulator.country import command  # noqa: PLC0415 - the others need no statistics

    return command.run(arguments)


def _archive(arguments: argparse.Namespace) -> int:
    """Receive until SIGTERM or Ctrl-C."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)
    archive = Archive(
        arguments.folder, ae_title=arguments.ae_title, host=arguments.host, port=arguments.port
    )
    try:
        with archive:
            where = f"{archive.ae_title}@{archive.host}:{archive.port}"
            sys.stdout.write(f"ready: {where} keeps in {archive.folder}\n")
            sys.stdout.flush()
            threading.Event().wait()
    except KeyboardInterrupt:
        return 0
    return 0


def _modality(arguments: argparse.Namespace) -> int:
    """Send at the rate; 0 only if every instance was taken."""
    from simulator import studies  # noqa: PLC0415 - the archive needs no image generator

    modality = Modality(Peer.parse(arguments.to), calling=arguments.calling)
    pause = 60 / arguments.rate if arguments.rate else 0.0
    due, lost = time.monotonic(), 0
    for study in studies.simulated(
        arguments.studies, seed=arguments.seed, salt=arguments.salt or secrets.token_hex(8),
        kinds=arguments.kind or tuple(studies.KINDS), scanners=arguments.scanner,
    ):  # fmt: skip
        threading.Event().wait(max(0.0, due - time.monotonic()))
        due = max(due + pause, time.monotonic())
        if arguments.truth:
            studies.record(study, arguments.truth)
        answers = list(modality.send(study.items))
        taken = sum(answer.taken for answer in answers)
        lost += len(answers) - taken
        sys.stdout.write(f"{study.study_uid}: {taken} of {len(answers)} taken\n")
        sys.stdout.flush()
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
