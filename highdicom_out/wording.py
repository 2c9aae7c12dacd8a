"""What a reader reads, in Norwegian and English, and text that fits its VR (PS3.5 6.2).

Coded meanings stay English, as the standard prints them; sentences, labels and
descriptions follow the language of the object.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from core.domain.finding import Finding, Measurement, Outcome, Result, Segment
from core.domain.profile import DESCRIPTION
from core.domain.reason import Reason

LONG_STRING = 64  # LO, CodeMeaning
SHORT_TEXT = 1024  # ST
_WHOLE = 100  #: from here on decimals say more than anybody measured
_HALF_PER_CENT = 0.005
_VERSION = 24  #: characters of a version that a series description has room for

#: Units (UCUM) that a reader writes otherwise; counts and scores have none.
UNITS: Mapping[str, str] = MappingProxyType(
    {"mm2": "mm²", "mm3": "mm³", "cm2": "cm²", "cm3": "cm³", "mL": "ml", "1": "", "{score}": ""}
)

#: English and Norwegian, by the key that the modules of this package use.
SENTENCES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "unverified": ("AI, not verified", "KI, ikke verifisert"),
        "made_by": (
            "Made by AI, not verified by a physician: {name} {version}.",
            "Laget av KI, ikke verifisert av lege: {name} {version}.",
        ),
        "findings": ("AI findings: {findings}.", "KI-funn: {findings}."),
        "answers": ("AI assessment: {answers}.", "KI-vurdering: {answers}."),
        "remark": ("Note: {remark}.", "Merk: {remark}."),
        "replaces": (
            "This result takes the place of an earlier AI result of the same study.",
            "Dette resultatet erstatter et tidligere KI-resultat for samme undersøkelse.",
        ),
        "no_place": (
            "Segmentations are left out: the images do not say where in the patient they are.",
            "Segmenteringer er utelatt: bildene sier ikke hvor i pasienten de er.",
        ),
        "nothing_found": (
            "AI found none of what it looks for{labels}.",
            "KI fant ingenting av det den leter etter{labels}.",
        ),
        "not_evaluated": (
            "Not evaluated by AI: {reason}. Nothing is said about findings.",
            "Ikke vurdert av KI: {reason}. Ingenting er sagt om funn.",
        ),
        "failed": (
            "The AI analysis failed: {reason}. Nothing is said about findings.",
            "KI-analysen feilet: {reason}. Ingenting er sagt om funn.",
        ),
        "no_reason": ("no reason was given", "ingen grunn er oppgitt"),
        "no_findings_shown": ("AI: no findings", "KI: ingen funn"),
        "none_on_image": ("AI: no findings on this image", "KI: ingen funn i dette bildet"),
        "no_spacing": (
            "Lengths, areas and volumes are left out: the image has no trustworthy pixel spacing.",
            "Mål for lengde, areal og volum er utelatt: bildet har ingen pålitelig pikselavstand.",
        ),
    }
)


def sentence(key: str, language: str, **facts: str) -> str:
    """One sentence of `SENTENCES` with its facts filled in; anything but `nb` is English."""
    return SENTENCES[key][language == "nb"].format_map(facts)


def percent(probability: float, language: str) -> str:
    """A probability in 0..1 as whole per cent; never rounded to certainty, up or down."""
    space = " " if language == "nb" else ""
    if 0 < probability < _HALF_PER_CENT:
        return f"< 1{space}%"
    if 1 - _HALF_PER_CENT < probability < 1:
        return f"> 99{space}%"
    return f"{probability * 100:.0f}{space}%"


def label(finding: Finding, language: str, measured: Sequence[Measurement] = ()) -> str:
    """A finding as a radiologist reads it beside its region: `Nodulus 87 %, 8,2 mm`.

    Of `measured` the first alone: the others are in the report. A question with an
    answer of its own reads `Brysttetthet: b 87 %`.
    """
    asked = f"{finding.code.text(language)}:" if finding.answer else finding.code.text(language)
    words = [asked, *([finding.answer.text(language)] if finding.answer else [])]
    said = " ".join([*words, percent(finding.probability, language)])
    return ", ".join([said, *(quantity(one, language) for one in measured[:1])])


def quantity(one: Measurement, language: str) -> str:
    """A measurement with the language's decimal mark: `8,2 mm`, `1240 mm³`, `7`."""
    digits = 0 if one.value == round(one.value) or abs(one.value) >= _WHOLE else 1
    number = f"{one.value:.{digits}f}"
    unit = UNITS.get(one.unit.value, one.unit.value)
    return f"{number.replace('.', ',') if language == 'nb' else number} {unit}".strip()


