"""Events over time: which periods have more than chance gives."""

from collections.abc import Sequence

from scipy.stats import poisson

from monitoring.performance.p_chart import TAIL, Bar


def u_chart(events: Sequence[int], counts: Sequence[int]) -> tuple[Bar, ...]:
    """Events a study (a study may have several), with exact Poisson limits.

    `value`, `centre` and the limits are events a study: show them a hundred or a thousand.
    """
    if min((*events, *counts), default=0) < 0:
        message = "events and studies are not negative"
        raise ValueError(message)
    centre = sum(events) / sum(counts) if sum(counts) else 0.0
    return tuple(
        Bar(
            event / count if count else None,
            count,
            centre,
            float(poisson.ppf(TAIL, count * centre)) / count if count else 0.0,
            float(poisson.isf(TAIL, count * centre)) / count if count else float("inf"),
        )
        for event, count in zip(events, counts, strict=True)
    )
