"""What happens when something on the page is pressed.

A press makes a ``Job`` (begin), which then runs as a generator (run): every step stores the newest
progress in the job, and ``paint`` draws the session as it is now. Whoever changes something else
meanwhile (language, style, cancel) changes the session and paints it, too.
"""

import logging
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from richspeech.audio import AudioLimits, open_recording
from richspeech.console import render
from richspeech.console.sentences import Notice
from richspeech.console.sessions import Job, Session, Sessions, Status
from richspeech.console.view import view
from richspeech.corrections import Correction, correct
from richspeech.errors import Cancelled, RichSpeechError
from richspeech.options import Options, language_hint
from richspeech.peaks import MeteredRecording
from richspeech.readiness import Readiness, State
from richspeech.training import training_segments, write_training
from richspeech.writers import WriterOptions, write

log = logging.getLogger(__name__)

FORMATS = ("txt", "srt", "json")
SECONDS_BETWEEN_PAINTS = 0.25


class Choices(NamedTuple):
    """The values of the form, in the order of its components."""

    language: str
    allowed_languages: list[str]
    inverse_text_normalization: bool
    merge: bool
    merge_length_s: float
    ban_unknown_emotion: bool

    def options(self) -> Options:
        """Return what the recogniser is asked for; raises ``OptionError``."""
        return Options(
            language=language_hint(self.language),
            allowed_languages=tuple(self.allowed_languages),
            inverse_text_normalization=self.inverse_text_normalization,
            merge=self.merge,
            merge_length_s=self.merge_length_s,
            ban_unknown_emotion=self.ban_unknown_emotion,
        )


class Painting(NamedTuple):
    """The result side of the page."""

    status: str
    view: dict[str, Any] | None
    """Timeline and transcript, as data for their scripts."""
    table: str
    files: dict[str, Path]
    """By format; empty until the job is over."""
    can_train: bool
    """Whether there are corrections to train on."""
    can_start: bool
    can_cancel: bool


class Handlers:
    """The console without its widgets."""

    def __init__(self, readiness: Readiness, limits: AudioLimits, sessions: Sessions) -> None:
        self._readiness, self._limits, self.sessions = readiness, limits, sessions

    def begin(self, name: str | None, path: str | None, choices: Choices) -> Session:
        """Make the job of a press; what cannot run has failed already."""
        session = self.sessions.get(name)
        source = Path(path) if path else None
        try:
            options = choices.options()
        except RichSpeechError as error:
            job = Job(source, Options())
            job.fail(Notice.of(error))
        else:
            job = Job(source, options)
            if source is None:
                job.fail(Notice("no_audio"))
        session.begin(job)
        return session

    def run(self, name: str | None) -> Iterator[Session]:
        """Transcribe what ``begin`` left, yielding the session whenever it is worth painting.

        It yields at least once: gradio empties the outputs of a generator that never does.
        """
        session = self.sessions.get(name)
        yield session
        job = session.job
        if job is None or job.path is None or job.status.is_over:
            return
        painted = 0.0
        for _ in self._steps(job, job.path):
            if session.job is not job:
                return
            if job.status.is_over or time.monotonic() - painted >= SECONDS_BETWEEN_PAINTS:
                painted = time.monotonic()
                session.used = painted
                yield session

    def _steps(self, job: Job, path: Path) -> Iterator[None]:
        """Run ``job`` to its end, whatever that is; yields after every change."""
        try:
            with open_recording(path, self._limits, name=path.name) as recording:
                if self._readiness.state is State.LOADING:
                    job.enter(Status.LOADING)
                    yield
                transcriber = self._readiness.wait(job.stop.is_set).transcriber
                job.enter(Status.RUNNING)
                yield
                metered = MeteredRecording(recording, job.meter)
                for progress in transcriber.transcribe(metered, job.options, job.stop.is_set):
                    job.progress = progress
                    if progress.finished:
                        job.status = Status.FINISHED
                    yield
        except Cancelled:
            job.status = Status.CANCELLED
        except RichSpeechError as error:
            job.fail(Notice.of(error))
        except Exception:  # the person at the page gets a sentence, the log gets the rest
            log.exception("the transcription of %s failed", job.name)
            job.fail(Notice("unexpected"))
        yield

    def cancel(self, name: str | None) -> Session:
        """Stop the job; it reports its own end."""
        session = self.sessions.get(name)
        if session.job is not None:
            session.job.cancel()
        return session

    def correct(self, name: str | None, document: object) -> Session:
        """Take what a person put right; what does not fit changes nothing."""
        session = self.sessions.get(name)
        job = session.job
        if job is not None and job.progress is not None:
            try:
                corrections = (*job.corrections, Correction.from_dict(document))
                correct(job.progress.transcript, corrections)
            except RichSpeechError as error:
                log.warning("a correction is refused: %s", error)
            else:
                job.corrections = corrections
        return session

    def undo(self, name: str | None) -> Session:
        """Take back the last correction."""
        session = self.sessions.get(name)
        if session.job is not None:
            session.job.corrections = session.job.corrections[:-1]
        return session

    def training(self, name: str | None) -> Path | None:
        """Write what was corrected as training data; None when there is nothing to learn."""
        session = self.sessions.get(name)
        job = session.job
        if job is None or job.path is None or job.transcript is None:
            return None
        if not training_segments(job.transcript):
            return None
        stem = file_stem(job.name)
        path = session.folder / f"{stem}-training.zip"
        with open_recording(job.path, self._limits, name=job.path.name) as recording:
            write_training(job.transcript, recording.blocks(), stem, path)
        return path

    def set_locale(self, name: str | None, locale: str) -> Session:
        """Change the language of the page."""
        session = self.sessions.get(name)
        session.locale = locale if locale in ("zh", "en") else "zh"
        return session

    def set_style(self, name: str | None, style: str) -> Session:
        """Change how labels are written; nothing is recognised again."""
        session = self.sessions.get(name)
        session.style = style
        return session


def paint(session: Session) -> Painting:
    """Draw a session; writes the files to download once its job is over."""
    job, locale = session.job, session.locale
    over = job is None or job.status.is_over
    return Painting(
        status=render.status(job, locale),
        view=view(job, locale, session.style),
        table=render.table(job, locale),
        files=write_files(session) if over else {},
        can_train=_can_train(job),
        can_start=over,
        can_cancel=job is not None and not over and job.status is not Status.STOPPING,
    )


def _can_train(job: Job | None) -> bool:
    return bool(job and job.corrections and job.transcript and training_segments(job.transcript))


def write_files(session: Session) -> dict[str, Path]:
    """Write the transcript in every format; nothing without a transcript."""
    job = session.job
    transcript = job.transcript if job else None
    if job is None or transcript is None or not transcript.segments:
        return {}
    options = WriterOptions(session.style, session.locale, title=job.name)
    files = {}
    for form in FORMATS:
        files[form] = session.folder / f"{file_stem(job.name)}.{form}"
        files[form].write_bytes(write(transcript, form, options))
    return files


def file_stem(name: str) -> str:
    """Return a name without folders, ending or anything that a file system might refuse."""
    plain = re.sub(r"[^\w.-]+", "_", Path(name).stem).strip("._-")
    return plain[:80] or "transcript"
