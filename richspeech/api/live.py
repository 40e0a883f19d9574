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

With ``phone_page`` in ``begin`` the sound comes from a phone: see ``phone.py``.

All of ``begin`` but its type may be left out. Segments are those of docs/transcript.md. When the
connection ends without a stop, the recording ends as well, and nothing of it is lost.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated, Any, Literal, NamedTuple, Protocol

from fastapi import WebSocket, WebSocketDisconnect, status
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from starlette.routing import WebSocketRoute
from starlette.types import Message

from richspeech.api.conversation import Idle, Outbox, until_read
from richspeech.api.middleware.visitors import visitor_of
from richspeech.api.phone import Phones
from richspeech.audio.mono import SAMPLE_RATE
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
from richspeech.recognition.live import Event, Final, Interim, LiveTranscription
from richspeech.settings import LiveSettings

log = logging.getLogger(__name__)

Say = Callable[[RichSpeechError | None], str]
WithStages = Callable[[Loaded], Loaded]

PATH = "/live"


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
    phone_page: Annotated[str, Field(max_length=500)] | None = None
    """Address of the page beside which a phone is to find its own; None without a phone."""
    options: dict[str, Any] = {}
    """Fields of ``Options``; what is left out is as config.yaml says."""


def live_route(
    windows: Windows,
    sessions: LiveSessions,
    readiness: Readiness,
    defaults: Options,
    settings: LiveSettings,
    with_stages: WithStages = lambda loaded: loaded,
    phones: Phones | None = None,
) -> WebSocketRoute:
    """Make the route; ``phones`` are those that may come, by default to nobody else.

    ``with_stages`` gives the engine that was loaded the stages through which segments go.

    It stands behind the middleware, which knows who asks and refuses other sites.
    """
    phones = phones or Phones(settings.phone_seconds)
    live = _Live(windows, sessions, readiness, defaults, settings, with_stages, phones)
    return WebSocketRoute(PATH, live.serve)


class _Source(NamedTuple):
    """Where the sound of a session comes from."""

    receive: Callable[[], Awaitable[Message]]
    """Gives the next message, as a socket does: sound, or what ends it."""
    pcm: PcmStream


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
        phones: Phones,
    ) -> None:
        self._phones = phones
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
            async with self._source(websocket, begin, pcm, visitor) as source:
                session = self._windows.open(begin.window, visitor, options)
                idle = Idle(self._settings.idle_seconds)
                conversation = _Conversation(websocket, session, source, say, idle)
                await conversation.run(self._sessions, live)
        except RichSpeechError as error:
            await websocket.send_json(_refusal(error, say(error)))

    @asynccontextmanager
    async def _source(
        self, websocket: WebSocket, begin: Begin, pcm: PcmStream, visitor: str
    ) -> AsyncIterator[_Source]:
        """Give what is listened to: the socket itself, or a phone once it has come."""
        if begin.phone_page is None:
            yield _Source(websocket.receive, pcm)
            return
        expected = self._phones.expected(websocket, begin.phone_page, visitor)
        async with expected as (handset, phone_pcm):
            yield _Source(handset.receive, phone_pcm)

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
        self, websocket: WebSocket, session: LiveSession, source: _Source, say: Say, idle: Idle
    ) -> None:
        self._websocket, self._session, self._recording = websocket, session, session.recording
        self._source, self._pcm, self._say, self._idle = source, source.pcm, say, idle
        self._outbox = Outbox()

    async def run(self, sessions: LiveSessions, live: LiveTranscription) -> None:
        """Lead it to its end; what was heard goes to its place, whatever becomes of the socket."""
        sessions.start(self._session, live, self._tell, self._end)
        await self._websocket.send_json({"type": "ready"})
        listening = asyncio.create_task(self._listen())
        try:
            await self._outbox.deliver(self._websocket)
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
                await until_read(lambda: self._recording.backlog_seconds)
            self._recording.feed(self._pcm.finish())
        except TimeoutError:
            log.info("no sound came over a live connection for %g s", self._idle.seconds)
        except RichSpeechError as error:
            self._outbox.put(_refusal(error, self._say(error)))
        finally:
            self._recording.finish()

    async def _listened(self) -> bool:
        """Take one message; False when it was the last."""
        message = await self._idle.wait_for(self._source.receive())
        if sound := message.get("bytes"):
            self._recording.feed(self._pcm.feed(sound))
            self._idle.count(len(sound) / self._pcm.bytes_per_second)
        return message["type"] == "websocket.receive" and message.get("text") is None

    def _tell(self, event: Event) -> None:
        """Pass on what is heard; runs in the job's thread, as what follows."""
        if isinstance(event, Interim | Final):
            self._outbox.put(_message(event))

    def _end(self) -> None:
        if (error := self._session.error) is not None:
            self._outbox.put(_refusal(error, self._say(error)))
        self._outbox.put({"type": "finished", "duration": self._recording.seconds})
        self._outbox.close()


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


def _message(event: Interim | Final) -> dict[str, Any]:
    return {
        "type": "interim" if isinstance(event, Interim) else "final",
        "segment": plain(event.segment),
        "latency_seconds": round(event.latency_seconds, 3),
    }


def _refusal(error: RichSpeechError, sentence: str) -> dict[str, Any]:
    return {"type": "error", "code": error.code, "message": sentence}
