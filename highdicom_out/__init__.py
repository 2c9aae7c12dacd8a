"""How a result becomes DICOM objects: `encode` is the face of this package."""
