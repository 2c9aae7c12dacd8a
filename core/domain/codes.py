"""Coded concepts (PS3.3 8.8): one code, the same in every object and on every screen.

SNOMED CT codes marked "confirm" were seen in public repositories only; a site
confirms them in a SNOMED browser before clinical use.
"""

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True)
class Code:
    """A coded concept. `meaning` is English and at most 64 characters (VR LO)."""

    value: str
    scheme: str
    meaning: str
    meaning_nb: str = ""  #: Norwegian text for screens and Norwegian objects

    def text(self, language: str) -> str:
        """The words for a reader: `nb` falls back to the English meaning."""
        return self.meaning_nb if language == "nb" and self.meaning_nb else self.meaning


CHEST = Code("816094009", "SCT", "Chest", "Brystkasse")
LUNG = Code("39607008", "SCT", "Lung", "Lunge")
HEART = Code("80891009", "SCT", "Heart", "Hjerte")
PLEURA = Code("3120008", "SCT", "Pleura", "Pleura")
RIGHT = Code("24028007", "SCT", "Right", "Høyre")
LEFT = Code("7771000", "SCT", "Left", "Venstre")

PNEUMOTHORAX = Code("36118008", "SCT", "Pneumothorax", "Pneumotoraks")
PLEURAL_EFFUSION = Code("60046008", "SCT", "Pleural effusion", "Pleuravæske")
NODULE = Code("27925004", "SCT", "Nodule", "Nodulus")
CONSOLIDATION = Code("95436008", "SCT", "Consolidation", "Konsolidering")
CARDIOMEGALY = Code("8186001", "SCT", "Cardiomegaly", "Kardiomegali")

MILLIMETRE = Code("mm", "UCUM", "millimeter", "millimeter")
PERCENT = Code("%", "UCUM", "Percent", "prosent")
