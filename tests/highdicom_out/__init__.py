"""Tests of `highdicom_out`."""
