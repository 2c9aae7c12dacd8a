"""Sources that lack what real ones lack, or say more than they may: valid objects of every kind."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom import Dataset

from core.domain import codes
from core.domain.codes import Code
from core.domain.finding import Outcome, Region, Result
from core.domain.profile import REJECTION, Kind, Profile
from core.domain.reason import Reason, ReasonCode
from highdicom_out.encode import EncodedObject, encode
from highdicom_out.encoding import Predecessor
from tests.highdicom_out import samples
from tests.highdicom_out.samples import Judge
from tests.services.validators import dciodvfy

LONG = "Ærlig talt, rør ikke ved denne lange beskrivelsen av røntgenbilde"[:64]
EARLIER = (
    Predecessor("sr", "1.2.840.10008.5.1.4.1.1.88.34", "2.25.11", "2.25.1"),
    Predecessor("capture", "1.2.840.10008.5.1.4.1.1.7", "2.25.15", "2.25.5"),
)
#: Small outlines, inside images of 13 rows.
OUTLINE = ((2.5, 3.0), (9.0, 3.0), (9.0, 10.5), (2.5, 3.0))


def without(*keywords: str) -> Callable[[Dataset], None]:
    """Attributes that are not there."""

    def change(source: Dataset) -> None:
        for keyword in keywords:
            source.pop(keyword, None)

    return change


def saying(**values: object) -> Callable[[Dataset], None]:
    """Attributes as they come, allowed or not."""

    def change(source: Dataset) -> None:
        with pydicom.config.disable_value_validation():
            for keyword, value in values.items():
                setattr(source, keyword, value)

    return change


def private(source: Dataset) -> None:
    """Private blocks: at the top, within a sequence, and one without its creator."""
    block = source.private_block(0x0009, "SOMEBODY ELSE 1.0", create=True)
    block.add_new(0x01, "LO", "Noe eget")
    block.add_new(0x02, "UN", b"\x00\xff\x00")
    item = Dataset()
    item.private_block(0x0011, "ÆØÅ", create=True).add_new(0x01, "DS", "1.5")
    item.LocalNamespaceEntityID = "HUS"
    source.IssuerOfAccessionNumberSequence = [item]
    source.add_new(0x00190010, "LO", "")
    source.add_new(0x00191001, "UN", b"??")


def odd(source: Dataset) -> None:
    source.Rows, source.Columns = 13, 11


LACKS: dict[str, Callable[[Dataset], None]] = {
    "nothing": without(),
    "no birth date": without("PatientBirthDate"),
    "empty birth date": saying(PatientBirthDate=""),
    "no study ID": without("StudyID"),
    "empty accession number": saying(AccessionNumber=""),
    "no accession number": without("AccessionNumber"),
    "no laterality": without("Laterality", "ImageLaterality"),
    "laterality of an unpaired part": saying(
        Laterality="L", ImageLaterality="R", BodyPartExamined="CHEST"
    ),
    "laterality that is none": saying(Laterality="U", ImageLaterality="B"),
    "no body part": without("BodyPartExamined"),
    "private creators": private,
    "Japanese": saying(
        SpecificCharacterSet=["", "ISO 2022 IR 87"],
        PatientName="Yamada^Tarou=山田^太郎=やまだ^たろう",
        StudyDescription="胸部撮影",
        PatientID="東京1",
        ReferringPhysicianName="Suzuki=鈴木",
    ),
    "Japanese, half width": saying(
        SpecificCharacterSet=["ISO 2022 IR 13", "ISO 2022 IR 87"],
        PatientName="ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
        ReferringPhysicianName="ｽｽﾞｷ",
        StudyDescription="胸部撮影",
    ),
    "Norwegian": saying(
        SpecificCharacterSet="ISO_IR 100",
        PatientName="Ødegård^Åse Bjørnæs",
        StudyDescription="RG thorax stående, på føttene",
    ),
    "Norwegian in UTF-8": saying(SpecificCharacterSet="ISO_IR 192", PatientName="Čáhppe^Áilu"),
    "an unknown character set": saying(SpecificCharacterSet="ISO_IR 999", PatientName="Bo^Aa"),
    "64 characters": saying(
        SpecificCharacterSet="ISO_IR 100", StudyDescription=LONG, SeriesDescription=LONG,
        Manufacturer=LONG, ManufacturerModelName=LONG, ProtocolName=LONG,
    ),
    "a name that is too long": saying(
        SpecificCharacterSet="ISO_IR 100", PatientName="Ø" * 70 + "^" + "A" * 10
    ),
    "odd dimensions": odd,
    "no spacing": without("PixelSpacing", "ImagerPixelSpacing"),
    "no date and time": without("StudyDate", "StudyTime", "SeriesDate", "SeriesTime"),
    "date and time that are none": saying(StudyDate="2026-13-41", StudyTime="25:61"),
    "no patient": without("PatientName", "PatientID", "PatientSex", "ReferringPhysicianName"),
    "a sex that is none": saying(PatientSex="X", PatientAge="about 50"),
    "one frame that is counted": saying(NumberOfFrames="1"),
    "no maker": without("Manufacturer", "ManufacturerModelName"),
    "no window": without("WindowCenter", "WindowWidth", "WindowCenterWidthExplanation"),
    "monochrome1": saying(PhotometricInterpretation="MONOCHROME1"),
}  # fmt: skip


#: A name of more than 64 characters is an error of the source that is kept: who changes it makes
#: another patient of it (`highdicom_out.headers`).
NAMED = {"a name that is too long"}


def mammograms() -> list[Dataset]:
    """A right and a left breast of two views, with all that a header has."""
    views = (("R", "CC"), ("R", "MLO"), ("L", "CC"), ("L", "MLO"))
    return [_whole(samples.mammogram(n, *one)) for n, one in enumerate(views, start=1)]


def slices() -> list[Dataset]:
    """A CT volume, with all that a header has."""
    return [_whole(one) for one in samples.volume()]


def _whole(source: Dataset) -> Dataset:
    """With the patient, study and windows of the radiograph."""
    for one in samples.radiograph():
        if one.keyword not in source and one.keyword != "ViewPosition":
            source.add(one)
    return source


def breasts(sources: Sequence[Dataset]) -> Result:
    """A mass in two views, one tracking, calcifications in the other breast, and the density."""
    mass, other = (
        Code("129788004", "SCT", "Mammographic breast mass"),
        sources[3].SOPInstanceUID,
    )
    uids = [str(one.SOPInstanceUID) for one in sources]
    found = [
        samples.located(
            uid, code=mass, tracking_id="Lesion 1", tracking_uid="2.25.777", site=None,
            region=Region(uid, OUTLINE),
        )
        for uid in uids[:2]
    ]  # fmt: skip
    found.append(samples.located(str(other), code=mass, region=Region(str(other), OUTLINE)))
    density = samples.finding(samples.DENSITY, 0.7, answer=samples.SCATTERED, sop_uid=uids[0])
    return samples.result(Outcome.FINDINGS, *found, density, read=tuple(uids))


def chest(sources: Sequence[Dataset]) -> Result:
    """A nodule with its centre and measurements, a lung as a segment, and a remark."""
    rows, columns = int(sources[0].Rows), int(sources[0].Columns)
    lung: NDArray[np.bool_] = np.zeros((len(sources), rows, columns), np.bool_)
    lung[2:7, 3:9, 2:8] = True
    marked = samples.segment(sources, lung, codes.LUNG, measurements=samples.NODULE)
    uid = str(sources[4].SOPInstanceUID)
    return samples.read_as_volume(
        sources,
        samples.nodule(sources[4], region=Region(uid, OUTLINE)),
        samples.nodule(sources[5], probability=0.1),
        segments=(marked,),
        remarks=(Reason(ReasonCode.MISSING_SLICES, {"count": "2"}),),
    )


STUDIES: dict[str, tuple[Callable[[], list[Dataset]], Callable[[Sequence[Dataset]], Result]]] = {
    "mammograms": (mammograms, breasts),
    "volume": (slices, chest),
}
PROFILES = {
    "binary": Profile(tuple(Kind), withdraw=True),
    "label map in Latin-1": Profile(
        tuple(Kind), "en", "ISO_IR 100", "implicit", "labelmap", withdraw=True
    ),
}


def through_file(source: Dataset) -> Dataset:
    """As a router reads it: encoded in the character set that the header names."""
    if source.get("SpecificCharacterSet") == "ISO_IR 999":
        return source  # nothing could have written it
    with pydicom.config.disable_value_validation():
        return samples.reread(source)


def made(study: str, lack: str, profile: Profile) -> tuple[list[Dataset], Sequence[EncodedObject]]:
    """The sources as they lack something, and every object of them."""
    build, say = STUDIES[study]
    sources = build()
    for one in sources:
        LACKS[lack](one)
    sources = [through_file(one) for one in sources]

    def picture(sop_uid: str, frame: int) -> NDArray[np.uint8]:
        assert frame == 1
        (one,) = (source for source in sources if source.SOPInstanceUID == sop_uid)
        return np.full((one.Rows, one.Columns), 90, np.uint8)

    return sources, encode(
        say(sources), sources, at=samples.AT, profile=profile, pictures=picture,
        predecessors=EARLIER,
    )  # fmt: skip


def kinds(study: str, lack: str) -> set[str]:
    """All kinds, but that mammograms have no segments and volumes are no mammograms."""
    found = {*Kind, REJECTION} - ({Kind.SEG} if study == "mammograms" else {Kind.CAD})
    return found - ({Kind.SEG} if lack == "no spacing" else set())


def nameless(one: EncodedObject, folder: Path) -> Dataset:
    """The object, once dciodvfy finds no error in it but the length of the patient's own name."""
    path = folder / "named.dcm"
    path.write_bytes(one.data)
    errors = [e for e in dciodvfy(path).errors if "contains invalid data values" not in e]
    assert all("(0x0010,0x0010) PN" in e and "Length invalid" in e for e in errors), errors
    return pydicom.dcmread(path)


