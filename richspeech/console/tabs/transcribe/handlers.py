"""What happens when something on the page is pressed.

A press makes a ``Job`` (begin), which a thread of ``Work`` does: every step stores the newest
progress in the job. Whoever looks on (watch) has the session painted as it is now; whoever changes
something else meanwhile (language, style, cancel) changes the session and paints it, too.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

from richspeech.console import render
from richspeech.console.sentences import Notice
from richspeech.console.sessions import Job, Origin, Session, Sessions, Status
from richspeech.console.view import view
from richspeech.console.work import Work
from richspeech.engines.registry import engine_named
from richspeech.errors import RichSpeechError
from richspeech.language.catalog import DEFAULT_LOCALE, locales
from richspeech.model.capability import Capability
from richspeech.model.corrections import Correction, correct
from richspeech.model.options import Options, hotwords_in, language_hint

log = logging.getLogger(__name__)

SECONDS_BETWEEN_PAINTS = 0.25


class Choices(NamedTuple):
    """The values of the form, in the order of its components."""

    language: str
    allowed_languages: list[str]
    inverse_text_normalization: bool
    merge: bool
    merge_length_s: float
    ban_unknown_emotion: bool
    engine: str | None = None
    """None is the main one."""
    hotwords: str = ""
    """As people type them."""
    sentiment: bool | None = None
    """Whether words are read for their sentiment; None: as the settings have it."""

    def options(self) -> Options:
        """Return what the recogniser is asked for; raises ``OptionError``.

        What the engine would not heed is as if nobody had asked for it.
        """
        engine = engine_named(self.engine) if self.engine else None
        allowed = tuple(self.allowed_languages)
        if engine and not engine.can(Capability.ALLOWED_LANGUAGES):
            allowed = Options.allowed_languages
        asked = Options(
            language=language_hint(self.language),
            allowed_languages=allowed,
            inverse_text_normalization=self.inverse_text_normalization,
            merge=self.merge,
            merge_length_s=self.merge_length_s,
            ban_unknown_emotion=self.ban_unknown_emotion,
            hotwords=hotwords_in(self.hotwords),
        )
        return engine.heeded(asked) if engine else asked


class Painting(NamedTuple):
    """The result side of the page."""

    status: str
    view: dict[str, Any] | None
    """Timeline and transcript, as data for their scripts."""
    table: str
    """Empty while nobody has opened it: that of hours is long."""
    can_start: bool
    can_cancel: bool


class Handlers:
    """The console without its widgets."""

    def __init__(self, work: Work, sessions: Sessions) -> None:
        self._work, self.sessions = work, sessions

    def begin(self, name: str | None, path: str | None, choices: Choices) -> Session:
        """Make the job of a press and have it done; what cannot run has failed already."""
        session = self.sessions.get(name)
        source = Path(path) if path else None
        try:
            options = choices.options()
        except RichSpeechError as error:
            job = Job(source, Options())
            job.fail(Notice.of(error))
        else:
            job = Job(source, options, engine=choices.engine, reads=choices.sentiment)
            if source is None:
                job.fail(Notice("no_audio"))
        session.begin(job)
        self._work.submit(job)
        return session

    async def watch(self, name: str | None) -> AsyncIterator[Session]:
        """Yield the session now and whenever its job has changed, until that is over."""
        session = self.sessions.get(name)
        job = session.job
        seen = job.changes if job else 0
        yield session
        while job is not None and session.job is job:
            is_over, changes = job.status.is_over, job.changes
            if is_over or changes != seen:
                seen = changes
                yield self.sessions.get(name)
            if is_over:
                return
            await asyncio.sleep(SECONDS_BETWEEN_PAINTS)

    async def settle(self, session: Session) -> AsyncIterator[Session]:
        """Yield the session now and, if its job is not over yet, once it is.

        What is painted now may reach the page after something newer; the end puts that right.
        """
        job, was_busy = session.job, session.is_busy
        yield session
        while was_busy and session.is_busy and session.job is job:
            await asyncio.sleep(SECONDS_BETWEEN_PAINTS)
        if was_busy and session.job is job:
            yield session

    def cancel(self, name: str | None) -> Session:
        """Stop the job; it reports its own end."""
        session = self.sessions.get(name)
        if session.job is not None:
            session.job.cancel()
        return session

    def correct(self, name: str | None, document: object) -> Session:
        """Take what a person put right; what does not fit changes nothing.

        Raises ``StoreError`` when the history could not take it; the page has it all the same.
        """
        session = self.sessions.get(name)
        job = session.job
        if job is not None and job.progress is not None:
            with job.lock:
                try:
                    corrections = (*job.corrections, Correction.from_dict(document))
                    correct(job.progress.transcript, corrections)
                except RichSpeechError as error:
                    log.warning("a correction is refused: %s", error)
                else:
                    self._work.correct(job, corrections)
        return session

    def undo(self, name: str | None) -> Session:
        """Take back the last correction; raises ``StoreError`` as ``correct`` does."""
        session = self.sessions.get(name)
        job = session.job
        if job is not None:
            with job.lock:
                self._work.correct(job, job.corrections[:-1])
        return session

    def repeat(self, name: str | None) -> Session:
        """Recognise the recording anew, whatever the history knows of it."""
        session = self.sessions.get(name)
        if session.job is not None and session.job.path is not None:
            known = session.job
            job = Job(
                known.path, known.options, is_anew=True, engine=known.engine, reads=known.reads
            )
            session.begin(job)
            self._work.submit(job)
        return session

    def set_locale(self, name: str | None, locale: str) -> Session:
        """Change the language of the page."""
        session = self.sessions.get(name)
        session.locale = locale if locale in locales() else DEFAULT_LOCALE
        return session

    def show_table(self, name: str | None, *, shows: bool) -> Session:
        """Open or close the table of segments."""
        session = self.sessions.get(name)
        session.shows_table = shows
        return session

    def set_style(self, name: str | None, style: str) -> Session:
        """Change how labels are written; nothing is recognised again."""
        session = self.sessions.get(name)
        session.style = style
        return session


def paint(session: Session) -> Painting:
    """Draw a session."""
    job, locale = session.job, session.locale
    over = job is None or job.status.is_over
    return Painting(
        status=render.status(job, locale, session.timezone),
        view=view(job, locale, session.style),
        table=render.table(job, locale) if session.shows_table else "",
        can_start=over,
        can_cancel=job is not None and not over and job.status is not Status.STOPPING,
    )


def can_repeat(job: Job | None) -> bool:
    """Whether the transcript is from the history and could be made anew."""
    return job is not None and job.origin is Origin.RECALLED and job.path is not None
