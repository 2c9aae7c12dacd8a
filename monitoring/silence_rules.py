"""Writes `rules/varde-silence.rules.yml`: `python -m monitoring.silence_rules > FILE`.

A stop is silent where nothing comes although something used to. What used to come is learned from
the same hours of the same weekday in the four weeks before, their median, so that one holiday or
one earlier stop does not move it: nights and weekends are quiet of themselves. Of the two hours
up to now and the two that follow, the quieter ones count: at closing time nobody is missed for
the afternoon that has been (without that, 247 false alarms in 20 simulated site-years instead of
none: tests/bench/test_silence.py). Where the other sites are quiet too (less than `QUIET` of what
they usually send: a holiday), no more is expected than in the quietest of the seven days before.

What was expected since the last arrival is summed up as time goes by, and `ENOUGH` that did not
come are an alarm: of a Poisson count with that mean, none at all has a probability of 6e-6. So a
large site is missed after an hour, a small one when there is enough to tell, and an alarm of the
afternoon does not end with the evening. The sum is a recorded series that reads its own last
value, and a recorded clock says how long ago that was: any interval of evaluation will do.
"""

import sys
from collections.abc import Iterator
from typing import Final, NamedTuple

ENOUGH: Final = 12
QUIET: Final = 0.7
WINDOW: Final = "2h"
SECONDS: Final = 7200  #: the same, and for how long a pause of the rules is bridged
SLACK: Final = 120  #: an arrival may be seen this many seconds after it
WEEKS: Final = [f"{week}w" for week in range(1, 5)]
WEEKS_AHEAD: Final = [f"{week * 7 - 1}d22h" for week in range(1, 5)]
DAYS: Final = [
    *(f"{day}d" for day in range(1, 8)), "22h", *(f"{day}d22h" for day in range(1, 7)),
]  # fmt: skip
HEAD: Final = """\
# Made by `python -m monitoring.silence_rules`, which says how it works: change it there.
groups:
"""


class Level(NamedTuple):
    """What is counted: studies of a site, or what an algorithm evaluates at a site."""

    group: str
    prefix: str  #: of what is recorded
    by: str
    counter: str
    last: str  #: the last sign of life
    peers: str  #: what those have in common that are compared with each other


class Told(NamedTuple):
    """What an alarm says, in Norwegian and in English, and where to look."""

    nb: str
    en: str
    do_nb: str
    do_en: str
    link: str = "/"


ARRIVALS: Final = Level(
    "varde-arrivals", "site:varde_studies_received", "site", "varde_studies_received_total",
    "varde_last_instance_timestamp_seconds", "",
)  # fmt: skip
READINGS: Final = Level(
    "varde-readings", "site_algorithm:varde_evaluated", "site, algorithm",
    'varde_inference_results_total{outcome=~"findings|nothing_found"}',
    "varde_last_result_timestamp_seconds", "algorithm",
)  # fmt: skip


def text() -> str:
    """The whole file."""
    arrivals = [*_recorded(ARRIVALS), *_arrivals(_silent(ARRIVALS))]
    return HEAD + "".join([*arrivals, *_recorded(READINGS), _readings(_silent(READINGS))])


def _recorded(level: Level) -> Iterator[str]:
    """The head of a group and all that it learns."""
    yield f"  - name: {level.group}\n    interval: 5m\n    rules:\n"
    yield _record(f"{level.prefix}:total", f"sum by ({level.by}) ({level.counter})")
    for record, expression in (*_learned(level), *_missed(level)):
        yield _record(f"{level.prefix}:{record}", expression)


def _learned(level: Level) -> Iterator[tuple[str, str]]:
    """What came in the window, what usually does, and what is expected now."""
    prefix, by, peers = level.prefix, level.by, level.peers
    total, now, usual = f"{prefix}:total", f"{prefix}:now", f"{prefix}:usual"
    behind, ahead = f"{prefix}:behind", f"{prefix}:ahead"
    known = f"present_over_time({total}[{WINDOW}] offset 2w)"
    yield "now", f"increase({total}[{WINDOW}])"
    yield "behind", f"quantile by ({by}) (0.5, {_earlier(total, WEEKS)}) and {known}"
    yield "ahead", f"quantile by ({by}) (0.5, {_earlier(total, WEEKS_AHEAD)}) and {known}"
    yield "usual", f"({behind} < {ahead}) or ({ahead} and {behind})"
    yield "quietest", f"min by ({by}) ({_earlier(total, DAYS)})"
    sums = f"sum by ({peers})" if peers else "sum"
    others = f"on ({peers}) group_right ()"
    came = f"({sums} ({now} and {usual}) - {others} {now})"
    used_to_come = f"({sums} ({usual}) - {others} {usual} > 5)"
    yield "others", f"{came} / {used_to_come}"
    yield "expected", f"({prefix}:quietest and {prefix}:others < {QUIET}) or {usual}"


