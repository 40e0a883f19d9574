"""What the server remembers of each open page: its language, its style and its last job."""

import secrets
import tempfile
import threading
import time
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from richspeech.console.sentences import Notice
from richspeech.corrections import Correction, correct
from richspeech.options import Options
from richspeech.peaks import PeakMeter
from richspeech.pipeline import Progress
from richspeech.transcript import Segment, Transcript


class Status(StrEnum):
    """How far a job is."""

    WAITING = "waiting"
    LOADING = "loading"
    """Its turn has come, but the model is not there yet."""
    RUNNING = "running"
    STOPPING = "stopping"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    FAILED = "failed"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return self in (Status.FINISHED, Status.CANCELLED, Status.FAILED)


@dataclass(eq=False)
class Job:
    """One press of the button. Its own thread changes it; the page reads it."""

    path: Path | None
    """None when there was nothing to transcribe."""
    options: Options
    status: Status = Status.WAITING
    progress: Progress | None = None
    """The newest one; kept when the job is cancelled or fails, so that nothing heard is lost."""
    notice: Notice | None = None
    """Why it failed."""
    stop: threading.Event = field(default_factory=threading.Event)
    corrections: tuple[Correction, ...] = ()
    """What the person at the page has put right, in order."""
    meter: PeakMeter = field(default_factory=PeakMeter)
    key: str = field(default_factory=lambda: secrets.token_hex(4))
    """Tells the page that this is another job."""
    written: dict[int, tuple[Segment, str, str]] = field(default_factory=dict)
    """Segments as they were last sent: the segment, the style, its JSON."""

    @property
    def transcript(self) -> Transcript | None:
        """What was heard, as corrected; None before anything was."""
        heard = self.progress.transcript if self.progress else None
        return correct(heard, self.corrections) if heard and self.corrections else heard

    @property
    def name(self) -> str:
        """Name of the recording."""
        return self.path.name if self.path else ""

    def enter(self, status: Status) -> None:
        """Get further, unless the job was asked to stop."""
        self.status = Status.STOPPING if self.stop.is_set() else status

    def cancel(self) -> None:
        """Ask the job to stop; it says so itself once it has."""
        self.stop.set()
        if not self.status.is_over:
            self.status = Status.STOPPING

    def fail(self, notice: Notice) -> None:
        """End the job and remember why."""
        self.status, self.notice = Status.FAILED, notice


@dataclass(eq=False)
class Session:
    """One open page."""

    locale: str = "zh"
    style: str = "label"
    job: Job | None = None
    used: float = field(default_factory=time.monotonic)
    """When the page last asked for something, in seconds of the monotonic clock."""
    _folder: tempfile.TemporaryDirectory[str] = field(
        default_factory=lambda: tempfile.TemporaryDirectory(prefix="richspeech-downloads-")
    )

    @property
    def folder(self) -> Path:
        """For the files to download; goes when the session is forgotten."""
        return Path(self._folder.name)

    def begin(self, job: Job) -> None:
        """Put ``job`` in the place of the one before, which is stopped."""
        if self.job is not None:
            self.job.cancel()
        self.job = job


class Sessions:
    """All open pages, by the name that gradio gives each; old ones are forgotten."""

    def __init__(self, keep_seconds: float) -> None:
        self._keep_seconds = keep_seconds
        self._sessions: dict[str, Session] = {}
        self._lock = threading.Lock()

    def get(self, name: str | None) -> Session:
        """Return the session of a page; a page that is not known yet gets a new one."""
        with self._lock:
            self._forget_old()
            session = self._sessions.setdefault(name or "", Session())
            session.used = time.monotonic()
            return session

    def leave(self, name: str | None) -> None:
        """Stop the work of a page that was closed."""
        with self._lock:
            session = self._sessions.get(name or "")
        if session is not None and session.job is not None:
            session.job.cancel()

    def _forget_old(self) -> None:
        oldest = time.monotonic() - self._keep_seconds
        for name, session in list(self._sessions.items()):
            busy = session.job is not None and not session.job.status.is_over
            if session.used < oldest and not busy:
                del self._sessions[name]
