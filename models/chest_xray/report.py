"""The figures of an evaluation as the card has them."""

from collections.abc import Mapping
from typing import Any, Final

from models.card import figure, figures, table

NAMES: Final = {
    "pneumothorax": "Pneumothorax", "pleural_effusion": "Pleural effusion",
    "consolidation": "Consolidation", "nodule": "Nodule", "cardiomegaly": "Cardiomegaly",
}  # fmt: skip
HEAD: Final = (
    "finding", "positive", "AUC", "sensitivity", "specificity", "localised", "false regions",
)  # fmt: skip


def block(told: Mapping[str, Any]) -> str:
    """Markdown: the findings, single nodules, subgroups, subtlety, the region check."""
    nodule = told["labels"]["nodule"]
    accepted = figures(told["accepted"], 3)
    false = figure(told["false_positives_per_image"])
    single, found = nodule["parts"], figures(nodule["parts_found"])
    lateral = figure(told["laterals_accepted"])
    paragraphs = (
        _whole(told, false),
        _findings(told["labels"]),
        f"Of {single} single nodules (touching ones count as one) {found} were found.",
        _groups(told["groups"]),
        _subtlety(told["subtlety"]),
        f"The region check accepted {accepted} of these images, and {lateral} of lateral ones.",
    )
    return "\n\n".join(paragraphs)


def _whole(told: Mapping[str, Any], false: str) -> str:
    """The image as a whole, against the aims of 0.95, and 0.85 at half a false region."""
    one = told["any"]
    area, sensitive, specific, localised = (
        figures(one[kind]) for kind in ("auc", "sensitivity", "specificity", "localised")
    )
    return (
        f"{told['images']} images, {one['positive']} of them with a finding: any finding against "
        f"none AUC **{area}**, sensitivity {sensitive}, specificity {specific}. Of all "
        f"{one['findings']} findings **{localised}** are localised, at {false} false regions an "
        "image."
    )


def _findings(labels: Mapping[str, Any]) -> str:
    kinds = ("auc", "sensitivity", "specificity", "localised")
    rows = [
        [NAMES[name], str(row["positive"]), *(figures(row[kind]) for kind in kinds),
         figure(row["false_positives_per_image"])]
        for name, row in labels.items()
    ]  # fmt: skip
    return table(HEAD, rows)


def _groups(groups: Mapping[str, Any]) -> str:
    head = ("subgroup (mean over the findings)", "images", "AUC", "localised", "false regions")
    rows = [
        [name, str(row["studies"]), figure(row["auc"]), figure(row["localised"]),
         figure(row["false_positives_per_image"])]
        for name, row in groups.items()
    ]  # fmt: skip
    return table(head, rows)


def _subtlety(told: Mapping[str, Any]) -> str:
    head = ("localised, by subtlety", "obvious", "moderate", "subtle")
    rows = [
        [NAMES[name], *(f"{figure(share, 2)} of {count}" for count, share in thirds.values())]
        for name, thirds in told.items()
    ]
    return table(head, rows)
