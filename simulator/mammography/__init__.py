"""Screening mammography in four views, simulated: a breast, its lesions, the exposure, DICOM."""
