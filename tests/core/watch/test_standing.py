"""How a stream stands whose signals stand so: an alarm is never hidden, nor is what is missing."""

import pytest

from core.domain.watch import Chart, Point, Signal, Standing, of_signal, of_stream, worst

INSIDE, OUTSIDE, WATCHED = Standing.INSIDE, Standing.OUTSIDE, Standing.WATCHED
FEW, LEARNING, NO_DATA = Standing.TOO_FEW, Standing.LEARNING, Standing.NO_DATA


def point(signal: Signal, standing: Standing, chart: Chart = Chart.OWN) -> Point:
    return Point(signal, chart, 0.5, standing)


def stream(*standings: Standing, more: tuple[Point, ...] = ()) -> Standing:
    """A stream whose input, output and positive share stand so."""
    needed = (Signal.INPUT, Signal.OUTPUT, Signal.POSITIVE)
    return of_stream([*map(point, needed, standings), *more])


def test_inside_takes_every_signal_that_is_needed() -> None:
    assert stream(INSIDE, INSIDE, INSIDE) is INSIDE
    assert stream(INSIDE, FEW, INSIDE) is FEW
    assert stream(INSIDE, FEW, LEARNING) is LEARNING
    assert stream(INSIDE, NO_DATA, INSIDE) is NO_DATA


@pytest.mark.parametrize("alarm", [OUTSIDE, WATCHED])
@pytest.mark.parametrize("signal", [Signal.EMBEDDING, Signal.REFUSED, Signal.DISAGREEMENT])
def test_an_alarm_of_any_signal_is_the_streams(signal: Signal, alarm: Standing) -> None:
    assert stream(INSIDE, INSIDE, INSIDE, more=(point(signal, alarm),)) is alarm
    assert stream(FEW, NO_DATA, LEARNING, more=(point(signal, alarm),)) is alarm


def test_another_signal_may_be_too_few_for_itself() -> None:
    assert stream(INSIDE, INSIDE, INSIDE, more=(point(Signal.DISAGREEMENT, FEW),)) is INSIDE


def test_what_one_chart_cannot_tell_yet_another_may() -> None:
    learning = [point(Signal.INPUT, LEARNING), point(Signal.INPUT, INSIDE, Chart.PEERS)]
    assert of_signal(learning) is INSIDE
    assert of_signal([*learning, point(Signal.INPUT, OUTSIDE, Chart.NATIONAL)]) is OUTSIDE
    assert of_signal([point(Signal.INPUT, LEARNING), point(Signal.INPUT, FEW, Chart.PEERS)]) is (
        LEARNING
    )


def test_nothing_is_no_good_news() -> None:
    assert of_stream([]) is NO_DATA
    assert of_signal([]) is NO_DATA
    assert worst([]) is NO_DATA
    assert of_stream([point(Signal.REFUSED, FEW)]) is FEW
