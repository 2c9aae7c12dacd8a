"""Measurements: `make bench` prints them, `docs/measurements.md` keeps them."""
