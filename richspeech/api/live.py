"""The WebSocket /live: sound comes in, text goes out while it is spoken.

    → {"type": "begin", "window": "…", "sample_rate": 48000, "options": {"language": "zh"}}
    ← {"type": "loading"}                                 only while the model is not there yet
    ← {"type": "ready"}                                   now sound may come
    → 16-bit little-endian mono samples, binary, a fraction of a second a frame
    ← {"type": "interim", "segment": {…}, "latency_seconds": 0.21}    replaces the one before
    ← {"type": "final", "segment": {…}, "latency_seconds": 0.95}
    → {"type": "stop"}
    ← {"type": "finished", "duration": 12.3}
    ← {"type": "error", "code": "audio", "message": "…"}  one sentence; the end comes after it

All of ``begin`` but its type may be left out. Segments are those of docs/transcript.md. When the
connection ends without a stop, the recording ends as well, and nothing of it is lost.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Annotated, Any, Literal, Protocol, TypeVar

from fastapi import WebSocket, WebSocketDisconnect, status
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from starlette.routing import WebSocketRoute

from richspeech.api.middleware.visitors import visitor_of
from richspeech.audio.decode import SAMPLE_RATE
from richspeech.audio.pcm import PcmStream
from richspeech.engines.loader import Loaded
from richspeech.engines.readiness import Readiness, State
from richspeech.engines.registry import engine_named, engines_for
from richspeech.errors import ModelError, OptionError, RichSpeechError
from richspeech.jobs.live import LiveSession, LiveSessions
from richspeech.language.catalog import Notice
from richspeech.model.capability import Capability
from richspeech.model.options import Options
from richspeech.model.transcript import plain
from richspeech.model.validation import why_refused
from richspeech.polling import WAITING_POLL_SECONDS
from richspeech.recognition.live import Event, Finished, Interim, LiveTranscription
from richspeech.settings import LiveSettings

log = logging.getLogger(__name__)

Say = Callable[[RichSpeechError | None], str]
Received = TypeVar("Received")
WithStages = Callable[[Loaded], Loaded]

PATH = "/live"
SECONDS_THAT_COUNT = 1.0
"""Who talks sends so much sound and more in any time; less keeps no place."""
MOST_BACKLOG_SECONDS = 10.0
"""More is not taken from the wire before some of it was read: memory stays bounded."""


class Windows(Protocol):
    """Knows the windows in which live sessions begin."""

    def open(self, window: str, visitor: str, options: Options) -> LiveSession:
        """Give a window's recording its place; raises ``OptionError`` when it can have none."""

    def sentence(self, window: str, visitor: str, error: RichSpeechError | None) -> str:
        """Say what went wrong, in the window's language; None is what nobody expected."""


class Begin(BaseModel):
    """The first message."""

    type: Literal["begin"]
    window: Annotated[str, Field(default_factory=lambda: secrets.token_hex(16), max_length=64)]
    """The key of a browser window, to which the recording goes in the end."""
    sample_rate: int = SAMPLE_RATE
    """Hz."""
    options: dict[str, Any] = {}
    """Fields of ``Options``; what is left out is as config.yaml says."""


def live_route(
    windows: Windows,
    sessions: LiveSessions,
    readiness: Readiness,
    defaults: Options,
    settings: LiveSettings,
    with_stages: WithStages = lambda loaded: loaded,
) -> WebSocketRoute:
    """Make the route.

    ``with_stages`` gives the engine that was loaded the stages through which segments go.

    It stands behind the middleware, which knows who asks and refuses other sites.
    """
    return WebSocketRoute(
        PATH, _Live(windows, sessions, readiness, defaults, settings, with_stages).serve
    )


class _Live:
    """What all conversations share."""

    def __init__(
        self,
        windows: Windows,
        sessions: LiveSessions,
        readiness: Readiness,
        defaults: Options,
        settings: LiveSettings,
        with_stages: WithStages,
    ) -> None:
        self._windows, self._sessions, self._with_stages = windows, sessions, with_stages
        self._readiness, self._defaults, self._settings = readiness, defaults, settings

    async def serve(self, websocket: WebSocket) -> None:
        """Lead one conversation, from its first message to the end."""
        await websocket.accept()
        try:
            await self._converse(websocket)
            await websocket.close()
        except WebSocketDisconnect as error:
            log.info("a live connection was lost (%s)", error.code)

    async def _converse(self, websocket: WebSocket) -> None:
        say: Say = str
        visitor = visitor_of(websocket).key
        try:
            begin = await _read_begin(websocket, self._settings.idle_seconds)
            say = partial(self._windows.sentence, begin.window, visitor)
            options, pcm = _options(self._defaults, begin.options), PcmStream(begin.sample_rate)
            loaded = await self._loaded(websocket)
            engine_named(loaded.engine).require_languages(options)
            live = self._transcription(loaded)
            session = self._windows.open(begin.window, visitor, options)
        except RichSpeechError as error:
            await websocket.send_json(_refusal(error, say(error)))
            return
        idle = _Idle(self._settings.idle_seconds, begin.sample_rate)
        conversation = _Conversation(websocket, session, pcm, say, idle)
        await conversation.run(self._sessions, live)

    async def _loaded(self, websocket: WebSocket) -> Loaded:
        if self._readiness.state is State.LOADING:
            await websocket.send_json({"type": "loading"})
            await self._readiness.settled()
        loaded = self._readiness.loaded
        if loaded is None:
            error = self._readiness.error
            why = Notice.of(error) if isinstance(error, RichSpeechError) else str(error)
            raise ModelError("live.no_model", why=why)
        return self._with_stages(loaded)

    def _transcription(self, loaded: Loaded) -> LiveTranscription:
        if loaded.sketcher is None:
            able = engines_for(Capability.LIVE)
            raise OptionError("live.whole", engine=loaded.engine, known=able)
        return LiveTranscription(
            loaded.transcriber, loaded.sketcher, interim_seconds=self._settings.interim_seconds
        )


