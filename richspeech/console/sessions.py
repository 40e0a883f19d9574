"""What the server remembers of each open page: its language, its jobs, and how tabs are seen."""

import logging
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar

from richspeech.errors import AccessError, BusyError, RichSpeechError
from richspeech.jobs.job import Job
from richspeech.language.catalog import Notice
from richspeech.polling import HIDDEN_POLL_SECONDS, PAGE_POLL_SECONDS, Rhythm

log = logging.getLogger(__name__)

MOST_OPEN_SECONDS = 24 * 3_600
"""Without a press; a page that says nothing of its end is not taken for open any longer."""
MOST_SECONDS_BETWEEN_SWEEPS = 5.0
"""For old sessions: going through all of them is too much for every event."""
MOST_WINDOWS = 10_000
MOST_PAGES = 50_000
"""Loaded within the time for which files are kept; each takes some hundred bytes."""
HIDDEN = "hidden"
MOST_LETTERS = 64
"""Of the name of a page and the key of a window; ours have a dozen and 32."""


JobKind = TypeVar("JobKind", bound=Job)
View = TypeVar("View")


@dataclass(eq=False)
class Session:
    """One open page."""

    locale: str = "zh"
    style: str = "label"
    """How labels are written."""
    timezone: str = "UTC"
    """That of the browser, by its IANA name."""
    mark: str = ""
    """By which the window's work is known again after the process; it does not tell the key."""
    jobs: dict[tuple[type[Job], str], Job] = field(default_factory=dict)
    """The last job of each kind that the tabs have begun, and of each name within a kind."""
    views: dict[type, Any] = field(default_factory=dict)
    """What the tabs remember of how they are looked at, by its type."""
    pages: set[str] = field(default_factory=set)
    """Names of the pages that show it now."""
    used: float = field(default_factory=time.monotonic)
    """When the page last asked for something, or work went on, in monotonic seconds."""
    uploading: int = 0
    """How many uploads are on their way here."""

    # What the tabs keep here ------------------------------------------------------------------

    def job_of(self, kind: type[JobKind], name: str = "") -> JobKind | None:
        """Return the last job of a kind, if there was one."""
        job = self.jobs.get((kind, name))
        return job if isinstance(job, kind) else None

    def jobs_of(self, kind: type[JobKind]) -> list[JobKind]:
        """Return the jobs of a kind by all names, the oldest first."""
        return [job for job in list(self.jobs.values()) if isinstance(job, kind)]

    def put(self, job: Job, name: str = "") -> None:
        """Keep a job in the place of the one before it, which goes on."""
        self.jobs.pop((type(job), name), None)
        self.jobs[type(job), name] = job

    def drop(self, kind: type[JobKind], name: str = "") -> JobKind | None:
        """Let go of a job, and return it if there was one."""
        job = self.jobs.pop((kind, name), None)
        return job if isinstance(job, kind) else None

    def view(self, kind: type[View]) -> View:
        """Return what a tab has kept of this type; the type's own beginning if nothing."""
        kept = self.kept(kind)
        if kept is None:
            kept = self.views[kind] = kind()
        return kept

    def drawn(self, kind: type[View], draw: Callable[[View], str]) -> str:
        """Draw what a tab has kept of a type by the end of drawing.

        No event waits for another, so an answer that comes late must not be an old one.
        """
        while True:
            view = self.view(kind)
            drawn = draw(view)
            if self.view(kind) is view:
                return drawn

    def kept(self, kind: type[View]) -> View | None:
        """Return what a tab has kept of this type, if anything."""
        kept = self.views.get(kind)
        return kept if isinstance(kept, kind) else None

    def keep(self, view: object) -> None:
        """Keep a view in the place of the one of its type."""
        self.views[type(view)] = view

    # Its files --------------------------------------------------------------------------------

    @cached_property
    def _directory(self) -> tempfile.TemporaryDirectory[str]:
        return tempfile.TemporaryDirectory(prefix="richspeech-downloads-")

    @property
    def folder(self) -> Path:
        """For the files to download; made when first asked for, goes with the session."""
        return Path(self._directory.name)

    @property
    def has_folder(self) -> bool:
        """Whether it was asked for."""
        return "_directory" in vars(self)

    @property
    def hidden(self) -> Path:
        """For files that no browser may fetch; they go as the others do."""
        return self.folder / HIDDEN

    def close(self) -> None:
        """Delete its files; nothing is made here any more."""
        if self.has_folder:
            self._directory.cleanup()

    @property
    def uploads(self) -> Path:
        """Where the files are that were sent from here; made with the first."""
        return self.folder / "uploads"

    @property
    def tasks(self) -> tuple[Job, ...]:
        """All work that was begun here, whether or not it is over."""
        jobs = list(self.jobs.values())
        return (*jobs, *(part for job in jobs for part in job.parts))

    @property
    def has_work(self) -> bool:
        """Whether any of its jobs is not over yet, or something is on its way here."""
        return self.uploading > 0 or any(not task.is_over for task in self.tasks)

    @property
    def held_files(self) -> frozenset[Path]:
        """What its tasks read and write, and what is on its way."""
        files = {path for task in self.tasks for path in task.held_files}
        return frozenset({*files, self.uploads} if self.uploading else files)

    def keeps(self, path: str) -> bool:
        """Say whether a file lies in its folder, and is not hidden there."""
        lies = self.has_folder and _is_below(self.folder, path)
        return lies and not _is_below(self.hidden, path)

    def was_sent(self, path: str) -> bool:
        """Say whether a file is one of its uploads."""
        return self.has_folder and _is_below(self.uploads, path)


