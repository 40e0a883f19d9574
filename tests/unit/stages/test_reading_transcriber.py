"""Segments get their sentiment as they come, and nothing is loaded where nobody speaks."""

from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from richspeech.audio.decode import Waveform
from richspeech.engines.on_demand import OnDemand
from richspeech.model.options import Options
from richspeech.model.sentiment import Limits, Scores, Sentiment
from richspeech.model.transcript import Segment, Transcript
from richspeech.recognition.pipeline import Cancel, Progress, WaveformSource
from richspeech.stages.reading_transcriber import ReadingTranscriber
from tests.transcripts import segment

SURE: Scores = {Sentiment.POSITIVE: 1.0}


class Recording:
    duration = 3.0

    def blocks(self, block_seconds: float) -> Iterator[Waveform]:  # noqa: ARG002
        yield np.zeros(16_000, np.float32)


class Ear:
    """Gives one segment a step."""

    def __init__(self, *segments: Segment) -> None:
        self.segments = segments

    def transcribe(
        self,
        recording: WaveformSource,  # noqa: ARG002
        options: Options,  # noqa: ARG002
        cancelled: Cancel,  # noqa: ARG002
    ) -> Iterator[Progress]:
        for count in range(len(self.segments) + 1):
            heard = Transcript(float(count), 1.0, "ear", "m", self.segments[:count])
            new = self.segments[max(count - 1, 0) : count]
            yield Progress(heard, new, 3.0, finished=count == len(self.segments))


class Words:
    def __init__(self) -> None:
        self.asked: list[Sequence[str]] = []

    def classify(self, texts: Sequence[str]) -> list[Scores]:
        self.asked.append(texts)
        return [SURE if text else {} for text in texts]


def steps_of(*segments: Segment) -> tuple[list[Progress], OnDemand[Any], Words]:
    words = Words()
    on_demand: OnDemand[Any] = OnDemand(lambda: SimpleNamespace(classifier=words), None)
    reading = ReadingTranscriber(Ear(*segments), on_demand, Limits())
    return [*reading.transcribe(Recording(), Options())], on_demand, words


def test_each_segment_is_read_once_as_soon_as_it_is_there() -> None:
    steps, _, words = steps_of(segment(0, 1, "好"), segment(1, 2, "不好"))
    assert words.asked == [["好"], ["不好"]]
    assert [[s.sentiment for s in step.new] for step in steps] == [
        [],
        [Sentiment.POSITIVE],
        [Sentiment.POSITIVE],
    ]
    last = steps[-1]
    assert last.finished
    assert [s.text for s in last.transcript.segments] == ["好", "不好"]
    assert last.transcript.sentiment is Sentiment.POSITIVE
    assert last.transcript.segments[:1] == steps[1].transcript.segments
    assert last.transcript.processing_seconds > 1.0


def test_sounds_without_words_load_nothing() -> None:
    steps, on_demand, words = steps_of(segment(0, 1, ""))
    assert not on_demand.is_loaded
    assert words.asked == []
    assert steps[-1].transcript.segments == (segment(0, 1, ""),)
