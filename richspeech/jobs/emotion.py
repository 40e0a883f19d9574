"""One recording heard by the second listener, in a thread of its own that needs no open page.

File → 16 kHz, kept as wav → listener → impression → curve → result.json, embedding.npy
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

from richspeech.audio.decode import AudioLimits, Waveform, open_recording
from richspeech.emotion.document import Circumstances, document
from richspeech.emotion.runs import AUDIO, EMBEDDING, RESULT, Run, keep_run
from richspeech.engines.emotion2vec.load import LoadedListener
from richspeech.jobs.job import Kind, State
from richspeech.jobs.listener import BLOCK_SECONDS, Listening, ListeningJob
from richspeech.jobs.runner import Runner
from richspeech.model.impression import EmotionWindow, Impression, NineEmotion, risks
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

    impression: Impression
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
class Hearing(ListeningJob):
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

    def document(self) -> dict[str, Any]:
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


class Emotions:
    """Hears voices; whoever wants to see how far one is looks at its job."""

    def __init__(
        self, runner: Runner, listening: Listening, limits: AudioLimits, settings: EmotionSettings
    ) -> None:
        self._runner = runner
        self._listening, self._limits, self._settings = listening, limits, settings

    def submit(self, hearing: Hearing, folder: Path) -> None:
        """Have it done when its turn comes, with its files below ``folder``."""
        if hearing.path is not None and not hearing.is_over:
            self._runner.submit(hearing, partial(self.hear, hearing, hearing.path, folder))

    def hear(self, hearing: Hearing, path: Path, folder: Path) -> None:
        """Do it here and now; raises what goes wrong."""
        hearing.require_wanted()
        started, clock = datetime.now().astimezone(), Clock()
        with open_recording(path, self._limits, name=path.name) as recording:
            hearing.seconds_total = recording.duration
            hearing.note(clock.step("open"))
            hearing.enter(State.LOADING)
            step = "loaded" if self._listening.is_loaded else "load"
            with self._listening.use(hearing.stop.is_set) as loaded:
                hearing.note(clock.step(step))
                with keep_run(folder, started) as run:
                    blocks = run.tee(recording.blocks(BLOCK_SECONDS))
                    heard = _impression(hearing, blocks, loaded, clock)
                    curve: tuple[EmotionWindow, ...] = ()
                    if hearing.request.frames:
                        curve = self._curve(heard)
                        hearing.note(clock.step("curve"))
                    how = Circumstances(path.name, loaded.weights.name, started, clock.seconds)
                    self._write(hearing.request, heard, how, run)
        kept = self._kept(run, started) if hearing.request.keep else None
        hearing.note(clock.step("files"))
        hearing.result = Result(
            impression=heard,
            curve=curve,
            risk=risks(heard.scores, self._settings.risk),
            model=loaded.weights.name,
            is_embedded=loaded.is_embedded,
            files={name: run.folder / name for name in FILES if (run.folder / name).exists()},
            kept=kept,
        )

    def _curve(self, heard: Impression) -> tuple[EmotionWindow, ...]:
        """Return the windows of the settings, of a long recording in larger steps."""
        window, hop = self._settings.window_seconds, self._settings.hop_seconds
        times = max(math.ceil(heard.duration / hop / MOST_POINTS), 1)
        return heard.windows(window * times, hop * times)

    def _write(
        self, asked: EmotionRequest, heard: Impression, how: Circumstances, run: Run
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


def _impression(
    hearing: Hearing, blocks: Iterator[Waveform], loaded: LoadedListener, clock: "Clock"
) -> Impression:
    """Hear the blocks, and note how long decoding and listening took."""
    hearing.begin()
    matrix = hearing.request.frames and hearing.request.embedding
    stream = loaded.listener.stream(keep_features=matrix)
    decoded = _Timed(blocks)
    for block in hearing.counted(decoded):
        stream.feed(block)
    heard = stream.finish()
    hearing.require_wanted()
    hearing.note(clock.step("decode", decoded.seconds))
    hearing.note(clock.step("listen"))
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
