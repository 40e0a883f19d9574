"""The emotion recogniser for all jobs: loading that can be left, and how far each recording is."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from richspeech.audio.mono import SAMPLE_RATE, Waveform
from richspeech.engines.emotion2vec.load import LoadedEmotionRecogniser
from richspeech.engines.lazy import Lazy, entered
from richspeech.errors import Cancelled
from richspeech.jobs.job import Job
from richspeech.model.job_state import State
from richspeech.recognition.pipeline import Cancel

BLOCK_SECONDS = 4.0
"""How much is decoded between two looks at whether somebody wants to stop."""


@dataclass(eq=False, kw_only=True)
class EmotionRecogniserJob(Job):
    """A job of the emotion recogniser, which goes through a recording once."""

    seconds_done: float = 0.0
    """Of the recording."""
    seconds_total: float | None = None
    """None when the recording does not say its length."""
    began: float | None = None
    """When recognition began, in seconds of the monotonic clock."""

    @property
    def seconds(self) -> tuple[float, float | None]:
        """Seconds of the recording that are done, and those in all."""
        return self.seconds_done, self.seconds_total

    def begin(self) -> None:
        """Start the clock: the recogniser is there."""
        self.began = time.monotonic()
        self.enter(State.RUNNING)

    def counted(self, blocks: Iterable[Waveform]) -> Iterator[Waveform]:
        """Pass the sound on and say how far it is; raises ``Cancelled``."""
        for block in blocks:
            self.require_wanted()
            yield block
            self.seconds_done += len(block) / SAMPLE_RATE
            self.touch()
        self.require_wanted()

    @property
    def fraction(self) -> float | None:
        """How much has been heard, 0 to 1; None while that is not known.

        At the end of a recording it is not: the last block is heard at once.
        """
        total = self.seconds_total
        if self.began is None or total is None or self.seconds_done >= total:
            return None
        return self.seconds_done / total

    @property
    def seconds_left(self) -> float | None:
        """At the speed so far; None while that is not known."""
        if self.began is None or not self.fraction:
            return None
        return (time.monotonic() - self.began) * (1 / self.fraction - 1)


class SharedEmotionRecogniser:
    """Gives the recogniser to one job after the other; for all threads."""

    def __init__(self, recogniser: Lazy[LoadedEmotionRecogniser]) -> None:
        self._recogniser = recogniser

    @property
    def is_loaded(self) -> bool:
        """Whether it is in memory now."""
        return self._recogniser.is_loaded

    @property
    def loaded(self) -> LoadedEmotionRecogniser | None:
        """The recogniser, if it is in memory now; looking does not keep it there."""
        return self._recogniser.loaded

    @contextmanager
    def use(self, stopped: Cancel) -> Iterator[LoadedEmotionRecogniser]:
        """Give the recogniser; raises what went wrong in loading, or ``Cancelled``."""
        with entered(self._recogniser.use(), stopped) as loaded:
            if stopped():
                raise Cancelled
            yield loaded
