"""`varde conformance`: the DICOM conformance statement, on standard output or in a file."""

from varde.arguments import Arguments
from varde.conformance.statement import statement
from varde.terminal import remark, say


def run(arguments: Arguments) -> int:
    """Write the statement; nothing of `site.toml` is in it, only what the program itself says."""
    text = statement()
    if arguments.out is None:
        say(text.rstrip("\n"))
        return 0
    arguments.out.write_text(text, encoding="utf-8")
    remark(f"wrote {arguments.out}")
    return 0