def segment(marked: Segment, language: str) -> str:
    """A segment as a reader names it: `Lunge, høyre`."""
    side = [marked.laterality.text(language).lower()] if marked.laterality else []
    return ", ".join([marked.code.text(language), *side])


def summary(result: Result, language: str) -> str:
    """The outcome in one sentence; only "nothing found" ever says that nothing was found."""
    match result.outcome:
        case Outcome.FINDINGS:
            seen = (one for one in result.present if one.answer is None)
            shown = ", ".join(label(finding, language) for finding in seen)
            said = sentence("findings", language, findings=shown or "–")
            return " ".join([said, *_answers(result, language)])
        case Outcome.NOTHING_FOUND:
            asked = (finding for finding in result.findings if finding.answer is None)
            names = dict.fromkeys(finding.code.text(language) for finding in asked)
            labels = f" ({', '.join(names)})" if names else ""
            said = sentence("nothing_found", language, labels=labels)
            return " ".join([said, *_answers(result, language)])
        case _:
            reason = result.reason.text(language) if result.reason else ""
            reason = reason or sentence("no_reason", language)
            return sentence(result.outcome.value, language, reason=reason)


def _answers(result: Result, language: str) -> list[str]:
    """The sentence of the questions that present and absent do not answer, if there are any."""
    told = [label(one, language) for one in result.findings if one.answer]
    return [sentence("answers", language, answers=", ".join(told))] if told else []


def remark(one: Reason, language: str) -> str:
    """What a reader must know beside the findings, as a sentence."""
    words = one.text(language)
    return sentence("remark", language, remark=words)


def made_by(result: Result, language: str) -> str:
    """Which algorithm said it, and that nobody has verified it."""
    made = result.provenance
    return sentence("made_by", language, name=made.name, version=made.version)


def description(result: Result, language: str, template: str = DESCRIPTION) -> str:
    """The series description after `template`, fit for an LO; the name gives way where it is long.

    A template that does not say so is followed by the words that nobody has verified it.
    """
    made, unverified = result.provenance, sentence("unverified", language)
    if "{unverified}" not in template:
        template += " – {unverified}"
    facts = {"version": cut(long_string(made.version), _VERSION), "unverified": unverified}
    room = LONG_STRING - len(template.format(name="", **facts).encode())
    name = cut(long_string(made.name), max(room, 0))
    told = long_string(template.format(name=name, **facts))
    if unverified in told:
        return told
    last = f" – {unverified}"  # the template alone is too long
    return cut(told, LONG_STRING - len(last.encode())) + last


def long_string(text: str) -> str:
    """`text` as an LO: one line without a backslash, at most 64 characters.

    Characters are counted as bytes of UTF-8, as dciodvfy and older toolkits do.
    """
    return cut(clean(text).replace("\\", "/").replace("\n", " "), LONG_STRING)


def cut(text: str, size: int) -> str:
    """As much of `text` as fits into `size` bytes of UTF-8, whole characters only."""
    return text.encode()[:size].decode(errors="ignore").strip()


def short_text(text: str) -> str:
    """`text` as an ST: at most 1024 bytes; highdicom refuses a backslash."""
    return cut(clean(text).replace("\\", "/"), SHORT_TEXT)


def clean(text: str) -> str:
    """`text` without control characters and lone surrogates; line breaks stay."""
    if text.isprintable():
        return text.strip()
    kept = (c for c in text if c == "\n" or unicodedata.category(c) not in {"Cc", "Cs"})
    return "".join(kept).strip()