class Sessions:
    """What belongs to each browser window, whose pages come and go; old ones are forgotten.

    Gradio gives every page load another name. A window keeps a key of its own and shows it when a
    page is loaded in it, so that a reload or a lost connection finds its work again. A page and a
    window belong to the visitor (a browser and its login) who used them first: another one who
    knows their names gets nothing of them.
    """

    def __init__(
        self, keep_seconds: float, leave_seconds: float = 0.0, shared: Collection[Path] = ()
    ) -> None:
        """``leave_seconds``: how long work goes on for a window that shows no page.

        ``shared`` are files that everybody may use.
        """
        self._keep_seconds, self._leave_seconds = keep_seconds, leave_seconds
        self._shared = frozenset(path.resolve() for path in shared)
        self.functions: frozenset[int] = frozenset()
        """Events that gradio's own clients call, by number."""
        self._sessions: dict[str, Session] = {}
        """By the name of a page; pages of one window share one."""
        self._windows: dict[tuple[str, str], Session] = {}
        """By visitor and key."""
        self._pages: dict[str, tuple[str, float]] = {}
        """Whose a page is, and when it was last named, by its name."""
        self._rhythms: dict[str, Rhythm] = {}
        """How often a page looks at what it shows, by its name."""
        self._swept = -keep_seconds
        """When old sessions were last looked for, in seconds of the monotonic clock."""
        self._lock = threading.Lock()

    def get(self, name: str | None) -> Session:
        """Return the session of a page; a page that is not known yet gets a new one."""
        self._forget_old()
        with self._lock:
            session = self._sessions.setdefault(name or "", Session())
            session.used = time.monotonic()
            return session

    def attach(self, name: str | None, window: str, visitor: str = "") -> Session:
        """Give a page what its window had before.

        Raises ``AccessError`` for a key that is none, and ``BusyError`` when there are too many.
        """
        self._forget_old()
        with self._lock:
            session = self._window(window, visitor, self._sessions.get(name or ""))
            self._sessions[name or ""] = session
            session.pages.add(name or "")
            return session

    def of_window(self, window: str, visitor: str = "") -> Session:
        """Return the session of a window, a new one if it has shown no page.

        Raises ``AccessError`` for a key that is none, and ``BusyError`` when there are too many.
        """
        with self._lock:
            return self._window(window, visitor)

    def _window(self, window: str, visitor: str, begun: Session | None = None) -> Session:
        """Find a window; a new one goes on with what its page has ``begun``."""
        key = _window_key(window, visitor)
        if key not in self._windows and len(self._windows) >= MOST_WINDOWS:
            raise BusyError("window.too_many", most=MOST_WINDOWS)
        session = self._windows.setdefault(key, begun or Session())
        session.mark = blake2b(window.encode(errors="replace"), digest_size=8).hexdigest()
        session.used = time.monotonic()
        return session

    def rhythm(self, name: str | None) -> Rhythm:
        """Return how often a page looks at what it shows, until it is left."""
        with self._lock:
            return self._rhythms.setdefault(name or "", Rhythm())

    def take_sight(self, name: str | None, *, is_hidden: bool) -> None:
        """Have a page look seldom while nobody sees it, and at once when somebody does again."""
        self.rhythm(name).change(HIDDEN_POLL_SECONDS if is_hidden else PAGE_POLL_SECONDS)

    def leave(self, name: str | None) -> None:
        """Stop the work of a window whose last page was closed, unless it comes back in time."""
        with self._lock:
            self._rhythms.pop(name or "", None)
            session = self._sessions.get(name or "")
            if session is None:
                return
            session.pages.discard(name or "")
            timer = threading.Timer(self._leave_seconds, _stop_if_left, [session])
            timer.daemon = True
            timer.start()

    # What the middleware asks ---------------------------------------------------------------------

    def claims(self, page: str, visitor: str) -> bool:
        """Say whether a page is this visitor's; one that nobody has named before is from now on."""
        if not 0 < len(page) <= MOST_LETTERS:
            return False
        with self._lock:
            owner, _ = self._pages.get(page, (visitor, 0.0))
            is_own = owner == visitor and (page in self._pages or len(self._pages) < MOST_PAGES)
            if is_own:
                self._pages[page] = (visitor, time.monotonic())
            return is_own

    def takes(self, page: str, path: str) -> bool:
        """Say whether an event of a page may name a file: its window's upload, or an example."""
        with self._lock:
            session = self._sessions.get(page)
        return self._is_shared(path) or (session is not None and session.was_sent(path))

    def is_for_programs(self, function: object) -> bool:
        """Say whether an event is one that gradio's own clients call, and no page."""
        return isinstance(function, int) and function in self.functions

    def sends(self, visitor: str, path: str) -> bool:
        """Say whether a client may name a file: one that it has sent, or an example.

        It has one window, which is called as the visitor.
        """
        with self._lock:
            session = self._windows.get((visitor, visitor))
        return self._is_shared(path) or (session is not None and session.was_sent(path))

    def shows(self, visitor: str, path: str) -> bool:
        """Say whether a visitor may fetch a file: one of his windows', or an example."""
        with self._lock:
            own = [session for (owner, _), session in self._windows.items() if owner == visitor]
        return self._is_shared(path) or any(session.keeps(path) for session in own)

    @contextmanager
    def uploading(self, window: str, visitor: str) -> Iterator[Path]:
        """Give the folder of a window's uploads, which stays while something is on its way there.

        Raises as ``of_window`` does, and ``OSError`` when the disk has no room for a folder.
        """
        session = self.of_window(window, visitor)
        with self._lock:
            session.uploading += 1
        try:
            session.uploads.mkdir(exist_ok=True)
            yield session.uploads
        finally:
            with self._lock:
                session.uploading -= 1
                session.used = time.monotonic()

    def sentence(self, window: str, visitor: str, error: RichSpeechError | None) -> str:
        """Say what went wrong, in the window's language; None is what nobody expected."""
        notice = Notice("unexpected") if error is None else Notice.of(error)
        return notice.sentence(_locale_of(self._windows.get((visitor, window))))

    def page_sentence(self, page: str, error: RichSpeechError) -> str:
        """Say it in the language of a page."""
        return Notice.of(error).sentence(_locale_of(self._sessions.get(page)))

    def _is_shared(self, path: str) -> bool:
        real = _real(path)
        return real is not None and real in self._shared

    # What is old ----------------------------------------------------------------------------------

    def sweep(self) -> None:
        """Forget what nobody has used for long, and delete files that are as old.

        What somebody works on stays, and what came of it, for as long again after the end.
        """
        self._forget_old()
        with self._lock:
            self._forget_pages()
            known = {id(each): each for each in self._windows.values() if each.has_folder}
        oldest = time.time() - self._keep_seconds
        for session in known.values():
            idle = time.monotonic() - session.used
            spared = session.held_files if idle <= self._keep_seconds else frozenset()
            delete_older(session.folder, oldest, spared)

    def _forget_old(self) -> None:
        """Let go of old sessions; their files go when nobody waits for the lock."""
        now = time.monotonic()
        with self._lock:
            if now - self._swept < min(self._keep_seconds / 60, MOST_SECONDS_BETWEEN_SWEEPS):
                return
            self._swept = now
            known = {id(each): each for each in (*self._sessions.values(), *self._windows.values())}
            for session in known.values():
                if session.has_work:
                    session.used = now
            old = {key: each for key, each in known.items() if self._is_old(each)}
            self._sessions = {
                name: each for name, each in self._sessions.items() if id(each) not in old
            }
            self._windows = {
                key: each for key, each in self._windows.items() if id(each) not in old
            }
        for session in old.values():
            session.close()

    def _is_old(self, session: Session) -> bool:
        """Say whether nobody wants a session any more; who has its page open may come back."""
        idle = time.monotonic() - session.used
        is_open = bool(session.pages) and idle < MOST_OPEN_SECONDS
        return idle > self._keep_seconds and not is_open and not session.has_work

    def _forget_pages(self) -> None:
        oldest = time.monotonic() - self._keep_seconds
        for page, (_, named) in list(self._pages.items()):
            if named < oldest and page not in self._sessions:
                del self._pages[page]
                self._rhythms.pop(page, None)


