"""A database in which everything that the watch can say has been said."""

import datetime as dt

import numpy as np
import sqlalchemy as sa

from core.domain.activation import Activated, Activation
from core.domain.case import CaseKind
from core.domain.feedback import Role, Word
from core.domain.watch import Chart, Evaluation, Point, Signal, Standing, Stream
from core.store.tables import JobRow
from core.store.watch import activations, aggregates, cases, evaluations, nights, references
from core.store.watch.tables import AuditRow, CaseRow, ConcordanceRow, FeedbackRow
from monitoring.aggregates import bins, wire
from monitoring.aggregates.aggregate import Aggregate
from tests.web.seed import NOW, Seed

TODAY = NOW.date()
STREAM = Stream("drammen", "chest_xray")


def day(before: int) -> dt.date:
    """So many days before today."""
    return TODAY - dt.timedelta(days=before)


def evaluation(
    standing: Standing, before: int = 1, *, score: float | None = 0.5, notes: tuple[str, ...] = ()
) -> Evaluation:
    """How chest_xray stood at Drammen, on one chart."""
    points = (Point(Signal.OUTPUT, Chart.PEERS, score, standing),)
    return Evaluation(STREAM, day(before), 1, 300, 40, standing, points, notes)


def stored(before: int = 1, *, body: bytes | None = None) -> aggregates.StoredDay:
    """A day of 40 studies, 10 of them with a finding, 36 scores below 0.0025."""
    scores = np.zeros(bins.BINS, np.int64)
    scores[0], scores[-1] = 30, 8
    one = Aggregate(
        studies=40, evaluated=38, positives=10,
        outcomes={"findings": 10, "nothing_found": 28, "failed": 2},
        outputs={"36118008": scores},
        pairs={"other_chest": np.array([[20, 3], [2, 5]])},
    )  # fmt: skip
    return aggregates.of(
        wire.dump(one) if body is None else body, site="drammen", algorithm="chest_xray",
        version="1.0.0", equipment="", day=day(before), modality="DX", studies=40, at=NOW,
    )  # fmt: skip


def audited(missed: int, right: int) -> dict[str, object]:
    """A day's comparisons with audits."""
    return {
        "site": "drammen", "algorithm": "chest_xray", "version": "1.0.0", "day": day(3),
        "label": "any", "source": "audit", "subgroup": "", "true_positive": 4,
        "false_positive": 1, "false_negative": missed, "true_negative": right, "unknown": 2,
    }  # fmt: skip


def watch(seed: Seed) -> None:
    """Write one of everything."""
    with seed.database.write() as connection:
        job = connection.execute(sa.select(JobRow.id).order_by(JobRow.id)).scalars().first()
        night, _ = nights.claim(connection, day(1), by="test", now=NOW - dt.timedelta(seconds=90))
        nights.finish(connection, night, streams=3, error="", notes={}, now=NOW)
        evaluations.write(
            connection,
            [evaluation(Standing.OUTSIDE, score=1.5, notes=("missing:2026-03-01",))],
            NOW,
        )
        references.add(
            connection,
            STREAM,
            version="1.0.0",
            from_day=day(400),
            to_day=day(36),
            studies=9000,
            learned_at=NOW,
            by="Kari",
            reason="et år",
            body=b"",
        )
        aggregates.write(connection, [stored(), stored(2, body=b"broken")])
        settled = cases.opened(
            connection,
            kind=CaseKind.DRIFT,
            site="drammen",
            algorithm="chest_xray",
            subject="drift",
            evidence={},
            day=day(20),
            now=NOW - dt.timedelta(days=20),
        )
        connection.execute(_settled(settled))
        cases.opened(
            connection,
            kind=CaseKind.ERRORS,
            site="drammen",
            algorithm="chest_xray",
            subject="any",
            evidence={},
            day=day(2),
            now=NOW - dt.timedelta(days=2),
        )
        activations.change(
            connection,
            Activated("drammen", "chest_xray", Activation.SUPERVISED, NOW, "Kari", "ny"),
            day=TODAY,
        )
        connection.execute(sa.insert(ConcordanceRow), [audited(1, 299)])
        connection.execute(
            sa.insert(FeedbackRow).values(
                job_id=job,
                site="drammen",
                algorithm="chest_xray",
                version="1.0.0",
                at=NOW,
                role=Role.ORTHOPAEDIST.value,
                word=Word.DISAGREE.value,
                called=True,
                corrected={},
            )
        )
        connection.execute(
            sa.insert(AuditRow).values(
                job_id=job, site="drammen", algorithm="chest_xray", drawn_at=NOW,
                answered_at=NOW, role=Role.RADIOLOGIST.value, truths={},
            )
        )  # fmt: skip


def _settled(case_id: str) -> sa.Executable:
    return sa.update(CaseRow).where(CaseRow.id == case_id).values(
        settled_at=NOW - dt.timedelta(days=19)
    )  # fmt: skip
