"""Transcript → findings: what in its words is personal, and when it is said.

segments of one speaker ▸ those that a number goes on in, joined ▸ numbers, words ▸ the times
of their tokens
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import TypeAlias

from richspeech.model.personal import PersonalKind
from richspeech.model.transcript import Segment, Transcript
from richspeech.privacy.addresses import find_addresses
from richspeech.privacy.digits import BETWEEN, read_digits
from richspeech.privacy.names import find_called, find_names
from richspeech.privacy.numbers import find_numbers
from richspeech.privacy.words import find_emails, find_plates

ALL = frozenset(PersonalKind)
LONGEST_PAUSE = 10.0
"""Seconds between two segments of one speaker in which a number still goes on."""
JOINT = "，"
"""Between the texts of such segments."""

_ENDS_IN_DIGITS = re.compile(rf"\d{BETWEEN}*$", re.ASCII)
_BEGINS_WITH_DIGITS = re.compile(rf"{BETWEEN}*\d", re.ASCII)


@dataclass(frozen=True)
class Finding:
    """Something personal in the words of a segment."""

    kind: PersonalKind
    segment: int
    """Number in the transcript, from 0."""
    start: int
    """First character of the segment's text."""
    end: int
    """The one behind its last."""
    start_seconds: float | None
    """Of its first word, as it was measured; None where it was not."""
    end_seconds: float | None


Span: TypeAlias = tuple[PersonalKind, int, int]
"""Kind, first character, and the one behind the last."""


@dataclass(frozen=True)
class _Place:
    kind: PersonalKind
    start: int
    end: int


_Chain: TypeAlias = Sequence[tuple[int, Segment]]
"""Numbers and segments: those in a row in which one number may go on, others alone."""


def find_personal(
    transcript: Transcript,
    kinds: frozenset[PersonalKind] = ALL,
    told: Collection[str] = (),
) -> tuple[Finding, ...]:
    """Return what is found, in order; findings of one segment do not overlap.

    Names that were ``told`` in other words than these are found as those that are told in them.
    """
    places: defaultdict[int, list[_Place]] = defaultdict(list)
    for voice in _voices(transcript.segments):
        for chain in _chains(voice):
            for number, place in _in_chain(chain, kinds):
                places[number].append(place)
    _find_repeated(transcript.segments, places, told)
    return tuple(
        timed(transcript.segments[number], number, place.kind, place.start, place.end)
        for number in sorted(places)
        for place in _apart(places[number])
    )


