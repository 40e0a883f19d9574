"""Transcript → OpenAI's stream of server-sent events: a delta an utterance, then the whole.

    data: {"type": "transcript.text.delta", "delta": "…", "segment_id": "0", "emotion": "happy", …}
    data: {"type": "transcript.text.segment", "id": "0", …}        with diarized_json
    data: {"type": "transcript.text.done", "text": "…", "usage": {…}}

All deltas in a row are the text of the end. Nothing else is sent: clients take what they do not
know for a segment. Source: openai-python 3.57, types/audio/transcription_text_*_event.py
"""

from collections.abc import Iterator
from typing import Literal

from postprocess import join_texts
from richspeech.api.openai.answers import (
    DiarizedSegment,
    Heard,
    Kept,
    Labels,
    Language,
    Logprob,
    Usage,
    diarized_segment,
    labels_of,
    languages_of,
    logprobs_of,
    rounded,
    usage_of,
)
from richspeech.model.transcript import Segment, Transcript


class Delta(Labels):
    """One utterance, as soon as it was recognised."""

    type: Literal["transcript.text.delta"] = "transcript.text.delta"
    delta: str
    """With the space before it, if one belongs there; empty for a sound without words."""
    segment_id: str
    logprobs: list[Logprob] | None
    """Null unless asked for with include[]."""
    start: float
    """Seconds; ours."""
    end: float


class Done(Heard):
    """The end."""

    type: Literal["transcript.text.done"] = "transcript.text.done"
    text: str
    languages: list[Language]
    logprobs: list[Logprob] | None
    usage: Usage
    duration: float
    """Seconds; ours."""


Event = Delta | DiarizedSegment | Done


class Deltas:
    """Tells of the utterances of one transcript that grows, each once."""

    def __init__(self, *, logprobs: bool, diarizes: bool) -> None:
        self._logprobs, self._diarizes = logprobs, diarizes
        self._told = 0
        self._last: tuple[str | None, str] = (None, "")
        """Language and words of the last utterance that had any."""

    def new(self, transcript: Transcript) -> Iterator[Event]:
        """Yield what has come since."""
        new = transcript.segments[self._told :]
        for number, segment in enumerate(new, self._told):
            yield self._delta(number, segment)
            if self._diarizes:
                yield diarized_segment(number, segment)
        self._told += len(new)

    def done(self, transcript: Transcript, kept: Kept | None = None) -> Done:
        """Return the last event; ``kept`` says what the history has of it."""
        return Done(
            text=transcript.text,
            languages=languages_of(transcript),
            logprobs=logprobs_of(transcript.segments) if self._logprobs else None,
            usage=usage_of(transcript),
            duration=rounded(transcript.duration),
            history=kept,
        )

    def _delta(self, number: int, segment: Segment) -> Delta:
        return Delta(
            delta=self._joined(segment),
            segment_id=str(number),
            logprobs=logprobs_of([segment]) if self._logprobs else None,
            start=segment.start,
            end=segment.end,
            **labels_of(segment),
        )

    def _joined(self, segment: Segment) -> str:
        """Return the words of an utterance as they follow on the last ones."""
        if not segment.text:
            return ""
        before, self._last = self._last, (segment.language, segment.text)
        return join_texts([before, self._last])[len(before[1]) :]
