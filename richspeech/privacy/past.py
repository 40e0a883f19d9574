"""Document → what was personal in its lines after any step of people, whatever became of them.

A number may stand in two lines. Once one of them is removed, cut or written anew, what is left is
nobody's number by itself, and it is masked all the same: as long as its words are those in which
it was found, in the line, in the step that wrote them, and in what was measured.
"""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TypeAlias

from richspeech.model.document import Document
from richspeech.model.line import Line
from richspeech.model.lines import Change
from richspeech.model.personal import PersonalKind
from richspeech.model.place import Place
from richspeech.model.steps import Split
from richspeech.model.transcript import Segment
from richspeech.privacy.find import (
    Finding,
    Span,
    apart_spans,
    find_in_row,
    goes_on,
    seconds_of,
    timed,
    tokens_at,
)

Source: TypeAlias = tuple[int | None, Place]
"""Where words come from: a step that has them, by its number; None for what was measured."""

LEAST_AT_EDGE = 2
"""Characters of a number at the edge of a line that tell something of it."""


@dataclass(frozen=True)
class Seen:
    """What a step made of some lines, and what is personal in them now and in those beside."""

    change: Change
    lines: tuple[Line, ...]
    """Those that became others, and the ones in which a number of theirs goes on."""
    spans: Mapping[Place, tuple[Span, ...]]


@dataclass(frozen=True)
class Past:
    """What was ever personal, and the words that it was in."""

    words: Mapping[Source, Mapping[str, PersonalKind]]
    sources: Mapping[Place, frozenset[Source]]
    """Of the words that each line has now."""
    measured: tuple[Finding, ...]
    """In what was measured."""

    def in_step(self, number: int, place: Place, text: str) -> tuple[Span, ...]:
        """Return what is personal of a text that a step put into a line."""
        words = self.words.get((number, place), {})
        return apart_spans((*spans_of(words, text), *_at_edges(words, text)))

    def in_line(self, place: Place, text: str) -> tuple[Span, ...]:
        """Return what is or was personal of the text of a line."""
        words: dict[str, PersonalKind] = {}
        for source in self.sources.get(place, ()):
            words |= self.words.get(source, {})
        return spans_of(words, text)


def past_of(document: Document, findings: Iterable[Finding], seen: Iterable[Seen]) -> Past:
    """Return what follows from what was found in the measured words, and from every step."""
    follower = _Follower(document, findings)
    for number, each in enumerate(seen):
        follower.follow(number, each)
    return follower.past


def spans_of(words: Mapping[str, PersonalKind], text: str) -> tuple[Span, ...]:
    """Return where words stand in a text; the longer ones first, where they overlap."""
    spans = []
    for word, kind in words.items():
        at = text.find(word)
        while at >= 0:
            spans.append((kind, at, at + len(word)))
            at = text.find(word, at + len(word))
    return apart_spans(spans)


def _at_edges(words: Mapping[str, PersonalKind], text: str) -> Iterator[Span]:
    """Yield what of words stands at either end of a text, which was joined with others later."""
    for word, kind in words.items():
        for length in range(LEAST_AT_EDGE, len(word)):
            if text.endswith(word[:length]):
                yield kind, len(text) - length, len(text)
            if text.startswith(word[-length:]):
                yield kind, 0, length


def watched(document: Document, kinds: frozenset[PersonalKind]) -> Iterator[Seen]:
    """Yield what each step did, in their order."""
    shown = _Shown(document)
    for change in document.line_changes:
        shown.take(change)
        rows = shown.rows(change)
        spans = {
            row[at].place: found
            for row in rows
            for at, found in enumerate(find_in_row([line.segment for line in row], kinds))
        }
        yield Seen(change, tuple(line for row in rows for line in row), spans)


class _Shown:
    """The lines at some step: of each who speaks, by time."""

    def __init__(self, document: Document) -> None:
        self._starts: defaultdict[str, list[tuple[float, Place]]] = defaultdict(list)
        self._lines: dict[Place, Line] = {}
        for index, segment in enumerate(document.uncorrected.segments):
            self._put(Line(Place(index), segment, document.measured.segments[index].strand.label))

    def take(self, change: Change) -> None:
        """Do what a step did."""
        for line in change.before:
            self._starts[line.speaker].remove(_key(line))
            del self._lines[line.place]
        for line in change.after:
            self._put(line)

    def rows(self, change: Change) -> list[list[Line]]:
        """Return the lines of a change, and those that were beside it, with what goes on there."""
        rows: dict[Place, list[Line]] = {}
        for line in (*change.before, *change.after):
            starts = self._starts[line.speaker]
            at = bisect_left(starts, _key(line))
            for near in (at - 1, at):
                if 0 <= near < len(starts):
                    row = self._row(starts, near)
                    rows[row[0].place] = row
        return [*rows.values()]

    def _put(self, line: Line) -> None:
        insort(self._starts[line.speaker], _key(line))
        self._lines[line.place] = line

    def _row(self, starts: Sequence[tuple[float, Place]], at: int) -> list[Line]:
        first = last = at
        while first > 0 and goes_on(*self._pair(starts, first - 1)):
            first -= 1
        while last + 1 < len(starts) and goes_on(*self._pair(starts, last)):
            last += 1
        return [self._lines[place] for _, place in starts[first : last + 1]]

    def _pair(self, starts: Sequence[tuple[float, Place]], at: int) -> tuple[Segment, Segment]:
        before, after = (self._lines[place].segment for _, place in starts[at : at + 2])
        return before, after


