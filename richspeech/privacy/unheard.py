"""Document → what people wrote in it that no measured word gives: nobody knows when that is said.

A line is not to be heard while such words stand in it, nor once they do not any more: taken out,
moved, cut or written over, it sounds as before. What was put beside it and never was personal is.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from richspeech.model.document import Document
from richspeech.model.line import Line
from richspeech.model.lines import Channel, channel_of
from richspeech.model.personal import Masked, PersonalKind
from richspeech.model.place import Place
from richspeech.model.transcript import Segment
from richspeech.privacy.find import Span, tokens_at
from richspeech.privacy.names import find_called
from richspeech.privacy.past import Seen


@dataclass(frozen=True)
class Unheard:
    """Lines and spans of a recording that are not to be heard for what people wrote."""

    lines: dict[Place, tuple[PersonalKind, ...]]
    """Lines that are shown, in which it stands or stood."""
    elsewhere: tuple[Masked, ...]
    """When it was said, as far as no line is there now."""
    said: tuple["Said", ...]
    """When each was said, whatever became of its line."""


@dataclass(frozen=True)
class Said:
    """Something personal that was said in a span, nobody knows when."""

    kind: PersonalKind
    channel: Channel
    start: float
    """Seconds."""
    end: float
    is_written: bool
    """Whether a person wrote in that very span, which has not become one by a cut or a joint."""

    def is_said_in(self, segment: Segment) -> bool:
        """Tell whether it may have been said in a segment."""
        is_near = self.start < segment.end and self.end > segment.start
        return is_near and self.channel == channel_of(segment)


def unheard(document: Document, seen: Iterable[Seen], names: Collection[str]) -> Unheard:
    """Return what follows from every step of people, in their order; ``names`` are known."""
    now: dict[Place, set[PersonalKind]] = {}
    earlier: dict[Place, set[PersonalKind]] = {}
    said: list[Said] = []
    for each in seen:
        change = each.change
        found = {line.place: _found(line, each.spans[line.place], names) for line in each.lines}
        pairs = [(change.before, change.after)]
        is_written = len(change.before) == len(change.after)
        if is_written:  # each has become another by itself
            pairs = [((one,), (other,)) for one, other in zip(*pairs[0], strict=True)]
        for before, after in pairs:
            was = _united(now, before)
            lost = was - {kind for line in after for kind in found[line.place]}
            kept = _united(earlier, before) | lost
            for line in after:
                now[line.place], earlier[line.place] = found[line.place], {*kept}
                here = found[line.place] if is_written else set[PersonalKind]()
                said += _said(line, here, is_written=True)
                said += _said(line, (found[line.place] | kept) - here, is_written=False)
        changed = {line.place for line in change.after}
        for line in each.lines:  # in which a number goes on that has become one now
            if line.place not in changed and found[line.place]:
                now[line.place] = now.get(line.place, set()) | found[line.place]
                said += _said(line, found[line.place], is_written=True)
    shown = [line for line in document.lines if line.place in now]
    lines = {line.place: now[line.place] | earlier.get(line.place, set()) for line in shown}
    return Unheard(
        {place: tuple(sorted(kinds)) for place, kinds in lines.items() if kinds},
        tuple(_elsewhere(said, document.lines)),
        tuple(dict.fromkeys(said)),
    )


def _united(of: dict[Place, set[PersonalKind]], lines: tuple[Line, ...]) -> set[PersonalKind]:
    """Return what there is of some lines, which are these no longer."""
    return {kind for line in lines for kind in of.pop(line.place, ())}


def _found(line: Line, found: Iterable[Span], names: Collection[str]) -> set[PersonalKind]:
    """Return the kinds of what a person wrote in a line and no measured word gives."""
    text = line.changes.get("text")
    if not text or text == line.heard.text:
        return set()
    called = (span for name in names for span in find_called(name, text))
    spans = [*found, *((PersonalKind.NAME, *span) for span in called)]
    return {kind for kind, start, end in spans if not is_measured(line.segment, start, end)}


def is_measured(segment: Segment, start: int, end: int) -> bool:
    """Tell whether the times of all words are known that have characters of a segment's text."""
    inner = [segment.tokens[at] for at in tokens_at(segment, start, end)]
    return bool(inner) and all(None not in (token.start, token.end) for token in inner)


def _said(line: Line, kinds: Iterable[PersonalKind], *, is_written: bool) -> Iterator[Said]:
    for kind in sorted(kinds):
        yield Said(kind, channel_of(line.heard), *line.times, is_written)


def _elsewhere(said: list[Said], shown: Collection[Line]) -> Iterator[Masked]:
    """Yield what of spans no line of the same channel has now."""
    lines: defaultdict[Channel, list[tuple[float, float]]] = defaultdict(list)
    for line in shown if said else ():
        lines[channel_of(line.heard)].append(line.times)
    there = {(channel, *times) for channel, spans in lines.items() for times in spans}
    pieces: dict[Masked, None] = {}
    for each in dict.fromkeys(said):
        if (each.channel, each.start, each.end) in there:
            continue
        at = each.start
        for start, end in (*sorted(lines[each.channel]), (each.end, each.end)):
            if start > at and min(start, each.end) > at:
                pieces[Masked(each.kind, at, min(start, each.end))] = None
            at = max(at, end)
            if at >= each.end:
                break
    yield from pieces
