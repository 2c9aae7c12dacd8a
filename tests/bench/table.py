"""One line a measurement, as `docs/measurements.md` wants it."""

import os


def told(what: str, *, ours: str, peer: str, ratio: str) -> None:
    """Print a row, and append it to the file that `BENCH_OUT` names."""
    row = f"| {what} | {ours} | {peer} | {ratio} |"
    print(f"\n{row}")  # noqa: T201 - the purpose of a measurement
    if out := os.environ.get("BENCH_OUT"):
        with open(out, "a", encoding="utf-8") as file:  # noqa: PTH123
            file.write(row + "\n")
