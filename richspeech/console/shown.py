"""The transcript that a window shows: one at a time, whichever tab it comes from."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from richspeech.console.sessions import Session, Sessions
from richspeech.jobs.export import Export
from richspeech.jobs.transcribe import Sound, Transcription
from richspeech.model.job_state import State
from richspeech.storage.transcripts import Entry


@dataclass
class Sounds:
    """Recordings heard in a window before the one that is shown."""

    by_entry: dict[int, Sound] = field(default_factory=dict)
    """By the number of their entry in the history."""


@dataclass
class Begun:
    """States in which pages have painted the jobs that they have just begun."""

    by_page: dict[str, State] = field(default_factory=dict)


def shown(session: Session) -> Transcription | None:
    """Return the transcription that the window shows."""
    return session.job_of(Transcription)


def is_busy(session: Session) -> bool:
    """Whether what is shown is still being transcribed."""
    job = shown(session)
    return job is not None and not job.is_over


def show(session: Session, job: Transcription) -> None:
    """Show ``job`` in the place of the one before, which is stopped with all about it."""
    before = shown(session)
    if before is not None:
        for each in (before, *before.parts):
            each.cancel()
        _remember_sound(session, before)
    for export in session.jobs_of(Export):
        drop_export(session, export.form)
    session.put(job)


def drop_export(session: Session, form: str) -> None:
    """Stop and forget a file; one that is not there stays so."""
    if dropped := session.drop(Export, form):
        dropped.drop()


async def watch(sessions: Sessions, name: str | None) -> AsyncIterator[Session]:
    """Yield a page's session now and whenever what it shows has changed, until that is over."""
    session = sessions.get(name)
    job = shown(session)
    yield session
    if job is not None:
        first = job.changes
        async for _ in job.watch(sessions.rhythm(name)):
            if shown(session) is not job:
                return
            if job.is_over or job.changes != first:
                yield sessions.get(name)


async def settle(session: Session, painted: State | None = None) -> AsyncIterator[Session]:
    """Yield the session now, and whenever its job comes to another state, until that is over.

    Whoever has ``painted`` it in a state gets nothing before it is in another. A job whose turn has
    come looks but for its progress as one that waits. What is painted now may reach the page after
    something newer; the end puts that right.
    """
    job = shown(session)
    if job is None:
        yield session
        return
    before = None if painted is None or painted.is_over else painted
    async for state in job.states(before):
        if shown(session) is not job:
            return
        if (before, state) != (State.WAITING, State.RUNNING):
            yield session
        before = state


def sound_of(session: Session, entry: Entry) -> Sound | None:
    """Return the recording of an entry of the history, if it was heard here and is there."""
    if (job := shown(session)) is not None:
        _remember_sound(session, job)
    sound = session.view(Sounds).by_entry.get(entry.id)
    return sound if sound is not None and sound.path.is_file() else None


def forget(session: Session, entry: int | None = None) -> None:
    """Let go of an entry that the history has no longer, or of all."""
    job = shown(session)
    if job and job.entry and entry in (None, job.entry.id):
        job.entry = None


def _remember_sound(session: Session, job: Transcription) -> None:
    if job.entry is not None and job.sound is not None:
        session.view(Sounds).by_entry[job.entry.id] = job.sound
