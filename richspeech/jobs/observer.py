"""Whoever looks on: what jobs and transcripts tell, each at the one place that all of them pass.

    Runner              refused, at_work, turn
    CachingTranscriber  heard, found    recordings of the page, of batches and of programs
    LiveSessions        heard_live      what is said just now

An observer does nothing that takes long and raises nothing: who works does not wait for it.
"""

from contextlib import AbstractContextManager, nullcontext

from richspeech.jobs.job import Job
from richspeech.model.transcript import Transcript


class Observer:
    """Looks on and does nothing; whoever wants to know something overrides what tells it."""

    def refused(self, job: Job) -> None:
        """Hear of a job that has failed at once, since too many wait."""

    def at_work(self, job: Job) -> AbstractContextManager[None]:  # noqa: ARG002
        """Go along with a job in its thread, from its wait for a place until it is over."""
        return nullcontext()

    def turn(self, job: Job, waited_seconds: float) -> None:
        """Hear that the turn of a job has come."""

    def heard(self, transcript: Transcript) -> None:
        """Hear of a recording that was recognised to its end."""

    def heard_live(self, transcript: Transcript) -> None:
        """Hear of what was said live, once it is over."""

    def found(self, transcript: Transcript) -> None:
        """Hear of a recording whose transcript the history had; nothing was recognised."""


NOBODY = Observer()
