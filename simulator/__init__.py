"""Modalities, archives and images with known truth, for demonstrations, training and tests."""
