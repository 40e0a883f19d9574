"""Wyoming, the protocol of Home Assistant: sound in, text out, over a socket of its own.

    → describe                                    ← info
    → transcribe {language?, name?}
    → audio-start, audio-chunk …                  ← transcript-start, transcript-chunk …
    → audio-stop                                  ← transcript, transcript-stop
    → ping                                        ← pong
                                                  ← error {text, code}

An utterance is told as soon as it is over. ``transcript`` has the whole text, its language and,
as an extra key, ``segments`` as in docs/transcript.md, without tokens. Several recordings may
follow each other. The protocol knows no login, so who may reach the port may talk; what is said is
heard as every live session is, and nothing of it is kept.

Not covered: wake words and answers, and interim text, for which the protocol has no event.

Source: https://github.com/rhasspy/wyoming
"""

import asyncio
import logging
import socket
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from wyoming.asr import Transcribe, Transcript, TranscriptChunk, TranscriptStart, TranscriptStop
from wyoming.audio import AudioChunk, AudioChunkConverter, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event, Eventable, async_read_event, async_write_event
from wyoming.info import AsrModel, AsrProgram, Attribution, Describe, Info
from wyoming.ping import Ping, Pong

from postprocess import join_texts
from richspeech.access.principal import ANYBODY
from richspeech.api.conversation import Idle, until_read
from richspeech.audio.mono import SAMPLE_RATE
from richspeech.audio.pcm import PcmStream
from richspeech.engines.registry import engine_named
from richspeech.errors import AudioError, BusyError, OptionError, RichSpeechError, UnexpectedError
from richspeech.jobs.talk import Failed, Take, Talk
from richspeech.model.capability import Capability
from richspeech.model.languages import closest_language
from richspeech.model.options import HOTWORD_LETTERS, MOST_HOTWORDS, language_hint
from richspeech.model.request import TranscriptionRequest
from richspeech.model.transcript import Segment, plain
from richspeech.model.transcript import Transcript as Heard
from richspeech.operations.caller import know, request_id_of
from richspeech.recognition.live import Event as LiveEvent
from richspeech.recognition.live import Final, Finished
from richspeech.service import Service
from richspeech.settings import WyomingSettings

log = logging.getLogger(__name__)

MOST_BYTES = 2**20
"""Of what comes at once: half a minute of the usual sound."""
MOST_LINE_BYTES = 2**16
WIDTHS, CHANNELS = (1, 2, 4), (1, 2)
"""What the library turns into 16 bits, mono."""
PROGRAM, HOME = "richspeech", "https://github.com/FunAudioLLM/SenseVoice"
UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, RecursionError, EOFError, OSError)
"""What the library raises on events that are none, and on a connection that is lost."""

Sent = Event | None
"""What goes out; None is the end of a recording's answer."""


class BoundedReader(asyncio.StreamReader):
    """Takes no more at once than is bearable, whatever an event announces."""

    async def readexactly(self, n: int) -> bytes:
        """Read ``n`` bytes; raises ``ValueError`` for too many."""
        if n > MOST_BYTES:
            message = f"{n} bytes are more than {MOST_BYTES}"
            raise ValueError(message)
        return await super().readexactly(n)


