"""What happens when something on the page is pressed.

A press makes a ``Transcription`` (begin), which a thread of the runner does: every step stores the
newest progress in the job. Whoever looks on (watch) has the session painted as it is now; whoever
changes something else meanwhile (language, style, cancel) changes the session and paints it, too.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from richspeech.console import render
from richspeech.console.events import Step, Trimming
from richspeech.console.offers import can_tick
from richspeech.console.sessions import Session, Sessions
from richspeech.console.shown import show, shown
from richspeech.console.view import view
from richspeech.engines.registry import engine_named
from richspeech.errors import NoRecordingError, RichSpeechError
from richspeech.jobs.transcribe import Origin, Transcription, Transcriptions
from richspeech.model.corrections import Correction
from richspeech.model.document import Document
from richspeech.model.edits import PERSON, Amendment
from richspeech.model.hotword_list import hotwords_in, protected_in
from richspeech.model.job_state import State
from richspeech.model.options import Channels, Denoise, Options, language_hint, tracks_in, voices_in
from richspeech.model.request import TranscriptionRequest
from richspeech.model.speaker import speaker_name
from richspeech.model.trim import Trim
from richspeech.operations.caller import caller
from richspeech.review.highlights import pick_highlights, trimming
from richspeech.settings import HighlightSettings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Choices:
    """What the form says, by the names of its widgets."""

    language: str
    allowed_languages: list[str]
    inverse_text_normalization: bool
    merge: bool
    merge_length_s: float
    ban_unknown_emotion: bool
    engine: str | None = None
    """None is the main one."""
    hotwords: str = ""
    """As people type them, or as their files have them."""
    protected_words: str = ""
    """Likewise."""
    sentiment: bool | None = None
    """Whether words are read for their sentiment; None: as the settings have it."""
    tracks: str = "default"
    """A number as text."""
    channels: Channels = "auto"
    speaker_left: str = ""
    """Nothing is a letter."""
    speaker_right: str = ""
    more_speakers: tuple[str | None, ...] = ()
    """On channels for which the page has no field, as the settings have it."""
    denoise: Denoise = "off"
    voices: str = "off"
    """A number as text."""
    adapter: str | None = None
    """None is that of the settings."""
    cascade: str | None = None
    """None is that of the settings."""
    mask: bool | None = None
    """Whether personal data is masked; None as the settings have it."""

    def request(self) -> TranscriptionRequest:
        """Return what is asked for; what the engine would not heed nobody has asked for.

        Raises ``OptionError``.
        """
        engine = engine_named(self.engine) if self.engine else None
        is_ticked = engine is None or can_tick(engine)
        asked = TranscriptionRequest(
            self._options(tuple(self.allowed_languages) if is_ticked else None),
            self.engine,
            self.sentiment,
            adapter=self.adapter,
            cascade=self.cascade,
        )
        return engine.heeded(asked) if engine else asked

    def _options(self, allowed: tuple[str, ...] | None) -> Options:
        hotwords = hotwords_in(self.hotwords)
        return Options(
            language=language_hint(self.language),
            allowed_languages=allowed,
            inverse_text_normalization=self.inverse_text_normalization,
            merge=self.merge,
            merge_length_s=self.merge_length_s,
            ban_unknown_emotion=self.ban_unknown_emotion,
            hotwords=(*hotwords,),
            hotword_weights=(*hotwords.values(),),
            protected_words=protected_in(self.protected_words),
            tracks=tracks_in(self.tracks),
            channels=self.channels,
            speakers=self._speakers(),
            denoise=self.denoise,
            voices=voices_in(self.voices),
        )

    def _speakers(self) -> tuple[str | None, ...]:
        sides = (self.speaker_left, self.speaker_right)
        named = (speaker_name(each) if each.strip() else None for each in sides)
        names = (*named, *self.more_speakers)
        return names if any(names) else ()


class Painting(NamedTuple):
    """The result side of the page."""

    status: str
    view: dict[str, Any] | None
    """Timeline and transcript, as data for their scripts."""
    table: str
    """Empty while nobody has opened it: that of hours is long."""
    can_start: bool
    can_cancel: bool


@dataclass(frozen=True)
class Table:
    """The table of segments."""

    is_open: bool = False
    """Long ones cost much, so nobody gets one who has not asked for it."""


class Handlers:
    """The console without its widgets."""

    def __init__(self, work: Transcriptions, sessions: Sessions) -> None:
        self._work, self.sessions = work, sessions

    def begin(
        self, name: str | None, path: str | None, choices: Choices, *, is_example: bool = False
    ) -> Session:
        """Make the job of a press and have it done; what cannot run has failed already.

        An example is shown as it was heard, whatever somebody has corrected in it before.
        """
        session = self.sessions.get(name)
        seen = self._work.privacy.seen_by(caller().principal, choices.mask)
        job = Transcription(
            Path(path) if path else None,
            is_pristine=is_example,
            is_played=True,
            caller=replace(caller(), principal=seen),
        )
        try:
            job.request = choices.request()
            if path is None:
                raise NoRecordingError
        except RichSpeechError as error:
            job.fail(error)
        show(session, job)
        self._work.submit(job)
        return session

    def cancel(self, name: str | None) -> Session:
        """Stop the job; it reports its own end."""
        session = self.sessions.get(name)
        if (job := shown(session)) is not None:
            job.cancel()
        return session

    def correct(self, name: str | None, document: object, *, sent: int | None = None) -> Session:
        """Take what a person put right; raises ``OptionError`` for what does not fit.

        Raises ``StoreError`` when the history could not take it; the page has it all the same,
        unless somebody else has changed the transcript meanwhile.
        """
        return self._amend(name, partial(_correction, document), sent=sent)

    def step(self, name: str | None, asked: Step) -> Session:
        """Cut a line, join it with the next one, or take it out, once it is corrected.

        Raises ``OptionError`` where that cannot be, and ``StoreError`` as ``correct``.
        """
        before = [] if asked.correction is None else [partial(_correction, asked.correction)]
        return self._amend(name, *before, asked.amendment, sent=asked.sent)

    def replace(self, name: str | None, found: str, by: str) -> Session:
        """Put words in the place of others, wherever those stand.

        Raises ``OptionError`` where they stand nowhere, and ``StoreError`` as ``correct``.
        """
        return self._amend(name, lambda now: now.replacing(found, by))

    def rename(self, name: str | None, speaker: str, new_name: str) -> Session:
        """Call whoever the transcript calls ``speaker`` something else, wherever they speak.

        Raises ``OptionError`` for a name that cannot be taken, and ``StoreError`` as ``correct``.
        """
        return self._amend(name, lambda now: now.naming(speaker, new_name))

    def trim(self, name: str | None, asked: Trimming, settings: HighlightSettings) -> Session:
        """Have a highlight begin and end elsewhere, or where rules have it again.

        Raises ``OptionError`` where it is not there, or cannot lie so, and ``StoreError`` as
        ``correct``.
        """

        def trimmed(now: Document) -> Trim:
            found = pick_highlights(now.transcript, settings)
            seconds = now.transcript.duration
            return trimming(found, asked.key, asked.start, asked.end, seconds)

        return self._amend(name, trimmed)

    def undo(self, name: str | None) -> Session:
        """Take back the last correction; raises ``StoreError`` as ``correct`` does."""
        return self._edit(name, Document.without_last_correction)

    def load(self, name: str | None) -> Session:
        """Show what somebody else has made of the transcript; raises ``StoreError``."""
        session = self.sessions.get(name)
        if (job := shown(session)) is not None:
            with job.editing:
                self._work.load(job)
        return session

    def _amend(
        self,
        name: str | None,
        *amendments: Callable[[Document], Amendment],
        sent: int | None = None,
    ) -> Session:
        by = caller().principal.user or PERSON

        def edited(now: Document) -> Document:
            for amendment in amendments:
                now = now.amended(amendment(now), by, datetime.now(UTC))
            return now

        return self._edit(name, edited, sent)

    def _edit(
        self, name: str | None, edited: Callable[[Document], Document], sent: int | None = None
    ) -> Session:
        """Give the job that is shown, if it was heard, the document that comes of its own."""
        session = self.sessions.get(name)
        job = shown(session)
        if job is not None and job.document is not None:
            with job.editing:
                before, is_taken = job.document, False
                try:
                    self._work.correct(job, edited(before))
                    is_taken = True
                finally:
                    if sent is not None:
                        # What the history alone could not take is there all the same.
                        job.answer(sent, is_taken=is_taken or job.document is not before)
        return session

    def repeat(self, name: str | None) -> Session:
        """Recognise the recording anew, whatever the history knows of it."""
        session = self.sessions.get(name)
        known = shown(session)
        if known is not None and known.path is not None:
            job = Transcription(
                known.path,
                replace(known.request, recalls=False),
                is_played=True,
                caller=replace(caller(), principal=known.caller.principal),
            )
            show(session, job)
            self._work.submit(job)
        return session

    def show_table(self, name: str | None, *, shows: bool) -> Session:
        """Open or close the table of segments."""
        session = self.sessions.get(name)
        session.keep(Table(is_open=shows))
        return session

    def set_style(self, name: str | None, style: str) -> Session:
        """Change how labels are written; nothing is recognised again."""
        session = self.sessions.get(name)
        session.style = style
        return session


def paint(session: Session) -> Painting:
    """Draw a session."""
    job, locale = shown(session), session.locale
    over = job is None or job.is_over
    return Painting(
        status=render.status(job, locale, session.timezone),
        view=view(job, locale, session.style),
        table=render.table(job, locale) if session.view(Table).is_open else "",
        can_start=over,
        can_cancel=job is not None and not over and job.state is not State.STOPPING,
    )


def _correction(document: object, before: Document) -> Correction:
    """Read what a page sent, in which whoever speaks is called as it shows them."""
    correction = Correction.from_dict(document)
    if correction.speaker is None:
        return correction
    return replace(correction, speaker=before.voice_of(correction.speaker))


def can_repeat(job: Transcription | None) -> bool:
    """Whether the transcript is from the history and could be made anew."""
    return job is not None and job.origin is Origin.CACHED and job.path is not None
