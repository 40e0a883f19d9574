"""A second opinion on what a transcription has heard."""

import logging
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

from richspeech.audio.container import AudioLimits
from richspeech.errors import AccessError, StoreError
from richspeech.jobs.emotion_recogniser import (
    BLOCK_SECONDS,
    EmotionRecogniserJob,
    SharedEmotionRecogniser,
)
from richspeech.jobs.job import Kind
from richspeech.jobs.runner import Runner
from richspeech.jobs.transcribe import Transcription
from richspeech.model.edits import SecondOpinionEdit
from richspeech.model.job_state import State
from richspeech.operations.caller import caller
from richspeech.readers.opener import HERE, Opener
from richspeech.recognition.reading import strands_of
from richspeech.stages.second_opinion import second_opinion
from richspeech.storage.history import History

log = logging.getLogger(__name__)


@dataclass(eq=False)
class SecondOpinion(EmotionRecogniserJob):
    """The emotion recogniser's opinion of one transcript."""

    kind: ClassVar[Kind] = Kind.SECOND_OPINION

    of: Transcription
    model: str = ""
    """The emotion recogniser's name, once it is there."""
    is_embedded: bool = False

    @property
    def name(self) -> str:
        """Name of the recording."""
        return self.of.name


class SecondOpinions:
    """Asks the emotion recogniser; whoever wants to see how far it is looks at the job."""

    def __init__(
        self,
        runner: Runner,
        recogniser: SharedEmotionRecogniser,
        limits: AudioLimits,
        history: History | None = None,
        opener: Opener = HERE,
    ) -> None:
        """``history`` keeps opinions on what it has; ``opener`` opens recordings."""
        self._runner, self._recogniser, self._limits = runner, recogniser, limits
        self._history, self._opener = history, opener

    def ask(self, job: Transcription) -> None:
        """Begin an opinion on a job that is over; one whose recording is gone gets none."""
        if job.path is None or job.progress is None or not job.is_over:
            return
        if job.second_opinion is not None and not job.second_opinion.is_over:
            return
        asked = job.second_opinion = SecondOpinion(
            job, seconds_total=job.progress.transcript.duration
        )
        self._runner.submit(asked, partial(self.run, asked, job.path))

    def run(self, asked: SecondOpinion, path: Path) -> None:
        """Have the opinion here and now; raises what goes wrong."""
        asked.require_wanted()
        asked.enter(State.LOADING)
        with (
            self._recogniser.use(asked.stop.is_set) as loaded,
            self._opener.open(
                path,
                self._limits,
                asked.of.request.options,
                name=path.name,
                cancelled=asked.stop.is_set,
            ) as recording,
        ):
            asked.model, asked.is_embedded = loaded.weights.name, loaded.is_embedded
            asked.begin()
            document = asked.of.document
            if document is not None:
                blocks = asked.counted(recording.blocks(BLOCK_SECONDS))
                segments = document.uncorrected.segments
                edit = second_opinion(
                    segments, blocks, loaded.recogniser, asked.model, strands_of(recording)
                )
                asked.require_wanted()
                self._keep(asked.of, edit)

    def _keep(self, job: Transcription, edit: SecondOpinionEdit) -> None:
        """Make the opinion an edit, here and in the history; its job says if that cannot be."""
        with job.editing:
            job.document = job.document and job.document.with_edit(edit)
            if self._history is None or job.entry is None:
                return
            try:
                history = self._history.seen_by(caller().principal)
                job.entry = history.edit(job.entry, edit)
            except (StoreError, AccessError) as error:
                job.unkept = error
                log.warning("the second opinion on %s is not kept: %s", job.name, error)
