"""Live recordings and the windows to whose sessions they go."""

import secrets
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from richspeech.console.sentences import Notice
from richspeech.console.sessions import Job, Session, Sessions, Status, Task
from richspeech.console.work import Work
from richspeech.errors import OptionError, RichSpeechError
from richspeech.language.figures import zone_of
from richspeech.model.options import Options
from richspeech.recognition.pipeline import Progress


@dataclass(eq=False)
class Live(Task):
    """One recording that is going on; when it ends, it becomes the job of its session."""

    session: Session
    work: Work
    path: Path
    options: Options
    status: Status = Status.RUNNING
    notice: Notice | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    changes: int = 0

    def wind_up(self) -> None:
        """End the recording: what was said so far is heard to its end and kept."""
        self.cancel()

    @property
    def held_files(self) -> tuple[Path, ...]:
        """Its recording."""
        return (self.path,)

    def end(self, progress: Progress | None) -> None:
        """Show what was heard; a recording without that is transcribed as any other file."""
        job = Job(self.path, self.options, heard=progress)
        self.session.begin(job)
        # Who has talked cannot do so again; ``live.max_sessions`` bounds how many come here.
        self.work.submit(job, always=True)
        self.status = Status.FINISHED


class LiveDesk:
    """Gives every live recording its place."""

    def __init__(self, sessions: Sessions, work: Work) -> None:
        self._sessions, self._work = sessions, work

    def open(self, window: str, visitor: str, options: Options) -> Live:
        """Begin a recording of a window, and end the one before, if it is still going on.

        Raises ``OptionError`` while a file is being transcribed there, since it would be stopped,
        and ``StoppingError`` once the process is about to end.
        """
        self._work.workers.require_open()
        session = self._sessions.of_window(window, visitor)
        if session.is_busy:
            message = "This window transcribes a recording already: wait for its end or cancel it."
            raise OptionError(message)
        if session.live is not None:
            session.live.cancel()
        session.live = Live(session, self._work, _path(session), options)
        self._work.workers.track(session.live)
        return session.live

    def sentence(self, window: str, visitor: str, error: RichSpeechError | None) -> str:
        """Say what went wrong, in the window's language; None is what nobody expected."""
        return self._sessions.sentence(window, visitor, error)


def _path(session: Session) -> Path:
    now = datetime.now(UTC).astimezone(zone_of(session.timezone))
    path = session.folder / f"live-{now:%Y%m%d-%H%M%S}.wav"
    return path.with_stem(f"{path.stem}-{secrets.token_hex(2)}") if path.exists() else path
