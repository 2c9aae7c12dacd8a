"""Chest CT in Hounsfield units with known truth: anatomy, findings, scanner, DICOM."""
