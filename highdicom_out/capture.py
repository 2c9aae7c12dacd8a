"""Secondary captures: the result for a destination that shows nothing but images.

Plain Secondary Capture Image Storage in RGB, one object a view (PS3.3 A.8.1): it is the one
image class that every PACS shows, where many store Multi-frame True Color Secondary
Capture without showing it; and views differ in size, which frames of one object may not.
Colour, because the outlines have colours of their own.

The image has its own window burnt in, outlines in the colours of the profile's palette,
and bands of text outside it. A result that is shown on no image is a card of text, so
that such a destination is never left in silence.
"""

import copy
import functools
import re

import numpy as np
from highdicom.sc import SCImage
from pydicom import DataElement, Dataset

from core.domain.codes import Code
from highdicom_out import captions, display, drawing, headers, viewing, views, wording
from highdicom_out.concepts import coded
from highdicom_out.encoding import Encoding, Place, blank, stamp
from highdicom_out.stack import decimals
from highdicom_out.views import View

KIND = "capture"
SOURCE = Code("121322", "DCM", "Source image for image processing operation")
LETTERS = 10_240  #: of an LT
_DIRECTION = re.compile(r"[A-Z]{1,8}", re.ASCII)  #: of bipeds and of quadrupeds
_LOSSY = ("LossyImageCompressionRatio", "LossyImageCompressionMethod")


def captures(encoding: Encoding) -> list[Dataset]:
    """A capture for each view; before them a card, where a result is not told on images alone.

    That is: not evaluated, failed, nothing to be seen, or a finding that is on no image.
    """
    shown, more = views.views(encoding)
    made = [_card(encoding)] if not shown or views.untold(encoding, shown) else []
    for view in shown:
        last = more if view is shown[-1] else 0
        made.append(_view(encoding, view, last, len(made) + 1))
    return made


def _view(encoding: Encoding, view: View, more: int, number: int) -> Dataset:
    """One view with its bands; `more` is how many further ones there are."""
    source, frame = view.source, view.frame
    rest = [captions.more_images(encoding, more)] if more else []
    below = [*captions.told(encoding, view), *rest]
    above = captions.heading(encoding)
    which = captions.which(encoding, view, views.share(source))
    drawn = views.draw(encoding, view, above, [*below, which])
    if drawn is None:
        words = [*captions.unseen(encoding, view), *rest]
        pixels = drawing.card(words)
    else:
        words, pixels = [*above, *below], drawn.pixels
    about = f"{source.SOPInstanceUID} {frame}"
    made = _image(encoding, Place(KIND, number, about), pixels, words)
    _refer(made, [display.reference(source, _frames(source, frame))])
    _anatomy(made, encoding, source if drawn is not None else None)
    if drawn is not None:
        _derived(made, source, drawn)
    return made


def _frames(source: Dataset, frame: int) -> list[int]:
    return [frame] if headers.is_multi_frame(source) else []


def _card(encoding: Encoding) -> Dataset:
    """The outcome in words, without an image."""
    words = captions.message(encoding)
    place = Place(KIND, 1, str(encoding.header.StudyInstanceUID))
    made = _image(encoding, place, drawing.card(words), words)
    images = [one for one in encoding.sources.values() if headers.is_image(one)]
    _refer(made, [display.reference(one) for one in images])
    _anatomy(made, encoding, None)
    return made


def _image(
    encoding: Encoding, place: Place, pixels: drawing.Pixels, words: list[drawing.Line]
) -> Dataset:
    """The object without what ties it to a source; the words are also in Image Comments.

    Burned In Annotation is YES although nothing of the patient is burnt in: whoever clears
    objects for research by this attribute must look at text that no rule can replace.
    """
    made = copy.deepcopy(_draft())
    stamp(made, encoding, place)
    made.Rows, made.Columns = pixels.shape[:2]
    data = np.ascontiguousarray(pixels).tobytes()
    made.add(DataElement("PixelData", "OB", data + b"\0" * (len(data) % 2)))
    made.ImageType = ["DERIVED", "SECONDARY"]
    made.ConversionType = "WSD"  # by a program (PS3.3 C.8.6.1)
    made.BurnedInAnnotation = "YES"
    text = "\n".join(one.words for one in words if one.words)
    made.ImageComments = wording.cut(wording.clean(text).replace("\\", "/"), LETTERS)
    made.DateOfSecondaryCapture, made.TimeOfSecondaryCapture = made.ContentDate, made.ContentTime
    return made


