"""One recording through two settings, in a thread that no page has to stay open for.

    recording → left, then right → rows, scores → tables to download, sounds to listen to

One side runs after the other, and one experiment of all pages after the other: side by side they
would slow each other down, and their speeds would mean nothing. The history is neither asked nor
told: what is measured here has to be done, and is nobody's transcript.
"""

import math
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import ClassVar, Literal

from richspeech.audio.container import AudioLimits
from richspeech.audio.mono import Waveform, Waveforms, mixture
from richspeech.audio.playback import to_mp3
from richspeech.engines.denoising.load import denoised
from richspeech.errors import Cancelled, RichSpeechError
from richspeech.jobs.compare_engines import ComparedEngines
from richspeech.jobs.job import Job, Kind
from richspeech.jobs.runner import Runner
from richspeech.model.job_state import State
from richspeech.model.options import Denoise, Options
from richspeech.model.recording_warning import RecordingWarning
from richspeech.model.request import TranscriptionRequest
from richspeech.model.strand import Strand
from richspeech.model.transcript import Transcript
from richspeech.readers.opener import HERE, Opener
from richspeech.recognition.pipeline import Cancel, Progress, Transcriber
from richspeech.recognition.reading import BLOCK_SECONDS, WaveformSource, strands_of
from richspeech.review.comparison import Comparison, Score, compare, score

RuleSet = Literal["current", "none", "trial"]
SIDES = ("a", "b")
LISTENED_SECONDS = 60.0
"""Enough to hear what a denoiser does; half a megabyte."""
WARM_UP_SECONDS = 20.0
"""A few utterances; a first batch can take as long as five later ones."""


@dataclass(frozen=True)
class Side:
    """How one side hears the recording; its words are never read for their sentiment."""

    request: TranscriptionRequest
    """With the engine and the rules named."""
    weights: str | None
    """None: those that the settings name."""
    rule_set: RuleSet

    @property
    def engine(self) -> str:
        """Its name."""
        return self.request.engine or ""

    @property
    def denoise(self) -> Denoise:
        """What takes noise out of it."""
        return self.request.options.denoise


@dataclass(eq=False)
class Trial:
    """How far one side is."""

    side: Side
    state: State = State.WAITING
    progress: Progress | None = None
    error: RichSpeechError | None = None
    """Why it failed."""
    adapter: str | None = None
    """What its weights had, by name, once they were there; None is none."""
    cascade: str | None = None
    """What revised its labels, as well."""
    sound: bytes | None = None
    """MP3 of the first LISTENED_SECONDS as this side gets them; None where both get the same."""

    @property
    def transcript(self) -> Transcript | None:
        """What was heard; None unless everything was."""
        finished = self.state is State.FINISHED and self.progress is not None
        return self.progress.transcript if finished and self.progress else None


@dataclass(frozen=True)
class Result:
    """What came out."""

    comparison: Comparison | None
    """None unless both sides were done."""
    scores: tuple[Score | None, Score | None]
    """None without a reference, and for a side that failed."""


@dataclass(eq=False)
class Experiment(Job):
    """One recording through two settings."""

    kind: ClassVar[Kind] = Kind.COMPARE

    path: Path | None
    """None when there was nothing to hear."""
    trials: tuple[Trial, Trial]
    reference: str = ""
    """What is said in the recording; empty when nobody gave it."""
    result: Result | None = None
    written: Result | None = None
    """The result whose tables are there to be downloaded."""

    @property
    def name(self) -> str:
        """Name of the recording."""
        return self.path.name if self.path else ""

    @property
    def held_files(self) -> tuple[Path, ...]:
        """Its recording."""
        return (self.path,) if self.path else ()


@dataclass(frozen=True)
class _Beginning:
    """The first seconds of a recording."""

    recording: WaveformSource
    seconds: float
    duration: float | None = None
    warnings: tuple[RecordingWarning, ...] = ()

    @property
    def strands(self) -> tuple[Strand, ...]:
        return strands_of(self.recording)

    def blocks(self, block_seconds: float) -> Iterator[Waveforms]:
        count = math.ceil(self.seconds / block_seconds)
        return islice(self.recording.blocks(block_seconds), count)


