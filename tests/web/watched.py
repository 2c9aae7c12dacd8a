"""A watched country for the pages' tests: evaluations of every standing, made by arithmetic."""

import dataclasses
import datetime as dt
import math
import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from core.domain.event import EventKind
from core.domain.feedback import Role, Source, Word
from core.domain.watch import (
    NATIONAL,
    TRUST,
    Chart,
    Evaluation,
    Member,
    Point,
    Signal,
    Standing,
    Stream,
    worst,
)  # fmt: skip
from core.settings import Settings
from core.store.database import Database
from core.store.files import Files
from core.store.watch import concordance, evaluations, events, feedback, nights, references
from core.store.watch.concordance import Counted
from core.store.watch.feedback import Words as Said
from core.store.watch.tables import ComparisonRow
from tests.web.seed import Seed
from web import night

NOW: Final = dt.datetime.now(dt.UTC).replace(microsecond=0)
DUE: Final = night.due(NOW, "03:15")
MEMBERS: Final = {
    Signal.INPUT: (("kvp", 117.0, 4.0), ("exposure_index", 410.0, 60.0), ("pixel_mean", 0.43, 0.03),
                   ("pixel_sd", 0.21, 0.012), ("pixel_gradient", 0.052, 0.006)),
    Signal.CATEGORY: (("view", 0.05, 0.05), ("manufacturer_model", 0.03, 0.05)),
    Signal.EMBEDDING: (("mmd", 0.004, 0.004),),
    Signal.OUTPUT: (("score:36118008", 0.06, 0.05), ("score:60046008", 0.05, 0.05),
                    ("score:27925004", 0.05, 0.05), ("score:95436008", 0.05, 0.05)),
    Signal.POSITIVE: (("positive", 0.21, 0.05),),
    Signal.REFUSED: (("refused", 0.02, 0.02),),
}  # fmt: skip
TRUSTS: Final = {"vv": "Vestre Viken", "ahus": "Akershus universitetssykehus", "inn": "Innlandet"}
SITES: Final = {
    "drammen": ("Drammen sykehus", "vv"), "baerum": ("Bærum sykehus", "vv"),
    "kongsberg": ("Kongsberg sykehus", "vv"), "ringerike": ("Ringerike sykehus", "vv"),
    "hallingdal": ("Hallingdal sjukestugu", "vv"), "nordbyhagen": ("Ahus Nordbyhagen", "ahus"),
    "ski": ("Ski sykehus", "ahus"), "lillehammer": ("Lillehammer sykehus", "inn"),
    "gjovik": ("Gjøvik sykehus", "inn"), "elverum": ("Elverum sykehus", "inn"),
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Way:
    """How a stream goes: what moves it, from how many days before the last."""

    standing: Standing = Standing.INSIDE
    signals: tuple[Signal, ...] = ()
    days: int = 12  #: since when it stands so
    a_day: int = 60
    missing: tuple[int, ...] = ()  #: days before the last without an evaluation
    ends: int = 0  #: days before the last due at which it was last evaluated


def settings_of(
    home: Path, url: str = "", sites: dict[str, tuple[str, str]] | None = None
) -> Settings:
    """Settings with sites and trusts."""
    sites = SITES if sites is None else sites
    return Settings.model_validate({
        "home": home, "database": {"url": url},
        "regions": {"hso": {"name": "Helse Sør-Øst"}},
        "trusts": {key: {"name": name, "region": "hso"} for key, name in TRUSTS.items()},
        "destinations": {"pacs": {"ae_title": "PACS", "host": "127.0.0.1", "port": 104}},
        "sites": {
            key: {"name": name, "trust": trust, "calling": [key[:16].upper()],
                  "destinations": ["pacs"]}
            for key, (name, trust) in sites.items()
        },
    })  # fmt: skip


def open_watched(home: Path, sites: dict[str, tuple[str, str]] | None = None,
                 url: str = "") -> tuple[Settings, Seed]:  # fmt: skip
    """Settings and an empty, migrated database with the country's sites."""
    settings = settings_of(home, url, sites)
    database = Database(settings.database_url, fsync=False)
    database.migrate()
    database.describe_sites(settings)
    return settings, Seed(database, Files(home, fsync=False))


def course(stream: Stream, way: Way, days: int, *, members: bool = True) -> list[Evaluation]:
    """The evaluations of a stream up to the last day due."""
    chance = random.Random(f"{stream.site}/{stream.algorithm}")
    made = []
    for back in range(days - 1, way.ends - 1, -1):
        if back in way.missing:
            continue
        day = DUE - dt.timedelta(days=back)
        made.append(_evaluation(stream, way, day, back, chance, members=members))
    return made


def _evaluation(
    stream: Stream, way: Way, day: dt.date, back: int, chance: random.Random, *, members: bool
) -> Evaluation:
    standing = way.standing if back < way.days + way.ends else Standing.INSIDE
    few = way.standing in {Standing.TOO_FEW, Standing.LEARNING}
    if few:
        standing = way.standing
    if standing is Standing.NO_DATA:
        return Evaluation(stream, day, 1, 0, 0, standing, (), (f"missing:{day.isoformat()}",))
    weekend = 0.4 if day.weekday() >= 5 else 1.0
    today = round(way.a_day * weekend * (1 + 0.1 * math.sin(back)))
    points = tuple(
        _point(signal, chart, way, standing, back, chance, few=few, members=members)
        for signal in MEMBERS
        for chart in ([Chart.NATIONAL] if stream.site == NATIONAL else [Chart.OWN, Chart.PEERS])
    )
    return Evaluation(stream, day, 0 if standing is Standing.LEARNING else 1, 7 * today, today,
                      worst([one.standing for one in points]), points)  # fmt: skip


def _point(
    signal: Signal, chart: Chart, way: Way, standing: Standing, back: int, chance: random.Random,
    *, few: bool, members: bool,
) -> Point:  # fmt: skip
    moved = signal in way.signals and standing in {Standing.OUTSIDE, Standing.WATCHED}
    if few:
        return Point(signal, chart, None, standing)
    wave = 0.35 + 0.2 * math.sin(back / 6 + len(signal)) + 0.15 * chance.random()
    push = min(1.6, 0.35 * (way.days + way.ends - back)) if moved else 0.0
    score = wave + (push + 0.75 if moved else 0.0)
    here = standing if moved and score > 1 else Standing.INSIDE
    if standing is Standing.WATCHED and moved:
        score, here = max(score, 1.1), Standing.WATCHED
    told = tuple(
        _member(name, middle, half, score * (1 - 0.2 * number), chance)
        for number, (name, middle, half) in enumerate(MEMBERS[signal])
    )
    return Point(signal, chart, round(score, 4), here, told if members else ())


def _member(name: str, middle: float, half: float, score: float, chance: random.Random) -> Member:
    side = 1 if score > 1 else chance.choice((1, -1))
    return Member(name, middle + side * half * score, middle - half, middle + half, score)


def write(seed: Seed, found: Iterable[Evaluation]) -> None:
    """Write evaluations as the night does."""
    with seed.database.write() as connection:
        evaluations.write(connection, found, NOW)


def ran(seed: Seed, *, until: dt.date = DUE, error: str = "", at: dt.datetime = NOW,
        streams: int = 40) -> None:  # fmt: skip
    """A night that has ended."""
    with seed.database.write() as connection:
        claimed, ours = nights.claim(connection, until, by="host:1", now=at)
        assert ours
        nights.finish(connection, claimed, streams=streams, error=error, notes={}, now=at)


def learned(seed: Seed, stream: Stream, *, by: str = "Kari Nordmann",
            reason: str = "Første år etter oppstart") -> None:  # fmt: skip
    """A reference of a year."""
    with seed.database.write() as connection:
        references.add(
            connection, stream, version="2.1.0", from_day=DUE - dt.timedelta(days=480),
            to_day=DUE - dt.timedelta(days=117), studies=17_420, learned_at=NOW, by=by,
            reason=reason, body=b"{}",
        )  # fmt: skip


def happened(seed: Seed, site: str, algorithm: str, kind: EventKind, back: int,
             **told: str) -> None:  # fmt: skip
    """An event so many days before the last one due."""
    day = DUE - dt.timedelta(days=back)
    at = dt.datetime.combine(day, dt.time(10), dt.UTC)
    with seed.database.write() as connection:
        events.happened(
            connection, site=site, algorithm=algorithm, kind=kind, subject=f"{kind}{back}",
            told=told, at=at, day=day,
        )  # fmt: skip


MOVED: Final = (Signal.INPUT, Signal.EMBEDDING, Signal.OUTPUT, Signal.POSITIVE)
WAYS: Final[Sequence[tuple[str, str, Way]]] = (
    ("drammen", "chest_xray", Way(Standing.OUTSIDE, MOVED, 12, missing=(40, 41, 42, 60))),
    ("kongsberg", "chest_xray", Way(Standing.WATCHED, (Signal.POSITIVE,), 1, 24)),
    ("ringerike", "chest_xray", Way(Standing.TOO_FEW, a_day=4)),
    ("hallingdal", "chest_xray", Way(Standing.TOO_FEW, a_day=2)),
    ("ski", "chest_xray", Way(Standing.LEARNING, a_day=30)),
    ("gjovik", "chest_xray", Way(Standing.NO_DATA, days=4)),
    ("elverum", "chest_xray", Way(ends=6)),
    ("baerum", "fracture", Way(Standing.OUTSIDE, (Signal.REFUSED,), 3)),
    ("drammen", "ct_thorax", Way(Standing.LEARNING, a_day=12)),
)  # fmt: skip


def fill(seed: Seed, days: int = 100) -> None:
    """A country in which every standing occurs, with references, events, cases and a night."""
    ways = {(site, algorithm): way for site, algorithm, way in WAYS}
    for site in SITES:
        for algorithm in ("chest_xray", "fracture", "ct_thorax", "mammography"):
            way = ways.get((site, algorithm), Way())
            if algorithm == "mammography" and site not in {"drammen", "nordbyhagen", "gjovik"}:
                continue
            stream = Stream(site, algorithm)
            write(seed, course(stream, way, days, members=site in {"drammen", "baerum"}))
            if way.standing is not Standing.LEARNING:
                learned(seed, stream)
    for algorithm in ("chest_xray", "fracture"):
        write(seed, course(Stream(NATIONAL, algorithm), Way(a_day=610), days))
        write(seed, course(Stream(TRUST + "vv", algorithm), Way(a_day=260), days))
    happened(seed, "drammen", "chest_xray", EventKind.SCANNER, 13,
             manufacturer="Siemens", model="Ysio X.pree", software="VE10A")  # fmt: skip
    happened(seed, "drammen", "chest_xray", EventKind.VERSION, 55, version="2.1.0")
    happened(seed, "drammen", "chest_xray", EventKind.SOFTWARE, 12,
             manufacturer="Siemens", model="Ysio X.pree", software="VE10B")  # fmt: skip
    ran(seed)


def compared(seed: Seed, site: str, algorithm: str, *, days: int = 300, a_day: int = 60,
             worse: int = 0, sensitivity: float = 0.92,
             specificity: float = 0.93) -> None:  # fmt: skip
    """Counted comparisons of a year: reports of most, audits of few, feedback of some.

    `worse`: so many days before the last, false finds become three times as many.
    """
    chance = random.Random(f"{site}{algorithm}")
    made: list[Counted] = []
    for back in range(days):
        day = DUE - dt.timedelta(days=back)
        spec = 1 - (1 - specificity) * (3 if back < worse else 1)
        version = "2.1.0" if back < 160 else "2.0.0"
        for source, share in ((Source.REPORT, 0.8), (Source.AUDIT, 0.05), (Source.FEEDBACK, 0.03)):
            for subgroup, part in (
                ("", 1.0),
                ("sex:F", 0.55),
                ("sex:M", 0.45),
                ("age:18-39", 0.2),
                ("age:40-64", 0.4),
                ("age:65-79", 0.38),
                ("age:80+", 0.02),
            ):
                count = round(a_day * share * part + chance.random())
                ill = sum(chance.random() < 0.2 for _ in range(count))
                found = sum(chance.random() < sensitivity for _ in range(ill))
                false = sum(chance.random() > spec for _ in range(count - ill))
                made += [
                    Counted(site, algorithm, version, day, label, source, subgroup, found, false,
                            ill - found, count - ill - false, round(count * 0.12))
                    for label in ("any", "36118008")
                ]  # fmt: skip
    with seed.database.write() as connection:
        concordance.write(connection, made)


def said(seed: Seed, site: str, algorithm: str, *, days: int = 300, worse: int = 25) -> None:
    """What orthopaedists said of findings, day by day."""
    chance = random.Random(f"{site}{algorithm}")
    made = []
    for back in range(days):
        day = DUE - dt.timedelta(days=back)
        count = 4 + round(2 * chance.random())
        wrong = sum(chance.random() < (0.3 if back < worse else 0.08) for _ in range(count))
        made += [
            Said(site, algorithm, "2.1.0", day, Role.ORTHOPAEDIST, word, True, number)
            for word, number in ((Word.AGREE, count - wrong), (Word.DISAGREE, wrong)) if number
        ]  # fmt: skip
    with seed.database.write() as connection:
        feedback.write(connection, made)


def disagreed(
    seed: Seed, site: str, *, number: int = 8, algorithm: str = "chest_xray"
) -> list[str]:
    """Disagreements on studies of a site; returns the jobs."""
    made = []
    for index in range(number):
        study = seed.study([], site=site, name=f"Nilsen^Ola{index}")
        seed.complete(study)
        job = seed.job(study, site=site, algorithm=algorithm)
        code = ("36118008", "60046008", "27925004")[index % 3]
        row = ComparisonRow(
            job_id=job, label=code, source="audit" if index % 4 == 0 else "report", site=site,
            algorithm=algorithm, version="2.1.0", day=DUE - dt.timedelta(days=index),
            called=index % 2 == 0, truth="absent" if index % 2 == 0 else "present", groups=[],
            at=NOW - dt.timedelta(days=index), settled_at=None,
        )  # fmt: skip
        values = {name: getattr(row, name) for name in ComparisonRow.__table__.columns.keys()  # noqa: SIM118
                  if getattr(row, name) is not None}  # fmt: skip
        seed.execute(sa.insert(ComparisonRow).values(**values))
        made.append(job)
    return made


def fill_quality(seed: Seed) -> None:
    """Quality for every site, with one that became worse."""
    for site in SITES:
        few = site in {"hallingdal", "ringerike"}
        compared(seed, site, "chest_xray", a_day=3 if few else 50,
                 worse=20 if site == "drammen" else 0)  # fmt: skip
    compared(seed, "baerum", "fracture")
    said(seed, "baerum", "fracture")
    said(seed, "drammen", "chest_xray")
    disagreed(seed, "drammen")
