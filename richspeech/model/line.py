"""One line of an edited transcript: what was heard in it, and what people have put there since.

A cut divides what was heard as well as what stands there now, and lines that are joined keep both,
too. So a correction never loses the time of a word, and words are as they were once a cut is joined
again.

Labels are measured of a whole utterance. Both sides of a cut keep those, with their
probabilities; of two lines that are joined, those of the longer one stay, and the sounds of both.
How the words are meant was read of other words, and goes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import accumulate
from typing import Any

from postprocess import join_texts
from richspeech.errors import OptionError
from richspeech.model.corrections import TIMES, TIMES_MARK, changed, realign
from richspeech.model.personal import Masked
from richspeech.model.place import Place
from richspeech.model.timed_words import TimedWord, timed_words
from richspeech.model.transcript import DECIMALS, Segment, Token


@dataclass(frozen=True)
class Line:
    """A line of a transcript."""

    place: Place
    heard: Segment
    """As it was recognised, or what was cut out of that and joined."""
    voice: str
    """What whoever speaks in it was called when they were heard; empty for nobody."""
    changes: Mapping[str, Any] = field(default_factory=dict)
    """What people have put there, by field of the segment; the last one counts."""
    given: str | None = None
    """What whoever speaks by a person's word was called when they were heard."""
    gap: str | None = None
    """The blanks before it in the line that it was cut from; None where it was not cut."""
    is_whole: bool = True
    """Whether it has the very words that were recognised in one go."""

    @cached_property
    def segment(self) -> Segment:
        """As it is to be shown; the same object as was recognised where nobody changed anything."""
        return changed(self.heard, self.changes)

    @property
    def times(self) -> tuple[float, float]:
        """When it begins and ends, in seconds."""
        return self.changes.get("start", self.heard.start), self.changes.get("end", self.heard.end)

    @property
    def masked(self) -> tuple[Masked, ...]:
        """What was masked in what was heard; what has no times lies wherever it has ever been."""
        heard, (start, end) = self.heard, self.times
        span = min(heard.start, start), max(heard.end, end)
        return tuple(each.within(*span) for each in heard.masked)

    @property
    def speaker(self) -> str:
        """What whoever speaks was called when they were heard."""
        return self.voice if self.given is None else self.given

    def changed(self, values: Mapping[str, Any]) -> "Line":
        """Return it with other values."""
        return replace(self, changes={**self.changes, **values})


def cut(line: Line, at: float, part: int, texts: tuple[str, str] | None) -> tuple[Line, Line]:
    """Return what lies before ``at`` seconds, and behind.

    ``texts`` are their words where those cannot be told by their times. Raises ``OptionError`` for
    a moment outside of the line.
    """
    segment = line.segment
    if not segment.start < at < segment.end:
        raise OptionError("split.outside", at=at, start=segment.start, end=segment.end)
    caret, gap = _division(segment, at, texts)
    is_same_text = segment.text == line.heard.text and caret is not None
    of_heard = caret if is_same_text and caret is not None else caret_at(line.heard, at)
    whole = replace(line.heard, start=segment.start, end=segment.end, masked=line.masked)
    heard = _halves(whole, at, of_heard)
    kept = {name: value for name, value in line.changes.items() if name not in TIMES}
    changes: tuple[dict[str, Any], dict[str, Any]] = ({**kept}, {**kept})
    if not is_same_text:
        for each, text in zip(
            changes, texts or divided_text(segment.text, caret or 0), strict=True
        ):
            each["text"] = text
    elif "text" in kept:
        for each, half in zip(changes, heard, strict=True):
            each["text"] = half.text
    before = replace(line, heard=heard[0], changes=changes[0], is_whole=False)
    after = replace(line, heard=heard[1], changes=changes[1], is_whole=False)
    return before, replace(after, place=replace(line.place, part=part), gap=gap)


def joined(first: Line, second: Line) -> Line:
    """Return two lines as one: the place of the first, the labels of the longer."""
    left, right = first.segment, second.segment
    longer = first if left.duration >= right.duration else second
    changes = {name: value for name, value in longer.changes.items() if name not in TIMES}
    if "text" in {**first.changes, **second.changes}:
        changes["text"] = left.text + _glue(first, second, left, right) + right.text
    if "events" in {**first.changes, **second.changes}:
        changes["events"] = _both(left.events, right.events)
    return replace(
        longer,
        place=first.place,
        heard=_joined_segment(first, second, longer.heard),
        changes=changes,
        gap=first.gap,
        is_whole=False,
    )


def caret_at(segment: Segment, at: float) -> int:
    """Return the character where the words begin whose middle lies behind ``at`` seconds.

    Words without a time go with the one before them.
    """
    position = 0
    for word in timed_words(_tokens(segment)):
        if word.start is not None and word.end is not None and (word.start + word.end) / 2 > at:
            return position
        position += len(word.text)
    return len(segment.text)


def time_at(segment: Segment, caret: int) -> tuple[float | None, float | None]:
    """Return when the last word before a character ends, and the first one behind it begins.

    None where no word on that side has a time.
    """
    before, after = _sides(_tokens(segment), caret)
    ends = [word.end for word in before if word.end is not None]
    starts = [word.start for word in after if word.start is not None]
    return max(ends, default=None), min(starts, default=None)


def has_times_beside(segment: Segment, caret: int) -> bool:
    """Tell whether both words beside a character have a time."""
    before, after = _sides(_tokens(segment), caret)
    return bool(before and after and before[-1].end is not None and after[0].start is not None)


