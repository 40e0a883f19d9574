"""A folder in which processes with durable jobs come and go, and an engine that takes notes."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from postprocess import Emotion
from richspeech.errors import Cancelled
from richspeech.model.options import Options
from richspeech.model.transcript import Segment, Transcript
from richspeech.queue.queue import HandedIn, JobQueue
from richspeech.recognition.pipeline import Cancel, Progress
from richspeech.recognition.reading import BLOCK_SECONDS, WaveformSource
from richspeech.service import Service, build, open_queue
from richspeech.settings import Settings, load_settings
from richspeech.storage.history import History
from richspeech.storage.jobs import QueuedJob
from richspeech.storage.transcripts import Store
from tests.fakes import loaded_with, ready, wait_until, wav_at


@dataclass(frozen=True)
class Ear:
    """Hears how loud each block of four seconds is, and notes in a file that it did."""

    notes: Path
    pace_seconds: float = 0.0
    known: tuple[Segment, ...] = ()
    error: Exception | None = None

    def resuming(self, known: Sequence[Segment]) -> "Ear":
        return replace(self, known=tuple(known))

    def transcribe(
        self, recording: WaveformSource, _: Options, cancelled: Cancel
    ) -> Iterator[Progress]:
        segments: tuple[Segment, ...] = ()
        seconds = 0.0
        for number, block in enumerate(recording.blocks(BLOCK_SECONDS)):
            if cancelled():
                raise Cancelled
            seconds += len(block) / 16_000
            heard = self._hear(number, block, seconds)
            segments = (*segments, heard)
            transcript = Transcript(seconds, 0.1, "ear", "tiny", segments)
            yield Progress(transcript, (heard,), recording.duration, False, recognised=(heard,))
        yield Progress(transcript, (), recording.duration, finished=True)

    def _hear(self, number: int, block: object, end: float) -> Segment:
        if number < len(self.known):
            return self.known[number]
        if self.error is not None:
            raise self.error
        time.sleep(self.pace_seconds)
        text = f"{np.abs(np.asarray(block)).max():.2f}"
        with self.notes.open("a", encoding="utf-8") as file:
            file.write(f"{text}\n")
        return Segment(end - 4, end, text, "en", 0.9, Emotion.NEUTRAL, {}, (), {}, (), text)


@dataclass
class Place:
    """A folder in which processes come and go."""

    folder: Path
    settings: Settings = field(init=False)

    def __post_init__(self) -> None:
        self.settings = load_settings(
            jobs={"lease_seconds": 2.0, "recordings": str(self.folder / "recordings")},
            history={"url": f"sqlite:///{self.folder}/history.sqlite"},
        )
        (self.folder / "weights").mkdir(exist_ok=True)

    @property
    def notes(self) -> Path:
        return self.folder / "notes.txt"

    @property
    def heard(self) -> list[str]:
        """What was recognised, by all processes together."""
        return self.notes.read_text(encoding="utf-8").split() if self.notes.exists() else []

    @contextmanager
    def process(self, ear: Ear | None = None, *, keeps: bool = True) -> Iterator[Service]:
        """What a process has, that does no jobs yet."""
        loaded = loaded_with(ear or Ear(self.notes), folder=self.folder / "weights")
        with ExitStack() as stack:
            history = None
            if keeps:
                store = stack.enter_context(closing(Store(self.settings.history.url)))
                history = History(store, self.settings, "1")
            work = threading.Event()
            queue = stack.enter_context(open_queue(self.settings, history, work))
            yield build(self.settings, ready(loaded), history=history, queue=queue, work=work)

    def recording(self, *levels: float) -> HandedIn:
        """Four seconds of each loudness."""
        samples = np.repeat(np.array(levels) * 32_767, 4 * 16_000)
        name = "-".join(f"{level:g}" for level in levels[:8])
        return HandedIn(wav_at(self.folder / f"{name}.wav", samples), f"客服 {name}.wav")


def queue_of(service: Service) -> JobQueue:
    assert service.queue is not None
    return service.queue


def ended(queue: JobQueue, *jobs: QueuedJob) -> list[QueuedJob]:
    """Wait until jobs are over; return them then."""
    wait_until(lambda: all(queue.find(job.id).state.is_over for job in jobs))
    return [queue.find(job.id) for job in jobs]


def texts(queue: JobQueue, job: QueuedJob) -> list[str]:
    return [segment.text for segment in queue.result(job.id).transcript.segments]
