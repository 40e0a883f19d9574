"""One connection of the realtime protocol: what comes in, and what goes out."""

import asyncio
import base64
import binascii
import json
import logging
from typing import Any

from fastapi import WebSocket

from richspeech.api.conversation import Idle, Outbox, until_read
from richspeech.api.openai.errors import ParameterError, body_of, locale_of
from richspeech.api.realtime.items import BUFFER, Committed, Items, Translator, Utterances, new_id
from richspeech.api.realtime.messages import Append, Clear, Commit, Update, read
from richspeech.api.realtime.session import Session, Sessions
from richspeech.audio.mono import SAMPLE_RATE
from richspeech.audio.pcm import PcmStream
from richspeech.errors import (
    AudioError,
    Cancelled,
    OptionError,
    RichSpeechError,
    StoppingError,
    UnexpectedError,
)
from richspeech.jobs.talk import Failed, Take, Talks
from richspeech.recognition.live import Event

log = logging.getLogger(__name__)

SUBPROTOCOL = "realtime"
SHORTEST_SECONDS = 0.1
"""Of what may be committed, as OpenAI has it."""
PIECE_SECONDS = 1.0
"""Sound is passed on in such pieces, however much comes at once."""


class Over(Exception):  # noqa: N818 - no fault
    """The connection takes nothing more, for the reason that is its cause."""


class IdleError(OptionError):
    """Nothing was heard for too long."""

    code = "idle"


class Buffer:
    """One recording that is going on, on its way from the wire to the talk."""

    def __init__(self, session: Session, translator: Translator, take: Take) -> None:
        self.pcm: PcmStream = session.sound()
        self.translator, self.take = translator, take
        self.seconds = 0.0

    def feed(self, frame: bytes) -> None:
        """Take samples as they came; raises ``AudioError``, and ``Over`` when it is too long."""
        samples = self.pcm.feed(frame)
        try:
            self.take.recording.feed(samples)
        except AudioError as error:
            raise Over from error
        self.seconds += len(samples) / SAMPLE_RATE

    def finish(self) -> None:
        """End it, and have it heard."""
        samples = self.pcm.finish()
        self.seconds += len(samples) / SAMPLE_RATE
        try:
            self.take.recording.feed(samples)
        except AudioError:
            log.info("the last milliseconds of a recording are over its limit")
        self.take.finish()


