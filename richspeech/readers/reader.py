"""A reading process: it waits for recordings, reads one after the other, and may die of one.

Everything of a visitor's is opened and decoded here. It says what it finds and how it failed; how
it died, those see who asked.
"""

import logging
import mmap
import os
import pickle
import resource
import socket
import traceback
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from richspeech.audio.container import AudioLimits
from richspeech.audio.mono import SAMPLE_RATE
from richspeech.audio.strands import open_strands
from richspeech.errors import RichSpeechError
from richspeech.language.catalog import Notice
from richspeech.model.audio_track import AudioTrack
from richspeech.model.options import Options
from richspeech.model.recording_warning import RecordingWarning
from richspeech.model.strand import Strand
from richspeech.readers.channel import BLOCK_BYTES, BLOCKS, Filler, Gone, Line, Stopped
from richspeech.readers.limits import ReaderLimits, confine, denoised_seconds
from richspeech.readers.record import packed, shapes_of
from richspeech.recognition.reading import Reader, Stretch, WaveformSource, strands_of

log = logging.getLogger(__name__)

LONGEST_WORD = 300
"""Characters of what it has to say about a fault."""

MOST_READERS = 4
"""Detectors of several engines, say, that are kept."""


@dataclass(frozen=True)
class Known:
    """What is known of a recording by now, beside what was read of it."""

    duration: float | None
    """Seconds as its container claims."""
    warnings: tuple[RecordingWarning, ...]
    strands: tuple[Strand, ...]
    """What of it is heard by itself; none where that is all of it."""

    @classmethod
    def of(cls, recording: WaveformSource) -> "Known":
        """Ask the recording."""
        return cls(recording.duration, recording.warnings, strands_of(recording))


@dataclass(frozen=True)
class Listed:
    """What of a container may be chosen."""

    tracks: tuple[AudioTrack, ...] = ()


def serve(connection: socket.socket, memory: int, limits: ReaderLimits) -> None:
    """Read what is asked for until nobody asks any more; give up all rights before."""
    shared = mmap.mmap(memory, BLOCKS * BLOCK_BYTES)
    os.close(memory)
    line = Line(connection)
    logging.basicConfig(handlers=[_Told(line)], level=logging.WARNING, force=True)
    if not confine(limits):
        log.warning("no system call is filtered in reading processes: see docs/security.md")
    readers: dict[str, Reader] = {}
    with suppress(Gone):
        while True:
            _Session(line, Filler(line, shared), limits, readers).run()


@dataclass
class _Session:
    """One recording."""

    line: Line
    filler: Filler
    limits: ReaderLimits
    readers: dict[str, Reader]
    """Those that were asked for before, by what tells them apart."""
    used: float = field(init=False, default=0.0)
    """Processor time at its beginning, in seconds."""

    def run(self) -> None:
        """Wait for a recording, read it, and say how that went. Raises ``Gone``."""
        (_, asked), (file,) = self.line.receive(files=1)
        self.used = _cpu_seconds()
        self._allow(0.0)
        try:
            with os.fdopen(file, "rb") as source:
                self._read(source, *_given(asked))
        except Stopped:
            self.line.send("idle")
            return
        except Gone:
            raise
        except RichSpeechError as error:
            self.line.send("error", Notice.of(error).to_dict())
        except Exception as error:  # noqa: BLE001 - whatever it is, it costs this recording alone
            is_memory = isinstance(error, MemoryError) or "allocate memory" in str(error)
            self.line.send("memory" if is_memory else "fault", _told_of(error))
        with suppress(Stopped):
            while True:
                self.filler.wait()
        self.line.send("idle")

    def _read(self, source: BinaryIO, limits: AudioLimits, options: Options, name: str) -> None:
        with open_strands(source, limits, options, name=name) as recording:
            tracks = packed(Listed(recording.tracks), [])
            self.line.send("opened", self._known(recording), tracks)
            seconds = denoised = 0.0
            for stretch in self._stretches(recording):
                seconds += stretch.block.shape[-1] / SAMPLE_RATE
                denoised += denoised_seconds(stretch, options)
                self._allow(seconds, denoised)
                self.filler.listen()
                arrays: list[Any] = []
                record = packed(stretch, arrays)
                shapes = shapes_of(arrays)
                self.line.send("stretch", record, shapes, self._known(recording))
                self.filler.send(arrays)
            self.line.send("end", self._known(recording))

    def _stretches(self, recording: WaveformSource) -> Iterator[Stretch]:
        (name, *rest), files = self.line.receive(files=1)
        if name == "stop":
            raise Stopped
        if name == "blocks":
            for block in recording.blocks(*rest):
                yield Stretch(block, (), 0.0, strands=strands_of(recording))
            return
        digest, options = rest
        for file in files:
            with os.fdopen(file, "rb") as kept:
                while len(self.readers) >= MOST_READERS:
                    self.readers.pop(next(iter(self.readers)))
                self.readers[digest] = pickle.load(kept)  # noqa: S301 - from whoever started this
        yield from self.readers[digest].read(recording, _given(options))

    def _known(self, recording: WaveformSource) -> Any:
        return packed(Known.of(recording), [])

    def _allow(self, seconds: float, denoised: float = 0.0) -> None:
        """Have this process killed when so much sound has taken too much processor time."""
        most = self.used + self.limits.cpu_allowed(seconds, denoised)
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(most) + 1, hard))


class _Told(logging.Handler):
    """Has others write the log."""

    def __init__(self, line: Line) -> None:
        super().__init__()
        self._line = line

    def emit(self, record: logging.LogRecord) -> None:
        self._line.send("log", record.levelno, record.getMessage()[:LONGEST_WORD])


def _told_of(error: Exception) -> str:
    """Return what the log of another process needs: kind and place of a fault."""
    places = traceback.walk_tb(error.__traceback__)
    where = [f"{Path(frame.f_code.co_filename).name}:{line}" for frame, line in places][-3:]
    return f"{type(error).__name__}: {error} ({' '.join(where)})"[:LONGEST_WORD]


def _given(pickled: str) -> Any:
    return pickle.loads(bytes.fromhex(pickled))  # noqa: S301 - from whoever started this


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
