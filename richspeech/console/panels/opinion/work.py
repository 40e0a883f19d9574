"""A second opinion on the transcript of a job, in a thread of its own."""

import logging
import threading
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from richspeech.audio.decode import AudioLimits, open_recording
from richspeech.console.listening import Listening, ListeningTask
from richspeech.console.sentences import Notice
from richspeech.console.sessions import Job, Status
from richspeech.console.workers import Workers
from richspeech.stages.second_opinion import add_second_opinion

log = logging.getLogger(__name__)

BLOCK_SECONDS = 4.0
"""How much is decoded between two looks at whether somebody wants to stop."""


@dataclass(eq=False)
class Opinion(ListeningTask):
    """One press of the button. Its own thread changes it; the page reads it."""

    seconds_total: float | None
    status: Status = Status.WAITING
    seconds_done: float = 0.0
    began: float | None = None
    model: str = ""
    """The second listener's name, once it is there."""
    is_embedded: bool = False
    notice: Notice | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    changes: int = 0


class OpinionWork:
    """Asks the second listener; whoever wants to see how far it is looks at the opinion."""

    def __init__(
        self, listening: Listening, limits: AudioLimits, workers: Workers | None = None
    ) -> None:
        self._listening, self._limits = listening, limits
        self._workers = workers or Workers()

    def ask(self, job: Job) -> None:
        """Begin an opinion on a job that is over; one whose recording is gone gets none."""
        if job.path is None or job.progress is None or not job.status.is_over:
            return
        if job.opinion is not None and not job.opinion.status.is_over:
            return
        job.opinion = Opinion(job.progress.transcript.duration)
        work = partial(self.finish, job, job.opinion, job.path)
        self._listening.start(job.opinion, work)

    def finish(self, job: Job, opinion: Opinion, path: Path) -> None:
        """Have the opinion, or none, whatever happens."""
        self._listening.do(opinion, partial(self._hear, job, opinion, path), job.name)

    def _hear(self, job: Job, opinion: Opinion, path: Path) -> None:
        opinion.enter(Status.LOADING)
        with (
            self._listening.use(opinion.stop.is_set) as loaded,
            open_recording(path, self._limits, name=path.name) as recording,
        ):
            opinion.model, opinion.is_embedded = loaded.weights.name, loaded.is_embedded
            opinion.begin()
            progress = job.progress
            if progress is not None:
                blocks = opinion.counted(recording.blocks(BLOCK_SECONDS))
                heard = add_second_opinion(progress.transcript, blocks, loaded.listener)
                opinion.require_wanted()
                job.progress = replace(progress, transcript=heard)