class Wyoming:
    """Answers on one socket, in an event loop of its own."""

    def __init__(self, service: Service, settings: WyomingSettings, version: str) -> None:
        self._service, self._settings, self._version = service, settings, version
        self._connections = 0

    def run(self, listener: socket.socket) -> None:
        """Serve for as long as the process lives."""
        asyncio.run(self.serve(listener))

    async def serve(self, listener: socket.socket) -> None:
        """Serve until this is cancelled."""
        loop = asyncio.get_running_loop()

        def protocol() -> asyncio.StreamReaderProtocol:
            return asyncio.StreamReaderProtocol(BoundedReader(MOST_LINE_BYTES), self._lead)

        server = await loop.create_server(protocol, sock=listener)
        async with server:
            await server.serve_forever()

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Lead one conversation to its end."""
        place = writer.get_extra_info("peername")
        principal = self._service.settings.privacy.seen_by(ANYBODY)
        address = place[0] if place else None
        know(request=request_id_of(""), address=address, principal=principal)
        self._connections += 1
        try:
            if self._connections > self._settings.connections:
                error = BusyError("wyoming.full", count=self._settings.connections)
                await async_write_event(_refusal(error), writer)
            else:
                info = info_of(self._service, self._version)
                await _Conversation(reader, writer, self._service, self._settings, info).run()
        except OSError as error:
            log.info("a Wyoming connection was lost (%s)", error.strerror)
        except Exception:  # whoever talks gets an end, the log gets the rest
            log.exception("a Wyoming conversation failed")
        finally:
            self._connections -= 1
            writer.close()


@dataclass
class _Recording:
    """What is said between audio-start and audio-stop."""

    talk: Talk
    take: Take
    answer: "asyncio.Task[None]"
    converter: AudioChunkConverter
    pcm: PcmStream | None = None
    """Made with the first sound, which has the rate."""
    seconds: float = 0.0


class _Conversation:
    """One connection; the event loop's alone but for ``_tell``."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        service: Service,
        settings: WyomingSettings,
        info: Info,
    ) -> None:
        self._reader, self._writer = reader, writer
        self._service, self._settings, self._info = service, settings, info
        self._idle = Idle(settings.idle_seconds)
        self._request = TranscriptionRequest(service.defaults)
        self._recording: _Recording | None = None
        self._heard = 0
        """Recordings whose answers are sent."""

    async def run(self) -> None:
        """Take events until the last one; what goes wrong is told, and is the end."""
        began, end = time.monotonic(), "done"
        try:
            while event := await self._received():
                await self._heed(event)
        except RichSpeechError as error:
            end = error.code
            self._drop()
            await self._send(_refusal(error))
            await self._hear_out()
        finally:
            self._drop()
            seconds = time.monotonic() - began
            log.info("Wyoming: %s in %.3f s, recordings heard: %d", end, seconds, self._heard)

    def _drop(self) -> None:
        """Hear no more of a recording."""
        if self._recording is not None:
            self._recording.talk.cancel()
            self._recording.answer.cancel()

    async def _hear_out(self) -> None:
        """Let who talks finish: clients read an answer only then, and a closed socket loses it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._settings.idle_seconds):
                while await self._reader.read(MOST_LINE_BYTES):
                    pass

    async def _received(self) -> Event | None:
        """Return the next event; None when nobody sends one any more, or what comes is none."""
        try:
            event = await self._idle.wait_for(async_read_event(self._reader))
        except TimeoutError as error:
            raise OptionError("wyoming.idle", seconds=self._settings.idle_seconds) from error
        except UNREADABLE:
            return None
        is_event = (
            event is not None and isinstance(event.type, str) and isinstance(event.data, dict)
        )
        return event if is_event else None

    async def _heed(self, event: Event) -> None:
        """Do what an event asks for; one that is not known changes nothing, as the protocol has it.

        Raises what is wrong with it, as an error of ours.
        """
        try:
            for kind, heed in self._kinds:
                if kind.is_type(event.type):
                    await heed(kind.from_event(event))
        except RichSpeechError:
            raise
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            raise OptionError("wyoming.event", kind=event.type) from error

    @property
    def _kinds(self) -> tuple[tuple[type[Eventable], Callable[[Any], Awaitable[None]]], ...]:
        return (
            (AudioChunk, self._feed),
            (Describe, self._describe),
            (Ping, self._pong),
            (Transcribe, self._ask),
            (AudioStart, self._begin),
            (AudioStop, self._finish),
        )

    async def _describe(self, _: Describe) -> None:
        await self._send(self._info.event())

    async def _pong(self, ping: Ping) -> None:
        await self._send(Pong(ping.text).event())

    async def _ask(self, wanted: Transcribe) -> None:
        self._request = self._asked(wanted)

    def _asked(self, wanted: Transcribe) -> TranscriptionRequest:
        """Read what somebody asks for; raises ``OptionError`` for an engine that there is not."""
        engine = wanted.name or self._service.transcribers.engines[0]
        tag = language_hint(wanted.language)
        if tag is not None:  # Home Assistant says en-US
            tag = closest_language(tag, engine_named(engine).languages) or tag
        words = (*(wanted.transcript_names or ()), *(wanted.transcript_terms or ()))
        fitting = dict.fromkeys(word for word in words if len(word) in HOTWORD_LETTERS)
        options = replace(
            self._service.defaults, language=tag, hotwords=(*fitting,)[:MOST_HOTWORDS]
        )
        return TranscriptionRequest(options, engine)

    # A recording ----------------------------------------------------------------------------------

    async def _begin(self, _: AudioStart) -> None:
        """Begin one; raises ``BusyError`` when nobody else can talk now."""
        if self._recording is not None:
            raise OptionError("wyoming.event", kind="audio-start")
        loop, outbox = asyncio.get_running_loop(), asyncio.Queue[Sent]()

        def put(sent: Sent) -> None:
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(outbox.put_nowait, sent)

        teller = _Teller(put)
        talk = self._service.talks.open(teller.end)
        try:
            take = talk.begin(self._request, teller.tell)
        except RichSpeechError:
            talk.cancel()
            raise
        answer = asyncio.ensure_future(self._deliver(outbox))
        converter = AudioChunkConverter(width=2, channels=1)
        self._recording = _Recording(talk, take, answer, converter)

    async def _feed(self, chunk: AudioChunk) -> None:
        """Pass sound on, a second at a time; raises ``AudioError`` for what is none of ours."""
        recording = self._recording
        if recording is None:
            raise OptionError("wyoming.event", kind="audio-chunk")
        if chunk.width not in WIDTHS or chunk.channels not in CHANNELS:
            raise AudioError("wyoming.format", width=chunk.width, channels=chunk.channels)
        pcm = recording.pcm = recording.pcm or PcmStream(chunk.rate)
        sound = recording.converter.convert(chunk).audio
        self._idle.count(len(sound) / pcm.bytes_per_second)
        for at in range(0, len(sound), pcm.bytes_per_second):
            samples = pcm.feed(sound[at : at + pcm.bytes_per_second])
            recording.seconds += len(samples) / SAMPLE_RATE
            if recording.seconds > self._settings.max_seconds:
                raise AudioError("live.too_long", longest=self._settings.max_seconds)
            recording.take.recording.feed(samples)
            await until_read(lambda: recording.talk.backlog_seconds)

    async def _finish(self, _: AudioStop) -> None:
        """End it and wait until its transcript is sent."""
        recording = self._recording
        if recording is None:
            raise OptionError("wyoming.event", kind="audio-stop")
        if recording.pcm is not None:
            recording.take.recording.feed(recording.pcm.finish())
        recording.talk.hang_up()
        await recording.answer
        self._recording = None
        self._heard += 1

    async def _deliver(self, outbox: "asyncio.Queue[Sent]") -> None:
        """Send what is told of a recording, as it comes."""
        while (event := await outbox.get()) is not None:
            await self._send(event)

    async def _send(self, event: Event) -> None:
        await async_write_event(event, self._writer)


class _Teller:
    """Turns what is heard into events of the protocol; in the talk's thread."""

    def __init__(self, put: Callable[[Sent], None]) -> None:
        self._put = put
        self._segments: list[Segment] = []
        self._is_told = False

    def tell(self, event: LiveEvent | Failed) -> None:
        """Tell of an utterance, of the whole, or why there is none."""
        if isinstance(event, Failed):
            self._is_told = True
            self._put(_refusal(event.error))
        elif isinstance(event, Final):
            self._add(event.segment)
        elif isinstance(event, Finished):
            self._is_told = True
            self._conclude(event.progress.transcript)

    def end(self) -> None:
        """Say that no more comes; a talk that ended otherwise has a fault, or was stopped."""
        if not self._is_told:
            self._put(_refusal(UnexpectedError()))
        self._put(None)

    def _add(self, segment: Segment) -> None:
        before = _text(self._segments)
        if not self._segments:
            self._put(TranscriptStart(language=segment.language).event())
        self._segments.append(segment)
        if more := _text(self._segments)[len(before) :]:
            self._put(TranscriptChunk(more).event())

    def _conclude(self, heard: Heard) -> None:
        if not self._segments:
            self._put(TranscriptStart().event())
        told = Transcript(heard.text, language=heard.language).event()
        told.data["segments"] = [_without_tokens(segment) for segment in heard.segments]
        self._put(told)
        self._put(TranscriptStop().event())


def _text(segments: list[Segment]) -> str:
    return join_texts((segment.language, segment.text) for segment in segments)


def _without_tokens(segment: Segment) -> dict[str, Any]:
    form: dict[str, Any] = plain(replace(segment, tokens=()))
    del form["tokens"]
    return form


def _refusal(error: RichSpeechError) -> Event:
    return Error(str(error), error.code).event()


def info_of(service: Service, version: str) -> Info:
    """Describe the engines that can hear what is said just now, the main one first."""
    able = [
        engine
        for engine in map(engine_named, service.transcribers.engines)
        if engine.can(Capability.LIVE)
    ]
    models = [
        AsrModel(
            name=engine.name,
            attribution=Attribution(PROGRAM, HOME),
            installed=True,
            description=engine.title.in_locale("en"),
            version=version,
            languages=[*engine.languages],
        )
        for engine in able
    ]
    program = AsrProgram(
        name=PROGRAM,
        attribution=Attribution(PROGRAM, HOME),
        installed=True,
        description="Text, language, emotion and sounds of what is said",
        version=version,
        models=models,
        supports_transcript_streaming=True,
    )
    return Info(asr=[program])
