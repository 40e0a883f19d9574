"""What the server remembers of each open page: its language, its style and its last job."""

import asyncio
import secrets
import tempfile
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from richspeech.console.sentences import Notice
from richspeech.history.history import read_corrections
from richspeech.history.recall import KeptProgress
from richspeech.history.store import Entry
from richspeech.media.peaks import PeakMeter
from richspeech.options import Options
from richspeech.pipeline import Progress
from richspeech.text.corrections import Correction, correct
from richspeech.transcript import Segment, Transcript

if TYPE_CHECKING:
    from richspeech.console.batch.run import BatchRun
    from richspeech.console.emotion.work import Hearing
    from richspeech.console.export.exports import Export
    from richspeech.console.lab.work import Experiment
    from richspeech.console.lab.workshop import Workshop
    from richspeech.console.live.desk import Live
    from richspeech.console.opinion.work import Opinion

SECONDS_BETWEEN_LOOKS = 0.25
"""How often a page looks whether something has changed."""


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


class Origin(StrEnum):
    """How a job came by its transcript."""

    HEARD = "heard"
    RECALLED = "recalled"
    """The history had the same recording with the same settings."""
    OPENED = "opened"
    """Somebody opened it in the history."""


class Task:
    """Work that a thread does while pages look on; dataclasses say what it is about."""

    status: Status
    notice: Notice | None
    stop: threading.Event
    changes: int

    def touch(self) -> None:
        """Say that something has changed."""
        self.changes += 1

    def enter(self, status: Status) -> None:
        """Get further, unless the task was asked to stop."""
        self.status = Status.STOPPING if self.stop.is_set() else status

    def cancel(self) -> None:
        """Ask the task to stop; it says so itself once it has."""
        self.stop.set()
        if not self.status.is_over:
            self.status = Status.STOPPING

    def fail(self, notice: Notice) -> None:
        """End the task and remember why."""
        self.status, self.notice = Status.FAILED, notice

    async def watch(self) -> AsyncIterator[None]:
        """Yield now, whenever something has changed, and at the end."""
        seen = None
        while True:
            is_over, changes = self.status.is_over, self.changes
            if is_over or changes != seen:
                seen = changes
                yield
            if is_over:
                return
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)


