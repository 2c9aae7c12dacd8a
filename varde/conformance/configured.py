"""The settings that decide what is said on the network: type, limits and default."""

from collections.abc import Iterator
from typing import Any, Final

import pydantic
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from core.sections import Delivery, Destination, Dicom, Intake, Section, SiteTable
from varde.conformance.markdown import columns

Schema = dict[str, Any]
#: Settings that decide what is said on the network, by the table of `site.toml`.
CONFIGURED: Final[dict[str, type[Section]]] = {
    "dicom": Dicom,
    "intake": Intake,
    "sites.*": SiteTable,
    "destinations.*": Destination,
    "delivery": Delivery,
}
#: Words of a JSON schema, as the statement says them.
LIMITS: Final = {
    "minimum": "≥",
    "exclusiveMinimum": ">",
    "maximum": "≤",
    "maxLength": "length ≤",
}


def configuration() -> Iterator[str]:
    """Every setting that decides what is said on the network."""
    rows = [
        (f"`{name}.{field}`", _allowed(info), _shown(info))
        for name, section in CONFIGURED.items()
        for field, info in section.model_fields.items()
    ]
    yield from columns(("setting", "allowed", "default"), rows, 2)


def default(section: type[Section], field: str) -> str:
    """The default of a setting as the statement writes it."""
    return _shown(section.model_fields[field])


def _shown(info: FieldInfo) -> str:
    found = info.get_default(call_default_factory=False)
    if found is PydanticUndefined:
        return "required"
    if found is None or found == ():
        return "–"
    return f"{found:g}" if isinstance(found, float) else str(found)


def _allowed(info: FieldInfo) -> str:
    """The type and the limits of a setting, as its schema says them."""
    schema = pydantic.TypeAdapter(info.rebuild_annotation()).json_schema()
    return _limits(schema, schema.get("$defs", {}))


def _limits(schema: Schema, defined: Schema) -> str:
    if "$ref" in schema:
        schema = defined[schema["$ref"].rpartition("/")[2]]
    if choices := schema.get("anyOf"):
        return " or ".join(_limits(one, defined) for one in choices if one.get("type") != "null")
    if values := schema.get("enum"):
        return ", ".join(map(str, values))
    if items := schema.get("items"):
        return f"list of {_limits(items, defined)}"
    limits = [f"{sign} {schema[key]}" for key, sign in LIMITS.items() if key in schema]
    return " ".join([str(schema.get("type", "")), *limits]).strip()