def _key(line: Line) -> tuple[float, Place]:
    return line.times[0], line.place


class _Follower:
    """Follows words from where they were measured or written into the lines that have them."""

    def __init__(self, document: Document, findings: Iterable[Finding]) -> None:
        self._document = document
        self._words: defaultdict[Source, dict[str, PersonalKind]] = defaultdict(dict)
        self._sources: dict[Place, frozenset[Source]] = {}
        self._indices: dict[Place, frozenset[int]] = {}
        self._measured: dict[Finding, None] = {}
        for index in range(len(document.measured.segments)):
            self._sources[Place(index)] = frozenset({(None, Place(index))})
            self._indices[Place(index)] = frozenset({index})
        for each in findings:
            text = document.measured.segments[each.segment].text
            self._words[None, Place(each.segment)][text[each.start : each.end]] = each.kind

    @property
    def past(self) -> Past:
        """What was found."""
        return Past(self._words, self._sources, tuple(self._measured))

    def follow(self, number: int, seen: Seen) -> None:
        """Take a step."""
        self._move(number, seen.change)
        for line in seen.lines:
            for kind, start, end in seen.spans[line.place]:
                self._find(line, kind, start, end)

    def _move(self, number: int, change: Change) -> None:
        if len(change.before) == len(change.after):  # each has become another by itself
            for before, after in zip(change.before, change.after, strict=True):
                is_same = before.segment.text == after.segment.text
                sources = self._sources[before.place] if is_same else frozenset[Source]()
                self._sources[after.place] = sources | {(number, after.place)}
            return
        sources = frozenset[Source]().union(*(self._sources[each.place] for each in change.before))
        indices = frozenset[int]().union(*(self._indices[each.place] for each in change.before))
        if isinstance(self._document.corrections[number], Split):
            sources |= {(number, change.before[0].place)}
            self._divide(sources, *(each.segment.text for each in (*change.before, *change.after)))
        for line in change.before:
            del self._sources[line.place], self._indices[line.place]
        for line in change.after:
            self._sources[line.place], self._indices[line.place] = sources, indices

    def _divide(self, sources: Collection[Source], text: str, left: str, right: str) -> None:
        """Keep both parts of what lies over a cut."""
        words = {word: kind for each in sources for word, kind in self._words[each].items()}
        for kind, start, end in spans_of(words, text):
            parts = (
                text[start : min(end, len(left))],
                text[max(start, len(text) - len(right)) : end],
            )
            for source in sources:
                self._words[source] |= {part: kind for part in (text[start:end], *parts) if part}

    def _find(self, line: Line, kind: PersonalKind, start: int, end: int) -> None:
        """Keep what was found in a line."""
        segment = line.segment
        word = segment.text[start:end]
        for source in self._sources[line.place]:
            self._words[source][word] = kind
        measured = self._document.measured.segments
        said = seconds_of(segment, start, end) if tokens_at(segment, start, end) else (None, None)
        for index in self._indices[line.place]:
            spans = _spans_at(measured[index], kind, *said)
            if (None, Place(index)) in self._sources[line.place]:
                here = measured[index].text
                spans = spans or (*spans_of({word: kind}, here), *_at_edges({word: kind}, here))
            self._measured |= dict.fromkeys(timed(measured[index], index, *each) for each in spans)


def _spans_at(
    segment: Segment, kind: PersonalKind, start: float | None, end: float | None
) -> tuple[Span, ...]:
    """Return the characters of the tokens that are said in a span of time."""
    if start is None or end is None or not tokens_at(segment, 0, len(segment.text)):
        return ()
    ends = [*accumulate(len(token.text) for token in segment.tokens)]
    said = [
        at
        for at, token in enumerate(segment.tokens)
        if token.start is not None and token.end is not None
        if token.start < end and token.end > start
    ]
    if not said:
        return ()
    return ((kind, ends[said[0]] - len(segment.tokens[said[0]].text), ends[said[-1]]),)
