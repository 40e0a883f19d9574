"""A finished row → a transcription as the views of a transcript show it."""

from dataclasses import dataclass, field
from pathlib import PurePosixPath

from richspeech.audio.peaks import PeakMeter
from richspeech.console.kept_sound import place_of_sound, sound_of_job
from richspeech.console.sessions import Session
from richspeech.jobs.batch.sources import safe_name
from richspeech.jobs.transcribe import Origin, Transcription
from richspeech.model.document import Document
from richspeech.model.job_state import State
from richspeech.queue.queue import JobQueue
from richspeech.recognition.pipeline import Progress
from richspeech.storage.jobs import QueuedJob


@dataclass
class Opened:
    """Rows that were opened in a window and that no history has, with what was corrected there."""

    by_job: dict[str, Transcription] = field(default_factory=dict)

    @property
    def corrected(self) -> dict[str, Document]:
        """What people have made of those that they have corrected, by the ids of their jobs."""
        shown = ((each, job.document) for each, job in self.by_job.items() if job.corrections)
        return {each: document for each, document in shown if document is not None}


def open_job(queue: JobQueue, job: QueuedJob, session: Session) -> Transcription:
    """Show in a window what was heard in a job, with all that was done to it since.

    Raises ``JobError`` unless the job has finished, and ``StoreError``.
    """
    if queue.history is not None and job.transcript is not None:
        stored = queue.history.store.open(job.transcript)
        document, entry = stored.document, stored.entry
    else:
        document, entry = queue.result(job.id), None
    sound = sound_of_job(queue, job, place_of_sound(session, document.transcript))
    return Transcription(
        sound.path if sound else None,
        job.request,
        Progress.of(document),
        meter=sound.meter if sound else PeakMeter(),
        title=PurePosixPath(safe_name(job.name)).name,
        origin=Origin.CACHED if job.is_cached else Origin.RECOGNISED,
        entry=entry,
        state=State.FINISHED,
    )
