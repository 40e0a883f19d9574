"""One recording heard by the emotion recogniser, in a thread of its own that needs no open page.

File → 16 kHz, kept as wav → recogniser → emotion scores → curve → result.json, embedding.npy
"""

import math
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from richspeech.audio.container import AudioLimits
from richspeech.audio.mono import Waveform
from richspeech.emotion.document import Circumstances, document
from richspeech.emotion.runs import AUDIO, EMBEDDING, RESULT, Run, keep_run
from richspeech.engines.emotion2vec.load import LoadedEmotionRecogniser
from richspeech.jobs.emotion_recogniser import (
    BLOCK_SECONDS,
    EmotionRecogniserJob,
    SharedEmotionRecogniser,
)
from richspeech.jobs.job import Kind
from richspeech.jobs.runner import Runner
from richspeech.model.emotion_scores import EmotionScores, EmotionWindow, NineEmotion, risks
from richspeech.model.job_state import State
from richspeech.model.options import Options
from richspeech.readers.opener import HERE, Opener
from richspeech.settings import EmotionSettings

FILES = (RESULT, EMBEDDING, AUDIO)
MOST_POINTS = 2_000
"""Of the curve on the page, which is no wider; result.json has them all."""


@dataclass(frozen=True)
class EmotionRequest:
    """What is wanted beside the emotion of the whole."""

    frames: bool = False
    """The curve over time; the embedding is then one vector a feature."""
    embedding: bool = False
    keep: bool = False
    """Whether the run stays on the server."""


@dataclass(frozen=True)
class Step:
    """Something that was done, and how long it took."""

    name: str
    """``emotion_step_NAME`` is what people read."""
    milliseconds: float


@dataclass(frozen=True, eq=False)
class Result:
    """What was heard, and where it was written."""

    emotion: EmotionScores
    curve: tuple[EmotionWindow, ...]
    """At most MOST_POINTS and a few; empty unless it was asked for."""
    risk: tuple[NineEmotion, ...]
    model: str
    is_embedded: bool
    files: Mapping[str, Path]
    """By the names of runs.py."""
    kept: Path | None
    """The folder on the server that stays."""


@dataclass(eq=False)
class EmotionJob(EmotionRecogniserJob):
    """One recording whose voice is heard."""

    kind: ClassVar[Kind] = Kind.EMOTION

    path: Path | None
    """None when there was nothing to hear."""
    request: EmotionRequest
    steps: tuple[Step, ...] = ()
    result: Result | None = None

    @property
    def name(self) -> str:
        """Name of the recording."""
        return self.path.name if self.path else ""

    def request_fields(self) -> dict[str, Any]:
        """Return what was asked for."""
        return asdict(self.request)

    @property
    def held_files(self) -> tuple[Path, ...]:
        """Its recording, and what was written of it."""
        written = self.result.files.values() if self.result else ()
        return (*([self.path] if self.path else []), *written)

    def note(self, step: Step) -> None:
        """Log a step."""
        self.steps = (*self.steps, step)
        self.touch()


MIXED = Options(channels="mix")
"""How a recording is heard for its voices."""


class Emotions:
    """Hears voices; whoever wants to see how far one is looks at its job."""

    def __init__(
        self,
        runner: Runner,
        recogniser: SharedEmotionRecogniser,
        limits: AudioLimits,
        settings: EmotionSettings,
        opener: Opener = HERE,
    ) -> None:
        """Have recordings opened by ``opener``."""
        self._runner, self._opener = runner, opener
        self._recogniser, self._limits, self._settings = recogniser, limits, settings

    def submit(self, job: EmotionJob, folder: Path) -> None:
        """Have it done when its turn comes, with its files below ``folder``."""
        if job.path is not None and not job.is_over:
            self._runner.submit(job, partial(self.run, job, job.path, folder))

    def run(self, job: EmotionJob, path: Path, folder: Path) -> None:
        """Do it here and now; raises what goes wrong."""
        job.require_wanted()
        started, clock = datetime.now().astimezone(), Clock()
        with self._opener.open(
            path, self._limits, MIXED, name=path.name, cancelled=job.stop.is_set
        ) as recording:
            job.seconds_total = recording.duration
            job.note(clock.step("open"))
            job.enter(State.LOADING)
            step = "loaded" if self._recogniser.is_loaded else "load"
            with self._recogniser.use(job.stop.is_set) as loaded:
                job.note(clock.step(step))
                with keep_run(folder, started) as run:
                    blocks = run.tee(recording.blocks(BLOCK_SECONDS))
                    heard = _recognised(job, blocks, loaded, clock)
                    curve: tuple[EmotionWindow, ...] = ()
                    if job.request.frames:
                        curve = self._curve(heard)
                        job.note(clock.step("curve"))
                    how = Circumstances(path.name, loaded.weights.name, started, clock.seconds)
                    self._write(job.request, heard, how, run)
        kept = self._kept(run, started) if job.request.keep else None
        job.note(clock.step("files"))
        job.result = Result(
            emotion=heard,
            curve=curve,
            risk=risks(heard.scores, self._settings.risk),
            model=loaded.weights.name,
            is_embedded=loaded.is_embedded,
            files={name: run.folder / name for name in FILES if (run.folder / name).exists()},
            kept=kept,
        )

    def _curve(self, heard: EmotionScores) -> tuple[EmotionWindow, ...]:
        """Return the windows of the settings, of a long recording in larger steps."""
        window, hop = self._settings.window_seconds, self._settings.hop_seconds
        times = max(math.ceil(heard.duration / hop / MOST_POINTS), 1)
        return heard.windows(window * times, hop * times)

    def _write(
        self, asked: EmotionRequest, heard: EmotionScores, how: Circumstances, run: Run
    ) -> None:
        run.save_result(document(heard, how, self._settings, frames=asked.frames))
        if asked.embedding:
            run.save_embedding(heard.embedding if heard.features is None else heard.features)

    def _kept(self, run: Run, started: datetime) -> Path | None:
        if self._settings.outputs_folder is None:
            return None
        with keep_run(self._settings.outputs_folder, started) as kept:
            shutil.copytree(run.folder, kept.folder, dirs_exist_ok=True)
        return kept.folder


def _recognised(
    job: EmotionJob, blocks: Iterator[Waveform], loaded: LoadedEmotionRecogniser, clock: "Clock"
) -> EmotionScores:
    """Hear the blocks, and note how long decoding and recognition took."""
    job.begin()
    matrix = job.request.frames and job.request.embedding
    stream = loaded.recogniser.stream(keep_features=matrix)
    decoded = _Timed(blocks)
    for block in job.counted(decoded):
        stream.feed(block)
    heard = stream.finish()
    job.require_wanted()
    job.note(clock.step("decode", decoded.seconds))
    job.note(clock.step("recognise"))
    return heard


class _Timed(Iterator[Waveform]):
    """Blocks, and the seconds that it took to get them."""

    def __init__(self, blocks: Iterator[Waveform]) -> None:
        self._blocks, self.seconds = blocks, 0.0

    def __next__(self) -> Waveform:
        began = time.perf_counter()
        try:
            return next(self._blocks)
        finally:
            self.seconds += time.perf_counter() - began


class Clock:
    """Measures steps that follow each other."""

    def __init__(self) -> None:
        self._began = self._last = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.perf_counter() - self._began

    def step(self, name: str, seconds: float | None = None) -> Step:
        """End a step now; ``seconds`` is how much of the time since the last one it took."""
        end = time.perf_counter() if seconds is None else self._last + seconds
        step = Step(name, (end - self._last) * 1000)
        self._last = end
        return step