def apart(transcript: Transcript, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings in order; what overlaps in a segment is divided."""
    places: defaultdict[int, list[_Place]] = defaultdict(list)
    for each in findings:
        places[each.segment].append(_Place(each.kind, each.start, each.end))
    return tuple(
        timed(transcript.segments[number], number, place.kind, place.start, place.end)
        for number in sorted(places)
        for place in _apart(places[number])
    )


def apart_spans(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return kinds and characters in order; what overlaps is divided."""
    places = [_Place(*each) for each in spans]
    return tuple((each.kind, each.start, each.end) for each in _apart(places))


def find_in_row(
    segments: Sequence[Segment], kinds: frozenset[PersonalKind]
) -> tuple[tuple[Span, ...], ...]:
    """Return what is found in each of the segments, which are read as one."""
    spans: list[list[Span]] = [[] for _ in segments]
    for number, place in _in_chain([*enumerate(segments)], kinds):
        spans[number].append((place.kind, place.start, place.end))
    return tuple(map(tuple, spans))


def personal_spans(
    text: str, language: str | None, kinds: frozenset[PersonalKind] = ALL
) -> tuple[Span, ...]:
    """Return kinds and characters of what is found in one text."""
    return tuple((each.kind, each.start, each.end) for each in _places(text, language, kinds))


@lru_cache(maxsize=8192)
def _places(text: str, language: str | None, kinds: frozenset[PersonalKind]) -> tuple[_Place, ...]:
    reading = read_digits(text)
    found: list[_Place] = []
    if PersonalKind.EMAIL in kinds:
        found += [_Place(PersonalKind.EMAIL, *reading.span(*each)) for each in find_emails(reading)]
    for kind, span in find_numbers(reading, language, kinds):
        found.append(_Place(kind, *reading.span(*span)))
    if PersonalKind.PLATE in kinds:
        found += [_Place(PersonalKind.PLATE, *reading.span(*each)) for each in find_plates(reading)]
    if PersonalKind.ADDRESS in kinds:
        found += [_Place(PersonalKind.ADDRESS, *each) for each in find_addresses(reading)]
    if PersonalKind.NAME in kinds:
        found += [_Place(PersonalKind.NAME, *each) for each in find_names(text)]
    return tuple(_apart(found))


def _apart(places: Sequence[_Place]) -> list[_Place]:
    """Drop what is within something else, and divide what overlaps."""
    kept: list[_Place] = []
    for place in sorted(places, key=lambda each: (each.start, -each.end)):
        latest = kept[-1].end if kept else 0
        if place.end > latest:
            kept.append(_Place(place.kind, max(place.start, latest), place.end))
    return kept


class Rewording:
    """A transcript of which one segment may have other words: what is personal in those.

    The answer is that of ``find_personal`` for the whole, of which next to nothing is read again.
    """

    def __init__(self, transcript: Transcript, kinds: frozenset[PersonalKind] = ALL) -> None:
        self._kinds = kinds
        self._chains: dict[int, _Chain] = {}
        self._beside: defaultdict[int, list[int]] = defaultdict(list)
        """Segments of the same voice before and after each."""
        self._tellers: Counter[str] = Counter()
        """How many chains tell each name."""
        for voice in _voices(transcript.segments):
            for chain in _chains(voice):
                self._chains |= dict.fromkeys((number for number, _ in chain), chain)
                self._tellers.update(_told(chain, kinds))
            for (before, _), (after, _) in pairwise(voice):
                self._beside[before].append(after)
                self._beside[after].append(before)

    def spans(self, number: int, text: str) -> tuple[Span, ...]:
        """Return kinds and characters of what is found in ``text`` in the place of a segment's."""
        there = (self._chains[each] for each in (number, *self._beside[number]))
        chains = {chain[0][0]: chain for chain in there}.values()
        others = Counter(name for chain in chains for name in _told(chain, self._kinds))
        names = {name for name, count in self._tellers.items() if count > others[name]}
        places: list[_Place] = []
        words = sorted((each for chain in chains for each in chain), key=lambda each: each[0])
        worded = [(at, replace(old, text=text) if at == number else old) for at, old in words]
        for chain in _chains(worded):
            names |= _told(chain, self._kinds)
            places += (place for at, place in _in_chain(chain, self._kinds) if at == number)
        for name in names:
            places += (_Place(PersonalKind.NAME, *each) for each in find_called(name, text))
        return tuple((each.kind, each.start, each.end) for each in _apart(places))


def _voices(segments: Sequence[Segment]) -> Iterable[_Chain]:
    """Return numbers and segments of each who speaks."""
    voices: defaultdict[str, list[tuple[int, Segment]]] = defaultdict(list)
    for number, segment in enumerate(segments):
        voices[segment.strand.label].append((number, segment))
    return voices.values()


def _chains(voice: _Chain) -> Iterator[_Chain]:
    """Divide what one voice says."""
    chain: list[tuple[int, Segment]] = []
    for number, segment in voice:
        if chain and not goes_on(chain[-1][1], segment):
            yield chain
            chain = []
        chain.append((number, segment))
    yield chain


def _told(chain: _Chain, kinds: frozenset[PersonalKind]) -> set[str]:
    """Return the names that are told in a chain."""
    texts = {number: segment.text for number, segment in chain}
    found = _in_chain(chain, kinds)
    return {texts[at][p.start : p.end] for at, p in found if p.kind is PersonalKind.NAME}


def goes_on(before: Segment, after: Segment) -> bool:
    """Tell whether a number may begin in one segment and end in the next of the same voice."""
    is_near = after.start - before.end <= LONGEST_PAUSE
    return is_near and _edges(before.text)[1] and _edges(after.text)[0]


@lru_cache(maxsize=8192)
def _edges(text: str) -> tuple[bool, bool]:
    """Tell whether a text begins with digits, and whether it ends in some."""
    read = read_digits(text).text
    return bool(_BEGINS_WITH_DIGITS.match(read)), bool(_ENDS_IN_DIGITS.search(read))


def _in_chain(chain: _Chain, kinds: frozenset[PersonalKind]) -> Iterator[tuple[int, _Place]]:
    """Yield what is found in segments that are read as one, by segment."""
    texts = [segment.text for _, segment in chain]
    begins = [0, *accumulate(len(text) + len(JOINT) for text in texts)]
    for place in _places(JOINT.join(texts), chain[0][1].language, kinds):
        for (number, _), text, begin in zip(chain, texts, begins, strict=False):
            start, end = max(place.start - begin, 0), min(place.end - begin, len(text))
            while start < end and end < place.end - begin and not text[end - 1].isalnum():
                end -= 1  # the mark of a sentence that ends within a number
            if start < end:
                yield number, _Place(place.kind, start, end)


def _find_repeated(
    segments: Sequence[Segment], places: defaultdict[int, list[_Place]], told: Collection[str]
) -> None:
    """Add names, and what people are called by them, wherever else they stand."""
    names = {*told} | {
        segments[number].text[place.start : place.end]
        for number, found in places.items()
        for place in found
        if place.kind is PersonalKind.NAME
    }
    for name in names:
        for number, segment in enumerate(segments):
            places[number] += (
                _Place(PersonalKind.NAME, *each) for each in find_called(name, segment.text)
            )


def timed(segment: Segment, number: int, kind: PersonalKind, start: int, end: int) -> Finding:
    """Return a finding of some characters, with when they are said."""
    return Finding(kind, number, start, end, *seconds_of(segment, start, end))


def tokens_at(segment: Segment, start: int, end: int) -> list[int]:
    """Return which tokens have characters of a segment; none if they do not make up its text."""
    if "".join(token.text for token in segment.tokens) != segment.text:
        return []
    bounds = [0, *accumulate(len(token.text) for token in segment.tokens)]
    spans = enumerate(pairwise(bounds))
    return [at for at, (first, last) in spans if first < end and last > start]


def seconds_of(segment: Segment, start: int, end: int) -> tuple[float | None, float | None]:
    """Return when characters of a segment are said: by their tokens, or the nearest around them.

    Where the tokens do not make up the text, or none of those was measured, nobody knows.
    """
    tokens, inner = segment.tokens, tokens_at(segment, start, end)
    if not inner or all(tokens[at].start is None for at in inner):
        return None, None
    first, last = tokens[inner[0]].start, tokens[inner[-1]].end
    if first is None:
        earlier = [t.end for t in tokens[: inner[0]] if t.end is not None]
        first = max(earlier, default=segment.start)
    if last is None:
        later = [t.start for t in tokens[inner[-1] + 1 :] if t.start is not None]
        last = min(later, default=segment.end)
    return first, last
