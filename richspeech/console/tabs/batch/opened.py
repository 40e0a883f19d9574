"""A finished row → a transcription as the views of a transcript show it."""

from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from richspeech.audio.container import AudioLimits
from richspeech.audio.peaks import MeteredRecording, PeakMeter
from richspeech.errors import RichSpeechError
from richspeech.jobs.batch.sources import place_at, safe_name
from richspeech.jobs.transcribe import Origin, Transcription
from richspeech.model.document import Document
from richspeech.model.job_state import State
from richspeech.queue.queue import JobQueue
from richspeech.readers.opener import Opener
from richspeech.recognition.pipeline import Progress
from richspeech.recognition.reading import BLOCK_SECONDS
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


def open_job(
    queue: JobQueue, job: QueuedJob, folder: Path, limits: AudioLimits, opener: Opener
) -> Transcription:
    """Show what was heard in a job, with all that was done to it since.

    Its recording goes below ``folder``, where a browser may fetch it. Raises ``JobError`` unless
    the job has finished, and ``StoreError``.
    """
    if queue.history is not None and job.transcript is not None:
        stored = queue.history.store.open(job.transcript)
        document, entry = stored.document, stored.entry
    else:
        document, entry = queue.result(job.id), None
    name, meter = PurePosixPath(safe_name(job.name)).name, PeakMeter()
    return Transcription(
        _playable(queue, job, folder / "opened" / job.id / name, meter, limits, opener),
        job.request,
        Progress.of(document),
        meter=meter,
        title=name,
        origin=Origin.CACHED if job.is_cached else Origin.RECOGNISED,
        entry=entry,
        state=State.FINISHED,
    )


def _playable(
    queue: JobQueue,
    job: QueuedJob,
    path: Path,
    meter: PeakMeter,
    limits: AudioLimits,
    opener: Opener,
) -> Path | None:
    """Put the recording at ``path``, and read its waveform; None when it is gone by now."""
    try:
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            with queue.recordings.open(job.id) as source:
                place_at(source, path)
        with opener.open(path, limits, job.request.options) as recording:
            for _ in MeteredRecording(recording, meter, path.name).blocks(BLOCK_SECONDS):
                pass
    except (RichSpeechError, OSError):
        return None
    return path