def _window_key(window: str, visitor: str) -> tuple[str, str]:
    if not 0 < len(window) <= MOST_LETTERS:
        raise AccessError("window.no_key")
    return visitor, window


def _real(path: str) -> Path | None:
    """Follow links; None for what can be no file here."""
    try:
        return Path(path).resolve() if Path(path).is_absolute() else None
    except (ValueError, OSError, RuntimeError):
        return None


def _is_below(folder: Path, path: str) -> bool:
    real = _real(path)
    return real is not None and real != folder and real.is_relative_to(folder.resolve())


def _locale_of(session: Session | None) -> str:
    return session.locale if session else "zh"


def delete_older(folder: Path, oldest: float, spared: Collection[Path] = ()) -> None:
    """Delete the files below a folder that came there before ``oldest``, seconds of the epoch.

    Those in ``spared``, and all below the folders in it, stay. One that cannot be deleted is named
    in the log.
    """
    for path in folder.rglob("*"):
        if any(path == each or each in path.parents for each in spared):
            continue
        try:
            if path.is_file() and path.lstat().st_ctime < oldest:
                path.unlink()
        except FileNotFoundError:  # somebody else was faster
            continue
        except OSError as error:
            log.warning("%s is old and cannot be deleted (%s)", path, error.strerror)


def _stop_if_left(session: Session) -> None:
    if session.pages:
        return
    for task in session.tasks:
        task.cancel()