def between_words(segment: Segment, caret: int) -> int:
    """Return the boundary of words that is nearest to a character; its own if it is one."""
    texts = [word.text for word in timed_words(Token(c, None, None, None) for c in segment.text)]
    ends = [0, *accumulate(len(text) for text in texts)]
    return min(ends, key=lambda end: abs(end - caret))


def rounded_time(seconds: float) -> float:
    """Return a time as it will be once it was written and read again."""
    return round(seconds, DECIMALS)


def _sides(tokens: Sequence[Token], caret: int) -> tuple[list[TimedWord], list[TimedWord]]:
    """Return the words before a character, and those behind."""
    before, after = _divided(tokens, caret)
    return [*timed_words(before)], [*timed_words(after)]


def _division(
    segment: Segment, at: float, texts: tuple[str, str] | None
) -> tuple[int | None, str | None]:
    """Return where the text is divided and which blanks go there; None where that is not known."""
    if texts is None:
        caret = caret_at(segment, at)
        left, right = divided_text(segment.text, caret)
    else:
        left, right = texts
        caret = len(left)
    gap = segment.text[len(left) : len(segment.text) - len(right)]
    is_known = f"{left}{gap}{right}" == segment.text and not gap.strip()
    return (caret, gap) if is_known else (None, None)


def divided_text(text: str, caret: int) -> tuple[str, str]:
    """Return what stands before a character, and behind, without blanks at the cut."""
    return text[:caret].rstrip(), text[caret:].lstrip()


def _halves(segment: Segment, at: float, caret: int) -> tuple[Segment, Segment]:
    before, after = _divided(_tokens(segment), caret)
    texts = divided_text(segment.text, caret)
    sides = (_stripped_end(before), _stripped_start(after))
    spans = ((segment.start, at), (at, segment.end))
    left, right = (
        replace(
            segment,
            start=start,
            end=end,
            text=text,
            tokens=tuple(tokens),
            masked=tuple(each for each in segment.masked if _is_said(each, start, end)),
            sentiment=None,
            sentiment_probabilities={},
            agreement=None,
            corrected=tuple(dict.fromkeys((*segment.corrected, TIMES_MARK))),
        )
        for (start, end), text, tokens in zip(spans, texts, sides, strict=True)
    )
    return left, right


def _is_said(masked: Masked, start: float, end: float) -> bool:
    """Tell whether something may be said in a span."""
    begins = masked.start is None or masked.start < end
    return begins and (masked.end is None or masked.end > start)


def _tokens(segment: Segment) -> tuple[Token, ...]:
    """Return tokens that form the text, whatever was measured of it."""
    is_told = "".join(token.text for token in segment.tokens) == segment.text
    return segment.tokens if is_told else realign(segment.tokens, segment.text)


def _divided(tokens: Sequence[Token], caret: int) -> tuple[list[Token], list[Token]]:
    """Divide tokens at a character; of one that lies there, each side has its outer time.

    Blanks at either end of a token stay with it.
    """
    before: list[Token] = []
    after: list[Token] = []
    position = 0
    for token in tokens:
        inside = caret - position
        position += len(token.text)
        if inside > 0 and not token.text[inside:].strip():
            before.append(token)
        elif inside <= 0 or not token.text[:inside].strip():
            after.append(token)
        else:
            before.append(replace(token, text=token.text[:inside], end=None))
            after.append(replace(token, text=token.text[inside:], start=None))
    return before, after


def _stripped_end(tokens: list[Token]) -> list[Token]:
    while tokens and not tokens[-1].text.strip():
        tokens = tokens[:-1]
    if tokens:
        tokens = [*tokens[:-1], replace(tokens[-1], text=tokens[-1].text.rstrip())]
    return tokens


def _stripped_start(tokens: list[Token]) -> list[Token]:
    while tokens and not tokens[0].text.strip():
        tokens = tokens[1:]
    if tokens:
        tokens = [replace(tokens[0], text=tokens[0].text.lstrip()), *tokens[1:]]
    return tokens


def _joined_segment(first: Line, second: Line, labels: Segment) -> Segment:
    """Return what was heard in both, with the labels of one."""
    left, right = first.heard, second.heard
    glue = _glue(first, second, left, right)
    before, after = _tokens(left), _tokens(right)
    if glue and after:
        after = (replace(after[0], text=glue + after[0].text), *after[1:])
    return replace(
        labels,
        start=min(first.segment.start, second.segment.start),
        end=max(first.segment.end, second.segment.end),
        text=left.text + glue + right.text,
        tokens=(*before, *after),
        events=_both(left.events, right.events),
        raw_text=" ".join(dict.fromkeys(filter(None, (left.raw_text, right.raw_text)))),
        rules=_both(left.rules, right.rules),
        masked=_both(first.masked, second.masked),
        sentiment=None,
        sentiment_probabilities={},
        agreement=None,
        corrected=tuple(dict.fromkeys((*left.corrected, *right.corrected, TIMES_MARK))),
    )


def _both(left: tuple[Any, ...], right: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys((*left, *right)))


def _glue(first: Line, second: Line, left: Segment, right: Segment) -> str:
    """Return the blanks that stand between two texts."""
    if not left.text or not right.text:
        return ""
    if second.gap is not None and first.place.index == second.place.index:
        return second.gap
    whole = join_texts([(left.language, left.text), (right.language, right.text)])
    return whole[len(left.text) : len(whole) - len(right.text)]
