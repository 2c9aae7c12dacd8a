"""The pixels of a simulated projection radiograph in a data set: DX Image (PS3.3 C.8.11.3)."""

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from simulator.xray import LARGEST


def store(dataset: Dataset, pixels: NDArray[np.uint16], photometric: str) -> None:
    """Put `pixels` (rows, columns), 12 bits, larger is brighter, into `dataset`.

    Both photometric interpretations, MONOCHROME1 and MONOCHROME2, show dense matter white.
    """
    inverse = photometric == "MONOCHROME1"
    stored = LARGEST - pixels if inverse else pixels
    dataset.ImageType = ["ORIGINAL", "PRIMARY", ""]
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = photometric
    dataset.Rows, dataset.Columns = stored.shape
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
    dataset.PixelRepresentation = 0
    dataset.PixelIntensityRelationship = "LOG"
    dataset.PixelIntensityRelationshipSign = 1 if inverse else -1
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = "0", "1", "US"
    dataset.PresentationLUTShape = "INVERSE" if inverse else "IDENTITY"
    dataset.WindowCenter, dataset.WindowWidth = "2048", "4096"
    dataset.LossyImageCompression = "00"
    dataset.BurnedInAnnotation = "NO"
    dataset.AcquisitionContextSequence = Sequence()
    dataset.PixelData = stored.astype("<u2").tobytes()
