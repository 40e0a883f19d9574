"""From somebody's clips to an adapter: read, split, rehearse, learn, judge, write or refuse.

    data ─ clips ─┬─ training ─┐
                  └─ test      ├─ lessons → course → adapter → both tests → written, or refused
    general ──────┬─ rehearsal ┘
                  └─ test

What the base says of the general clips is what is rehearsed. The same command goes on from its
checkpoint after it was stopped.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from richspeech.adaptation.clips import read_clips
from richspeech.adaptation.evaluation import Judged, event_of, judge
from richspeech.adaptation.split import TEST_SHARE, Split, split
from richspeech.audio.container import AudioLimits
from richspeech.engines.adapters import is_name, write_manifest
from richspeech.engines.loader import audio_limits, find_models
from richspeech.engines.sensevoice.course import Course, Trial
from richspeech.engines.sensevoice.recipe import Recipe
from richspeech.engines.sensevoice.training import Lesson, Trainee, features_of, utterances_in
from richspeech.errors import Cancelled, ModelError, OptionError
from richspeech.model.transcript import Hypothesis
from richspeech.places import SHIPPED
from richspeech.review.examples import FRAMES_PER_SECOND, Example, Fault
from richspeech.settings import Settings
from richspeech.storage.atomic import making, replacing
from richspeech.version import version

LogMel: TypeAlias = NDArray[np.float32]
"""[T, 80]"""

ENGINE = "sensevoice"
EXAMPLES = SHIPPED / "examples"
GENERAL_TEST_SHARE = 0.4
"""Of the general set: it has to tell a point."""
CHECKPOINT_SECONDS = 300.0


@dataclass(frozen=True)
class Task:
    """What is asked for."""

    data: Path
    output: Path
    general: Path | None = None
    """A .jsonl or .zip as the data, or a folder of recordings; None: the shipped examples."""
    recipe: Recipe = field(default_factory=Recipe)
    accepts_forgetting: bool = False

    def __post_init__(self) -> None:
        """Raise ``OptionError`` before anything is loaded for what can come to nothing."""
        if not is_name(self.output.name):
            raise OptionError("adapter.name", name=self.output.name)
        if self.output.exists():
            raise OptionError("adapt.output_there", name=str(self.output))


@dataclass(frozen=True)
class Clips:
    """Clips with what is said in them, and the halves they are split into."""

    examples: tuple[Example, ...]
    features: tuple[LogMel, ...]
    heard: tuple[Hypothesis, ...]
    """What the base says of them."""
    split: Split

    def seconds(self, places: Sequence[int]) -> float:
        """Return the length of some clips together."""
        return sum(len(self.features[i]) for i in places) / FRAMES_PER_SECOND

    def judged(self, trainee: Trainee) -> Judged:
        """Have the clips for testing heard again, and compare."""
        test = self.split.test
        said = [self.examples[i] for i in test]
        after = trainee.answers([self.features[i] for i in test], [each.itn for each in said])
        groups = [self.split.groups[i] for i in test]
        return judge(said, [self.heard[i] for i in test], after, groups)


@dataclass(frozen=True)
class Result:
    """What came of it."""

    domain: Judged
    general: Judged

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON knows it."""
        return {"domain": self.domain.to_dict(), "general": self.general.to_dict()}


