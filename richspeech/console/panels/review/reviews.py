"""What is said about a job as a whole: worked out once for every state of its transcript."""

import threading
from dataclasses import replace
from typing import TypeAlias
from weakref import WeakKeyDictionary

from richspeech.jobs.transcribe import Transcription
from richspeech.model.transcript import Transcript
from richspeech.presets.rules import Preset
from richspeech.review.review import Review, review_transcript
from richspeech.review.risk import assess_risk
from richspeech.settings import Settings

WINDOWS = 36
"""Most points of the curves: as many columns can still be told apart, and pointed at."""

WINDOW_SECONDS = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600)
"""Lengths of a window that people count in."""

_ByPreset: TypeAlias = dict[Preset | None, Review]
"""Which differ by their risk alone."""


class Reviews:
    """Remembers the review of each job that is still there."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._known: WeakKeyDictionary[Transcription, tuple[Transcript, _ByPreset]]
        self._known = WeakKeyDictionary()
        self._lock = threading.Lock()
        """Held while one is made: pages that show the same job ask for it at the same time."""

    def of(self, job: Transcription | None, preset: Preset | None = None) -> Review | None:
        """Return the review; None while the job runs, and where there is nothing to review.

        Its risk follows the rules of the ``preset``, or those of the settings.
        """
        transcript = job.transcript if job is not None and job.is_over else None
        if job is None or transcript is None or not transcript.segments:
            return None
        with self._lock:
            known = self._known.get(job)
            if known is None or known[0] is not transcript:
                window = window_seconds(transcript.duration)
                usual = review_transcript(transcript, self._settings, window)
                known = self._known[job] = transcript, {None: usual}
            reviews = known[1]
            if preset not in reviews:
                rules = self._settings.risk.with_preset(preset)
                reviews[preset] = replace(reviews[None], risk=assess_risk(transcript, rules))
            return reviews[preset]


def window_seconds(duration: float) -> float:
    """Return the shortest window of which there are not too many in a recording."""
    fitting = (each for each in WINDOW_SECONDS if duration <= each * WINDOWS)
    return next(fitting, duration / WINDOWS)