def told(one: Dataset, keyword: str) -> str:
    """The components of a value, without the padding that character sets need."""
    return str(one.get(keyword) or "")


@pytest.mark.filterwarnings("ignore:Invalid value for VR", "ignore:The PN component length")
@pytest.mark.parametrize("profile", list(PROFILES))
@pytest.mark.parametrize("lack", list(LACKS))
@pytest.mark.parametrize("study", list(STUDIES))
def test_every_kind_is_valid(
    study: str, lack: str, profile: str, flawless: Judge, tmp_path: Path
) -> None:
    sources, objects = made(study, lack, PROFILES[profile])
    assert {one.kind for one in objects} == kinds(study, lack)
    for one in objects:
        read = flawless(one) if lack not in NAMED else nameless(one, tmp_path)
        for keyword in ("PatientName", "PatientID", "AccessionNumber", "StudyInstanceUID"):
            assert told(read, keyword) == told(sources[0], keyword), (one.kind, keyword)
        assert not any(element.tag.is_private for element in read.iterall()), one.kind


def test_the_frames_of_an_image_with_one_frame_are_not_named() -> None:
    for study in STUDIES:
        _, objects = made(study, "one frame that is counted", PROFILES["binary"])
        for one in objects:
            read = pydicom.dcmread(io.BytesIO(one.data))
            assert not [e for e in read.iterall() if e.keyword == "ReferencedFrameNumber"]