class Connection:
    """Leads one conversation; the event loop's alone but for what is said so."""

    def __init__(
        self,
        websocket: WebSocket,
        talks: Talks,
        sessions: Sessions,
        idle_seconds: float,
    ) -> None:
        """Raise ``BusyError`` and ``StoppingError`` as ``Talks.open``, and ``ParameterError``."""
        self._websocket, self._sessions = websocket, sessions
        self._locale = locale_of(websocket)
        model = websocket.query_params.get("model")
        self._session = sessions.begin(new_id("sess"), model)
        self._outbox, self._idle = Outbox(), Idle(idle_seconds)
        self._items = Items(self._say, self._locale)
        self._buffer: Buffer | None = None
        self._seconds = 0.0
        """Of all sound before the buffer."""
        self._is_gone = self._is_over = False
        """Whether the client has left; whether nothing more is taken."""
        self._talk = talks.open(lambda: self._outbox.call(self._end))

    async def run(self) -> None:
        """Lead it to its end; raises what tells that nobody reads any more."""
        listening = None
        try:
            offered = self._websocket.scope.get("subprotocols", ())
            await self._websocket.accept(SUBPROTOCOL if SUBPROTOCOL in offered else None)
            self._say("session.created", session=self._session.to_dict())
            listening = asyncio.create_task(self._listen())
            await self._outbox.deliver(self._websocket)
            if not self._is_gone:
                await self._websocket.close()
        finally:
            self._talk.cancel()
            if listening is not None:
                listening.cancel()

    # What comes in --------------------------------------------------------------------------------

    async def _listen(self) -> None:
        """Take messages until the last one; then have all be heard that is not yet."""
        try:
            while message := await self._received():
                await self._heed(message)
                await self._outbox.until_sent()
        except TimeoutError:
            self._refuse(IdleError("realtime.idle", seconds=self._idle.seconds))
        except Over as over:
            if isinstance(over.__cause__, RichSpeechError):
                self._refuse(over.__cause__)
        except Exception:  # whoever talks gets a sentence, the log gets the rest
            log.exception("a realtime connection failed")
            self._refuse(UnexpectedError())
        self._is_over = True
        if not self._is_gone:
            self._finish()
            self._talk.hang_up()
            await self._until_gone()
        self._talk.cancel()

    async def _until_gone(self) -> None:
        """Wait until the client goes; what else comes is left alone."""
        while not self._is_gone:
            message = await self._websocket.receive()
            self._is_gone = message["type"] == "websocket.disconnect"

    async def _received(self) -> dict[str, Any] | None:
        """Wait for a message; None once the client has gone. Raises ``TimeoutError``."""
        message = await self._idle.wait_for(self._websocket.receive())
        self._is_gone = message["type"] == "websocket.disconnect"
        return None if self._is_gone else dict(message)

    async def _heed(self, message: dict[str, Any]) -> None:
        """Do what a message wants; what is wrong with it is answered, and ends nothing else."""
        event_id = None
        try:
            document = _document(message.get("text"))
            event_id = document.get("event_id")
            match read(document):
                case Update(session=update):
                    self._update(update)
                case Append(audio=audio):
                    await self._append(audio)
                case Commit():
                    self._commit()
                case Clear():
                    self._clear()
        except RichSpeechError as error:
            self._refuse(error, event_id if isinstance(event_id, str) else None)

    def _update(self, update: dict[str, Any]) -> None:
        before = self._session
        self._session = self._sessions.updated(before, update)
        if self._session != before:  # what comes from now on is another recording
            self._finish()
        self._say("session.updated", session=self._session.to_dict())

    async def _append(self, audio: str) -> None:
        try:
            sound = base64.b64decode(audio, validate=True)
        except (binascii.Error, ValueError) as error:
            raise ParameterError("realtime.base64", "audio") from error
        buffer = self._buffer or self._begin()
        buffer.pcm.require_whole(sound)
        size = round(PIECE_SECONDS * buffer.pcm.bytes_per_second)
        before = buffer.seconds
        for start in range(0, len(sound), size):
            buffer.feed(sound[start : start + size])
            await until_read(lambda: self._talk.backlog_seconds)
        self._idle.count(buffer.seconds - before)

    def _commit(self) -> None:
        buffer = self._buffer
        if buffer is None or buffer.seconds < SHORTEST_SECONDS:
            seconds = buffer.seconds if buffer else 0.0
            raise OptionError("realtime.empty", ms=1_000 * seconds, least=1_000 * SHORTEST_SECONDS)
        self._finish()

    def _clear(self) -> None:
        if self._buffer is not None:
            self._buffer.take.drop()
            self._leave(self._buffer)
        self._say(f"{BUFFER}.cleared")

    def _begin(self) -> Buffer:
        kind = Committed if self._session.is_manual else Utterances
        translator = kind(self._items, self._seconds, self._session.logprobs)

        def tell(event: Event | Failed) -> None:
            """Pass on what is heard; runs in the talk's thread."""
            if not take.dropped.is_set():
                self._outbox.call(self._told, take, translator, event)

        take = self._talk.begin(self._session.request, tell)
        self._buffer = Buffer(self._session, translator, take)
        return self._buffer

    def _finish(self) -> None:
        """End the recording; what came of it is an item, or several."""
        if (buffer := self._buffer) is not None:
            buffer.translator.commit()
            buffer.finish()
            self._leave(buffer)

    def _leave(self, buffer: Buffer) -> None:
        self._seconds += buffer.seconds
        self._buffer = None

    # What goes out --------------------------------------------------------------------------------

    @staticmethod
    def _told(take: Take, translator: Translator, event: Event | Failed) -> None:
        if not take.dropped.is_set():
            translator.take(event)

    def _say(self, kind: str, **fields: Any) -> None:
        self._outbox.put({"type": kind, "event_id": new_id("event"), **fields})

    def _refuse(self, error: RichSpeechError, event_id: str | None = None) -> None:
        self._say("error", error={**body_of(error, self._locale)["error"], "event_id": event_id})

    def _end(self) -> None:
        """Say why the talk is over, if that is not as it was meant, and that nothing more comes."""
        if self._talk.error is not None and not isinstance(self._talk.error, Cancelled):
            self._refuse(self._talk.error)
        elif not self._is_over:  # nobody here has ended it, so the process ends
            self._refuse(StoppingError())
        self._outbox.close()


def _document(text: str | None) -> dict[str, Any]:
    """Read JSON; raises ``OptionError`` for what is none."""
    try:
        document = json.loads(text or "")
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise OptionError("realtime.json")
    return document