@dataclass(eq=False)
class Job(Task):
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
    changes: int = 0
    """Counts what happened, for whoever looks on."""
    written: dict[int, tuple[Segment, str, str]] = field(default_factory=dict)
    """Segments as they were last sent: the segment, the style, its JSON."""
    opinion: "Opinion | None" = None
    """What a second listener was asked, once it was."""
    title: str | None = None
    """Name of the recording where that of the file is another, or there is no file."""
    origin: Origin = Origin.HEARD
    entry: Entry | None = None
    """Where the history has it."""
    is_anew: bool = False
    """Whether it is to be recognised even if the history knows it."""
    heard: Progress | None = None
    """What was heard while it was recorded: then nothing is recognised again."""
    engine: str | None = None
    """What recognises it; None is the main engine."""
    reads: bool | None = None
    """Whether its words are read for their sentiment; None: as the settings have it."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    """Held while corrections change, here and in the history."""

    def take(self, progress: Progress) -> None:
        """Get further; the last step may come from the history, with its corrections."""
        self.progress = progress
        if isinstance(progress, KeptProgress):
            self.entry = progress.entry
            if progress.is_recalled:
                self.origin = Origin.RECALLED
                self.corrections = read_corrections(progress.corrections)

    @property
    def transcript(self) -> Transcript | None:
        """What was heard, as corrected; None before anything was."""
        heard = self.progress.transcript if self.progress else None
        return correct(heard, self.corrections) if heard and self.corrections else heard

    @property
    def name(self) -> str:
        """Name of the recording."""
        return self.title or (self.path.name if self.path else "")

    @property
    def sound(self) -> "Sound | None":
        """Its recording, if there is a file."""
        return Sound(self.path, self.meter) if self.path else None


@dataclass(frozen=True)
class Sound:
    """A recording that can still be played."""

    path: Path
    meter: PeakMeter


@dataclass(frozen=True)
class HistoryView:
    """What the tab of the history shows."""

    line: str = ""
    """What is searched for."""
    page: int = 0


@dataclass(frozen=True)
class BatchView:
    """What the tab of many recordings shows."""

    by_name: bool = False
    """Instead of by risk."""
    page: int = 0


@dataclass(eq=False)
class Session:
    """One open page."""

    locale: str = "zh"
    style: str = "label"
    shows_table: bool = False
    """Whether the table of segments is open."""
    job: Job | None = None
    experiment: "Experiment | None" = None
    """The last comparison in the lab."""
    workshop: "Workshop | None" = None
    """The rules that were last tried or saved in the lab."""
    hearing: "Hearing | None" = None
    """The last press of the button in the tab of emotions."""
    live: "Live | None" = None
    """The last recording that was read along."""
    timezone: str = "UTC"
    """That of the browser, by its IANA name."""
    sounds: dict[int, Sound] = field(default_factory=dict)
    """Recordings heard here before the job, by the number of their entry in the history."""
    history: HistoryView = HistoryView()
    exports: dict[str, "Export"] = field(default_factory=dict)
    """Files made of the job's transcript, the newest of each form."""
    batch: "BatchRun | None" = None
    """The last press of the button in the tab of many recordings."""
    batch_view: BatchView = BatchView()
    pages: set[str] = field(default_factory=set)
    """Names of the pages that show it now."""
    used: float = field(default_factory=time.monotonic)
    """When the page last asked for something, in seconds of the monotonic clock."""
    _folder: tempfile.TemporaryDirectory[str] = field(
        default_factory=lambda: tempfile.TemporaryDirectory(prefix="richspeech-downloads-")
    )

    @property
    def folder(self) -> Path:
        """For the files to download; goes when the session is forgotten."""
        return Path(self._folder.name)

    @property
    def is_busy(self) -> bool:
        """Whether its job is not over yet."""
        return self.job is not None and not self.job.status.is_over

    @property
    def tasks(self) -> tuple[Task, ...]:
        """All work that was begun here, whether or not it is over."""
        many = self.batch
        begun = (self.job, self.job and self.job.opinion, self.hearing, many, many and many.packing)
        known = (task for task in (*begun, self.live, self.experiment) if task is not None)
        return (*known, *self.exports.values())

    @property
    def has_work(self) -> bool:
        """Whether any of its tasks is not over yet."""
        return any(not task.status.is_over for task in self.tasks)

    def begin(self, job: Job) -> None:
        """Put ``job`` in the place of the one before, which is stopped."""
        if self.job is not None:
            self.job.cancel()
            if self.job.opinion is not None:
                self.job.opinion.cancel()
            self._remember_sound(self.job)
        for form in list(self.exports):
            self.drop_export(form)
        self.job = job

    def export(self, export: "Export") -> None:
        """Put ``export`` in the place of the one before it."""
        self.drop_export(export.form)
        self.exports[export.form] = export

    def drop_export(self, form: str) -> None:
        """Stop and forget a file; one that is not there stays so."""
        if dropped := self.exports.pop(form, None):
            dropped.drop()

    def sound_of(self, entry: Entry) -> Sound | None:
        """Return the recording of an entry of the history, if it was heard here and is there."""
        if self.job is not None:
            self._remember_sound(self.job)
        sound = self.sounds.get(entry.id)
        return sound if sound is not None and sound.path.is_file() else None

    def forget(self, entry: int | None = None) -> None:
        """Let go of an entry that the history has no longer, or of all."""
        if self.job and self.job.entry and entry in (None, self.job.entry.id):
            self.job.entry = None

    def _remember_sound(self, job: Job) -> None:
        if job.entry is not None and job.sound is not None:
            self.sounds[job.entry.id] = job.sound


class Sessions:
    """What belongs to each browser window, whose pages come and go; old ones are forgotten.

    Gradio gives every page load another name. A window keeps a key of its own and shows it when a
    page is loaded in it, so that a reload or a lost connection finds its work again.
    """

    def __init__(self, keep_seconds: float, leave_seconds: float = 0.0) -> None:
        """``leave_seconds``: how long work goes on for a window that shows no page."""
        self._keep_seconds, self._leave_seconds = keep_seconds, leave_seconds
        self._sessions: dict[str, Session] = {}
        """By the name of a page; pages of one window share one."""
        self._windows: dict[str, Session] = {}
        self._lock = threading.Lock()

    def get(self, name: str | None) -> Session:
        """Return the session of a page; a page that is not known yet gets a new one."""
        with self._lock:
            self._forget_old()
            session = self._sessions.setdefault(name or "", Session())
            session.used = time.monotonic()
            return session

    def attach(self, name: str | None, window: str) -> Session:
        """Give a page what its window had before."""
        with self._lock:
            self._forget_old()
            session = self._windows.setdefault(window, self._sessions.get(name or "", Session()))
            self._sessions[name or ""] = session
            session.pages.add(name or "")
            session.used = time.monotonic()
            return session

    def of_window(self, window: str) -> Session:
        """Return the session of a window, a new one if it has shown no page."""
        with self._lock:
            session = self._windows.setdefault(window, Session())
            session.used = time.monotonic()
            return session

    def leave(self, name: str | None) -> None:
        """Stop the work of a window whose last page was closed, unless it comes back in time."""
        with self._lock:
            session = self._sessions.get(name or "")
            if session is None:
                return
            session.pages.discard(name or "")
            timer = threading.Timer(self._leave_seconds, _stop_if_left, [session])
            timer.daemon = True
            timer.start()

    def _forget_old(self) -> None:
        oldest = time.monotonic() - self._keep_seconds
        for known in (self._sessions, self._windows):
            for name, session in list(known.items()):
                if session.used < oldest and not session.has_work:
                    del known[name]


def _stop_if_left(session: Session) -> None:
    if session.pages:
        return
    for task in session.tasks:
        task.cancel()
