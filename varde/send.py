"""`varde send`: DICOM files to a peer, each in its own transfer syntax."""

from collections.abc import Sequence
from pathlib import Path

from core import settings as core_settings
from core.sections import ANYBODY
from core.settings import Settings
from simulator.modality import Item, Modality, Peer, Sent, find
from varde.arguments import Arguments
from varde.terminal import Bar, remark, say

CALLING = "VARDE_SEND"  #: where no site has an AE title of its own


def run(arguments: Arguments) -> int:
    """Send; 0 only if the peer took every instance."""
    settings = core_settings.load(arguments.site)
    dicom = settings.dicom
    peer = (
        Peer.parse(arguments.to) if arguments.to else Peer(dicom.ae_title, dicom.host, dicom.port)
    )
    studies, other = find(arguments.paths)
    skipped(other)
    modality = Modality(peer, calling=arguments.calling or _calling(settings))
    refused = 0
    for study_uid, items in studies.items():
        answers = send(modality, items)
        not_taken = [answer for answer in answers if not answer.taken]
        for answer in not_taken:
            remark(told(answer))
        refused += len(not_taken)
        say(f"{study_uid}: {len(answers) - len(not_taken)} of {len(items)} taken")
    return 1 if refused else 0


def send(modality: Modality, items: list[Item]) -> list[Sent]:
    """Send one study and show how far it has come."""
    bar, answers = Bar(len(items)), list[Sent]()
    for answer in modality.send(items):
        answers.append(answer)
        bar.show(len(answers), "instances sent")
    bar.clear()
    return answers


def told(answer: Sent) -> str:
    """Why an instance was not taken."""
    return f"{answer.item.sop_uid}: 0x{answer.status:04X} {answer.why}".rstrip()


def skipped(other: Sequence[Path]) -> None:
    """Say what was left out."""
    if other:
        more = f" and {len(other) - 3} more" if len(other) > 3 else ""  # noqa: PLR2004 - enough
        remark(f"not DICOM, left out: {', '.join(map(str, other[:3]))}{more}")


def _calling(settings: Settings) -> str:
    """The AE title of the first site that has one."""
    titles = (ae for site in settings.sites.values() for ae in site.calling)
    return next((ae for ae in titles if ae != ANYBODY), CALLING)
