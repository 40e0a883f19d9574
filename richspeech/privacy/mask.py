"""Transcript → the same without what is personal: in its place stands a word for its kind.

Everything that is made of a transcript (page, exports, highlights, risk, the history's search)
follows, since all of it reads the text and the tokens of segments. ``Segment.masked`` tells when
what was masked is said, so that sound can be covered there.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import count, groupby
from operator import itemgetter

from richspeech.access.principal import Role
from richspeech.model.corrections import Correction, Replacement, realign
from richspeech.model.document import Document
from richspeech.model.edits import CorrectionEdit, Edit, SpeakersEdit
from richspeech.model.line import Line
from richspeech.model.lines import channel_of, moves
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
    Span,
    apart,
    apart_spans,
    find_personal,
    personal_spans,
    timed,
)
from richspeech.privacy.names import find_called
from richspeech.privacy.past import Past, past_of, watched
from richspeech.privacy.unheard import Said, Unheard, is_measured, unheard
from richspeech.privacy.words import PLACEHOLDERS, placeholder
from richspeech.settings import PrivacySettings

_TAGS = re.compile(r"<\|[^|>]*\|>")
_WORDS = {word for words in PLACEHOLDERS.values() for word in words.values()}
_PLACEHOLDERS = re.compile("|".join(re.escape(f"[{word}]") for word in sorted(_WORDS)))


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
    findings = find_personal(measured, kinds)
    if now is measured:
        masked = _without(measured, findings)
        return document if masked is measured else Document(masked, document.edits)
    seen = [*watched(document, kinds)]
    past = past_of(document, findings, seen)
    names = _names(measured, findings)
    later = find_personal(now, kinds, names)  # a line that told one may be gone
    names |= _names(now, later)
    findings = apart(measured, (*findings, *_measured(later, document), *past.measured))
    later = apart(now, (*later, *_earlier(document, past)))
    masked, masked_now = _without(measured, findings), _without(now, later)
    shown = dict(zip(document.places, masked_now.segments, strict=True))
    edits = _Edits(document, shown, kinds, names, past).all
    is_same = masked is measured and edits == document.edits
    found = document if is_same else Document(masked, edits)
    silent = unheard(document, seen, names)
    covers = _covers(later, document, silent)
    silencing = _Silencing(document, masked, shown, covers, silent)
    for is_whole in (False, True) if covers or silent.said else ():
        silenced = silencing.silenced(is_whole=is_whole)
        found = Document(_without(silenced, find_personal(silenced, kinds, names)), edits)
        if _shows(found, masked_now, covers):
            break
    if _shows(found, masked_now, covers) and not _tells(found, kinds, names, past):
        return found
    covered = _covered(now, document.places, covers, silent.elsewhere)
    return Document(_without(covered, later))


@dataclass(frozen=True)
class _Silencing:
    """Takes what was heard out of what was measured, where people wrote something personal.

    In a whole line the masked words stand for it. Where a line was cut, joined or taken out, a word
    for the kind does, from when to when that line was: so each step of theirs still finds its
    words.
    """

    document: Document
    masked: Transcript
    """As it was measured, without what is personal in it."""
    shown: Mapping[Place, Segment]
    covers: Mapping[Place, Sequence[Masked]]
    silent: Unheard

    def silenced(self, *, is_whole: bool) -> Transcript:
        """Return what was measured; ``is_whole`` says whether all of a joined line goes.

        Else that part of it does in which a person wrote before it was joined.
        """
        whole = {at for at, line in self._lines.items() if line.is_whole}
        rewritten = _rewritten(self.masked, {at.index: self.shown[at].text for at in whole})
        of_whole = {at: self.covers[at] for at in whole}
        covered = _covered(rewritten, map(Place, count()), of_whole, self.silent.elsewhere)
        segments = tuple(
            each if Place(index) in whole else self._without_heard(each, is_whole=is_whole)
            for index, each in enumerate(covered.segments)
        )
        return replace(covered, segments=segments)

    @cached_property
    def _lines(self) -> dict[Place, Line]:
        """Those that are not to be heard."""
        return {line.place: line for line in self.document.lines if line.place in self.covers}

    @cached_property
    def _covered(self) -> tuple[Said, ...]:
        """Where lines that are not whole are not to be heard."""
        parts = (line for line in self._lines.values() if not line.is_whole)
        return tuple(
            _said_in(line, each.kind) for line in parts for each in self.covers[line.place]
        )

    def _without_heard(self, segment: Segment, *, is_whole: bool) -> Segment:
        """Return a segment with a word for a kind in the place of what was heard."""
        covered = [each for each in self._covered if each.is_said_in(segment)]
        spans = (Masked(each.kind, each.start, each.end) for each in covered)
        silent = replace(segment, masked=tuple(dict.fromkeys((*segment.masked, *spans))))
        said = [each for each in self.silent.said if each.is_said_in(segment)]
        gone = [*said, *covered] if is_whole else [each for each in said if each.is_written]
        if not gone:
            return silent if covered else segment
        tokens = tuple(_put_in(segment, gone))
        text = "".join(token.text for token in tokens)
        return replace(silent, text=text, tokens=tokens, raw_text=_raw(segment, text), rules=())


def _said_in(line: Line, kind: PersonalKind) -> Said:
    """Return that it was said somewhere in a line, wherever that has ever been."""
    start, end = line.times
    span = min(line.heard.start, start), max(line.heard.end, end)
    return Said(kind, channel_of(line.heard), *span, is_written=False)


def _put_in(segment: Segment, said: Sequence[Said]) -> Iterator[Token]:
    """Yield tokens with a word for a kind where something was said; times decide, if there are."""
    tokens = segment.tokens
    is_told = "".join(token.text for token in tokens) == segment.text
    if not is_told or all(token.start is None or token.end is None for token in tokens):
        yield Token(placeholder(said[0].kind, segment.language), None, None, None)
        return
    here: list[Said | None] = []
    for token in tokens:
        is_word = any(map(str.isalnum, token.text))
        if token.start is None or token.end is None or (here and not is_word):
            here.append(here[-1] if here else said[0])  # goes with the one before, as marks do
            continue
        middle = (token.start + token.end) / 2
        here.append(next((each for each in said if each.start <= middle <= each.end), None))
    for each, run in groupby(zip(here, tokens, strict=True), key=itemgetter(0)):
        own = [token for _, token in run]
        if each is None:
            yield from own
        else:
            times = [t for token in own for t in (token.start, token.end) if t is not None]
            word = placeholder(each.kind, segment.language)
            yield Token(word, min(times, default=None), max(times, default=None), None)


def _shows(
    document: Document, wanted: Transcript, covers: Mapping[Place, Sequence[Masked]]
) -> bool:
    """Tell whether a document has the words of ``wanted``, and covers what is to be covered.

    A number that was cut in two may stand in one of them alone.
    """
    segments = document.transcript.segments
    if [_left(each) for each in segments] != [_left(each) for each in wanted.segments]:
        return False
    lines = zip(document.places, segments, strict=True)
    return all(
        any(start <= each.start and end >= each.end for start, end in each.masked_spans)
        for place, each in lines
        if place in covers
    )


def _left(segment: Segment) -> str:
    """Return the letters that are nobody's; a mark may have stood within a number."""
    return "".join(filter(str.isalnum, _PLACEHOLDERS.sub("", segment.text)))


