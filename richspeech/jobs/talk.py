"""Talks: one recording after another from somebody who stays, each heard while it comes in.

A talk has one place among live sessions and one thread, from its beginning to its end. Nothing of
it is kept: whoever talks is told what was heard, and has it then.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from queue import SimpleQueue
from typing import ClassVar

from richspeech.engines.registry import engine_named, engines_for
from richspeech.engines.transcribers import Transcribers
from richspeech.errors import Cancelled, OptionError, RichSpeechError
from richspeech.jobs.job import Job, Kind
from richspeech.jobs.live import live_turn
from richspeech.jobs.masked import masked_event, masks_for_caller
from richspeech.jobs.runner import Runner
from richspeech.jobs.waiting import Turn
from richspeech.model.capability import Capability
from richspeech.model.job_state import State
from richspeech.model.request import TranscriptionRequest
from richspeech.recognition.live import Event, Finished, LiveTranscription
from richspeech.recognition.live_recording import LiveRecording
from richspeech.settings import PrivacySettings


@dataclass(frozen=True)
class Failed:
    """A recording could not be heard to its end; nothing more comes of it."""

    error: RichSpeechError


Tell = Callable[[Event | Failed], None]


@dataclass(frozen=True, eq=False)
class Take:
    """One recording of a talk."""

    recording: LiveRecording
    request: TranscriptionRequest
    tell: Tell
    """Takes what is heard, in the talk's thread."""
    dropped: threading.Event = field(default_factory=threading.Event)

    def finish(self) -> None:
        """End the recording: what was said is heard."""
        self.recording.finish()

    def drop(self) -> None:
        """End it, and hear no more of it."""
        self.dropped.set()
        self.recording.finish()


@dataclass(eq=False)
class Talk(Job):
    """Recordings of one talk, in order."""

    kind: ClassVar[Kind] = Kind.LIVE

    turn: Turn
    """The place that it takes."""
    max_seconds: float
    """Longest that all recordings may be together."""
    _queue: SimpleQueue[Take | None] = field(default_factory=SimpleQueue)
    _open: list[Take] = field(default_factory=list)
    """Those that are not heard to their end, guarded by ``lock`` as what follows is."""
    _seconds_heard: float = 0.0
    """Of all others."""

    @property
    def seconds(self) -> tuple[float, float | None]:
        """Seconds that were said so far."""
        with self.lock:
            return self._seconds_heard + sum(each.recording.seconds for each in self._open), None

    @property
    def backlog_seconds(self) -> float:
        """How much has come that was not read yet."""
        with self.lock:
            return sum(take.recording.backlog_seconds for take in self._open)

    def begin(self, request: TranscriptionRequest, tell: Tell) -> Take:
        """Begin a recording, and end the one before; raises ``OptionError`` as ``require_live``."""
        require_live(request)
        seconds_left = max(self.max_seconds - self.seconds[0], 0.0)
        take = Take(LiveRecording(None, seconds_left), request, tell)
        self._finish_open()
        with self.lock:
            self._open.append(take)
        self._queue.put(take)
        if self.stop.is_set():
            take.drop()
        return take

    def hang_up(self) -> None:
        """Begin no more recordings; the job ends once all are heard."""
        self._finish_open()
        self._queue.put(None)

    def cancel(self) -> None:
        """End it now: nobody wants to know what else is said."""
        super().cancel()
        with self.lock:
            for take in self._open:
                take.drop()
        self._queue.put(None)

    def wind_up(self) -> None:
        """End it soon: what was said so far is heard."""
        self.hang_up()

    def close(self, take: Take) -> None:
        """Forget a recording that was heard."""
        take.finish()
        with self.lock:
            self._open.remove(take)
            self._seconds_heard += take.recording.seconds

    def _finish_open(self) -> None:
        with self.lock:
            for take in self._open:
                take.finish()

    def takes(self) -> Iterator[Take]:
        """Yield the recordings as they begin, until the talk ends; for its thread."""
        while (take := self._queue.get()) is not None:
            yield take


class Talks:
    """Gives every talk its place, and hears it."""

    def __init__(
        self,
        runner: Runner,
        transcribers: Transcribers,
        *,
        interim_seconds: float,
        max_seconds: float,
        privacy: PrivacySettings | None = None,
    ) -> None:
        """``interim_seconds`` lie at least between two looks at an utterance that is still open."""
        self._runner, self._transcribers = runner, transcribers
        self._interim_seconds, self._max_seconds = interim_seconds, max_seconds
        self._privacy = privacy or PrivacySettings()

    def open(self, then: Callable[[], None]) -> Talk:
        """Begin a talk; ``then`` is called in its thread once it is over.

        Raises ``BusyError`` when nobody else can talk now, and ``StoppingError`` once the process
        is about to end.
        """
        self._runner.require_open()
        talk = Talk(live_turn(self._runner), self._max_seconds)
        self._runner.start(talk, partial(self.run, talk), talk.turn, then)
        return talk

    def run(self, talk: Talk) -> None:
        """Hear it here and now; raises ``Cancelled`` when nobody wants it any more."""
        talk.enter(State.RUNNING)
        for take in talk.takes():
            try:
                self._hear(talk, take)
            except Cancelled:
                talk.require_wanted()
            except RichSpeechError as error:
                take.tell(Failed(error))
            finally:
                talk.close(take)
        talk.require_wanted()

    def _hear(self, talk: Talk, take: Take) -> None:
        asked, privacy = take.request, self._privacy
        masks = masks_for_caller(privacy)
        with self._transcribers.use(
            asked.engine,
            talk.stop.is_set,
            reads=asked.sentiment,
            rules=asked.rules,
            adapter=asked.adapter,
            cascade=asked.cascade,
        ) as loaded:
            if loaded.sketcher is None:
                raise _whole(loaded.engine)
            live = LiveTranscription(
                loaded.transcriber, loaded.sketcher, interim_seconds=self._interim_seconds
            )
            for event in live.events(take.recording, asked.options, take.dropped.is_set):
                if isinstance(event, Finished):
                    self._runner.observer.heard_live(event.progress.transcript)
                take.tell(masked_event(event, privacy) if masks else event)


def require_live(request: TranscriptionRequest) -> None:
    """Raise ``OptionError`` for an engine that takes recordings whole, or does not know a language.

    A request that names no engine is not looked at: the main one is known once it is there.
    """
    if request.engine is None:
        return
    engine = engine_named(request.engine)
    if not engine.can(Capability.LIVE):
        raise _whole(engine.name)
    engine.require_languages(request.options)


def _whole(engine: str) -> OptionError:
    return OptionError("live.whole", engine=engine, known=engines_for(Capability.LIVE))
