"""Tests mirror the tree: `tests/router/test_intake.py` is about `router/intake.py`."""
