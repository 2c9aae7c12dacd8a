"""What a reader reads, in Norwegian and English, and text that fits its VR (PS3.5 6.2).

Coded meanings stay English, as the standard prints them; sentences, labels and
descriptions follow the language of the object.
"""

import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

from core.domain.finding import Finding, Outcome, Result

LONG_STRING = 64  # LO, CodeMeaning
SHORT_TEXT = 1024  # ST
_HALF_PER_CENT = 0.005
_VERSION = 24  #: characters of a version that a series description has room for

#: English and Norwegian, by the key that the modules of this package use.
SENTENCES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "unverified": ("AI, not verified", "KI, ikke verifisert"),
        "made_by": (
            "Made by AI, not verified by a physician: {name} {version}.",
            "Laget av KI, ikke verifisert av lege: {name} {version}.",
        ),
        "findings": ("AI findings: {findings}.", "KI-funn: {findings}."),
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


def label(finding: Finding, language: str) -> str:
    """A finding as a radiologist reads it beside its region: `Pneumotoraks 87 %`."""
    return f"{finding.code.text(language)} {percent(finding.probability, language)}"


def summary(result: Result, language: str) -> str:
    """The outcome in one sentence; only "nothing found" ever says that nothing was found."""
    match result.outcome:
        case Outcome.FINDINGS:
            shown = ", ".join(label(finding, language) for finding in result.present)
            return sentence("findings", language, findings=shown or "–")
        case Outcome.NOTHING_FOUND:
            names = dict.fromkeys(finding.code.text(language) for finding in result.findings)
            labels = f" ({', '.join(names)})" if names else ""
            return sentence("nothing_found", language, labels=labels)
        case _:
            reason = result.reason.text(language) if result.reason else ""
            reason = reason or sentence("no_reason", language)
            return sentence(result.outcome.value, language, reason=reason)


def made_by(result: Result, language: str) -> str:
    """Which algorithm said it, and that nobody has verified it."""
    made = result.provenance
    return sentence("made_by", language, name=made.name, version=made.version)


def description(result: Result, language: str) -> str:
    """The series description: name, version and that it is unverified, fit for an LO."""
    made = result.provenance
    version = cut(long_string(made.version), _VERSION)
    end = f" {version} – {sentence('unverified', language)}"
    return long_string(cut(long_string(made.name), LONG_STRING - len(end.encode())) + end)


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
    kept = (c for c in text if c == "\n" or unicodedata.category(c) not in {"Cc", "Cs"})
    return "".join(kept).strip()
