"""One recording through two settings, in a thread that no page has to stay open for.

    recording → left, then right → rows, scores → tables to download

One side runs after the other, and one experiment of all pages after the other: side by side they
would slow each other down, and their speeds would mean nothing. The history is neither asked nor
told: what is measured here has to be done, and is nobody's transcript.
"""

import logging
import math
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Literal

from postprocess import Rule
from richspeech.audio.decode import AudioLimits, Waveform, open_recording
from richspeech.console.sentences import Notice
from richspeech.console.sessions import Status, Task
from richspeech.console.tabs.lab.models import LabModels, Stopped
from richspeech.console.workers import Workers
from richspeech.errors import Cancelled, RichSpeechError
from richspeech.model.options import Options
from richspeech.model.transcript import Transcript
from richspeech.recognition.pipeline import Progress, Transcriber, WaveformSource
from richspeech.review.comparison import Comparison, Score, compare, score

log = logging.getLogger(__name__)

RuleSet = Literal["current", "none", "workshop"]
SIDES = ("a", "b")
WARM_UP_SECONDS = 20.0
"""A few utterances; a first batch can take as long as five later ones."""


@dataclass(frozen=True)
class Side:
    """How one side hears the recording."""

    engine: str
    weights: str | None
    """None: those that the settings name."""
    options: Options
    rule_set: RuleSet
    rules: tuple[Rule, ...]


@dataclass(eq=False)
class Trial:
    """How far one side is."""

    side: Side
    status: Status = Status.WAITING
    progress: Progress | None = None
    notice: Notice | None = None
    """Why it failed."""

    @property
    def transcript(self) -> Transcript | None:
        """What was heard; None unless everything was."""
        finished = self.status is Status.FINISHED and self.progress is not None
        return self.progress.transcript if finished and self.progress else None


@dataclass(frozen=True)
class Result:
    """What came out."""

    comparison: Comparison | None
    """None unless both sides were done."""
    scores: tuple[Score | None, Score | None]
    """None without a reference, and for a side that failed."""


@dataclass(eq=False)
class Experiment(Task):
    """One press of the button. Its own thread changes it; the page reads it."""

    path: Path | None
    """None when there was nothing to hear."""
    trials: tuple[Trial, Trial]
    reference: str = ""
    """What is said in the recording; empty when nobody gave it."""
    status: Status = Status.WAITING
    notice: Notice | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    changes: int = 0
    result: Result | None = None
    written: Result | None = None
    """The result whose tables are there to be downloaded."""
    key: str = field(default_factory=lambda: secrets.token_hex(4))
    """Names the folder of its tables."""

    @property
    def name(self) -> str:
        """Name of the recording."""
        return self.path.name if self.path else ""

    @property
    def held_files(self) -> tuple[Path, ...]:
        """Its recording."""
        return (self.path,) if self.path else ()

    def cancel(self) -> None:
        """Ask both sides to stop."""
        super().cancel()
        self.touch()


@dataclass(frozen=True)
class _Beginning:
    """The first seconds of a recording."""

    recording: WaveformSource
    duration: float | None = None

    def blocks(self, block_seconds: float) -> Iterator[Waveform]:
        count = math.ceil(WARM_UP_SECONDS / block_seconds)
        return islice(self.recording.blocks(block_seconds), count)


class LabWork:
    """Runs experiments; whoever wants to see how far one is looks at it."""

    def __init__(
        self,
        models: LabModels,
        audio_limits: AudioLimits,
        workers: Workers | None = None,
    ) -> None:
        """``workers`` do the work, own ones unless given."""
        self._workers = workers or Workers()
        self._models, self._audio_limits = models, audio_limits
        self._places = self._workers.places(1)

    def submit(self, experiment: Experiment) -> None:
        """Have it done when its turn comes; one that is over already stays as it is."""
        if experiment.path is not None and not experiment.status.is_over:
            work = partial(self.finish, experiment, experiment.path)
            self._workers.in_turn(self._places, experiment, work)

    def finish(self, experiment: Experiment, path: Path) -> None:
        """Do it to its end, whatever that is."""
        try:
            experiment.enter(Status.RUNNING)
            for trial in experiment.trials:
                self._run(experiment, trial, path)
            experiment.result = result_of(experiment)
            experiment.status = Status.FINISHED
        except Cancelled:
            experiment.status = Status.CANCELLED
        except Exception:  # the person at the page gets a sentence, the log gets the rest
            log.exception("the comparison of %s failed", experiment.name)
            experiment.fail(Notice("unexpected"))
        experiment.touch()

    def _run(self, experiment: Experiment, trial: Trial, path: Path) -> None:
        """Run one side; what is wrong with it keeps nobody from running the other."""
        try:
            with open_recording(path, self._audio_limits, name=path.name) as recording:
                self._enter(experiment, trial, Status.LOADING)
                side, stopped = trial.side, experiment.stop.is_set
                using = self._models.use(side.engine, side.weights, side.rules, stopped)
                with using as loaded:
                    self._enter(experiment, trial, Status.RUNNING)
                    self._warm_up(loaded.transcriber, path, side.options, stopped)
                    steps = loaded.transcriber.transcribe(recording, side.options, stopped)
                    for progress in steps:
                        trial.progress = progress
                        experiment.touch()
            self._enter(experiment, trial, Status.FINISHED)
        except Cancelled:
            trial.status = Status.CANCELLED
            raise
        except RichSpeechError as error:
            trial.notice = Notice.of(error)
            self._enter(experiment, trial, Status.FAILED)

    def _warm_up(
        self, transcriber: Transcriber, path: Path, options: Options, stopped: Stopped
    ) -> None:
        """Hear the beginning once, untimed: what a model does for the first time takes longer."""
        with open_recording(path, self._audio_limits, name=path.name) as recording:
            for _ in transcriber.transcribe(_Beginning(recording), options, stopped):
                pass

    @staticmethod
    def _enter(experiment: Experiment, trial: Trial, status: Status) -> None:
        if experiment.stop.is_set():
            raise Cancelled
        trial.status = status
        experiment.touch()


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