def _missed(level: Level) -> Iterator[tuple[str, str]]:
    """What was expected since the last arrival."""
    prefix = level.prefix
    clock, step = f"{prefix}:clock", f"scalar({prefix}:step)"
    yield "step", f"(time() - last_over_time({clock}[{WINDOW}])) or vector(0)"
    yield "clock", "vector(time())"
    before = f"(last_over_time({prefix}:missed[{WINDOW}]) or 0 * {prefix}:expected)"
    more = f"{prefix}:expected * {step} / {SECONDS}"
    still = f"({_age(level)} > bool {step} + {SLACK})"
    yield "missed", f"({before} + {more}) * on ({level.by}) {still}"


def _age(level: Level) -> str:
    return f"(time() - max by ({level.by}) ({level.last}))"


def _earlier(total: str, offsets: list[str]) -> str:
    """The increase over the same window at each of the offsets, told apart by a label."""
    told = (
        f'label_replace(increase({total}[{WINDOW}] offset {offset}), "before", "{offset}", "", "")'
        for offset in offsets
    )
    return " or ".join(told)


def _silent(level: Level) -> str:
    """Nothing for an hour, and enough missed; the value is for how long."""
    return f"{_age(level)} > 3600 and on ({level.by}) {level.prefix}:missed >= {ENOUGH}"


def _record(name: str, expression: str) -> str:
    return f"      - record: {name}\n        expr: >-\n          {expression}\n"


def _arrivals(silent: str) -> Iterator[str]:
    missed = "site:varde_studies_received:missed"
    age = "time() - max(varde_last_instance_timestamp_seconds)"
    many = f"sum({missed}) >= {2 * ENOUGH} and on () count({missed}) > 1"
    nothing = f"{age} > 1800 and on () {many}"
    told = Told(
        "Ingen steder sender noe lenger",
        "No site sends anything any more",
        "Se om ruteren går og tar imot, og om nettet er oppe: varde check, varde router.",
        "See whether the router runs and receives, and whether the network is up: varde check, "
        "varde router.",
    )
    yield _alert("VardeNothingArrives", nothing, told)
    told = Told(
        "Ingenting kommer fra {{ $labels.site }}; siste bilde kom for "
        "{{ $value | humanizeDuration }} siden",
        "Nothing arrives from {{ $labels.site }}; the last instance came "
        "{{ $value | humanizeDuration }} ago",
        "Ring stedet: sender PACS ennå? Se avviste sendinger og nettet mellom.",
        "Call the site: does its PACS still send? Look at refusals and at the network between.",
    )
    yield _alert("VardeSiteSilent", silent, told)


def _readings(silent: str) -> str:
    suspended = 'max by (site, algorithm) (varde_activation{state="suspended"}) == 1'
    told = Told(
        "{{ $labels.algorithm }} vurderer ingenting fra {{ $labels.site }} lenger; siste svar kom "
        "for {{ $value | humanizeDuration }} siden",
        "{{ $labels.algorithm }} evaluates nothing from {{ $labels.site }} any more; its last "
        "answer came {{ $value | humanizeDuration }} ago",
        "Se om studiene kommer, om en rute velger algoritmen, og om arbeideren går: varde explain, "
        "varde jobs list.",
        "See whether studies come, a route chooses the algorithm and its worker runs: varde "
        "explain, varde jobs list.",
        "/watch/{{ $labels.site }}/{{ $labels.algorithm }}",
    )
    expression = f"({silent}) unless on (site, algorithm) ({suspended})"
    return _alert("VardeAlgorithmSilent", expression, told)


def _alert(name: str, expression: str, told: Told) -> str:
    return f"""\
      - alert: {name}
        expr: >-
          {expression}
        for: 10m
        labels: {{owner: platform, severity: critical}}
        annotations:
          summary_nb: "{told.nb}"
          summary_en: "{told.en}"
          do_nb: "{told.do_nb}"
          do_en: "{told.do_en}"
          link: "{{{{ $externalLabels.pages }}}}{told.link}"
"""


if __name__ == "__main__":
    sys.stdout.write(text())
