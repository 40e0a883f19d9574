"""One connection of funasr's protocol: recordings one after the other, each as its client wants."""

import asyncio
import logging
from contextlib import AsyncExitStack
from typing import Any

from fastapi import WebSocket

from richspeech.api.conversation import Idle, Outbox
from richspeech.api.funasr.hearing import Answers, Live, Spool
from richspeech.api.funasr.messages import Start, acknowledgement, failure, heard, read
from richspeech.api.multipart import request_folder
from richspeech.api.openai.errors import locale_of
from richspeech.audio.pcm import PcmStream
from richspeech.engines.registry import engine_named
from richspeech.errors import (
    AudioError,
    Cancelled,
    OptionError,
    RichSpeechError,
    StoppingError,
    UnexpectedError,
    UnwritableError,
)
from richspeech.jobs.batch.sources import safe_name
from richspeech.jobs.talk import Failed, Talk
from richspeech.jobs.transcribe import Transcription
from richspeech.language.catalog import Notice
from richspeech.model.request import TranscriptionRequest
from richspeech.recognition.live import Event
from richspeech.service import Service
from richspeech.storage.quota import Quota

log = logging.getLogger(__name__)

SUBPROTOCOL = "binary"


class Gone(Exception):  # noqa: N818 - no fault
    """The client has left."""


class Connection:
    """Leads one conversation."""

    def __init__(self, websocket: WebSocket, service: Service, quota: Quota) -> None:
        self._websocket, self._service, self._quota = websocket, service, quota
        self._locale, self._outbox = locale_of(websocket), Outbox()
        self._idle = Idle(service.settings.live.idle_seconds)
        self._start = Start()
        self._recording: Live | Spool | None = None
        self._talk: Talk | None = None
        self._folders = AsyncExitStack()
        """Of the recording, while it is on the disk."""
        self._receiving: asyncio.Future[Any] | None = None
        self._is_gone = False

    async def run(self) -> None:
        """Lead it to its end; raises what tells that nobody reads any more."""
        listening = None
        try:
            offered = self._websocket.scope.get("subprotocols", ())
            await self._websocket.accept(SUBPROTOCOL if SUBPROTOCOL in offered else None)
            listening = asyncio.create_task(self._listen())
            await self._outbox.deliver(self._websocket)
            if not self._is_gone:
                await self._websocket.close()
        finally:
            if self._talk is not None:
                self._talk.cancel()
            for task in (listening, self._receiving):
                if task is not None:
                    task.cancel()
            await self._folders.aclose()

    async def _listen(self) -> None:
        """Take messages until the last one."""
        try:
            while True:
                await self._heed(await self._message())
                await self._outbox.until_sent()
        except Gone:
            self._is_gone = True
            self._outbox.close()
        except TimeoutError:
            self._fail(OptionError("realtime.idle", seconds=self._idle.seconds))
        except RichSpeechError as error:
            self._fail(error)
        except OSError:
            self._fail(UnwritableError())
        except Exception:  # whoever talks gets a sentence, the log gets the rest
            log.exception("a connection of funasr's protocol failed")
            self._fail(UnexpectedError())

    async def _message(self) -> dict[str, Any]:
        """Wait for a message; raises ``TimeoutError``, and ``Gone`` when there will be none."""
        if self._receiving is None:
            self._receiving = asyncio.ensure_future(self._websocket.receive())
        message: dict[str, Any] = await self._idle.wait_for(asyncio.shield(self._receiving))
        self._receiving = None
        if message["type"] == "websocket.disconnect":
            raise Gone
        return message

    async def _heed(self, message: dict[str, Any]) -> None:
        if sound := message.get("bytes"):
            if self._recording is None:
                raise OptionError("funasr.no_start")
            self._idle.count(await self._recording.feed(sound))
            return
        asked = read(message.get("text") or "{}")
        if asked.is_speaking and self._recording is None:
            await self._begin(asked)
        elif not asked.is_speaking and self._recording is not None:
            await self._finish(self._recording, acknowledges=asked.is_end)

    async def _begin(self, start: Start) -> None:
        engine = engine_named(self._service.transcribers.engines[0])
        options = start.options(self._service.defaults, engine.languages)
        request, self._start = TranscriptionRequest(options, engine.name), start
        if start.mode == "offline":
            if start.is_pcm:
                PcmStream(start.audio_fs)  # refuses what no sound card has
            folder = await self._folders.enter_async_context(request_folder(self._quota))
            most = self._service.limits.max_bytes
            self._recording = Spool(start, request, folder, self._quota, most)
            return
        if not start.is_pcm:
            raise AudioError("funasr.file", form=start.wav_format, mode=start.mode)
        if self._talk is None:
            self._talk = self._service.talks.open(lambda: self._outbox.call(self._end))
        answers = Answers(start, self._outbox.put, self._fail)

        def tell(event: Event | Failed) -> None:
            """Pass on what is heard; runs in the talk's thread."""
            self._outbox.call(answers.take, event)

        take = self._talk.begin(request, tell)
        self._recording = Live(self._talk, take, answers, PcmStream(start.audio_fs))

    async def _finish(self, recording: Live | Spool, *, acknowledges: bool) -> None:
        if isinstance(recording, Live):
            recording.finish(acknowledges=acknowledges)
        else:
            recording.finish()
            await self._transcribe(recording)
            if acknowledges:
                self._outbox.put(acknowledgement(recording.start))
        self._recording = None

    async def _transcribe(self, spool: Spool) -> None:
        """Have a file heard as long as its client waits; then delete it."""
        job = Transcription(spool.path, spool.request, title=safe_name(spool.start.wav_name))
        self._service.transcriptions.submit(job)
        heard_to_end = asyncio.ensure_future(job.attend())
        if self._receiving is None:
            self._receiving = asyncio.ensure_future(self._websocket.receive())
        try:
            while not heard_to_end.done():
                await asyncio.wait(
                    {heard_to_end, self._receiving}, return_when=asyncio.FIRST_COMPLETED
                )
                if self._receiving.done():
                    break
            if not heard_to_end.done() and self._receiving.result()["type"].endswith("disconnect"):
                raise Gone
            await heard_to_end
        finally:
            heard_to_end.cancel()
            await self._folders.aclose()
        assert job.transcript is not None  # noqa: S101 - it is finished
        whole = job.transcript
        self._outbox.put(heard(spool.start, whole.text, whole.segments, last=True))

    def _fail(self, error: RichSpeechError) -> None:
        sentence = Notice.of(error).sentence(self._locale)
        self._outbox.put(failure(self._start, error.code, sentence))
        self._outbox.close()

    def _end(self) -> None:
        """Say why the talk is over: the process ends, or something has failed in it."""
        error = self._talk.error if self._talk else None
        if error is not None and not isinstance(error, Cancelled):
            self._fail(error)
        elif not self._is_gone:
            self._fail(StoppingError())
        self._outbox.close()
