"""The nightly job: observations become days, days become references and evaluations."""
