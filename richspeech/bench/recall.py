"""What the history has already, recalled from it: two hours, heard once."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from richspeech.audio.decode import open_recording
from richspeech.bench.measure import timed
from richspeech.bench.speech import LIMITS
from richspeech.jobs.caching import CachingTranscriber
from richspeech.model.options import Options
from richspeech.model.transcript import Transcript
from richspeech.recognition.pipeline import Cancel, Progress
from richspeech.recognition.reading import BLOCK_SECONDS, WaveformSource
from richspeech.storage.cached_result import EngineHistory
from richspeech.storage.transcripts import Store


@dataclass(frozen=True)
class Echo:
    """Hears what it is given, again and again, in as much as there is."""

    heard: Transcript

    def transcribe(
        self, recording: WaveformSource, _options: Options, _cancelled: Cancel
    ) -> Iterator[Progress]:
        """Read the recording and say the same in each of its parts."""
        parts = sum(1 for _ in recording.blocks(BLOCK_SECONDS)) * BLOCK_SECONDS
        length = self.heard.duration
        segments = tuple(
            segment.moved(part * length)
            for part in range(round(parts / length))
            for segment in self.heard.segments
        )
        whole = Transcript(parts, 1.0, self.heard.engine, self.heard.model, segments)
        yield Progress(whole, segments, recording.duration, finished=True)


def recall_seconds(path: Path, heard: Transcript, repeat: int) -> list[float]:
    """Return how long it takes to have a recording from the history that it is in, each time."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{folder}/history.sqlite")
        transcriber = CachingTranscriber(Echo(heard), EngineHistory(store, "bench"))

        def ask() -> None:
            with open_recording(path, LIMITS) as recording:
                for _ in transcriber.steps(recording, Options()):
                    pass

        ask()
        seconds = [timed(ask) for _ in range(repeat)]
        store.close()
    return seconds