class Comparisons:
    """Compares settings; whoever wants to see how far that is looks at the experiment."""

    def __init__(
        self,
        runner: Runner,
        engines: ComparedEngines,
        audio_limits: AudioLimits,
        opener: Opener = HERE,
    ) -> None:
        """Have recordings opened by ``opener``."""
        self._runner, self.engines = runner, engines
        self._audio_limits, self._opener = audio_limits, opener

    def submit(self, experiment: Experiment) -> None:
        """Have it done when its turn comes; one that is over already stays as it is."""
        if experiment.path is not None and not experiment.is_over:
            self._runner.submit(experiment, partial(self.run, experiment, experiment.path))

    def run(self, experiment: Experiment, path: Path) -> None:
        """Run both sides here and now; raises ``Cancelled``."""
        experiment.enter(State.RUNNING)
        for trial in experiment.trials:
            self._run(experiment, trial, path)
        if len({trial.side.denoise for trial in experiment.trials}) > 1:
            for trial in experiment.trials:
                self._listen(experiment, trial, path)
        experiment.result = result_of(experiment)

    def _run(self, experiment: Experiment, trial: Trial, path: Path) -> None:
        """Run one side; what is wrong with it keeps nobody from running the other."""
        try:
            side, stopped = trial.side, experiment.stop.is_set
            asked = side.request
            with self._opened(path, asked.options, stopped) as recording:
                self._enter(experiment, trial, State.LOADING)
                using = self.engines.use(asked, side.weights, stopped)
                with using as loaded:
                    trial.adapter = loaded.adapter.name if loaded.adapter else None
                    trial.cascade = loaded.cascade.name if loaded.cascade else None
                    self._enter(experiment, trial, State.RUNNING)
                    self._warm_up(loaded.transcriber, path, asked.options, stopped)
                    steps = loaded.transcriber.transcribe(recording, asked.options, stopped)
                    for progress in steps:
                        trial.progress = progress
                        experiment.touch()
            self._enter(experiment, trial, State.FINISHED)
        except Cancelled:
            trial.state = State.CANCELLED
            raise
        except RichSpeechError as error:
            trial.error = error
            self._enter(experiment, trial, State.FAILED)

    def _listen(self, experiment: Experiment, trial: Trial, path: Path) -> None:
        """Keep the beginning as the recogniser of one side gets it, unless that has failed."""
        if trial.error is not None:
            return
        options = trial.side.request.options
        with self._opened(path, options, experiment.stop.is_set) as recording:
            first = _Beginning(recording, LISTENED_SECONDS).blocks(BLOCK_SECONDS)
            heard = map(mixture, denoised(first, options.denoise))
            trial.sound = to_mp3(_while_wanted(experiment, heard))

    def _warm_up(
        self, transcriber: Transcriber, path: Path, options: Options, stopped: Cancel
    ) -> None:
        """Hear the beginning once, untimed: what a model does for the first time takes longer."""
        with self._opened(path, options, stopped) as recording:
            for _ in transcriber.transcribe(
                _Beginning(recording, WARM_UP_SECONDS), options, stopped
            ):
                pass

    def _opened(
        self, path: Path, options: Options, stopped: Cancel
    ) -> AbstractContextManager[WaveformSource]:
        return self._opener.open(
            path, self._audio_limits, options, name=path.name, cancelled=stopped
        )

    @staticmethod
    def _enter(experiment: Experiment, trial: Trial, state: State) -> None:
        experiment.require_wanted()
        trial.state = state
        experiment.touch()


def _while_wanted(experiment: Experiment, blocks: Iterable[Waveform]) -> Iterator[Waveform]:
    for block in blocks:
        experiment.require_wanted()
        if len(block):
            yield block


def result_of(experiment: Experiment) -> Result:
    """Compare what both sides heard, and each with the reference."""
    left, right = (trial.transcript for trial in experiment.trials)
    comparison = compare(left, right) if left and right else None
    return Result(comparison, scores_of(experiment))


def scores_of(experiment: Experiment) -> tuple[Score | None, Score | None]:
    """Measure each side against the reference."""
    left, right = (
        score(experiment.reference, trial.transcript.text) if trial.transcript else None
        for trial in experiment.trials
    )
    return left, right


def score_anew(experiment: Experiment, reference: str) -> None:
    """Measure what was heard against another reference."""
    experiment.reference = reference
    if experiment.result is not None:
        experiment.result = replace(experiment.result, scores=scores_of(experiment))
