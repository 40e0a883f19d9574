"""Live sessions and the windows to whose sessions they go."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from richspeech.console.sessions import Session, Sessions
from richspeech.console.shown import is_busy, show
from richspeech.errors import OptionError, RichSpeechError
from richspeech.jobs.live import LiveSession
from richspeech.jobs.transcribe import Transcription
from richspeech.language.figures import zone_of
from richspeech.model.options import Options
from richspeech.model.request import TranscriptionRequest
from richspeech.recognition.pipeline import Progress
from richspeech.service import Service


@dataclass(frozen=True)
class Recorded:
    """What was recorded last in a window."""

    job: Transcription | None = None
    """What became of it; None before anybody has talked."""


class LiveWindows:
    """Gives every live session its place."""

    def __init__(self, sessions: Sessions, service: Service) -> None:
        self._sessions, self._service = sessions, service

    def open(self, window: str, visitor: str, options: Options) -> LiveSession:
        """Begin a live session in a window, and end the one before, if it is still going on.

        Raises ``OptionError`` while a file is being transcribed there, since it would be stopped,
        ``BusyError`` when nobody else can talk now, and ``StoppingError`` once the process is about
        to end.
        """
        self._service.runner.require_open()
        session = self._sessions.of_window(window, visitor)
        if is_busy(session):
            raise OptionError("live.busy")
        path = _path(session)
        end = partial(self._end, session, path, TranscriptionRequest(options))
        live = self._service.live_sessions.open(path, options, end)
        if (before := session.job_of(LiveSession)) is not None:
            before.cancel()
        session.put(live)
        return live

    def _end(
        self,
        session: Session,
        path: Path,
        request: TranscriptionRequest,
        heard: Progress | None,
    ) -> None:
        """Show what was heard; a recording without that is transcribed as any other file."""
        job = Transcription(path, request, heard=heard, is_played=True)
        session.keep(Recorded(job))
        show(session, job)
        # Who has talked cannot do so again; ``live.max_sessions`` bounds how many come here.
        self._service.transcriptions.submit(job, always=True)

    def sentence(self, window: str, visitor: str, error: RichSpeechError | None) -> str:
        """Say what went wrong, in the window's language; None is what nobody expected."""
        return self._sessions.sentence(window, visitor, error)


def _path(session: Session) -> Path:
    """Name a file among what was sent from the window, so that it can be transcribed again."""
    now = datetime.now(UTC).astimezone(zone_of(session.timezone))
    session.uploads.mkdir(exist_ok=True)
    path = session.uploads / f"live-{now:%Y%m%d-%H%M%S}.wav"
    return path.with_stem(f"{path.stem}-{secrets.token_hex(2)}") if path.exists() else path