def _tells(
    document: Document, kinds: frozenset[PersonalKind], names: Collection[str], past: Past
) -> bool:
    """Tell whether something personal is left in the lines of a document that was masked."""
    lines = zip(document.places, document.transcript.segments, strict=True)
    return any(past.in_line(place, each.text) for place, each in lines) or bool(
        any(map(moves, document.corrections)) and find_personal(document.transcript, kinds, names)
    )


def _earlier(document: Document, past: Past) -> Iterator[Finding]:
    """Yield what was personal in the words that lines still have."""
    lines = zip(document.places, document.transcript.segments, strict=True)
    for number, (place, segment) in enumerate(lines):
        for kind, start, end in past.in_line(place, segment.text):
            yield timed(segment, number, kind, start, end)


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
        past: Past,
    ) -> None:
        """``shown`` are the masked lines, ``names`` those that are told in it."""
        self._document, self._shown = document, shown
        self._kinds, self._names, self._past = kinds, names, past

    @property
    def all(self) -> tuple[Edit, ...]:
        """Every one, without the words that a person has written, and what speakers are called."""
        numbers = count()  # of the steps alone
        return tuple(
            self._correction(edit, next(numbers))
            if isinstance(edit, CorrectionEdit)
            else replace(edit, naming=self._naming(edit.naming))
            if isinstance(edit, SpeakersEdit)
            else edit
            for edit in self._document.edits
        )

    def _correction(self, edit: CorrectionEdit, number: int) -> CorrectionEdit:
        match edit.correction:
            case Naming() as naming:
                return replace(edit, correction=self._naming(naming))
            case Split() as split:
                return replace(edit, correction=self._split(split, number))
            case Correction() as change:
                return replace(edit, correction=self._change(change, number))
            case Replacement(changes):
                masked = tuple(self._change(each, number) for each in changes)
                return replace(edit, correction=Replacement(masked))
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

    def _change(self, change: Correction, number: int) -> Correction:
        """Mask the words of a correction, as they stand among the others."""
        if change.text is None:
            return change
        if self._texts.get(change.place) == change.text:
            return replace(change, text=self._shown[change.place].text)
        language = self._document.measured.segments[change.index].language
        spans = (
            *self._rewording.spans(change.index, change.text),
            *self._past.in_step(number, change.place, change.text),
        )
        return replace(change, text=_replaced(change.text, language, apart_spans(spans)))

    def _split(self, split: Split, number: int) -> Split:
        """Mask the words on both sides of a cut; a number goes on behind it."""
        if split.texts is None:
            return split
        measured = self._document.measured
        heard = measured.segments[split.cut.index]
        texts = (
            _replaced(text, heard.language, self._past.in_step(number, split.cut, text))
            for text in split.texts
        )
        sides = tuple(replace(heard, text=text, tokens=()) for text in texts)
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
        masked=tuple(dict.fromkeys((*segment.masked, *masked))),
    )


def _raw(segment: Segment, text: str) -> str:
    """Return other words behind the tags of the model."""
    return f"{''.join(_TAGS.findall(segment.raw_text))}{text}"


def _without_hotwords(segment: Segment, spans: Sequence[Span]) -> tuple[str, ...]:
    """Return the rules without the hotwords that stand in what is masked."""
    hidden = [segment.text[start:end] for _, start, end in spans]
    return tuple(
        rule
        for rule in segment.rules
        if not rule.startswith(RULE_PREFIX)
        or not any(rule.removeprefix(RULE_PREFIX) in each for each in hidden)
    )


def _replaced(text: str, language: str | None, spans: Sequence[Span]) -> str:
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
