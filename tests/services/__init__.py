"""The real parts that tests lean on: Redis, PostgreSQL, Orthanc, DCMTK, validators, a browser.

Each part is a context manager on free ports and in its own folder; `tests/conftest.py`
makes fixtures of them. A part that is not installed skips the test, and fails it where
`CI=true`. All are killed when their test ends, and also when pytest itself is killed.
"""
