"""One recording that a client of funasr sends: heard while it comes, or as a file in the end."""

import os
import wave
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from richspeech.api.conversation import until_read
from richspeech.api.funasr.messages import Start, acknowledgement, heard, interim
from richspeech.audio.mono import SAMPLE_RATE
from richspeech.audio.pcm import PcmStream
from richspeech.errors import AudioError, RichSpeechError
from richspeech.jobs.talk import Failed, Take, Talk
from richspeech.model.request import TranscriptionRequest
from richspeech.model.transcript import Segment
from richspeech.recognition.live import Event, Final, Finished, Interim
from richspeech.storage.quota import STEP_BYTES, Quota

Say = Callable[[dict[str, Any]], None]
PIECE_SECONDS = 1.0
RIFF = b"RIFF"
"""Some clients send a whole wav file and call it pcm."""


@dataclass
class Answers:
    """What is heard → answers; used by the event loop alone.

    Texts of 2pass-online are put together by the client, and taken back when the utterance is over.
    So the beginning is sent on which two looks agree, as long as it goes on from what was sent.
    """

    start: Start
    say: Say
    fail: Callable[[RichSpeechError], None]
    _seen: str = ""
    """What the last look has found."""
    _sent: str = ""
    """Of the utterance that is open."""
    _is_ending: bool = False
    _is_acknowledged: bool = False
    _held: Segment | None = None
    """The last one of a recording that is over, or that before it."""

    def end(self, *, acknowledges: bool) -> None:
        """Hold what comes until it is known whether it is the last, since no more is said."""
        self._is_ending, self._is_acknowledged = True, acknowledges

    def take(self, event: Event | Failed) -> None:
        """Tell of what happens."""
        match event:
            case Interim(segment) if self.start.mode == "2pass":
                self._look(segment.text)
            case Final(segment):
                self._seen = self._sent = ""
                self._release(last=False)
                self._held = segment
                if not self._is_ending:
                    self._release(last=False)
            case Finished():
                if self._held is None:
                    self.say(heard(self.start, "", (), last=True))
                self._release(last=True)
                if self._is_acknowledged:
                    self.say(acknowledgement(self.start))
            case Failed(error):
                self.fail(error)

    def _look(self, text: str) -> None:
        agreed = os.path.commonprefix([self._seen, text])  # noqa: RUF071 - letters are meant
        self._seen = text
        if agreed.startswith(self._sent) and len(agreed) > len(self._sent):
            self.say(interim(self.start, agreed[len(self._sent) :]))
            self._sent = agreed

    def _release(self, *, last: bool) -> None:
        if self._held is not None:
            self.say(heard(self.start, self._held.text, [self._held], last=last))
            self._held = None


@dataclass
class Live:
    """A recording that is heard while it comes."""

    talk: Talk
    take: Take
    answers: Answers
    pcm: PcmStream
    seconds: float = 0.0

    async def feed(self, sound: bytes) -> float:
        """Take samples; return their seconds. Raises ``AudioError``."""
        self.pcm.require_whole(sound)
        before, size = self.seconds, round(PIECE_SECONDS * self.pcm.bytes_per_second)
        for first in range(0, len(sound), size):
            samples = self.pcm.feed(sound[first : first + size])
            self.take.recording.feed(samples)
            self.seconds += len(samples) / SAMPLE_RATE
            await until_read(lambda: self.talk.backlog_seconds)
        return self.seconds - before

    def finish(self, *, acknowledges: bool) -> None:
        """End it, and have it heard."""
        self.take.recording.feed(self.pcm.finish())
        self.answers.end(acknowledges=acknowledges)
        self.take.finish()


@dataclass
class Spool:
    """A recording that is heard in the end, on its way to the disk."""

    start: Start
    request: TranscriptionRequest
    folder: Path
    quota: Quota
    most_bytes: int
    _writer: Any = None
    _size: int = field(default=0, init=False)
    _counted: int = field(default=0, init=False)

    @property
    def path(self) -> Path:
        """Where it is."""
        return self.folder / "recording"

    async def feed(self, sound: bytes) -> float:
        """Take bytes; return the seconds that they are, as far as that is known.

        Raises ``AudioError``, ``QuotaError`` and ``OSError``.
        """
        self._size += len(sound)
        if self._size > self.most_bytes:
            raise AudioError("upload.too_big", name=self.start.wav_name, most=self.most_bytes)
        if self._size - self._counted > STEP_BYTES:
            self.quota.require_room(self.folder)
            self._counted = self._size
        if self._writer is None:
            self._open(sound)
        self._write(sound)
        return len(sound) / (2 * self.start.audio_fs)

    def finish(self) -> None:
        """End the file."""
        if self._writer is not None:
            self._writer.close()

    def _open(self, sound: bytes) -> None:
        if not self.start.is_pcm or sound.startswith(RIFF):
            self._writer = self.path.open("wb")
            return
        self._writer = wave.open(str(self.path), "wb")  # noqa: SIM115 - open until ``finish``
        self._writer.setnchannels(1)
        self._writer.setsampwidth(2)
        self._writer.setframerate(self.start.audio_fs)

    def _write(self, sound: bytes) -> None:
        if isinstance(self._writer, wave.Wave_write):
            self._writer.writeframesraw(sound)
        else:
            self._writer.write(sound)
