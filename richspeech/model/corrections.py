"""What a person has put right in a transcript.

Corrections stand beside the transcript and are applied to it: the machine's own words are never
lost, and the last correction can always be taken back. What the model measured (probabilities, raw
text) stays as it was; the time of a word stays where the word does.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from difflib import SequenceMatcher
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from postprocess import AudioEvent, Emotion, clean
from richspeech.errors import OptionError
from richspeech.model.languages import HeardLanguage
from richspeech.model.place import Place
from richspeech.model.speaker import LONGEST_NAME, name_or_letter
from richspeech.model.steps import Seconds, require_place
from richspeech.model.transcript import DECIMALS, Segment, Token
from richspeech.model.validation import why_refused

FIELDS = ("text", "language", "emotion", "events")
"""What is heard, and a recogniser can learn from. Who speaks is a matter of the whole document."""
TIMES = ("start", "end")
TIMES_MARK = "times"
"""Stands for both of them in ``Segment.corrected``."""
LONGEST_TEXT = 2_000
"""Characters that a person may give a line."""
LONGEST_KEPT = 10 * LONGEST_TEXT
"""Characters that are read of what was kept: what stands for a name is longer than the name."""
LONGEST_SHOWN = 100
"""Characters of what somebody looked for, in a message."""

ShownEvent = Literal[
    AudioEvent.BGM,
    AudioEvent.APPLAUSE,
    AudioEvent.LAUGHTER,
    AudioEvent.CRY,
    AudioEvent.SNEEZE,
    AudioEvent.BREATH,
    AudioEvent.COUGH,
    AudioEvent.SING,
]


@dataclass(frozen=True)
class Correction:
    """New values for one segment; what is None stays."""

    index: Annotated[int, Field(ge=0)]
    """Number of the segment in the transcript, from 0."""
    text: Annotated[str, Field(max_length=LONGEST_KEPT)] | None = None
    language: HeardLanguage | None = None
    emotion: Emotion | None = None
    events: tuple[ShownEvent, ...] | None = None
    speaker: Annotated[str, Field(max_length=LONGEST_NAME)] | None = None
    """What whoever speaks was called when they were heard, or somebody new."""
    part: Annotated[int, Field(ge=0)] = 0
    """Which part of the segment, once it was cut."""
    start: Seconds | None = None
    """Seconds."""
    end: Seconds | None = None

    @classmethod
    def from_dict(cls, document: object) -> "Correction":
        """Read what a page sent; tags and superfluous blanks in the text are left out.

        Raises ``OptionError`` naming the first field that does not fit, and for a name that nobody
        can show.
        """
        try:
            read = _adapter().validate_python(document)
        except ValidationError as error:
            raise OptionError("correction.refused", why=why_refused(error)) from error
        length = len(read.text or "")
        if length > LONGEST_TEXT:
            raise OptionError("correction.too_long", count=length, most=LONGEST_TEXT)
        events = None if read.events is None else tuple(dict.fromkeys(read.events))
        text = None if read.text is None else clean(read.text, "plain").strip()
        speaker = None if read.speaker is None else name_or_letter(read.speaker)
        start, end = _rounded_time(read.start), _rounded_time(read.end)
        return replace(read, text=text, events=events, speaker=speaker, start=start, end=end)

    @property
    def place(self) -> Place:
        """The line that it is of."""
        return Place(self.index, self.part)

    @property
    def values(self) -> dict[str, Any]:
        """What it says of that line, by field; who speaks is another matter."""
        values = {name: getattr(self, name) for name in (*FIELDS, *TIMES)}
        return {name: value for name, value in values.items() if value is not None}

    @property
    def stated(self) -> dict[str, Any]:
        """All that it says, by field: its values, and who speaks."""
        return self.values if self.speaker is None else {**self.values, "speaker": self.speaker}

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing."""
        return not self.stated

    @property
    def changes(self) -> "tuple[Correction, ...]":
        """What it changes in segments: itself."""
        return (self,)

    def require_fit(self, count: int) -> None:
        """Raise ``OptionError`` unless the segment is one of ``count``."""
        require_place(self.place, count)


@dataclass(frozen=True)
class Replacement:
    """Words that were found all over a recording, and others in their place: a single step."""

    changes: tuple[Correction, ...]

    def require_fit(self, count: int) -> None:
        """Raise ``OptionError`` unless all of it is in ``count`` segments."""
        for each in self.changes:
            each.require_fit(count)


