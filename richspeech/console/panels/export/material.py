"""What the files of a session are made of."""

from pathlib import Path

from richspeech.console.sessions import Session
from richspeech.console.shown import shown
from richspeech.jobs.export import Material
from richspeech.jobs.transcribe import Transcription
from richspeech.review.training import training_segments
from richspeech.writers import WriterOptions
from richspeech.writers.line_room import USUAL_ROOM, LineRoom


def has_files(job: Transcription | None) -> bool:
    """Tell whether there is a transcript to download."""
    return bool(job and job.is_over and job.transcript and job.transcript.segments)


def recording_of(job: Transcription) -> Path | None:
    """Return the recording while the server still has it."""
    return job.path if job.path is not None and job.path.is_file() else None


def can_train(job: Transcription | None) -> bool:
    """Tell whether there are corrections to train on, and the sound that they belong to."""
    if job is None or job.transcript is None or not job.corrections or not recording_of(job):
        return False
    return bool(training_segments(job.transcript))


def material_of(
    session: Session,
    *,
    emotions: bool,
    sounds: bool,
    room: LineRoom = USUAL_ROOM,
    unsure_below: float | None = None,
) -> Material | None:
    """Gather what a file is made of; None before there is a transcript."""
    job = shown(session)
    if job is None or not has_files(job) or job.transcript is None:
        return None
    options = WriterOptions(
        session.style,
        session.locale,
        emotions=emotions,
        sounds=sounds,
        room=room,
        title=job.name,
        unsure_below=unsure_below,
    )
    heard_with = job.request.options
    return Material(job.transcript, job.name, recording_of(job), heard_with, options)
