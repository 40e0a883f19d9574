"""Whoever looks on: what jobs and transcripts tell, each at the one place that all of them pass.

    Runner              refused, at_work, turn
    CachingTranscriber  decoding, recognising, heard, found
                                        recordings of the page, of batches and of programs
    LiveSessions, Talks heard_live      what is said just now, on the page and to programs

An observer does nothing that takes long and raises nothing: who works does not wait for it.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import reduce

from richspeech.jobs.job import Job
from richspeech.model.transcript import Transcript
from richspeech.recognition.reading import WaveformSource


class Observer:
    """Looks on and does nothing; whoever wants to know something overrides what tells it."""

    def refused(self, job: Job) -> None:
        """Hear of a job that has failed at once, since too many wait."""

    def at_work(self, job: Job) -> AbstractContextManager[None]:  # noqa: ARG002
        """Go along with a job in its thread, from its wait for a place until it is over."""
        return nullcontext()

    def turn(self, job: Job, waited_seconds: float) -> None:
        """Hear that the turn of a job has come."""

    def decoding(self, recording: WaveformSource) -> WaveformSource:
        """Return what is read in the place of a recording: the same samples."""
        return recording

    def recognising(self) -> AbstractContextManager[None]:
        """Go along with what an engine does with a recording."""
        return nullcontext()

    def heard(self, transcript: Transcript) -> None:
        """Hear of a recording that was recognised to its end."""

    def heard_live(self, transcript: Transcript) -> None:
        """Hear of what was said live, once it is over."""

    def found(self, transcript: Transcript) -> None:
        """Hear of a recording whose transcript the history had; nothing was recognised."""


NOBODY = Observer()


class Observers(Observer):
    """Several of them, told one after the other."""

    def __init__(self, *observers: Observer) -> None:
        self._observers = observers

    def refused(self, job: Job) -> None:
        """Tell all."""
        for each in self._observers:
            each.refused(job)

    @contextmanager
    def at_work(self, job: Job) -> Iterator[None]:
        """Have all go along."""
        with ExitStack() as stack:
            for each in self._observers:
                stack.enter_context(each.at_work(job))
            yield

    def turn(self, job: Job, waited_seconds: float) -> None:
        """Tell all."""
        for each in self._observers:
            each.turn(job, waited_seconds)

    def decoding(self, recording: WaveformSource) -> WaveformSource:
        """Have it read through all."""
        return reduce(lambda inner, each: each.decoding(inner), self._observers, recording)

    @contextmanager
    def recognising(self) -> Iterator[None]:
        """Have all go along."""
        with ExitStack() as stack:
            for each in self._observers:
                stack.enter_context(each.recognising())
            yield

    def heard(self, transcript: Transcript) -> None:
        """Tell all."""
        for each in self._observers:
            each.heard(transcript)

    def heard_live(self, transcript: Transcript) -> None:
        """Tell all."""
        for each in self._observers:
            each.heard_live(transcript)

    def found(self, transcript: Transcript) -> None:
        """Tell all."""
        for each in self._observers:
            each.found(transcript)
