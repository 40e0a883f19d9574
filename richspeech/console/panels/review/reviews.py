"""What is said about a job as a whole: worked out once for every state of its transcript."""

from weakref import WeakKeyDictionary

from richspeech.jobs.transcribe import Transcription
from richspeech.model.transcript import Transcript
from richspeech.review.review import Review, review_transcript
from richspeech.settings import Settings

WINDOWS = 36
"""Most points of the curves: as many columns can still be told apart, and pointed at."""

WINDOW_SECONDS = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600)
"""Lengths of a window that people count in."""


class Reviews:
    """Remembers the review of each job that is still there."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._known: WeakKeyDictionary[Transcription, tuple[Transcript, Review | None]]
        self._known = WeakKeyDictionary()

    def of(self, job: Transcription | None) -> Review | None:
        """Return the review; None while the job runs, and where there is nothing to review."""
        transcript = job.transcript if job is not None and job.is_over else None
        if job is None or transcript is None:
            return None
        known = self._known.get(job)
        if known is None or known[0] is not transcript:
            known = self._known[job] = transcript, self._review(transcript)
        return known[1]

    def _review(self, transcript: Transcript) -> Review | None:
        if not transcript.segments:
            return None
        return review_transcript(transcript, self._settings, window_seconds(transcript.duration))


def window_seconds(duration: float) -> float:
    """Return the shortest window of which there are not too many in a recording."""
    fitting = (each for each in WINDOW_SECONDS if duration <= each * WINDOWS)
    return next(fitting, duration / WINDOWS)
