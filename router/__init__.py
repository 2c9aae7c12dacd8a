"""Floor 4: the only room that speaks DICOM on the network, both ways."""
