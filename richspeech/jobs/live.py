"""Live sessions: transcribed while they are recorded, and as a recording in the end."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from richspeech.errors import BusyError
from richspeech.jobs.job import Job, Kind
from richspeech.jobs.masked import masked_event, masks_for_caller
from richspeech.jobs.runner import Runner
from richspeech.jobs.waiting import Turn
from richspeech.model.job_state import State
from richspeech.model.options import Options
from richspeech.model.request import TranscriptionRequest
from richspeech.recognition.live import Event, Finished, LiveTranscription
from richspeech.recognition.live_recording import LiveRecording
from richspeech.recognition.pipeline import Progress
from richspeech.settings import PrivacySettings


@dataclass(eq=False)
class LiveSession(Job):
    """One recording that is going on."""

    kind: ClassVar[Kind] = Kind.LIVE

    recording: LiveRecording
    path: Path
    """The file of the recording."""
    request: TranscriptionRequest
    end: Callable[[Progress | None], None]
    """Takes what was heard; None when that failed and only the recording is there."""
    turn: Turn
    """The place that it takes."""

    @property
    def name(self) -> str:
        """Name of the recording."""
        return self.path.name

    def wind_up(self) -> None:
        """End the recording: what was said so far is heard to its end and kept."""
        self.cancel()

    @property
    def held_files(self) -> tuple[Path, ...]:
        """Its recording."""
        return (self.path,)

    @property
    def seconds(self) -> tuple[float, float | None]:
        """Seconds that were said so far."""
        return self.recording.seconds, None

    def request_fields(self) -> dict[str, Any]:
        """Return what was asked for."""
        return self.request.to_dict()


def live_turn(runner: Runner) -> Turn:
    """Take a place among those who talk; raises ``BusyError`` when there is none."""
    places = runner.places(Kind.LIVE)
    try:
        return places.ask(waits=False)
    except BusyError as error:
        raise BusyError("live.full", count=places.at_once) from error


class LiveSessions:
    """Gives every live session its place, and transcribes it."""

    def __init__(
        self, runner: Runner, max_seconds: float, privacy: PrivacySettings | None = None
    ) -> None:
        """``max_seconds`` is the longest recording."""
        self._runner, self._max_seconds = runner, max_seconds
        self._privacy = privacy or PrivacySettings()

    def open(
        self, path: Path, options: Options, end: Callable[[Progress | None], None]
    ) -> LiveSession:
        """Begin a recording in a file; raises ``BusyError`` when nobody else can talk now."""
        turn = live_turn(self._runner)
        with turn.unless_it_fails():
            recording = LiveRecording(path, self._max_seconds)
        session = LiveSession(recording, path, TranscriptionRequest(options), end, turn)
        session.enter(State.RUNNING)
        return session

    def start(
        self,
        session: LiveSession,
        live: LiveTranscription,
        tell: Callable[[Event], None],
        then: Callable[[], None],
    ) -> None:
        """Transcribe a session and ``tell`` its events; ``then`` is called once the job is over."""
        self._runner.start(session, partial(self.run, session, live, tell), session.turn, then)

    def run(
        self, session: LiveSession, live: LiveTranscription, tell: Callable[[Event], None]
    ) -> None:
        """Transcribe it here and now; the result goes on to its place, whatever goes wrong."""
        progress, privacy = None, self._privacy
        masks = masks_for_caller(privacy)
        try:
            for event in live.events(session.recording, session.request.options):
                if isinstance(event, Finished):
                    progress = event.progress
                    self._runner.observer.heard_live(progress.transcript)
                else:
                    tell(masked_event(event, privacy) if masks else event)
        finally:
            session.recording.finish()
            session.end(progress)