def replacing(lines: Iterable[tuple[Place, Segment]], found: str, by: str) -> Replacement:
    """Return what puts ``by`` in the place of ``found``, wherever that stands as it is written.

    Raises ``OptionError`` where it stands nowhere, for a text that becomes too long, and where
    nothing becomes another.
    """
    if not found.strip():
        raise OptionError("replacement.nothing")
    there = [(place, segment) for place, segment in lines if found in segment.text]
    if not there:
        raise OptionError("replacement.nowhere", value=found[:LONGEST_SHOWN])
    changes = (
        (segment.text, Correction.from_dict({**asdict(place), "text": _with(segment, found, by)}))
        for place, segment in there
    )
    changed = tuple(change for text, change in changes if change.text != text)
    if not changed:
        raise OptionError("replacement.same", value=found[:LONGEST_SHOWN])
    return Replacement(changed)


def _with(segment: Segment, found: str, by: str) -> str:
    """Return other words for a segment; nobody waits for a text of gigabytes to be refused."""
    text = segment.text
    length = len(text) + text.count(found) * (len(by) - len(found))
    if length > LONGEST_TEXT:
        raise OptionError("replacement.too_long", count=length, most=LONGEST_TEXT)
    return text.replace(found, by)


@cache
def _adapter() -> TypeAdapter[Correction]:
    return TypeAdapter(Correction)


def realign(tokens: Sequence[Token], text: str) -> tuple[Token, ...]:
    """Return tokens that form ``text``: with their times what is still in it, the rest without.

    >>> [t.text for t in realign((Token("你", 0, 1, 1), Token("好", 1, 2, 1)), "你们好")]
    ['你', '们', '好']
    """
    before = "".join(token.text for token in tokens)
    matcher = SequenceMatcher(None, before, text, autojunk=False)
    kept: list[tuple[int, Token]] = []
    for old, new, size in matcher.get_matching_blocks():
        at = 0
        for token in tokens:
            if old <= at and at + len(token.text) <= old + size and token.text:
                kept.append((new + at - old, token))
            at += len(token.text)
    return tuple(_filled(kept, text))


def _rounded_time(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, DECIMALS)


def _filled(kept: Iterable[tuple[int, Token]], text: str) -> Iterator[Token]:
    """Put the words between the tokens that were kept, unmeasured."""
    at = 0
    for start, token in kept:
        if start > at:
            yield Token(text[at:start], None, None, None)
        yield token
        at = start + len(token.text)
    if at < len(text):
        yield Token(text[at:], None, None, None)


def changed(segment: Segment, values: Mapping[str, Any]) -> Segment:
    """Return a segment with other values, and the names of those that differ in ``corrected``.

    Words keep their times as far as those lie in it.
    """
    new = {name: value for name, value in values.items() if value != getattr(segment, name)}
    if not new and TIMES_MARK not in segment.corrected:
        return segment
    names = (TIMES_MARK if name in TIMES else name for name in new)
    corrected = tuple(dict.fromkeys((*segment.corrected, *names)))
    if "text" in new:  # the sentiment was that of other words
        new |= {"tokens": realign(segment.tokens, new["text"])}
        new |= {"sentiment": None, "sentiment_probabilities": {}}
    if "language" in new:  # in that one nobody has been asked to read them
        new |= {"sentiment_refused": False}
    agreement = None if {"text", "emotion"} & new.keys() else segment.agreement
    other = replace(segment, **new, agreement=agreement, corrected=corrected)
    if TIMES_MARK not in corrected:
        return other
    span = min(segment.start, other.start), max(segment.end, other.end)
    masked = tuple(each.within(*span) for each in segment.masked)
    tokens = tuple(_within(each, other) for each in other.tokens)
    return replace(other, tokens=tokens, masked=masked)


def _within(token: Token, segment: Segment) -> Token:
    """Return a token whose times do not go beyond its segment; one that lies outside has none."""
    start, end = token.start, token.end
    if start is None or end is None:
        times = (
            t if t is None or segment.start <= t <= segment.end else None for t in (start, end)
        )
        start, end = times
    elif segment.start <= (start + end) / 2 <= segment.end:
        start, end = max(start, segment.start), min(end, segment.end)
    else:
        start = end = None
    return replace(token, start=start, end=end)
