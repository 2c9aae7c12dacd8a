"""The study page: the images with their overlay, every answer, and why there is no other."""

import dataclasses
import json
from collections.abc import Sequence
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from core.domain.commitment import CommitmentState
from core.domain.feedback import Feedback, Role
from core.domain.reason import Reason
from core.domain.study import Decision, Site, Study
from core.store import commitments, studies
from core.store.studies import Revision
from web import answers, feedback, hanging, images, lines, lookup, overlay, segments, windows
from web.answers import Answer
from web.context import Context, context_of, page, words_of
from web.images import Image
from web.overlay import Mark
from web.words import Words

routes = APIRouter()
OVERLAY_COOKIE: Final = "varde-overlay"
OFF: Final = "off"


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """What the database says of a study, and of one of its revisions."""

    study: Study
    site: Site | None
    images: list[Image]
    revisions: list[Revision]
    revision: int
    answers: list[Answer]
    decisions: list[Decision]
    kept: dict[int, CommitmentState]  #: by delivery, where storage commitment is asked for
    said: dict[str, list[Feedback]]  #: what readers have said of each answer, by job

    @property
    def latest(self) -> bool:
        """Whether the revision is the study's latest."""
        return self.revision == self.study.revision

    @property
    def settled(self) -> bool:
        """Whether nothing more will happen unless new instances come."""
        return bool(self.answers) and all(answer.final for answer in self.answers)

    @property
    def chosen(self) -> dict[str, Reason]:
        """The why of every algorithm that was chosen."""
        return {one.algorithm: one.reason for one in self.decisions if one.chosen}

    @property
    def declined(self) -> list[Decision]:
        """The why-not: every algorithm that was not chosen."""
        return [decision for decision in self.decisions if not decision.chosen]


@routes.api_route("/studies/{study_id}", methods=["GET", "HEAD"])
def study(request: Request, study_id: str) -> HTMLResponse:
    """The study by Varde's own id."""
    context = context_of(request)
    words = words_of(request)
    found = _find(context, study_id, request.query_params.get("revision", ""))
    box = hanging.hang(found.images)
    hung = [panel.image for row in box for panel in row if panel.image]
    letters = hanging.letters(box, overlay.LETTERS)
    marks = overlay.marks(found.answers, hung or found.images, words, letters=letters)
    wish = request.query_params.get("overlay") or request.cookies.get(OVERLAY_COOKIE)
    return page(
        request, "study.html",
        found=found, study=found.study, images=found.images, marks=marks, box=box,
        current=_current(found.images, marks, request.query_params.get("image", "")),
        catalogue=catalogue(found.study, found.images, found.answers, words),
        overlay_off=wish == OFF, lines=lines, asked=feedback.asked,
        role=feedback.role_of(request), may_say=feedback.SAID, roles=tuple(Role),
        windows=windows.offered(found.images), window=windows.first(found.images, found.answers),
        segments=segments.stamp(found.answers) if found.latest else "",
        intended=_intended_use(context), name_of=context.name_of,
    )  # fmt: skip


def _find(context: Context, study_id: str, asked: str) -> Found:
    """Everything about the study, and the revision that was asked for or else the latest."""
    with context.database.read() as connection:
        one = lookup.study(connection, study_id)
        revisions = studies.revisions(connection, one.id)
        known = {str(revision.number): revision.number for revision in revisions}
        number = known.get(asked, one.revision)
        said = answers.of_studies(connection, [one])[one.id]
        said = [answer for answer in said if answer.job.revision == number]
        kept = commitments.of_jobs(connection, [answer.job.id for answer in said])
        return Found(
            study=one,
            site=next((s for s in studies.sites(connection) if s.key == one.site), None),
            images=images.of_study(connection, one),
            revisions=revisions,
            revision=number,
            answers=said,
            decisions=studies.decisions(connection, one.id, number),
            kept={commitment.id: commitment.state for commitment in kept if commitment.state},
            said=feedback.said(connection, said),
        )


def _current(
    found: list[Image], marks: dict[tuple[str, int], Mark], asked: str
) -> tuple[Image, int] | None:
    """The image and frame to begin with: asked for, else the first mark's, else the first."""
    if not found:
        return None
    for image in found:
        if str(image.number) == asked:
            return image, 1
    first = next(iter(marks.values()), None)
    return (found[first.image - 1], first.frame) if first else (found[0], 1)


def catalogue(study: Study, found: Sequence[Image], said: Sequence[Answer], words: Words) -> str:
    """What the viewer's script needs of every image, as JSON that is safe within HTML."""
    on = {uid for segment in segments.of(said) for uid in segment.sop_uids}
    listed: list[dict[str, Any]] = [
        {
            "url": f"/studies/{study.id}/instances/{image.number}/",
            "stamp": image.stamp, "columns": image.columns, "height": image.height,
            "frames": image.frames, "label": _label(image, words),
            **({"segments": 1} if image.instance.sop_uid in on else {}),
        }
        for image in found
    ]  # fmt: skip
    return json.dumps(listed, separators=(",", ":")).replace("<", "\\u003c")


def _label(image: Image, words: Words) -> str:
    """The series in the modality's own words, and the slice's number as the PACS counts."""
    number = [words.text("answer.slice", number=image.slice)] if image.slice else []
    return " · ".join([image.label, *number])


def _intended_use(context: Context) -> dict[tuple[str, str], str]:
    """Norwegian intended use by (algorithm, version); a result itself keeps the English one."""
    return {
        (key, algorithm.version): algorithm.manifest.algorithm.intended_use_nb
        for key, algorithm in context.algorithms.items()
    }
