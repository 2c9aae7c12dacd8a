"""One run of the demonstration: what was sent, from which site, and what is still awaited."""

import itertools
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from core.settings import Settings
from core.store.database import Database
from simulator.modality import Item, Modality, Peer, Sent
from varde import answers, demo_site, send
from varde.arguments import Arguments
from varde.stop import Stop, StoppedError
from varde.terminal import Bar, remark

LOOK_S: Final = 0.1  #: how often the database is asked
PATIENCE_S: Final = 120.0  #: without anything new, nothing more will come
NOTHING: Final = ("", "not answered", "", "", "")


class Run:
    """Sends, waits, and knows the answers."""

    def __init__(
        self,
        settings: Settings,
        arguments: Arguments,
        files: Mapping[str, Sequence[Item]],
        archive: Path,
        stop: Stop,
    ) -> None:
        """`files` are the instances by study; simulated studies are sent where there are none."""
        self._settings = settings
        self._arguments = arguments
        self._files = files
        self._archive = archive
        self._stop = stop
        self._total = len(files) or arguments.studies
        self._sent: dict[str, tuple[str, list[Sent]]] = {}
        self._answers: dict[str, answers.Answer] = {}
        self._bar = Bar(self._total)

    def send(self) -> None:
        """Send every study from its site, at the rate that was asked for."""
        pause = 60 / self._arguments.rate if self._arguments.rate else 0.0
        due = time.monotonic()
        for site, calling, items in self._studies():
            self._sleep(max(0.0, due - time.monotonic()))
            due = max(due + pause, time.monotonic())
            self._sent[items[0].study_uid] = (site, self._send(calling, items))
            self._bar.show(len(self._answers), f"answered, {len(self._sent)} sent")

    def _send(self, calling: str, items: Sequence[Item]) -> list[Sent]:
        """Send one study, in one association as a scanner would."""
        dicom = self._settings.dicom
        modality = Modality(Peer(dicom.ae_title, dicom.host, dicom.port), calling=calling)
        taken = []
        for answer in modality.send(items):
            taken.append(answer)
            self._sleep(0)
            if not answer.taken:
                remark(send.told(answer))
        return taken

    def _studies(self) -> Iterator[tuple[str, str, Sequence[Item]]]:
        """(site, calling AE title, instances): the files, else simulated studies."""
        if self._files:
            yield from ((demo_site.OTHERS, send.CALLING, items) for items in self._files.values())
            return
        from simulator.studies import record, simulated  # noqa: PLC0415 - only where it is needed

        studies = simulated(self._total, seed=self._arguments.seed, salt=secrets.token_hex(8))
        for (site, calling), study in zip(itertools.cycle(demo_site.SITES.items()), studies):
            record(study, self._settings.home / "truth.jsonl")
            yield site, calling, study.items

    def wait(self) -> None:
        """Wait until nothing more will happen, or nothing happens any more."""
        waiting = {uid for uid, (_, sent) in self._sent.items() if any(s.taken for s in sent)}
        store = Database(self._settings.database_url)
        seen, until = None, 0.0
        try:
            while any(
                uid not in self._answers or not self._answers[uid].settled for uid in waiting
            ):
                self._look(store)
                if (now := self._progress()) != seen:
                    seen, until = now, time.monotonic() + PATIENCE_S
                if time.monotonic() > until:
                    remark(f"nothing new for {PATIENCE_S:.0f} s: not waiting any longer")
                    return
                settled = sum(answer.settled for answer in self._answers.values())
                self._bar.show(settled, "answered")
                self._sleep(LOOK_S)
        finally:
            self._bar.clear()
            store.close()

    def _look(self, store: Database) -> None:
        """Read what has become of the studies that are not settled."""
        with store.read() as reading:
            for uid, (site, _) in self._sent.items():
                known = self._answers.get(uid)
                if (known and known.settled) or not (found := answers.of(reading, uid, site)):
                    continue
                self._answers[uid] = found

    def _progress(self) -> object:
        """Something that changes whenever anything happens."""
        return [
            (uid, answer.study.instances, [(job.state, job.attempts) for job in answer.jobs],
             [(one.state, one.attempts) for one in answer.deliveries])
            for uid, answer in self._answers.items()
        ]  # fmt: skip

    def _sleep(self, seconds: float) -> None:
        if self._stop.asked or (seconds and self._stop.wait(seconds)):
            self._bar.clear()
            raise StoppedError

    def missing(self) -> list[str]:
        """What was not answered, not delivered or not taken; empty where all went well."""
        return [
            f"{uid}: {why}"
            for uid, (_, sent) in self._sent.items()
            if (why := self._why_missing(uid, sent))
        ]

    def _why_missing(self, uid: str, sent: Sequence[Sent]) -> str:
        answer = self._answers.get(uid)
        if refused := sum(not one.taken for one in sent):
            return f"{refused} of {len(sent)} instances were not taken"
        if answer is None or not answer.answered:
            states = (
                ", ".join(f"{job.algorithm} {job.state}" for job in answer.jobs) if answer else ""
            )
            return f"not answered {f'({states})' if states else ''}".rstrip()
        if not answer.delivered:
            lost = [one for one in answer.deliveries if one.receipt != 0]
            return f"not delivered: {lost[0].error if lost else 'no object was made'}"
        told = answers.told(answer, self._archive)
        if any(one["path"] is None for job in told["jobs"] for one in job["objects"]):
            return "acknowledged by the archive, but not in its folder"
        return ""

    def told(self) -> list[dict[str, Any]]:
        """Every study for machines, in the order of sending."""
        return [
            answers.told(self._answers[uid], self._archive)
            if uid in self._answers
            else {"study_uid": uid, "site": site, "revision": 0, "jobs": [], "delivered": False}
            for uid, (site, _) in self._sent.items()
        ]

    def rows(self) -> list[tuple[str, ...]]:
        """Every study for people, a row a job."""
        return [
            row
            for uid in self._sent
            for row in (
                answers.rows(self._answers[uid]) if self._answers.get(uid) else [(uid, *NOTHING)]
            )
        ]

    def page(self) -> str:
        """The path of a study page on which there is something to see."""
        found = [a for a in self._answers.values() if any(r.present for r in a.results.values())]
        first = next(iter(found or self._answers.values()), None)
        return f"studies/{first.study.id}" if first else ""
