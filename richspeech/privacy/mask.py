"""Transcript → the same without what is personal: in its place stands a word for its kind.

Everything that is made of a transcript (page, exports, highlights, risk, the history's search)
follows, since all of it reads the text and the tokens of segments. ``Segment.masked`` tells when
what was masked is said, so that sound can be covered there.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import count

from richspeech.access.principal import Role
from richspeech.model.corrections import Correction, Replacement, realign
from richspeech.model.document import Document
from richspeech.model.edits import CorrectionEdit, Edit, SpeakersEdit
from richspeech.model.lines import moves
from richspeech.model.personal import Masked, PersonalKind
from richspeech.model.place import Place
from richspeech.model.relabelling import RULE_PREFIX
from richspeech.model.speaker import Naming
from richspeech.model.steps import Split
from richspeech.model.transcript import Segment, Token, Transcript
from richspeech.privacy.find import (
    ALL,
    Finding,
    Rewording,
    apart,
    find_personal,
    personal_spans,
)
from richspeech.privacy.names import find_called
from richspeech.privacy.unheard import Unheard, is_measured, unheard
from richspeech.privacy.words import placeholder
from richspeech.settings import PrivacySettings

_TAGS = re.compile(r"<\|[^|>]*\|>")


def mask(transcript: Transcript, kinds: frozenset[PersonalKind] = ALL) -> Transcript:
    """Return a transcript without personal data of these kinds; itself where there is none."""
    return _without(transcript, find_personal(transcript, kinds))


def masked_for(transcript: Transcript, privacy: PrivacySettings) -> Transcript:
    """Return what the settings show of a transcript to whoever runs the program."""
    return mask(transcript, privacy.kinds) if privacy.masks(Role.ADMIN) else transcript


def mask_text(text: str, language: str | None = None, kinds: frozenset[PersonalKind] = ALL) -> str:
    """Return a text without personal data of these kinds.

    >>> mask_text("call 13800138000.", "en")
    'call [phone].'
    """
    return _replaced(text, language, personal_spans(text, language, kinds))


def mask_document(document: Document, kinds: frozenset[PersonalKind] = ALL) -> Document:
    """Return a document in which neither what was measured nor a correction has personal data.

    What is personal only beside what a person has written elsewhere goes as well. Where a person
    has written what no measured word gives, nobody knows when it is said: the masked words stand
    for what was misheard, and the whole line is not to be heard. Where they have done so in a part
    of a line, or something is personal only once lines were joined or cut, the masked lines stand
    for what was measured, without the steps that made them.
    """
    measured, now = document.measured, document.transcript
    findings = later = find_personal(measured, kinds)
    names = _names(measured, findings)
    if now is not measured:
        later = find_personal(now, kinds, names)  # a line that told one may be gone
        findings = apart((*findings, *_measured(later, document)))
        names |= _names(now, later)
    masked, masked_now = _without(measured, findings), _without(now, later)
    shown = dict(zip(document.places, masked_now.segments, strict=True))
    edits = tuple(map(_Edits(document, shown, kinds, names).masked, document.edits))
    is_same = masked is measured and edits == document.edits
    found = document if is_same else Document(masked, edits)
    silent = unheard(document, kinds, names)
    covers, lines = _covers(later, document, silent), document.lines
    if not covers and not silent.elsewhere:
        is_done = True
    elif is_done := all(line.is_whole for line in lines if line.place in covers):
        texts = {place.index: shown[place].text for place in covers}
        heard = _covered(_rewritten(masked, texts), map(Place, count()), covers, silent.elsewhere)
        found = Document(heard, edits)
    if is_done and not (
        any(map(moves, document.corrections)) and find_personal(found.transcript, kinds, names)
    ):
        return found
    covered = _covered(found.transcript, found.places, covers, silent.elsewhere)
    return Document(_without(covered, find_personal(covered, kinds, names)))


def _names(transcript: Transcript, findings: Sequence[Finding]) -> set[str]:
    return {
        transcript.segments[each.segment].text[each.start : each.end]
        for each in findings
        if each.kind is PersonalKind.NAME
    }


def _covers(
    later: Sequence[Finding], document: Document, silent: Unheard
) -> dict[Place, list[Masked]]:
    """Return what was masked in lines without a time, by line."""
    covers: defaultdict[Place, list[Masked]] = defaultdict(list)
    for each in later:
        segment = document.transcript.segments[each.segment]
        if "text" in segment.corrected and not is_measured(segment, each.start, each.end):
            covers[document.places[each.segment]].append(Masked(each.kind, None, None))
    for place, kinds in silent.lines.items():
        known = {each.kind for each in covers.get(place, ())}
        covers[place] += (Masked(kind, None, None) for kind in kinds if kind not in known)
    return covers


def _rewritten(transcript: Transcript, texts: Mapping[int, str]) -> Transcript:
    """Return it with other words in some segments; those that stay keep their times."""
    segments = tuple(
        replace(each, text=texts[number], tokens=realign(each.tokens, texts[number]))
        if number in texts
        else each
        for number, each in enumerate(transcript.segments)
    )
    return replace(transcript, segments=segments)


def _covered(
    transcript: Transcript,
    places: Iterable[Place],
    covers: Mapping[Place, Sequence[Masked]],
    elsewhere: Sequence[Masked],
) -> Transcript:
    """Return it with what was masked without a time, and without what the model heard there."""
    segments = tuple(
        replace(each, raw_text=_raw(each, each.text), masked=(*each.masked, *covers[place]))
        if place in covers
        else each
        for place, each in zip(places, transcript.segments, strict=False)
    )
    return replace(transcript, segments=segments, masked=(*transcript.masked, *elsewhere))


def _measured(later: Sequence[Finding], document: Document) -> Iterator[Finding]:
    """Yield what was found in lines that have the words of a segment as it was measured."""
    segments, places = document.transcript.segments, document.places
    for each in later:
        place, text = places[each.segment], segments[each.segment].text
        if place.part == 0 and document.measured.segments[place.index].text == text:
            yield replace(each, segment=place.index)


class _Edits:
    """What people have done to a document, without what is personal."""

    def __init__(
        self,
        document: Document,
        shown: Mapping[Place, Segment],
        kinds: frozenset[PersonalKind],
        names: Collection[str],
    ) -> None:
        """``shown`` are the masked lines, ``names`` those that are told in it."""
        self._document, self._shown = document, shown
        self._kinds, self._names = kinds, names

    def masked(self, edit: Edit) -> Edit:
        """Mask the words that a person has written, and what speakers are called."""
        if isinstance(edit, SpeakersEdit):
            return replace(edit, naming=self._naming(edit.naming))
        return self._correction(edit) if isinstance(edit, CorrectionEdit) else edit

    def _correction(self, edit: CorrectionEdit) -> CorrectionEdit:
        match edit.correction:
            case Naming() as naming:
                return replace(edit, correction=self._naming(naming))
            case Split() as split:
                return replace(edit, correction=self._split(split))
            case Correction() as change:
                return replace(edit, correction=self._change(change))
            case Replacement(changes):
                return replace(edit, correction=Replacement(tuple(map(self._change, changes))))
        return edit

    def _naming(self, naming: Naming) -> Naming:
        """Mask what speakers are called; those of two names stay two."""
        masked: dict[str, str] = {}
        for called in dict.fromkeys(naming.names.values()):
            name = mask_text(called, None, self._kinds)
            for each in sorted(self._names, key=len, reverse=True):
                for start, end in reversed([*find_called(each, name)]):
                    name = f"{name[:start]}{placeholder(PersonalKind.NAME, None)}{name[end:]}"
            alike = (
                sum(other.startswith(name) for other in masked.values()) if name != called else 0
            )
            masked[called] = f"{name} {alike + 1}" if alike else name
        return Naming({voice: masked[called] for voice, called in naming.names.items()})

    def _change(self, change: Correction) -> Correction:
        """Mask the words of a correction, as they stand among the others."""
        if change.text is None:
            return change
        if self._texts.get(change.place) == change.text:
            return replace(change, text=self._shown[change.place].text)
        language = self._document.measured.segments[change.index].language
        spans = self._rewording.spans(change.index, change.text)
        return replace(change, text=_replaced(change.text, language, spans))

    def _split(self, split: Split) -> Split:
        """Mask the words on both sides of a cut; a number goes on behind it."""
        if split.texts is None:
            return split
        measured = self._document.measured
        heard = measured.segments[split.cut.index]
        sides = tuple(replace(heard, text=text, tokens=()) for text in split.texts)
        left, right = mask(replace(measured, segments=sides), self._kinds).segments
        return replace(split, texts=(left.text, right.text))

    @cached_property
    def _texts(self) -> dict[Place, str]:
        """What stands in each line now."""
        return {line.place: line.segment.text for line in self._document.lines}

    @cached_property
    def _rewording(self) -> Rewording:
        return Rewording(self._document.measured, self._kinds)


def _without(transcript: Transcript, found: Sequence[Finding]) -> Transcript:
    findings: defaultdict[int, list[Finding]] = defaultdict(list)
    for each in found:
        findings[each.segment].append(each)
    if not findings:
        return transcript
    segments = enumerate(transcript.segments)
    return replace(
        transcript,
        segments=tuple(_masked(segment, findings.get(number, ())) for number, segment in segments),
    )


def _masked(segment: Segment, findings: Sequence[Finding]) -> Segment:
    if not findings:
        return segment
    spans = [(each.kind, each.start, each.end) for each in findings]
    text = _replaced(segment.text, segment.language, spans)
    if "".join(token.text for token in segment.tokens) == segment.text:
        tokens = tuple(_replaced_tokens(segment, findings))
    else:
        tokens = realign(segment.tokens, text)
    masked = (Masked(each.kind, each.start_seconds, each.end_seconds) for each in findings)
    return replace(
        segment,
        text=text,
        tokens=tokens,
        raw_text=_raw(segment, text),
        rules=_without_hotwords(segment, spans),
        masked=(*segment.masked, *masked),
    )


def _raw(segment: Segment, text: str) -> str:
    """Return other words behind the tags of the model."""
    return f"{''.join(_TAGS.findall(segment.raw_text))}{text}"


def _without_hotwords(
    segment: Segment, spans: Sequence[tuple[PersonalKind, int, int]]
) -> tuple[str, ...]:
    """Return the rules without the hotwords that stand in what is masked."""
    hidden = [segment.text[start:end] for _, start, end in spans]
    return tuple(
        rule
        for rule in segment.rules
        if not rule.startswith(RULE_PREFIX)
        or not any(rule.removeprefix(RULE_PREFIX) in each for each in hidden)
    )


def _replaced(
    text: str, language: str | None, spans: Sequence[tuple[PersonalKind, int, int]]
) -> str:
    parts, at = [], 0
    for kind, start, end in spans:
        parts += [text[at:start], placeholder(kind, language)]
        at = end
    return "".join([*parts, text[at:]])


def _replaced_tokens(segment: Segment, findings: Sequence[Finding]) -> Iterator[Token]:
    """Yield tokens that make up the masked text; nobody is told how sure what was masked is."""
    at, begin = 0, 0
    waiting = list(findings)
    for token in segment.tokens:
        end = begin + len(token.text)
        while waiting and waiting[0].start < end:
            found = waiting[0]
            if at < found.start:
                yield replace(token, text=segment.text[at : found.start])
                at = found.start
            if found.end > end:
                break
            yield _placeholder(found, segment.language)
            at = found.end
            waiting.pop(0)
        covered = waiting[0].start if waiting else end
        if at < min(end, covered):
            yield replace(token, text=segment.text[at : min(end, covered)])
            at = min(end, covered)
        begin = end


def _placeholder(found: Finding, language: str | None) -> Token:
    word = placeholder(found.kind, language)
    return Token(word, found.start_seconds, found.end_seconds, None)
