"""Who says it: algorithm identification, device observer and equipment.

The same facts stand in three places, because readers look in different ones: in
the content tree (TID 4019, TID 1004), in the General Equipment module and in the
Contributing Equipment Sequence (PS3.3 C.12.1.1.5, IHE AI Results).
"""

import datetime as dt
import functools
from collections.abc import Sequence

import highdicom
from highdicom.sr import (
    AlgorithmIdentification,
    DeviceObserverIdentifyingAttributes,
    ObserverContext,
)
from pydicom import Dataset
from pydicom.sr.codedict import codes

from core.domain.codes import Code
from core.domain.finding import Provenance
from highdicom_out import explicit, mint
from highdicom_out.concepts import (
    ACQUISITION_EQUIPMENT,
    ARTIFICIAL_INTELLIGENCE,
    PROCESSING_EQUIPMENT,
    coded,
)
from highdicom_out.wording import clean, long_string, short_text

#: Holds the place of the time of an encoding in what is written once.
_WHEN = "19000101000000.000000+0000"


def device_uid(made: Provenance) -> str:
    """The algorithm version's Device UID: its own, or one minted from version and weights."""
    return made.device_uid or mint.uid(
        "device", made.algorithm, made.version, made.weights_sha256, made.platform_version
    )


def parameters(made: Provenance) -> tuple[str, ...]:
    """Algorithm Parameters (111002, DCM), `name=value` each; what is not known is not said."""
    known = {
        "weights_sha256": made.weights_sha256,
        "platform_version": made.platform_version,
        "provider": made.provider,
        "worker": made.worker,
        "intended_use": made.intended_use,
        **made.parameters,
    }
    return tuple(f"{name}={clean(value)}" for name, value in known.items() if clean(value))


def algorithm(made: Provenance, facts: Sequence[str]) -> Sequence[Dataset]:
    """TID 4019 Algorithm Identification, concept modifiers of what they are put under."""
    return _identification(clean(made.name) or made.algorithm, clean(made.version), tuple(facts))


@functools.lru_cache(maxsize=256)
def _identification(name: str, version: str, facts: tuple[str, ...]) -> Sequence[Dataset]:
    family = coded(ARTIFICIAL_INTELLIGENCE)
    return AlgorithmIdentification(name, version or "?", parameters=facts or None, family=family)


def observer(made: Provenance) -> Sequence[Dataset]:
    """TID 1002 Observer Context: a device (TID 1004), never a person."""
    name = clean(made.name) or made.algorithm
    return _observer(device_uid(made), name, clean(made.manufacturer), made.algorithm)


@functools.lru_cache(maxsize=256)
def _observer(uid: str, name: str, manufacturer: str, model: str) -> Sequence[Dataset]:
    identity = DeviceObserverIdentifyingAttributes(
        uid=uid, name=name, manufacturer_name=manufacturer or None, model_name=model
    )
    return ObserverContext(codes.DCM.Device, identity)


def equipment(made: Provenance) -> dict[str, object]:
    """General Equipment (PS3.3 C.7.5.1) by keyword: the algorithm is the equipment."""
    return {
        "Manufacturer": long_string(made.manufacturer) or "Unknown",
        "ManufacturerModelName": long_string(made.name) or long_string(made.algorithm),
        "SoftwareVersions": software(made),
        "DeviceUID": device_uid(made),
    }


def software(made: Provenance) -> list[str]:
    """Software Versions: the algorithm's, then the platform's."""
    platform = long_string(f"Varde {made.platform_version}") if made.platform_version else ""
    return [version for version in (long_string(made.version), platform) if version]


def contributing(made: Provenance, source: Dataset, at: dt.datetime) -> bytes:
    """Items of Contributing Equipment: the modality of `source`, the algorithm, highdicom.

    The algorithm has two items: as processing equipment (CID 7005), which every
    reader knows, and as artificial intelligence, which IHE AIR asks for.
    """
    modality = _acquisition(source)
    shown = tuple(
        (key, tuple(value) if isinstance(value, list) else value)
        for key, value in equipment(made).items()
    )
    ours = _ours(shown, short_text(made.intended_use))
    when = at.astimezone(dt.UTC).strftime("%Y%m%d%H%M%S.%f+0000").encode()
    return (explicit.items(modality) if modality else b"") + ours.replace(_WHEN.encode(), when)


@functools.lru_cache(maxsize=64)
def _ours(shown: tuple[tuple[str, object], ...], use: str) -> bytes:
    """The items of the algorithm and of the library, at `_WHEN`."""
    purposes = (PROCESSING_EQUIPMENT, ARTIFICIAL_INTELLIGENCE)
    return explicit.items(*(_item(shown, use, one) for one in purposes), _library())


def _item(shown: tuple[tuple[str, object], ...], use: str, purpose: Code) -> Dataset:
    item = Dataset()
    item.PurposeOfReferenceCodeSequence = [coded(purpose)]
    for keyword, value in shown:
        setattr(item, keyword, list(value) if isinstance(value, tuple) else value)
    item.ContributionDateTime = _WHEN
    item.ContributionDescription = use
    return item


def _acquisition(source: Dataset) -> Dataset | None:
    """The modality that took the picture, by name and model only; None where it is unnamed."""
    manufacturer = long_string(str(source.get("Manufacturer") or ""))
    if not manufacturer:
        return None
    item = Dataset()
    item.PurposeOfReferenceCodeSequence = [coded(ACQUISITION_EQUIPMENT)]
    item.Manufacturer = manufacturer
    if model := long_string(str(source.get("ManufacturerModelName") or "")):
        item.ManufacturerModelName = model
    return item


def _library() -> Dataset:
    """The library that wrote the object, without the clock that highdicom would put in."""
    item = Dataset()
    item.PurposeOfReferenceCodeSequence = [coded(PROCESSING_EQUIPMENT)]
    item.Manufacturer = "Highdicom open-source contributors"
    item.ManufacturerModelName = "highdicom"
    item.SoftwareVersions = highdicom.__version__
    return item
