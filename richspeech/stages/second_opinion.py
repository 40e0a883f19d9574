"""An emotion recogniser's opinion on every segment of a transcript, and where the two differ."""

from collections import deque
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Protocol

from postprocess import Emotion
from richspeech.audio.mono import SAMPLE_RATE, Waveform, Waveforms
from richspeech.audio.strands import part_of
from richspeech.errors import AudioError
from richspeech.model.edits import SecondOpinionEdit
from richspeech.model.emotion_scores import EmotionScores, NineEmotion, Scores, risks
from richspeech.model.strand import Strand
from richspeech.model.transcript import Segment, Transcript

SURE = 0.5
"""Who is less sure of an emotion than this does not contradict anybody."""


class EmotionStream(Protocol):
    """One stretch of sound, while it comes in."""

    def feed(self, waveform: Waveform) -> None:
        """Take the next samples."""

    def finish(self) -> EmotionScores:
        """Return what was heard; raises ``AudioError`` when it was too short or silent."""


class EmotionRecogniser(Protocol):
    """Makes streams: ``engines.emotion2vec.Emotion2vec``."""

    def stream(self) -> EmotionStream:
        """Begin a stretch of sound."""


def second_opinion(
    segments: Sequence[Segment],
    blocks: Iterable[Waveforms],
    recogniser: EmotionRecogniser,
    model: str,
    strands: Sequence[Strand] = (),
) -> SecondOpinionEdit:
    """Return the opinion of a recogniser, whose model is called so, on each segment.

    ``blocks`` is the recording, read once, with a row for each of ``strands`` if there are any.
    There is no opinion on segments in which nothing can be heard, or too little.
    """
    heard = segment_scores(segments, blocks, recogniser, strands)
    scores = tuple(None if each is None else each.scores for each in heard)
    return SecondOpinionEdit(by=model, made=datetime.now(UTC), scores=scores)


def segment_scores(
    segments: Sequence[Segment],
    blocks: Iterable[Waveforms],
    recogniser: EmotionRecogniser,
    strands: Sequence[Strand] = (),
) -> list[EmotionScores | None]:
    """Hear each segment in its own strand while the recording goes by; holds one block of each."""
    bounds = [tuple(round(t * SAMPLE_RATE) for t in (s.start, s.end)) for s in segments]
    waiting = deque(sorted(range(len(bounds)), key=lambda index: bounds[index][0]))
    streams: dict[int, EmotionStream] = {}
    heard: list[EmotionScores | None] = [None] * len(bounds)
    at = 0
    for block in blocks:
        end = at + block.shape[-1]
        while waiting and bounds[waiting[0]][0] < end:
            streams[waiting.popleft()] = recogniser.stream()
        for index in [*streams]:
            first, last = bounds[index]
            own = part_of(block, strands, segments[index].strand)
            streams[index].feed(own[max(first - at, 0) : max(last - at, 0)])
            if last <= end:
                heard[index] = _finished(streams.pop(index))
        at = end
    for index, stream in streams.items():
        heard[index] = _finished(stream)
    return heard


def disagrees(segment: Segment) -> bool:
    """Say whether the two recognisers contradict each other.

    They do when each names an emotion (the second not "other", neither "unknown"), the two differ,
    and each is at least SURE of its own. A recogniser that gives no probability counts as sure. A
    person who has corrected the emotion has settled it.
    """
    second = segment.second_emotion
    if "emotion" in segment.corrected:
        return False
    if second in (None, NineEmotion.OTHER, NineEmotion.UNKNOWN):
        return False
    if segment.emotion is Emotion.UNKNOWN or segment.emotion.value == second.value:
        return False
    sure = (segment.emotion_probability, segment.second_emotion_probabilities.get(second))
    return all(probability is None or probability >= SURE for probability in sure)


def disagreements(transcript: Transcript) -> tuple[Segment, ...]:
    """List the segments on which the two recognisers contradict each other."""
    return tuple(segment for segment in transcript.segments if disagrees(segment))


def transcript_risks(transcript: Transcript, limits: Scores) -> tuple[NineEmotion, ...]:
    """Name the emotions that the emotion recogniser puts above their limit in any segment."""
    found = {
        emotion
        for segment in transcript.segments
        for emotion in risks(segment.second_emotion_probabilities, limits)
    }
    return tuple(emotion for emotion in limits if emotion in found)


def _finished(stream: EmotionStream) -> EmotionScores | None:
    try:
        return stream.finish()
    except AudioError:
        return None
