"""Recordings of durable jobs, played in the page as long as ``jobs.keep_hours`` keeps them."""

from pathlib import Path, PurePosixPath

from richspeech.audio.peaks import PeakMeter, Peaks
from richspeech.console.sessions import Session
from richspeech.errors import RichSpeechError
from richspeech.jobs.batch.sources import place_at, safe_name
from richspeech.jobs.transcribe import Sound
from richspeech.model.job_state import State
from richspeech.model.transcript import Transcript
from richspeech.privacy.mask import mask_text
from richspeech.queue.queue import JobQueue
from richspeech.storage.jobs import QueuedJob

FEW_JOBS = 5
"""Of one transcript that are looked through: the same call may have been handed in often."""


def sound_of_entry(queue: JobQueue, transcript: int, folder: Path) -> Sound | None:
    """Return the recording of a transcript of the history; None where it is kept no longer.

    It is looked for among the jobs that ``queue`` may see. Raises ``StoreError``.
    """
    finished = queue.store.list(transcript=transcript, states=[State.FINISHED], limit=FEW_JOBS)
    sounds = (sound_of_job(queue, job, folder) for job in finished)
    return next(filter(None, sounds), None)


def place_of_sound(session: Session, transcript: Transcript) -> Path:
    """Return below which folder its recording goes: where words are covered no browser fetches it.

    What is played then is a covered copy (``Playbacks``).
    """
    return session.hidden if transcript.is_masked else session.folder


def sound_of_job(queue: JobQueue, job: QueuedJob, folder: Path) -> Sound | None:
    """Put the recording of a job below ``folder``, with its waveform if that was measured.

    None when it is gone by now.
    """
    path, meter = folder / "opened" / job.id / _name(queue, job), PeakMeter()
    try:
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            with queue.recordings.open(job.id) as source:
                place_at(source, path)
        if known := _known_peaks(queue, job):
            meter.peaks = known
    except (RichSpeechError, OSError):
        return None
    return Sound(path, meter)


def _known_peaks(queue: JobQueue, job: QueuedJob) -> Peaks | None:
    """Return what was measured when it was recognised."""
    if queue.history is None or job.transcript is None:
        return None
    return queue.history.store.peaks(job.transcript)


def _name(queue: JobQueue, job: QueuedJob) -> str:
    """Name the file, which is part of its address; of calls it is often the number called."""
    name = PurePosixPath(safe_name(job.name)).name
    return mask_text(name) if queue.store.principal.masks else name
