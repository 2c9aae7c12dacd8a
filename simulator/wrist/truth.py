"""What is known of a simulated radiograph of a wrist, as plain data."""

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True)
class TrueFinding:
    """A fracture; `box` is (left, top, right, bottom) in pixels."""

    name: str  #: the site, one of `simulator.wrist.fractures.SITES`
    kind: str
    bone: str
    subtlety: float
    box: tuple[float, float, float, float]
    contrast: float  #: how much it changes the signal, in nepers, weighted by what is over it


@dataclasses.dataclass(frozen=True, slots=True)
class Truth:
    """All that is known of one image."""

    age: int
    sex: str
    side: str
    view: str
    scanner: str
    findings: tuple[TrueFinding, ...]
    has_cast: bool
    has_metal: bool
    hidden: tuple[TrueFinding, ...] = ()  #: fractures that this view hardly shows, or not at all

    @property
    def names(self) -> frozenset[str]:
        """The sites that are fractured."""
        return frozenset(finding.name for finding in self.findings)


@dataclasses.dataclass(frozen=True, slots=True)
class StudyTruth:
    """All that is known of a study: the truth of each of its images, in their order."""

    age: int
    sex: str
    side: str
    scanner: str
    images: tuple[Truth, ...]

    @property
    def findings(self) -> tuple[TrueFinding, ...]:
        """Every fracture once, as the first image that shows it has it."""
        found: dict[tuple[str, str], TrueFinding] = {}
        for image in self.images:
            for finding in image.findings:
                found.setdefault((finding.name, finding.bone), finding)
        return tuple(found.values())
