"""Reading a report by rules. Its text is neither kept nor logged: positions and rules are."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from core.domain.errors import InvalidError
from core.domain.feedback import Truth
from monitoring.reports.cues import Cue, CueFinder, Near
from monitoring.reports.phrases import Phrases
from monitoring.reports.reading import Evidence, Reading, Weight, normalised
from monitoring.reports.rule_file import FindingRules, RuleFile, load
from monitoring.reports.sentences import Part, Sentence, Splitter

LONGEST: Final = 100_000  #: characters of a report; the longest real ones have some thousands

#: The lists of names of a finding, those heard first first.
_NAMES: Final = ("absent", "uncertain", "present", "weak")

Place = tuple[int, int, int]  # start, end, place in the list


class Rules:
    """A set of rules, ready to read. Made once, used for every report."""

    def __init__(self, file: RuleFile, longest: int = LONGEST) -> None:
        self.version = file.version
        self.findings = {code: one.name for code, one in file.finding.items()}
        self._longest = longest
        heads = file.headings
        self._splitter = Splitter(heads.referral, heads.body, heads.conclusion, file.abbreviations)
        self._cues = CueFinder(file)
        self._lists = {code: _compiled(one) for code, one in file.finding.items()}
        self._silence = {code: Truth(one.silence) for code, one in file.finding.items()}
        normal = [
            (f"normal:{number}", one.findings, Phrases(one.phrases))
            for number, one in enumerate(file.normal, start=1)
        ]
        self._normal = sorted(normal, key=lambda one: not one[1])  # those of organs first

    @classmethod
    def load(cls, path: Path | None = None) -> "Rules":
        """Of a site's file (`watch.report_rules`), or those that come with Varde."""
        return cls(load(path))

    def read(self, text: str) -> Reading:
        """What a report says. `InvalidError` where it is too long to be one."""
        if len(text) > self._longest:
            message = f"the report has {len(text)} characters; at most {self._longest} are read"
            raise InvalidError(message)
        text = normalised(text)
        found: list[Evidence] = []
        for sentence in self._splitter.sentences(text):
            if sentence.part is not Part.REFERRAL:
                found += self._sentence(text, sentence)
        truths = {code: self._truth(code, found) for code in self._lists}
        return Reading(self.version, truths, tuple(found))

    def _truth(self, code: str, evidence: list[Evidence]) -> Truth:
        """Of the highest weight; there, present outranks uncertain, and that absent."""
        told = [one for one in evidence if one.finding == code]
        if not told:
            return self._silence[code]
        highest = max(one.weight for one in told)
        truths = {one.truth for one in told if one.weight is highest}
        order = (Truth.PRESENT, Truth.UNCERTAIN, Truth.ABSENT)
        return next(one for one in order if one in truths)

    def _sentence(self, text: str, sentence: Sentence) -> list[Evidence]:
        spans = {
            code: {key: one.found(text, sentence.start, sentence.end) for key, one in lists.items()}
            for code, lists in self._lists.items()
        }
        mentions = [
            (start, end) for of in spans.values() for key in _NAMES for start, end, _ in of[key]
        ]
        near = Near(self._cues, text, (sentence.start, sentence.end), mentions)
        found = [
            one for code, of in spans.items() for one in self._mentions(code, of, sentence, near)
        ]
        denied = [(start, end) for of in spans.values() for start, end, _ in of["absent"]]
        return [*found, *self._normals(text, sentence, near, denied)]

    def _mentions(
        self, code: str, spans: Mapping[str, list[Place]], sentence: Sentence, near: Near
    ) -> Iterable[Evidence]:
        taken = [(start, end) for start, end, _ in spans["never"]]
        for key in _NAMES:
            for start, end, place in spans[key]:
                if any(start < other and one < end for one, other in taken):
                    continue
                taken.append((start, end))
                if not near.any_within(spans["elsewhere"], start, end):
                    rule = f"finding.{code}.{key}:{place + 1}"
                    yield from _evidence((code, key), (start, end), rule, sentence, near)

    def _normals(
        self, text: str, sentence: Sentence, near: Near, denied: list[tuple[int, int]]
    ) -> Iterable[Evidence]:
        """Phrases that say of several that they are not there, unless themselves denied.

        "The lungs are normal" says nothing of all: what an organ is normal by (`denied`, and
        phrases of some findings) is not read again.
        """
        taken = [*denied]
        for rule, codes, phrases in self._normal:
            for start, end, place in phrases.found(text, sentence.start, sentence.end):
                if sentence.asks or near.of(start, end).keys() & {Cue.NEGATION, Cue.QUESTION}:
                    continue
                if near.neutral(start, end) or any(a < end and start < b for a, b in taken):
                    continue
                taken += [(start, end)] if codes else []
                for code in codes or self._lists:
                    if code in self._lists:
                        told = (f"{rule}.phrases:{place + 1}",)
                        yield Evidence(code, Truth.ABSENT, Weight.NORMAL, start, end, told)


def _compiled(rules: FindingRules) -> Mapping[str, Phrases]:
    return {key: Phrases(getattr(rules, key)) for key in (*_NAMES, "never", "elsewhere")}


def _evidence(
    name: tuple[str, str], span: tuple[int, int], rule: str, sentence: Sentence, near: Near
) -> Iterable[Evidence]:
    """Of a mention from the list (code, key); none where it says nothing of now."""
    code, key = name
    cues = near.of(*span)
    if key != "absent" and (denied := near.denied_within(*span)):
        cues[Cue.NEGATION] = denied
    truth, cue = _said(key, cues)
    if truth is Truth.UNKNOWN:
        return
    weight = _weight(sentence, weak=key == "weak", asked=sentence.asks or cue is Cue.QUESTION)
    if weight is Weight.ASKED:
        truth = Truth.UNCERTAIN
    rules = (rule, cues[cue]) if cue is not None else (rule,)
    yield Evidence(code, truth, weight, *span, rules)


def _said(key: str, cues: Mapping[Cue, str]) -> tuple[Truth, Cue | None]:
    """(truth, the cue that decided)."""
    if key == "absent":
        return Truth.ABSENT, None
    for cue, truth in (
        (Cue.NEGATION, Truth.ABSENT),
        (Cue.HISTORY, Truth.UNKNOWN),
        (Cue.QUESTION, Truth.UNCERTAIN),
        (Cue.UNCERTAINTY, Truth.UNCERTAIN),
    ):
        if cue in cues:
            return truth, cue
    return (Truth.UNCERTAIN if key == "uncertain" else Truth.PRESENT), None


def _weight(sentence: Sentence, *, weak: bool, asked: bool) -> Weight:
    if asked:
        return Weight.ASKED
    if sentence.part is Part.CONCLUSION:
        return Weight.CONCLUSION_WEAK if weak else Weight.CONCLUSION
    return Weight.BODY_WEAK if weak else Weight.BODY
