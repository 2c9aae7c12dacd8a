"""Encapsulated PDF: the summary of a result as a document of the study (PS3.3 A.45.1)."""

from pydicom import DataElement, Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import EncapsulatedPDFStorage, ExplicitVRLittleEndian

from highdicom_out import concepts, display, summary, wording
from highdicom_out.concepts import coded
from highdicom_out.encoding import Encoding, Place, stamp

KIND = "pdf"


def documents(encoding: Encoding) -> list[Dataset]:
    """One document for every result, whatever its outcome."""
    made = _draft()
    stamp(made, encoding, Place(KIND, encoding.run, encoding.header.StudyInstanceUID))
    made.DocumentTitle = wording.clean(summary.title(encoding)).replace("\\", "/")
    made.ConceptNameCodeSequence = [coded(concepts.REPORT)]
    read = [encoding.sources[uid] for uid in encoding.result.read if uid in encoding.sources]
    made.SourceInstanceSequence = [
        display.reference(one) for one in read or encoding.sources.values()
    ]
    _fill(made, summary.pages(encoding))
    return [made]


def _draft() -> Dataset:
    """What all documents share.

    Burned In Annotation is YES although the patient is not named on the pages: they hold
    the study's UIDs and times, which identify it to whoever has the archive.
    """
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.MediaStorageSOPClassUID = EncapsulatedPDFStorage
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.SOPClassUID = EncapsulatedPDFStorage
    made.Modality, made.ConversionType = "DOC", "WSD"
    made.ContentDate = made.ContentTime = ""
    made.InstanceCreationDate = made.InstanceCreationTime = ""
    made.AcquisitionDateTime = ""
    made.BurnedInAnnotation = "YES"
    made.VerificationFlag = "UNVERIFIED"
    made.MIMETypeOfEncapsulatedDocument = "application/pdf"
    return made


def _fill(made: Dataset, pages: bytes) -> None:
    """The document (PS3.3 C.24.2), padded to an even length, with its true one."""
    made.EncapsulatedDocumentLength = len(pages)
    made.add(DataElement("EncapsulatedDocument", "OB", pages + b"\0" * (len(pages) % 2)))
