"""The jobs of all pages, each in a thread of its own that no page has to stay open for."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from richspeech.audio.decode import AudioLimits, Recording, open_recording
from richspeech.audio.peaks import MeteredRecording
from richspeech.console.sentences import Notice
from richspeech.console.sessions import Job, Origin, Status
from richspeech.console.workers import Workers
from richspeech.engines.loader import Loaded
from richspeech.engines.transcribers import Transcribers
from richspeech.errors import Cancelled, RichSpeechError, StoreError
from richspeech.model.corrections import Correction
from richspeech.recognition.live import Retold
from richspeech.recognition.pipeline import Transcriber
from richspeech.storage.history import History
from richspeech.storage.recall import Interrupted

log = logging.getLogger(__name__)

JOBS_AT_ONCE = 4
"""Jobs that run side by side; the scheduler shares the model among them, more wait in a queue."""


class Work:
    """Runs jobs; whoever wants to see how far one is looks at the job."""

    def __init__(
        self,
        transcribers: Transcribers,
        limits: AudioLimits,
        history: History | None = None,
        workers: Workers | None = None,
    ) -> None:
        """``workers`` do the work, own ones unless given."""
        self._transcribers, self._limits, self._history = transcribers, limits, history
        self.workers = workers or Workers()
        self._places = self.workers.places(JOBS_AT_ONCE)

    def submit(self, job: Job, *, always: bool = False) -> None:
        """Have ``job`` done when its turn comes; one that is over already stays as it is.

        Where too many wait it has failed at once, unless it is to be done ``always``.
        """
        if job.path is not None and not job.status.is_over:
            self.workers.in_turn(
                self._places, job, partial(self._finish, job, job.path), always=always
            )

    def _finish(self, job: Job, path: Path) -> None:
        for _ in self.steps(job, path):
            job.touch()

    def steps(self, job: Job, path: Path) -> Iterator[None]:
        """Run ``job`` to its end, whatever that is; yields after every change."""
        try:
            with open_recording(path, self._limits, name=path.name) as recording:
                if not self._transcribers.has(job.engine):
                    job.enter(Status.LOADING)
                    yield
                using = self._transcribers.use(job.engine, job.stop.is_set, reads=job.reads)
                with using as loaded:
                    yield from self._hear(job, recording, loaded)
        except Interrupted as error:
            job.entry = error.entry
            self._keep_early_corrections(job)
            job.fail(Notice("interrupted_kept"))
        except Cancelled:
            if self.workers.interrupted():
                job.fail(Notice("interrupted"))
            else:
                job.status = Status.CANCELLED
        except RichSpeechError as error:
            job.fail(Notice.of(error))
        except Exception:  # the person at the page gets a sentence, the log gets the rest
            log.exception("the transcription of %s failed", job.name)
            job.fail(Notice("unexpected"))
        yield

    def _hear(self, job: Job, recording: Recording, loaded: Loaded) -> Iterator[None]:
        transcriber = self._transcriber(loaded, job)
        job.enter(Status.RUNNING)
        yield
        metered = MeteredRecording(recording, job.meter, job.name)
        for progress in transcriber.transcribe(metered, job.options, job.stop.is_set):
            job.take(progress)
            if progress.finished:
                if job.unkept is not None:
                    log.warning("%s is not kept: %s", job.name, job.unkept.message)
                self._keep_early_corrections(job)
                job.status = Status.FINISHED
            yield

    def correct(self, job: Job, corrections: tuple[Correction, ...]) -> None:
        """Put others in the place of the corrections of ``job``, whose lock is held.

        Raises ``StoreError`` when the history could not take them; the job has them all the same.
        """
        job.corrections = corrections
        if self._history and job.entry and job.transcript:
            job.entry = self._history.correct(job.entry, corrections, job.transcript)
            job.unkept = None

    def _keep_early_corrections(self, job: Job) -> None:
        """Keep what was corrected before there was an entry to keep it in."""
        with job.lock:
            if job.corrections and job.origin is Origin.HEARD:
                try:
                    self.correct(job, job.corrections)
                except StoreError as error:
                    job.unkept = Notice.of(error)
                    log.warning("the corrections of %s are not kept: %s", job.name, error)

    def _transcriber(self, loaded: Loaded, job: Job) -> Transcriber:
        is_new = job.is_anew or job.heard is not None
        known = replace(loaded, transcriber=Retold(job.heard)) if job.heard else loaded
        if self._history is None:
            return known.transcriber
        return self._history.transcriber(
            known, recalls=not is_new, interrupted=self.workers.interrupted
        )
