"""What is heard → items of a conversation, and the events that tell of them.

With ``server_vad`` an utterance is an item:

    input_audio_buffer.speech_started → speech_stopped → committed → conversation.item.added, done
    → conversation.item.input_audio_transcription.delta → completed

Until it is over, deltas without text have in ``interim`` what it sounds like so far. Without
``turn_detection`` an item is what a client commits, with a delta an utterance.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from postprocess import NO_SPEECH, join_texts
from richspeech.api.heard import labels_of
from richspeech.api.openai.answers import logprobs_of
from richspeech.api.openai.errors import body_of
from richspeech.errors import RichSpeechError
from richspeech.jobs.talk import Failed
from richspeech.model.transcript import Segment, rounded
from richspeech.recognition.live import Began, Event, Final, Finished, Interim
from richspeech.recognition.utterance import OVERLAP_SECONDS

Say = Callable[..., None]
"""Takes the type of an event and its fields."""

BUFFER = "input_audio_buffer"
ITEM = "conversation.item"
TRANSCRIPTION = f"{ITEM}.input_audio_transcription"
MS = 1_000


def new_id(kind: str) -> str:
    """Make an id such as item_5f…."""
    return f"{kind}_{secrets.token_hex(12)}"


@dataclass
class Items:
    """The items of a conversation, in order."""

    say: Say
    locale: str
    """Language of sentences about what went wrong."""
    last: str | None = None

    def commit(self, item: str) -> None:
        """Tell of a new item."""
        content = {"type": "input_audio", "transcript": None}
        whole = {
            "id": item,
            "object": "realtime.item",
            "type": "message",
            "status": "completed",
            "role": "user",
            "content": [content],
        }
        self.say(f"{BUFFER}.committed", item_id=item, previous_item_id=self.last)
        for step in ("added", "done"):
            self.say(f"{ITEM}.{step}", item=whole, previous_item_id=self.last)
        self.last = item

    def delta(self, item: str, delta: str, **more: Any) -> None:
        """Tell what comes next in an item's transcript."""
        self.say(f"{TRANSCRIPTION}.delta", item_id=item, content_index=0, delta=delta, **more)

    def complete(
        self, item: str, segments: Sequence[Segment], seconds: float, *, logprobs: bool
    ) -> None:
        """Tell all that was heard in an item."""
        spoken = [each.language for each in segments if each.language not in (None, NO_SPEECH)]
        self.say(
            f"{TRANSCRIPTION}.completed",
            item_id=item,
            content_index=0,
            transcript=join_texts((each.language, each.text) for each in segments),
            usage={"type": "duration", "seconds": rounded(seconds)},
            languages=[{"code": code} for code in dict.fromkeys(spoken)],
            logprobs=[each.model_dump() for each in logprobs_of(segments)] if logprobs else None,
            **labels_of(segments),
        )

    def fail(self, item: str, error: RichSpeechError) -> None:
        """Tell why nothing was heard in an item."""
        why = body_of(error, self.locale)["error"]
        self.say(f"{TRANSCRIPTION}.failed", item_id=item, content_index=0, error=why)


class Translator(Protocol):
    """Tells of one recording."""

    def take(self, event: Event | Failed) -> None:
        """Tell of what happens in it."""

    def commit(self) -> None:
        """Make what came so far an item."""


@dataclass
class Utterances:
    """Tells of a recording whose utterances are items."""

    items: Items
    offset: float
    """Seconds of the session before the recording."""
    logprobs: bool
    _open: dict[float, str] = field(default_factory=dict)
    """Items of utterances that have begun, by their start."""

    def take(self, event: Event | Failed) -> None:
        """Tell of what happens in it."""
        match event:
            case Began(start):
                self._begin(start)
            case Interim(segment) if item := self._open.get(segment.start):
                self.items.delta(item, "", interim=segment.text)
            case Final(segment):
                self._end(segment)
            case Failed(error):
                for item in self._open.values() or [new_id("item")]:
                    self.items.commit(item)
                    self.items.fail(item, error)

    def commit(self) -> None:
        """Do nothing: the utterance that is open ends with the recording, and is an item then."""

    def _begin(self, start: float) -> str:
        item = self._open[start] = new_id("item")
        began_ms = round(MS * (self.offset + start))
        self.items.say(f"{BUFFER}.speech_started", item_id=item, audio_start_ms=began_ms)
        return item

    def _end(self, heard: Segment) -> None:
        # Behind a cut it begins before that; what begins behind its end is the next utterance.
        last = min(heard.start + OVERLAP_SECONDS, heard.end)
        began = min(
            (each for each in self._open if heard.start <= each < last), default=heard.start
        )
        item = self._open.get(began) or self._begin(began)
        self._open.pop(began)
        segment = rounded(heard.moved(self.offset))
        ended_ms = round(MS * segment.end)
        self.items.say(f"{BUFFER}.speech_stopped", item_id=item, audio_end_ms=ended_ms)
        self.items.commit(item)
        if segment.text:
            self.items.delta(item, segment.text)
        self.items.complete(item, [segment], segment.duration, logprobs=self.logprobs)


@dataclass
class Committed:
    """Tells of a recording that is one item as soon as the client commits it."""

    items: Items
    offset: float
    """Seconds of the session before the recording."""
    logprobs: bool
    _item: str = field(default_factory=lambda: new_id("item"))
    _segments: list[Segment] = field(default_factory=list)
    _is_committed: bool = False
    _error: RichSpeechError | None = None
    """Why nothing more is heard of it."""

    def take(self, event: Event | Failed) -> None:
        """Keep what is heard until it is committed; then tell of it."""
        match event:
            case Final(segment):
                self._segments.append(rounded(segment.moved(self.offset)))
                if self._is_committed:
                    self._tell(len(self._segments) - 1)
            case Finished(progress):
                if not self._is_committed:  # the process ends
                    self.commit()
                self.items.complete(
                    self._item, self._segments, progress.seconds_done, logprobs=self.logprobs
                )
            case Failed(error):
                self._error = error
                if self._is_committed:
                    self.items.fail(self._item, error)

    def commit(self) -> None:
        """Make it an item, and tell what was heard of it already."""
        self._is_committed = True
        self.items.commit(self._item)
        for number in range(len(self._segments)):
            self._tell(number)
        if self._error is not None:
            self.items.fail(self._item, self._error)

    def _tell(self, number: int) -> None:
        """Send the words of an utterance, with what parts them from those before."""
        texts = [(each.language, each.text) for each in self._segments[: number + 1]]
        before = join_texts(texts[:-1])
        if delta := join_texts(texts).removeprefix(before):
            self.items.delta(self._item, delta)