class _Conversation:
    """One recording: the socket's coroutines feed it, a job of its own transcribes it."""

    def __init__(
        self, websocket: WebSocket, session: LiveSession, pcm: PcmStream, say: Say, idle: "_Idle"
    ) -> None:
        self._websocket, self._session, self._recording = websocket, session, session.recording
        self._pcm, self._say, self._idle = pcm, say, idle
        self._loop = asyncio.get_running_loop()
        self._messages: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()

    async def run(self, sessions: LiveSessions, live: LiveTranscription) -> None:
        """Lead it to its end; what was heard goes to its place, whatever becomes of the socket."""
        sessions.start(self._session, live, lambda event: self._post(_message(event)), self._end)
        await self._websocket.send_json({"type": "ready"})
        listening = asyncio.create_task(self._listen())
        try:
            while (message := await self._messages.get()) is not None:
                await self._websocket.send_json(message)
        except WebSocketDisconnect:
            await listening  # nobody reads any more, but what was said may still be on its way
            raise
        finally:
            self._recording.finish()
            listening.cancel()

    async def _listen(self) -> None:
        """Feed the recording until it is stopped, left, silent or too long; then end it."""
        try:
            while not self._session.stop.is_set() and await self._listened():
                while self._recording.backlog_seconds > MOST_BACKLOG_SECONDS:
                    await asyncio.sleep(WAITING_POLL_SECONDS)
            self._recording.feed(self._pcm.finish())
        except TimeoutError:
            log.info("no sound came over a live connection for %g s", self._idle.seconds)
        except RichSpeechError as error:
            self._messages.put_nowait(_refusal(error, self._say(error)))
        finally:
            self._recording.finish()

    async def _listened(self) -> bool:
        """Take one message; False when it was the last."""
        message = await self._idle.wait_for(self._websocket.receive())
        if sound := message.get("bytes"):
            self._recording.feed(self._pcm.feed(sound))
            self._idle.count(sound)
        return message["type"] == "websocket.receive" and message.get("text") is None

    def _end(self) -> None:
        """Say how it ended; runs in the job's thread."""
        if (error := self._session.error) is not None:
            self._post(_refusal(error, self._say(error)))
        self._post({"type": "finished", "duration": self._recording.seconds})
        self._post(None)

    def _post(self, message: dict[str, Any] | None) -> None:
        with suppress(RuntimeError):  # the server has ended meanwhile
            self._loop.call_soon_threadsafe(self._messages.put_nowait, message)


class _Idle:
    """How long somebody has kept a place without using it.

    A microphone sends silence, too. Only what is waited for here counts, not the time in which the
    model is busy with what came; frames with next to no sound in them end nothing.
    """

    def __init__(self, seconds: float, sample_rate: int) -> None:
        self.seconds, self._sample_rate = seconds, sample_rate
        self._waited = self._received = 0.0
        """Seconds since so much sound came as counts, and the sound since."""

    async def wait_for(self, message: Awaitable[Received]) -> Received:
        """Wait for a message; raises ``TimeoutError`` when there was no sound for too long."""
        began = time.monotonic()
        arrived = await asyncio.wait_for(message, max(self.seconds - self._waited, 0.0))
        self._waited += time.monotonic() - began
        return arrived

    def count(self, sound: bytes) -> None:
        """Take 16-bit samples."""
        self._received += len(sound) / 2 / self._sample_rate
        if self._received >= SECONDS_THAT_COUNT:
            self._waited = self._received = 0.0


async def _read_begin(websocket: WebSocket, seconds: float) -> Begin:
    try:
        message = await asyncio.wait_for(websocket.receive(), seconds)
    except TimeoutError:
        message = {}
    if message.get("type") == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", status.WS_1000_NORMAL_CLOSURE))
    try:
        return Begin.model_validate_json(message.get("text") or "{}")
    except ValidationError as error:
        raise OptionError("live.message", why=why_refused(error)) from error


def _options(defaults: Options, asked: dict[str, Any]) -> Options:
    if unknown := asked.keys() - plain(defaults).keys():
        raise OptionError("live.option", name=min(unknown)[:40])
    try:
        return TypeAdapter(Options).validate_python({**plain(defaults), **asked})
    except ValidationError as error:
        raise OptionError("live.options", why=why_refused(error)) from error


def _message(event: Event) -> dict[str, Any]:
    if isinstance(event, Finished):
        return {"type": "finished", "duration": event.progress.seconds_done}
    return {
        "type": "interim" if isinstance(event, Interim) else "final",
        "segment": plain(event.segment),
        "latency_seconds": round(event.latency_seconds, 3),
    }


def _refusal(error: RichSpeechError, sentence: str) -> dict[str, Any]:
    return {"type": "error", "code": error.code, "message": sentence}
