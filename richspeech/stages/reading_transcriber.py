"""A transcriber whose words are read for their sentiment as soon as they are there."""

import time
from collections.abc import Iterator
from dataclasses import replace

from richspeech.engines.on_demand import OnDemand
from richspeech.engines.sentiment.load import LoadedClassifier
from richspeech.model.options import Options
from richspeech.model.sentiment import Limits
from richspeech.model.transcript import Segment
from richspeech.recognition.pipeline import Cancel, Progress, Transcriber, WaveformSource
from richspeech.stages.reading import read_segments


class ReadingTranscriber:
    """Reads what another transcriber hears; the classifier is loaded with the first words."""

    def __init__(
        self, transcriber: Transcriber, classifiers: OnDemand[LoadedClassifier], limits: Limits
    ) -> None:
        self.transcriber = transcriber
        self._classifiers, self._limits = classifiers, limits

    def transcribe(
        self, recording: WaveformSource, options: Options, cancelled: Cancel = lambda: False
    ) -> Iterator[Progress]:
        """Yield the other's steps, each new segment with its sentiment.

        Raises what the other raises, and ``ModelError`` when the classifier cannot be loaded.
        """
        read: tuple[Segment, ...] = ()
        for step in self.transcriber.transcribe(recording, options, cancelled):
            started = time.perf_counter()
            new = self._read(step.transcript.segments[len(read) :])
            read += new
            # what earlier steps took is in the other's own time already
            seconds = step.transcript.processing_seconds + time.perf_counter() - started
            transcript = replace(step.transcript, segments=read, processing_seconds=seconds)
            yield replace(step, transcript=transcript, new=new)

    def _read(self, segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
        if not any(segment.text for segment in segments):
            return segments
        with self._classifiers.use() as loaded:
            return read_segments(segments, loaded.classifier, self._limits)
