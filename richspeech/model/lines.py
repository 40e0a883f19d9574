"""Segments as recognised, and what people did to them since, in order → the lines to be shown.

A pure function of both: who takes the last step back has what was there before. Lines keep their
places, so that a later step names what it means; a step on a line that is not there any more, or
that would lay two lines of one channel over each other, is refused.
"""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from richspeech.errors import OptionError
from richspeech.model.corrections import LONGEST_TEXT, Correction, Replacement
from richspeech.model.edits import Amendment
from richspeech.model.line import (
    Line,
    between_words,
    caret_at,
    cut,
    divided_text,
    has_times_beside,
    joined,
    rounded_time,
    time_at,
)
from richspeech.model.place import Place
from richspeech.model.speaker import Naming
from richspeech.model.steps import Merge, Removal, Split
from richspeech.model.transcript import Segment, Transcript
from richspeech.model.trim import Trim

Channel: TypeAlias = tuple[str | None, int | None]


@dataclass(frozen=True)
class Change:
    """What a step has made of some lines."""

    before: tuple[Line, ...]
    after: tuple[Line, ...]


def edited(
    segments: Sequence[Segment], voices: Sequence[str], amendments: Iterable[Amendment]
) -> tuple[Line, ...]:
    """Return the lines by time. ``voices`` are what whoever speaks was called when heard.

    Raises ``OptionError`` for a step that does not fit what was there when it was made.
    """
    lines, is_moved = _Lines(segments, voices), False
    for each in amendments:
        _apply(lines, each)
        is_moved = is_moved or moves(each)
    shown = [*lines]
    return tuple(sorted(shown, key=lambda line: line.segment.start) if is_moved else shown)


def changes(
    segments: Sequence[Segment], voices: Sequence[str], amendments: Iterable[Amendment]
) -> Iterator[Change]:
    """Yield what each step does to which lines; arguments and errors are those of ``edited``."""
    lines = _Lines(segments, voices)
    for each in amendments:
        yield _apply(lines, each)


def correct(transcript: Transcript, corrections: Iterable[Correction]) -> Transcript:
    """Return ``transcript`` with ``corrections`` made, in their order; who speaks stays.

    Segments that differ from before name the fields in ``corrected``; all others are the same
    objects. Raises ``OptionError`` for a segment that is not there.
    """
    made, voices = tuple(corrections), [""] * len(transcript.segments)
    for each in made:
        each.require_fit(len(voices))
    lines = edited(transcript.segments, voices, made)
    return replace(transcript, segments=tuple(line.segment for line in lines))


def moves(amendment: Amendment) -> bool:
    """Tell whether it does anything to the times of lines, or to which lines there are."""
    if isinstance(amendment, (Split, Merge, Removal)):
        return True
    return any(each.start is not None or each.end is not None for each in amendment.changes)


def splitting(
    lines: Sequence[Line], place: Place, part: int, caret: int | None, at: float | None
) -> Split:
    """Return what cuts a line before a character of its text, or at a time in seconds, or both.

    A cut lies between words: where their times tell what is not said, it is taken from them. Raises
    ``OptionError`` where they do not tell it, and for a cut that leaves nothing on one side.
    """
    segment = _line(lines, place).segment
    if caret is not None:
        caret = between_words(segment, caret)
        if not segment.text[:caret].strip() or not segment.text[caret:].strip():
            raise OptionError("split.edge")
        at = _time_of(segment, caret, at)
    elif at is None:
        raise OptionError("split.nowhere")
    else:
        caret = _caret_of(segment, at)
        at = _between(at, *time_at(segment, caret))
    at = rounded_time(at)
    texts = divided_text(segment.text, caret)
    is_told = texts == divided_text(segment.text, caret_at(segment, at))
    return Split(place, part, at, None if is_told else texts)


def merging(lines: Sequence[Line], place: Place) -> Merge:
    """Return what joins a line with the next one of its channel.

    Raises ``OptionError`` at the last, and where the text would be too long to be edited then.
    """
    line = _line(lines, place)
    following = (
        each
        for each in lines[lines.index(line) + 1 :]
        if channel_of(each.segment) == channel_of(line.segment)
    )
    if (second := next(following, None)) is None:
        raise OptionError("merge.last")
    length = len(joined(line, second).segment.text)
    if length > LONGEST_TEXT:
        raise OptionError("merge.too_long", count=length, most=LONGEST_TEXT)
    return Merge(place, second.place)


def _line(lines: Sequence[Line], place: Place) -> Line:
    found = next((line for line in lines if line.place == place), None)
    if found is None:
        raise OptionError("line.gone")
    return found


def _caret_of(segment: Segment, at: float) -> int:
    """Return where the text is cut at a time: something has to be said on either side of it."""
    if not segment.text:
        return 0
    if time_at(segment, 0) == (None, None):
        raise OptionError("split.no_caret")
    caret = caret_at(segment, at)
    is_inside = segment.start < at < segment.end
    if is_inside and not all(divided_text(segment.text, caret)):
        raise OptionError("split.silence", at=at)
    return caret


def _time_of(segment: Segment, caret: int, at: float | None) -> float:
    """Return when a text is to be cut: between two words, or when a person says so."""
    end, start = time_at(segment, caret)
    if end is not None and start is not None and has_times_beside(segment, caret):
        return (end + start) / 2
    if at is None:
        raise OptionError("split.no_time")
    return _between(at, end, start)


