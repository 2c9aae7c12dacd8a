"""The line below an answer in a real browser: nothing that is being chosen is lost."""

import numpy as np
import pytest

from core.domain import codes
from core.domain.feedback import Role, Word
from core.domain.finding import Outcome
from core.settings import Settings
from core.store.watch import feedback
from tests.services.devtools import chromium
from tests.web.answered import PNEUMOTHORAX
from tests.web.seed import CT, Seed, dataset, finding
from tests.web.test_screen import served

#: The page is there and its scripts have run.
READY = "document.readyState === 'complete' && !!document.querySelector('.feedback')"


@pytest.fixture
def study(empty: tuple[Settings, Seed]) -> tuple[str, str, str]:
    """(study, answered job, a second job that waits): two slices."""
    seed = empty[1]
    slices = [
        dataset(np.zeros((16, 16), np.int16), SOPClassUID=CT, Modality="CT", InstanceNumber=n)
        for n in (1, 2)
    ]
    key = seed.study(slices)
    seed.complete(key)
    job, other = seed.job(key), seed.job(key, algorithm="ct_thorax")
    seed.claim(job)
    seed.claim(other)
    seed.answer(job, Outcome.FINDINGS, [finding(codes.PNEUMOTHORAX, 0.9, slices[0])])
    return key, job, other


def test_what_is_being_chosen_outlives_a_fresh_answer(
    empty: tuple[Settings, Seed], study: tuple[str, str, str]
) -> None:
    key, job, other = study
    seed = empty[1]
    radio = f'document.getElementById("truth-{job}-{PNEUMOTHORAX}-absent")'
    role = f'document.getElementById("correct-role-{job}")'
    with (
        served(*empty, at_second_look=lambda: seed.answer(other, Outcome.NOTHING_FOUND)) as url,
        chromium(language="nb-NO") as browser,
    ):
        browser.open(f"{url}/studies/{key}")
        browser.wait_for(READY)
        browser.evaluate(f'document.getElementById("correct-{job}").open = true')
        browser.evaluate(f"{role}.value = 'radiographer'; {radio}.click(); {radio}.focus()")
        browser.wait_for("!!document.querySelector('.verdict.nothing_found')")
        assert browser.evaluate(f'document.getElementById("correct-{job}").open')
        assert browser.evaluate(f"{radio}.checked")
        assert browser.evaluate(f"document.activeElement === {radio}")
        assert browser.evaluate(f"{role}.value") == "radiographer"
        assert browser.faults == []


def test_a_word_is_sent_without_leaving_the_page(
    empty: tuple[Settings, Seed], study: tuple[str, str, str]
) -> None:
    key, job, _ = study
    with served(*empty) as url, chromium(language="nb-NO") as browser:
        browser.open(f"{url}/studies/{key}")
        browser.wait_for(READY)
        browser.evaluate("window.stayed = true; goTo('2.1')")
        browser.wait_for("document.getElementById('picture').dataset.place === '2.1'")
        browser.evaluate(
            f"document.getElementById('role-{job}').value = 'orthopaedist';"
            f"document.getElementById('disagree-{job}').click()"
        )
        browser.wait_for("document.querySelector('.said')?.innerText.includes('Uenig') ?? false")
        assert browser.evaluate("window.stayed")
        assert browser.evaluate("document.getElementById('picture').dataset.place") == "2.1"
        with empty[1].database.read() as connection:
            (one,) = feedback.of_jobs(connection, [job])[job]
        assert (one.role, one.word) == (Role.ORTHOPAEDIST, Word.DISAGREE)
        browser.evaluate("document.querySelector('[value=withdraw]').click()")
        browser.wait_for("!document.querySelector('.said')")
        assert browser.evaluate("document.querySelector('.feedback select').value"), "remembered"
        assert browser.evaluate("document.querySelector('.refused').hidden")
        assert browser.faults == []


def test_keys_in_the_form_are_the_form_s(
    empty: tuple[Settings, Seed], study: tuple[str, str, str]
) -> None:
    """An arrow key among the choices neither turns the slice nor is lost; Enter sends no word."""
    key, job, _ = study
    first = f'document.getElementById("truth-{job}-{PNEUMOTHORAX}-present")'
    with served(*empty) as url, chromium(language="nb-NO") as browser:
        browser.open(f"{url}/studies/{key}")
        browser.wait_for(READY)
        browser.evaluate(f'document.getElementById("correct-{job}").open = true')
        browser.evaluate(f"{first}.click(); {first}.focus()")
        for code, number in (("ArrowDown", 40), ("Enter", 13)):
            for kind in ("rawKeyDown", "keyUp"):
                browser.say("Input.dispatchKeyEvent", type=kind, key=code, code=code,
                            windowsVirtualKeyCode=number)  # fmt: skip
        chosen = "document.querySelector('.correct input:checked').value"
        assert browser.evaluate(chosen) == "absent"
        assert browser.evaluate("document.getElementById('picture').dataset.place") == "1.1"
        with empty[1].database.read() as connection:
            assert feedback.of_jobs(connection, [job]) == {}


def test_without_a_script_it_is_an_ordinary_form(
    empty: tuple[Settings, Seed], study: tuple[str, str, str]
) -> None:
    key, job, _ = study
    with served(*empty) as url, chromium(language="nb-NO") as browser:
        browser.say("Emulation.setScriptExecutionDisabled", value=True)
        browser.open(f"{url}/studies/{key}")
        browser.wait_for(READY)
        browser.evaluate(
            f"document.getElementById('role-{job}').value = 'radiologist';"
            f"document.getElementById('agree-{job}').click()"
        )
        browser.wait_for("document.querySelector('.said')?.innerText.includes('Enig') ?? false")
        assert browser.evaluate("location.hash") == f"#feedback-{job}"
