"""Simulated radiographs of wrist, hand and forearm: anatomy, fractures, physics, DICOM."""