class Adaptation:
    """One training, step by step; whoever asked for it says how it goes."""

    def __init__(self, task: Task, settings: Settings) -> None:
        """Load the weights; ``read`` comes next.

        Raises ``ModelError`` for weights that cannot be had, ``SettingsError`` without PEFT.
        """
        models = find_models(settings.with_adapter(None), ENGINE)
        self.task, self.weights, self._settings = task, models.recogniser, settings
        self._detector = models.detector
        self.faults: list[Fault] = []
        """Lines that nothing is learned from."""
        self._trainee = Trainee.load(
            self.weights.folder, settings.model.device, settings.model.threads, task.recipe
        )

    def read(self) -> None:
        """Read and split all clips; raises ``OptionError`` for files, and for too few clips."""
        clips = _read(self.task.data, audio_limits(self._settings), self.faults)
        heard = self._answers(clips)
        self._leads = self._trainee.leads_with_space(
            [features for _, features in clips], [example.itn for example, _ in clips]
        )
        whole = [i for i, clip in enumerate(clips) if self._is_learnable(*clip)]
        self.domain = _split([clips[i] for i in whole], [heard[i] for i in whole])
        self.general = self._general()
        self._course = Course(self._trainee, self._lessons(), self._rehearsal(), self.task.recipe)
        self.resumed = self._course.restore(self._checkpoint)

    def _is_learnable(self, example: Example, features: LogMel) -> bool:
        try:
            self._lesson(example, features)
        except OptionError as error:
            self.faults.append(Fault(self.task.data.name, example.line, error))
            return False
        return True

    def _answers(self, clips: Sequence[tuple[Example, LogMel]]) -> list[Hypothesis]:
        itn = [example.itn for example, _ in clips]
        with self._trainee.as_it_was():
            return self._trainee.answers([features for _, features in clips], itn)

    def _lesson(self, example: Example, features: LogMel) -> Lesson:
        return self._trainee.lesson(
            features,
            example.text,
            language=example.language,
            emotion=example.emotion,
            event=example.event,
            itn=example.itn,
            leads=self._leads,
        )

    def _lessons(self) -> list[Lesson]:
        domain = self.domain
        return [self._lesson(domain.examples[i], domain.features[i]) for i in domain.split.training]

    def _rehearsal(self) -> list[Lesson]:
        """Return the general clips with what the base says of them, right or wrong."""
        general, lessons = self.general, []
        for i in general.split.training:
            said = _as_heard(general.examples[i], general.heard[i])
            try:
                lessons.append(self._lesson(said, general.features[i]))
            except OptionError:  # what it says in haste cannot be learned
                continue
        return lessons

    def _general(self) -> Clips:
        """Read the general set; where nobody has said what is in it, the base has the last word."""
        asked = self.task.general or EXAMPLES
        if asked.is_dir():
            clips = utterances_in(asked, self._detector.folder, self._settings.model.cache_folder)
            found = [
                (Example(key, "", itn=i % 2 == 0), each) for i, (key, each) in enumerate(clips)
            ]
            heard = self._answers(found)
            found = [
                (_as_heard(one, said), each) for (one, each), said in zip(found, heard, strict=True)
            ]
        else:
            found = _read(asked, audio_limits(self._settings), self.faults)
            heard = self._answers(found)
        return _split(found, heard, GENERAL_TEST_SHARE)

    # Learning ---------------------------------------------------------------------------------

    @property
    def _checkpoint(self) -> Path:
        return self.task.output.with_name(f".{self.task.output.name}.checkpoint")

    @property
    def step(self) -> int:
        """Steps done."""
        return self._course.step

    @property
    def steps(self) -> int:
        """Steps in all."""
        return self._course.steps

    def trial(self) -> Trial:
        """Try what the largest step takes; nothing is learned."""
        return self._course.trial()

    def train(
        self, tell: Callable[[float], None], stopped: Callable[[], bool] = lambda: False
    ) -> None:
        """Learn to the end; ``tell`` hears of the loss of every step.

        Raises ``Cancelled`` once ``stopped`` says so; then, and every few minutes, a checkpoint is
        written, from which the same training goes on.
        """
        kept = time.monotonic()
        while self._course.step < self._course.steps:
            tell(self._course.advance())
            if stopped() or time.monotonic() - kept > CHECKPOINT_SECONDS:
                self._keep()
                kept = time.monotonic()
            if stopped():
                raise Cancelled
        self._keep()

    def _keep(self) -> None:
        try:
            self._checkpoint.parent.mkdir(parents=True, exist_ok=True)
            with replacing(self._checkpoint) as file:
                self._course.save(file)
        except OSError as error:
            raise _unwritable(self._checkpoint, error) from error

    def judge(self) -> Result:
        """Measure what was learned on clips that training never heard."""
        return Result(self.domain.judged(self._trainee), self.general.judged(self._trainee))

    def finish(self, result: Result) -> None:
        """Write the adapter.

        Raises ``ModelError`` if more is forgotten than may be, ``OptionError`` where it cannot be
        written; then there is none, but the checkpoint remains for whoever accepts that.
        """
        if result.general.lost and not self.task.accepts_forgetting:
            worst = max(result.general.lost, key=lambda rate: rate.difference)
            raise ModelError("adapt.forgets", points=round(worst.difference, 2), of=worst.of)
        output, weights = self.task.output, self.weights
        try:
            with making(output) as unfinished:
                self._trainee.save(unfinished)
                write_manifest(unfinished, weights.folder, weights.name, self._facts(result))
            self._checkpoint.unlink(missing_ok=True)
        except OSError as error:
            raise _unwritable(output, error) from error

    def _facts(self, result: Result) -> dict[str, Any]:
        training = self.domain.split.training
        return {
            "made": datetime.now(UTC).isoformat(timespec="seconds"),
            "version": version(),
            "clips": len(training),
            "seconds": round(self.domain.seconds(training), 1),
            "recipe": asdict(self.task.recipe),
            "results": result.to_dict(),
        }


def _read(file: Path, limits: AudioLimits, faults: list[Fault]) -> list[tuple[Example, LogMel]]:
    """Read clips, and add the lines that are none to ``faults``."""
    found = []
    for each in read_clips(file, limits):
        if isinstance(each, Fault):
            faults.append(each)
        else:
            found.append((each.example, features_of(each.waveform)))
    return found


def _split(
    clips: Sequence[tuple[Example, LogMel]],
    heard: Sequence[Hypothesis],
    share: float = TEST_SHARE,
) -> Clips:
    examples, features = [example for example, _ in clips], [each for _, each in clips]
    return Clips(tuple(examples), tuple(features), tuple(heard), split(examples, share))


def _as_heard(example: Example, heard: Hypothesis) -> Example:
    return replace(
        example,
        text=heard.text,
        language=heard.language,
        emotion=heard.emotion,
        event=event_of(heard),
    )


def _unwritable(place: Path, error: OSError) -> OptionError:
    return OptionError("cli.output", name=str(place), why=str(error.strerror))