def _between(at: float, end: float | None, start: float | None) -> float:
    """Return a time that lies in no word: the nearest between two, if these do not overlap."""
    if end is not None and start is not None and end > start:
        return (end + start) / 2
    at = at if end is None else max(at, end)
    return at if start is None else min(at, start)


class _Lines:
    """Lines by place, and by when they begin: what is done to one asks those near it alone."""

    def __init__(self, segments: Sequence[Segment], voices: Sequence[str]) -> None:
        self._lines: dict[Place, Line] = {}
        self._starts: defaultdict[Channel, list[tuple[float, Place]]] = defaultdict(list)
        """In order, by channel."""
        self._longest: defaultdict[Channel, float] = defaultdict(float)
        """Seconds, at least those of any line of a channel."""
        for index, (segment, voice) in enumerate(zip(segments, voices, strict=True)):
            self.put(Line(Place(index), segment, voice))

    def __iter__(self) -> Iterator[Line]:
        return iter(self._lines.values())

    def __contains__(self, place: Place) -> bool:
        return place in self._lines

    def found(self, place: Place) -> Line:
        """Return a line; raises ``OptionError`` if it is not there."""
        if place not in self._lines:
            raise OptionError("line.gone")
        return self._lines[place]

    def put(self, line: Line) -> None:
        """Put a line in the place of the one that was there, if any, or at the end."""
        before, channel, (start, end) = (
            self._lines.get(line.place),
            channel_of(line.heard),
            line.times,
        )
        if before is None or before.times != line.times:
            if before is not None:
                self._forget(before)
            insort(self._starts[channel], (start, line.place))
            self._longest[channel] = max(self._longest[channel], end - start)
        self._lines[line.place] = line

    def drop(self, line: Line) -> None:
        """Take a line out."""
        self._forget(line)
        del self._lines[line.place]

    def near(self, segment: Segment, first: float, last: float) -> Iterator[Line]:
        """Yield the lines of the same channel that begin between two times, by time."""
        starts = self._starts[channel_of(segment)]
        for at in range(bisect_left(starts, (first, Place(0))), len(starts)):
            start, place = starts[at]
            if start > last:
                return
            yield self._lines[place]

    def longest(self, segment: Segment) -> float:
        """Return seconds that no line of the same channel exceeds."""
        return self._longest[channel_of(segment)]

    def _forget(self, line: Line) -> None:
        starts = self._starts[channel_of(line.heard)]
        del starts[bisect_left(starts, (line.times[0], line.place))]


def _apply(lines: _Lines, amendment: Amendment) -> Change:
    match amendment:
        case Split(place, part, at, texts):
            line = lines.found(place)
            return _split(lines, line, cut(line, at, part, texts))
        case Merge(first, second):
            return _merge(lines, lines.found(first), lines.found(second))
        case Removal(place):
            line = lines.found(place)
            lines.drop(line)
            return Change((line,), ())
        case Correction() | Replacement():
            pairs = [_correct(lines, change) for change in amendment.changes]
            return Change(tuple(one for one, _ in pairs), tuple(other for _, other in pairs))
        case Naming() | Trim():
            return Change((), ())


def _split(lines: _Lines, line: Line, halves: tuple[Line, Line]) -> Change:
    if halves[1].place in lines:
        raise OptionError("line.gone")
    for half in halves:
        lines.put(half)
    return Change((line,), halves)


def _merge(lines: _Lines, first: Line, second: Line) -> Change:
    left, right = first.segment, second.segment
    is_next = channel_of(left) == channel_of(right) and left.start <= right.start
    if first is second or not is_next or _lies_between(lines, left, right):
        raise OptionError("merge.apart")
    lines.drop(second)
    both = joined(first, second)
    lines.put(both)
    return Change((first, second), (both,))


def _lies_between(lines: _Lines, left: Segment, right: Segment) -> bool:
    between = lines.near(left, left.start, right.start)
    return any(left.start < each.segment.start < right.start for each in between)


def _correct(lines: _Lines, change: Correction) -> tuple[Line, Line]:
    before = lines.found(change.place)
    after = before.changed(change.values)
    if change.speaker is not None:
        after = replace(after, given=change.speaker)
    if change.start is not None or change.end is not None:
        _require_room(lines, before.segment, after)
    lines.put(after)
    return before, after


def _require_room(lines: _Lines, before: Segment, line: Line) -> None:
    """Raise ``OptionError`` for times that make a line lie over others where it did not before."""
    after = line.segment
    if after.start >= after.end:
        raise OptionError("shift.order", start=after.start, end=after.end)
    # Whatever it lies over, or has passed, begins in here.
    first = min(before.start, after.end, after.start - lines.longest(after))
    for each in lines.near(after, first, max(before.start, after.end)):
        other = each.segment
        if each.place == line.place:
            continue
        is_later = (other.start, other.end) > (before.start, before.end)
        if _overlap(after, other) > max(_overlap(before, other), 0.0) or (
            after.start >= other.end if is_later else after.end <= other.start
        ):
            raise OptionError("shift.room", start=other.start, end=other.end)


def _overlap(one: Segment, other: Segment) -> float:
    """Return the seconds of both; less than 0 where they are apart."""
    return min(one.end, other.end) - max(one.start, other.start)


def channel_of(segment: Segment) -> Channel:
    """Return the track and channel of a segment."""
    return segment.track, segment.channel
