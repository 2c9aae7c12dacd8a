"""Reports, feedback and audits on PostgreSQL, through the pages, also with hostile addresses."""

import datetime as dt
from pathlib import Path

from core.store.watch import audits
from tests.web.answered import EFFUSION, PNEUMOTHORAX, answered, browser, program
from tests.web.seed import NOW, open_seed


def test_truths_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    settings, seed = open_seed(tmp_path, postgres_url)
    study, job = answered(seed, accession_number="A1")
    with seed.database.write() as connection:
        since = NOW - dt.timedelta(days=2)
        assert audits.draw(connection, key=bytes(32), share=1, since=since, now=NOW) == 1
    sent = {
        "site": "drammen", "accession_number": "A1", "signed_at": "2026-03-14T09:30:00+01:00",
        "truths": {PNEUMOTHORAX: "absent"},
    }  # fmt: skip
    with program(settings, seed) as api:
        assert api.post("/api/reports", json=sent).status_code == 201
        word = {"job": job, "role": "radiologist", "word": "disagree"}
        assert api.post("/api/feedback", json=word).status_code == 201
        for bad in ("%00", "%ED%A0%80", "x" * 4000):
            assert api.delete(f"/api/feedback/{bad}/radiologist").status_code == 404
            assert api.delete(f"/api/feedback/{job}/{bad}").status_code == 404
            answer = api.delete(f"/api/feedback/{job}/radiologist?finding={bad}")
            assert answer.status_code == 404
            assert api.get(f"/audits/{bad}").status_code == 404
    with browser(settings, seed) as page:
        assert "Radiolog: <b>Uenig</b>" in page.get(f"/studies/{study}").text
        seen = {"role": "radiologist", f"truth-{PNEUMOTHORAX}": "absent",
                f"truth-{EFFUSION}": "uncertain"}  # fmt: skip
        assert page.post(f"/audits/{job}", data={**seen, "role": "\x00"}).status_code == 422
        assert page.post(f"/audits/{job}", data=seen).status_code == 303
        assert "<b>uenige</b>" in page.get(f"/audits/{job}").text
    seed.database.close()