def _refer(made: Dataset, references: list[Dataset]) -> None:
    """Source Image Sequence (PS3.3 C.7.6.1.1.4)."""
    for item in references:
        item.PurposeOfReferenceCodeSequence = [coded(SOURCE)]
    if references:
        made.SourceImageSequence = references


def _derived(made: Dataset, source: Dataset, drawn: drawing.Drawn) -> None:
    """What was done to the source, and what of it still holds."""
    smaller = min(drawn.across, drawn.down) < 1
    same = drawn.across == drawn.down == 1
    resized = "" if same else " made smaller," if smaller else " with square pixels,"
    made.DerivationDescription = f"Own window,{resized} AI outlines and text bands burnt in"
    made.PatientOrientation = _orientation(source)
    if spacing := headers.spacing(source):
        made.PixelSpacing = decimals([spacing[0] / drawn.down, spacing[1] / drawn.across])
    if (lossy := headers.text(source, "LossyImageCompression")) in {"00", "01"}:
        made.LossyImageCompression = lossy
    for keyword in _LOSSY if lossy == "01" else ():
        if source.get(keyword):
            headers.put(made, keyword, source.get(keyword))


def _orientation(source: Dataset) -> list[str] | str:
    """Patient Orientation (PS3.3 C.7.6.1.1.1): the source's, or of its direction cosines."""
    value, pair = source.get("PatientOrientation"), 2
    said = [] if value is None or isinstance(value, str) else [str(one) for one in value]
    if len(said) == pair and all(_DIRECTION.fullmatch(one) for one in said):
        return said
    cosines = headers.numbers(source, "ImageOrientationPatient")
    return [_letters(cosines[:3]), _letters(cosines[3:])] if len(cosines) == pair * 3 else ""


def _letters(cosine: tuple[float, ...]) -> str:
    """A direction in the patient as letters, the largest part first."""
    least = 0.1
    parts = sorted(zip(cosine, ("LR", "PA", "HF"), strict=True), key=lambda one: -abs(one[0]))
    return "".join(names[value < 0] for value, names in parts if abs(value) > least)


def _anatomy(made: Dataset, encoding: Encoding, source: Dataset | None) -> None:
    """Body part and side; of the series where all images agree, else of the image alone."""
    parts = {headers.normal(one, "BodyPartExamined") for one in encoding.images}
    sides = {viewing.side(one) for one in encoding.images}
    part = parts.pop() if len(parts) == 1 else ""
    side = sides.pop() if len(sides) == 1 else ""
    if part:
        made.BodyPartExamined = part
    if side:
        made.Laterality = side
    elif source is not None and viewing.side(source):
        made.ImageLaterality = viewing.side(source)
    elif part not in viewing.UNPAIRED:
        made.Laterality = ""
    if source is None:
        made.PatientOrientation = ""


@functools.cache
def _draft() -> SCImage:
    """A capture of nobody's image; every capture is a copy of it with its own pixels."""
    image = blank()
    return SCImage(
        pixel_array=np.zeros((1, 1, 3), np.uint8),
        photometric_interpretation="RGB",
        bits_allocated=8,
        coordinate_system="PATIENT",
        patient_orientation=("L", "F"),
        study_instance_uid=image.StudyInstanceUID,
        series_instance_uid=image.SeriesInstanceUID,
        series_number=1,
        sop_instance_uid=image.SOPInstanceUID,
        instance_number=1,
        manufacturer="",
    )
