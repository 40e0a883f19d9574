"""Insight: what a transcript says as a whole, in shares, curves, rates and counts.

    shares   of speech, other sounds and silence in the recording; of emotions, and of languages, in
             the seconds of speech, `unknown` among them
    curves   each emotion in windows of time: its probability, weighted by the seconds of speech.
             A label that is not the model's own answer (see evidence.py) counts in full.
    rates    as in pace.py, over the seconds of speech
    events   in how many segments each occurs, and how long these are: the model does not say
             when within a segment
    talk     what happened between speakers, as in conversation.py

A segment with words is speech; one without is another sound.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from postprocess import Emotion
from richspeech.errors import OptionError
from richspeech.model.transcript import Segment, Transcript, plain
from richspeech.review.conversation import Conversation, talk_of
from richspeech.review.evidence import SILENCE, label_probability
from richspeech.review.pace import SpeechRate, per_minute, speech_rates
from richspeech.settings import ConversationSettings

WINDOW_SECONDS = 10.0
"""Two or three utterances of a conversation."""

SHORTEST_WINDOW_SECONDS = 1.0
"""Below, a curve shows single words, and a long recording has tens of thousands of points."""


@dataclass(frozen=True)
class Share:
    """One part of a whole."""

    label: str
    seconds: float
    share: float
    """0 to 1."""


@dataclass(frozen=True)
class Window:
    """One point of the curves."""

    start: float
    """Seconds."""
    end: float
    """Seconds."""
    speech_seconds: float


@dataclass(frozen=True)
class EventCount:
    """How often an event occurs."""

    event: str
    count: int
    """Segments with it."""
    seconds: float
    """Length of these segments."""


@dataclass(frozen=True)
class Insight:
    """One recording at a glance; a list is empty where there is nothing to divide."""

    duration: float
    """Seconds."""
    speech_seconds: float
    times: tuple[Share, ...]
    """speech, sound and silence, of the duration."""
    emotions: tuple[Share, ...]
    """Of the speech seconds, the longest first; empty when no emotion was measured."""
    languages: tuple[Share, ...]
    """Of the speech seconds, the longest first."""
    windows: tuple[Window, ...]
    emotion_curves: Mapping[str, tuple[float | None, ...]]
    """By emotion, a value for each window; None where nobody speaks."""
    speech_rates: tuple[SpeechRate, ...]
    """By language, the longest first."""
    segment_rates: tuple[float | None, ...]
    """For each segment, in the unit of its language a minute; None without words or language."""
    events: tuple[EventCount, ...]
    """The most frequent first."""
    conversation: Conversation
    """Turns, talk-over, silences."""

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        form: dict[str, Any] = plain(self)
        return form


def require_window(seconds: float) -> None:
    """Raise ``OptionError`` for windows that are too short for a curve."""
    if not seconds >= SHORTEST_WINDOW_SECONDS:
        raise OptionError("insight.window", seconds=seconds, least=SHORTEST_WINDOW_SECONDS)


def make_insight(
    transcript: Transcript,
    window_seconds: float = WINDOW_SECONDS,
    limits: ConversationSettings | None = None,
) -> Insight:
    """Work out everything; without ``limits`` those of the default settings hold.

    Raises ``OptionError`` for windows that are too short.
    """
    require_window(window_seconds)
    segments = transcript.segments
    spoken = [segment for segment in segments if segment.text]
    windows, curves = _over_time(transcript.duration, spoken, window_seconds)
    emotions = emotion_shares(spoken)
    return Insight(
        duration=transcript.duration,
        speech_seconds=_seconds(spoken),
        times=_times(transcript.duration, segments),
        emotions=emotions,
        languages=_shares((segment.language or "unknown", segment.duration) for segment in spoken),
        windows=windows,
        emotion_curves=curves if emotions else {},
        speech_rates=speech_rates(spoken),
        segment_rates=tuple(map(per_minute, segments)),
        events=_events(segments),
        conversation=talk_of(transcript, limits),
    )


def emotion_shares(spoken: Sequence[Segment]) -> tuple[Share, ...]:
    """Divide the seconds of what is ``spoken`` among emotions; empty when none was measured."""
    if not any(segment.has_emotion for segment in spoken):
        return ()
    return _shares((segment.emotion.value, segment.duration) for segment in spoken)


def _seconds(segments: Iterable[Segment]) -> float:
    return sum(segment.duration for segment in segments)


def _shares(parts: Iterable[tuple[str, float]]) -> tuple[Share, ...]:
    seconds: dict[str, float] = {}
    for label, length in parts:
        seconds[label] = seconds.get(label, 0.0) + length
    whole = sum(seconds.values())
    longest_first = sorted(seconds.items(), key=lambda item: -item[1])
    return tuple(Share(label, s, s / whole) for label, s in longest_first if s > 0)


def _times(duration: float, segments: Sequence[Segment]) -> tuple[Share, ...]:
    """Divide the recording; what two say at once is one time of speech, also over a sound."""
    speech = _covered(segment for segment in segments if segment.text)
    sounding = _covered(segments)
    silence = max(0.0, duration - sounding)
    return _shares([("speech", speech), ("sound", sounding - speech), (SILENCE, silence)])


def _covered(segments: Iterable[Segment]) -> float:
    """Return the seconds in which there is at least one of these, which come in order of time."""
    seconds = reached = 0.0
    for segment in segments:
        seconds += max(0.0, segment.end - max(segment.start, reached))
        reached = max(reached, segment.end)
    return seconds


# Emotion over time --------------------------------------------------------------------------------


def _over_time(
    duration: float, spoken: Iterable[Segment], window_seconds: float
) -> tuple[tuple[Window, ...], dict[str, tuple[float | None, ...]]]:
    starts = [number * window_seconds for number in range(math.ceil(duration / window_seconds))]
    speech = [0.0] * len(starts)
    sums = {emotion: [0.0] * len(starts) for emotion in Emotion}
    for segment in spoken:
        probabilities = _emotions_of(segment)
        for number, seconds in _overlaps(segment, window_seconds, len(starts)):
            speech[number] += seconds
            for emotion in Emotion:
                sums[emotion][number] += seconds * probabilities.get(emotion, 0.0)
    windows = (
        Window(start, min(start + window_seconds, duration), seconds)
        for start, seconds in zip(starts, speech, strict=True)
    )
    return tuple(windows), {
        emotion.value: tuple(
            value / seconds if seconds else None
            for value, seconds in zip(sums[emotion], speech, strict=True)
        )
        for emotion in Emotion
    }


def _overlaps(segment: Segment, window_seconds: float, windows: int) -> Iterator[tuple[int, float]]:
    """Give the number of each window that a segment reaches into, and for how long."""
    first, last = int(segment.start // window_seconds), int(segment.end // window_seconds)
    for number in range(first, min(windows, last + 1)):
        start, end = number * window_seconds, (number + 1) * window_seconds
        seconds = min(end, segment.end) - max(start, segment.start)
        if seconds > 0:
            yield number, seconds


def _emotions_of(segment: Segment) -> Mapping[str, float]:
    is_models_own = label_probability(segment, segment.emotion) is not None
    return segment.emotion_probabilities if is_models_own else {segment.emotion: 1.0}


# Counts -------------------------------------------------------------------------------------------


def _events(segments: Iterable[Segment]) -> tuple[EventCount, ...]:
    heard = list(chain.from_iterable(((e, s.duration) for e in s.events) for s in segments))
    counts = Counter(event for event, _ in heard)
    return tuple(
        EventCount(event.value, count, sum(length for other, length in heard if other is event))
        for event, count in counts.most_common()
    )
