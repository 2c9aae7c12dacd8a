"""The figures of an evaluation as the tables of the card."""

from collections.abc import Mapping
from typing import Any

from models.card import figure, figures, table

SITE: Mapping[str, str] = {
    "distal_radius": "Distal radius",
    "distal_ulna": "Distal ulna",
    "scaphoid": "Scaphoid",
    "metacarpal": "Metacarpal",
}


def tables(told: Mapping[str, Any]) -> str:
    """Markdown: all and by site, by subtlety and kind, by subgroup, and the curve."""
    whole = told["all"]
    curve = ", ".join(f"{found:.3f} at {most}" for most, found in told["froc"].items())
    first = (
        f"{told['images']} images. AUC of any fracture {figures(whole['auc'])}; "
        f"{figures(whole['localised'])} of the fractures localised at "
        f"{figures(whole['false_per_image'])} false boxes an image. Without the thresholds, "
        f"localised at false boxes an image: {curve}. "
        f"The region check accepted {told['accepted']:.1%} of them"
        + "".join(f", of {name} {figures(one, 2)}" for name, one in told.get("foreign", {}).items())
        + "."
    )
    return "\n\n".join([first, _sites(told), _kinds(told), _groups(told)])


def _sites(told: Mapping[str, Any]) -> str:
    head = ("site", "positive", "AUC", "sensitivity", "specificity", "localised", "false boxes")
    rows = [
        (
            SITE[site], str(one["positive"]), figures(one["auc"]), figures(one["sensitivity"]),
            figures(one["specificity"]), figures(one["localised"]),
            figure(one["false_per_image"]),
        )
        for site, one in told["sites"].items()
    ]  # fmt: skip
    return table(head, rows)


def _kinds(told: Mapping[str, Any]) -> str:
    rows = [(words, figures(one)) for words, one in told["subtlety"].items()]
    rows += [(kind, figures(one)) for kind, one in told["kinds"].items()]
    return table(("subtlety, kind", "localised"), rows)


def _groups(told: Mapping[str, Any]) -> str:
    rows = [
        (
            name, str(one["studies"]), figure(one["auc_any"]), figures(one["localised"]),
            figures(one["false_per_image"]),
        )
        for name, one in told["groups"].items()
    ]  # fmt: skip
    return table(("subgroup", "images", "AUC of any", "localised", "false boxes an image"), rows)
