"""The DICOM conformance statement (PS3.2), generated from what the code does."""
