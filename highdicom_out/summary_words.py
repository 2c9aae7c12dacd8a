"""Headings and labels of the PDF summary, English and Norwegian; see `wording.SENTENCES`."""

from collections.abc import Mapping
from types import MappingProxyType

WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "title": ("AI result: {name} {version}", "KI-resultat: {name} {version}"),
        "unverified": ("AI, not verified by a physician", "KI, ikke verifisert av lege"),
        "page": ("page {number}", "side {number}"),
        "patient": (
            "The patient is named in the DICOM header of this document, not here.",
            "Pasienten står i DICOM-hodet til dette dokumentet, ikke her.",
        ),
        "findings": ("Findings", "Funn"),
        "answers": ("Assessments", "Vurderinger"),
        "absent": ("Looked for and not found", "Lett etter og ikke funnet"),
        "segments": ("Marked parts of the body", "Markerte deler av kroppen"),
        "remarks": ("Notes", "Merknader"),
        "pictures": ("Images", "Bilder"),
        "more_pictures": (
            "{count} more images with findings are not shown here.",
            "{count} bilder til med funn er ikke vist her.",
        ),
        "use": ("Intended use", "Tiltenkt bruk"),
        "made_with": ("How it was made", "Slik ble det laget"),
        "inputs": ("What was read", "Dette ble lest"),
        "finding": ("Finding", "Funn"),
        "answer": ("Assessment", "Vurdering"),
        "label": ("Label", "Merkelapp"),
        "probability": ("Probability", "Sannsynlighet"),
        "threshold": ("Threshold", "Terskel"),
        "where": ("Site and side", "Sted og side"),
        "measured": ("Measurements", "Mål"),
        "on_image": ("Image", "Bilde"),
        "algorithm": ("Algorithm", "Algoritme"),
        "manufacturer": ("Manufacturer", "Produsent"),
        "version": ("Version", "Versjon"),
        "weights": ("Weights (SHA-256)", "Vekter (SHA-256)"),
        "device": ("Device UID", "Enhetens UID"),
        "parameters": ("Parameters", "Parametre"),
        "platform": ("Platform", "Plattform"),
        "worker": ("Worker", "Arbeider"),
        "provider": ("Execution provider", "Kjøremiljø"),
        "started": ("Started", "Startet"),
        "finished": ("Finished", "Ferdig"),
        "written": ("Document written", "Dokumentet skrevet"),
        "job": ("Job", "Jobb"),
        "study": ("Study Instance UID", "Undersøkelsens UID"),
        "series": ("Series {uid}: {count} of its images", "Serie {uid}: {count} av bildene"),
        "read": ("{count} images were read", "{count} bilder er lest"),
        "read_one": ("1 image was read", "1 bilde er lest"),
        "read_none": ("No image was read", "Ingen bilder er lest"),
    }
)


def words(key: str, language: str, **facts: object) -> str:
    """A text of `WORDS`; anything but `nb` is English."""
    return WORDS[key][language == "nb"].format_map(facts)
