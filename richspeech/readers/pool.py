"""Recordings that are read in processes of their own, each of which may die of it.

A recording has a process to itself while it is open: no other waits for it, and none is lost with
it. Some stay for the recordings that come next; where more are heard at once, more are forked,
which takes some hundredths of a second, and end with what they read.
"""

import logging
import os
import pickle
import shutil
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from tempfile import TemporaryFile
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from richspeech.audio.container import AudioLimits, Source, called, open_source
from richspeech.audio.content import content_digest
from richspeech.audio.mono import SAMPLE_RATE, Waveforms
from richspeech.errors import AudioError, Cancelled, RichSpeechError, StoppingError
from richspeech.language.catalog import Notice
from richspeech.model.audio_track import AudioTrack
from richspeech.model.options import Options
from richspeech.model.recording_warning import RecordingWarning
from richspeech.model.strand import Strand
from richspeech.readers.channel import Gone, Message
from richspeech.readers.limits import ReaderLimits, denoised_seconds
from richspeech.readers.processes import ReaderProcess, Template
from richspeech.readers.reader import LONGEST_WORD, Known, Listed
from richspeech.readers.record import MalformedError, Record, empty_arrays, unpacked
from richspeech.recognition.pipeline import Cancel
from richspeech.recognition.reading import BLOCK_SECONDS, Reader, Stretch

log = logging.getLogger(__name__)

MOST_ARRAY_BYTES = 256 * 2**20
"""Of one stretch: a minute of each of 40 voices is less."""

LEAVE_SECONDS = 0.5
"""For a reader to put down what it has, before it is killed."""

MOST_LOGGED = 100
"""Lines of the log for one recording; what else its reader has to say is left out."""


class ReaderPool:
    """Opens recordings in processes of their own; for all threads."""

    def __init__(
        self, limits: ReaderLimits, processes: int, *, modules: Sequence[str] = ()
    ) -> None:
        """Keep so many ``processes`` for the recordings that come next, or as many as are at work.

        ``modules`` are those that readers are made of, beside this project's own.
        """
        self._template, self._limits = Template(limits, modules), limits
        self._most_idle = processes
        self._lock = threading.Lock()
        self._idle: list[ReaderProcess] = []
        self._busy = 0
        self._is_closed = False

    def start(self) -> None:
        """Have the first process ready soon: everything is loaded in a thread meanwhile."""
        threading.Thread(target=self._begin, name="readers", daemon=True).start()

    @contextmanager
    def open(
        self,
        source: Source,
        limits: AudioLimits,
        options: Options,
        *,
        name: str | None = None,
        cancelled: Cancel = lambda: False,
    ) -> Iterator["ReadElsewhere"]:
        """Open a recording as ``open_strands`` does.

        Waiting for it ends with ``Cancelled`` when ``cancelled`` says so. What a process has died
        of is an ``AudioError``, here and while the recording is read.
        """
        with open_source(source, limits, name=name) as (file, plain, _), ExitStack() as stack:
            process = stack.enter_context(self._taken())
            work = _Work(self._template, process, plain, cancelled, self._limits)
            stack.callback(self._leave, work)
            work.open(stack.enter_context(_in_system(file)), limits, options)
            yield ReadElsewhere(source, work)

    def close(self) -> None:
        """End all processes, whatever they do."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for process in idle:
            process.hang_up()
        self._template.close()

    def _begin(self) -> None:
        try:
            process = self._take()
        except RichSpeechError as error:
            log.warning("%s", error)
        else:
            self._keep(process)

    @contextmanager
    def _taken(self) -> Iterator[ReaderProcess]:
        with self._lock:
            self._busy += 1
        try:
            yield self._take()
        finally:
            with self._lock:
                self._busy -= 1
            self._trim()

    def _take(self) -> ReaderProcess:
        while True:
            with self._lock:
                if self._is_closed:
                    raise StoppingError
                process = self._idle.pop() if self._idle else None
            if process is None:
                return self._template.fork()
            if process.is_alive:
                return process
            self._template.end(process)

    def _leave(self, work: "_Work") -> None:
        if work.is_put_down():
            self._keep(work.process)
        elif not work.is_over:
            self._template.end(work.process)

    def _keep(self, process: ReaderProcess) -> None:
        with self._lock:
            self._idle.append(process)
        self._trim()

    def _trim(self) -> None:
        """End the idle processes of which there are too many."""
        with self._lock:
            most = 0 if self._is_closed else max(self._most_idle, self._busy)
            surplus, self._idle = self._idle[most:], self._idle[:most]
        for process in surplus:
            self._template.end(process)


class _Work:
    """One recording in a process: what is said and heard of it. One thread at a time."""

    def __init__(
        self,
        template: Template,
        process: ReaderProcess,
        name: str,
        cancelled: Cancel,
        limits: ReaderLimits,
    ) -> None:
        self.process, self.name = process, name
        self.is_over = False
        """Whether the process has ended."""
        self.known, self.listed = Known(None, (), ()), Listed()
        self._template, self._cancelled, self._limits = template, cancelled, limits
        self._is_suspect = False
        self._options = Options()
        self._denoised = 0.0
        """Seconds of sound, of each strand, whose noise was taken out."""
        self._seconds, self._most_seconds = 0.0, 0.0
        """Of sound that has come, and that may come."""
        self._began = self._seen = process.cpu_seconds
        """Its processor time at the beginning, and when it was silent for long."""
        self._patience = limits.stall_seconds
        self._logged = 0

    def open(self, file: BinaryIO, limits: AudioLimits, options: Options) -> None:
        """Have it opened; raises what went wrong."""
        self._most_seconds, self._options = limits.max_seconds, options
        asked = pickle.dumps((limits, options, self.name)).hex()
        self._say("open", asked, files=[file.fileno()])
        match self._hear():
            case ["opened", known, listed]:
                self._learn(known)
                self.listed = self._record(Listed, listed)
            case _:
                raise self._nonsense()

    def blocks(self, block_seconds: float) -> Iterator[Stretch]:
        """Have it decoded alone; raises what went wrong."""
        self._say("blocks", block_seconds)
        return self._stretches()

    def read(self, reader: Reader, options: Options) -> Iterator[Stretch]:
        """Have it read; raises what went wrong."""
        digest, content = reader.digest, reader.pickled
        with ExitStack() as stack:
            files = []
            if digest not in self.process.known:
                file = stack.enter_context(TemporaryFile())
                file.write(content)
                file.seek(0)
                files.append(file.fileno())
            self._say("read", digest, pickle.dumps(options).hex(), files=files)
            self.process.known.add(digest)
        return self._stretches()

    def is_put_down(self) -> bool:
        """Have the process stop, and tell whether it is ready for another recording."""
        if self.is_over or self._is_suspect:
            return False
        deadline = time.monotonic() + LEAVE_SECONDS
        line = self.process.line
        try:
            line.send("stop")
            while (left := deadline - time.monotonic()) > 0 and line.is_ready(left):
                if line.receive()[0] == ["idle"]:
                    return True
        except Gone:
            pass
        return False

    def _stretches(self) -> Iterator[Stretch]:
        while True:
            match self._hear():
                case ["stretch", record, shapes, known]:
                    yield self._stretch(record, shapes, known)
                case ["end", known]:
                    self._learn(known)
                    return
                case _:
                    raise self._nonsense()

    def _stretch(self, record: Any, shapes: Any, known: Any) -> Stretch:
        self._learn(known)
        try:
            arrays = empty_arrays(shapes, MOST_ARRAY_BYTES)
            self._fill(arrays)
            stretch = unpacked(Stretch, record, arrays)
        except MalformedError as error:
            raise self._nonsense() from error
        self._seconds += stretch.block.shape[-1] / SAMPLE_RATE
        self._denoised += denoised_seconds(stretch, self._options)
        if not _is_sound(stretch) or self._seconds > self._most_seconds + BLOCK_SECONDS:
            raise self._nonsense()
        return stretch

    def _learn(self, known: Any) -> None:
        self.known = self._record(Known, known)

    def _record(self, kind: type[Record], value: Any) -> Record:
        try:
            return unpacked(kind, value, [])
        except MalformedError as error:
            raise self._nonsense() from error

    def _hear(self) -> Message:
        """Wait for the next message; raises ``AudioError`` for what tells of an end."""
        message = self._next()
        match message:
            case ["error", {"key": str(), "fields": dict()} as told]:
                raise self._told(told)
            case ["memory", *_]:
                self._is_suspect = True
                raise AudioError("reading.memory", name=self._called)
            case ["fault", what]:
                self._is_suspect = True
                log.error("%s cannot be read: %s", self.name, what)
                raise AudioError("reading.failed", name=self._called)
        return message

    def _next(self) -> Message:
        """Wait for the next message that is none for the log; those are no progress."""
        self._patience = self._limits.stall_seconds
        began = time.monotonic()

        def wait() -> None:
            self._waited(time.monotonic() - began)

        while True:
            with self._blamed():
                message = self.process.drain.message(lambda _: wait())
            match message:
                case ["log", int(level), str(text)]:
                    self._log(level, text)
                    wait()
                case _:
                    return message

    def _log(self, level: int, text: str) -> None:
        self._logged += 1
        if self._logged <= MOST_LOGGED:
            log.log(level, "%s", text[:LONGEST_WORD])

    def _say(self, *message: Any, files: Sequence[int] = ()) -> None:
        with self._blamed():
            self.process.line.send(*message, files=files)

    def _fill(self, arrays: Sequence[NDArray[Any]]) -> None:
        with self._blamed():
            self.process.drain.fill(arrays, self._waited)

    @contextmanager
    def _blamed(self) -> Iterator[None]:
        """Turn the end of a process into what the recording has done to it."""
        try:
            yield
        except Gone as error:
            raise self._death() from error

    def _waited(self, seconds: float) -> None:
        """Wait on, unless nobody wants it or the process is silent for too long.

        On a busy machine it may be long without a word and yet at work; too much of that is too
        much as well, even if it has lifted its own limit.
        """
        if self._cancelled():
            raise Cancelled
        limits = self._limits
        if seconds < self._patience:
            return
        used = self.process.cpu_seconds
        if used <= self._seen:
            self._end()
            raise AudioError("reading.silent", name=self._called, seconds=limits.stall_seconds)
        if used - self._began > 2 * limits.cpu_allowed(self._seconds, self._denoised):
            self._end()
            raise AudioError("reading.cpu", name=self._called)
        self._seen, self._patience = used, seconds + limits.stall_seconds

    def _death(self) -> AudioError:
        """Say what the process has died of."""
        status, name = self._end(), self._called
        if status is None:  # its template has ended: no fault of the file
            return AudioError("reading.killed", name=name)
        deadly = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
        if deadly == signal.SIGXCPU:
            return AudioError("reading.cpu", name=name)
        if deadly in (signal.SIGKILL, signal.SIGTERM):
            return AudioError("reading.killed", name=name)
        return AudioError("reading.died", name=name)

    def _nonsense(self) -> AudioError:
        """Give up a process that says what makes no sense; something may have taken it over."""
        self._end()
        log.error("what reads %s said what makes no sense", self.name)
        return AudioError("reading.failed", name=self._called)

    def _told(self, told: Any) -> RichSpeechError:
        try:
            notice = Notice.from_dict(told)
            error = AudioError(notice.key, **notice.fields)
            str(error)
        except (LookupError, TypeError, ValueError, AttributeError):
            return self._nonsense()
        return error

    def _end(self) -> int | None:
        self.is_over = True
        return self._template.end(self.process)

    @property
    def _called(self) -> str | Notice:
        return called(self.name)


class ReadElsewhere:
    """An opened recording that a process reads; read once, as blocks or by a reader."""

    def __init__(self, source: Source, work: _Work) -> None:
        self.name = work.name
        self._source, self._work = source, work

    @property
    def duration(self) -> float | None:
        """Seconds as its container claims; None if it claims none or nonsense."""
        return self._work.known.duration

    @property
    def warnings(self) -> tuple[RecordingWarning, ...]:
        """What is amiss with it, as far as is known yet."""
        return self._work.known.warnings

    @property
    def process(self) -> int:
        """What the system calls the process."""
        return self._work.process.number

    @property
    def strands(self) -> tuple[Strand, ...]:
        """What of it is heard by itself; none where that is all of it."""
        return self._work.known.strands

    @property
    def tracks(self) -> tuple[AudioTrack, ...]:
        """All of the container, whether they are heard or not."""
        return self._work.listed.tracks

    def content(self) -> str | None:
        """Digest the file, as ``Recording.content`` does. Raises ``OSError``."""
        return content_digest(self._source)

    def blocks(self, block_seconds: float = BLOCK_SECONDS) -> Iterator[Waveforms]:
        """Have it decoded alone, block by block; raises as ``Recording.blocks``, and ``Cancelled``.

        An ``AudioError`` tells, too, what the process has died of.
        """
        return (stretch.block for stretch in self._work.blocks(block_seconds))

    def read_with(self, reader: Reader, options: Options) -> Iterator[Stretch]:
        """Have it read as ``reader`` would read it here; raises as ``blocks``."""
        return self._work.read(reader, options)


@contextmanager
def _in_system(file: BinaryIO) -> Iterator[BinaryIO]:
    """Give a file that another process can be given: the same, or a copy in memory."""
    try:
        file.fileno()
    except (OSError, AttributeError):
        with os.fdopen(os.memfd_create("recording"), "w+b") as copy:
            shutil.copyfileobj(file, copy)
            copy.seek(0)
            yield copy
    else:
        file.seek(0)
        yield file


def _is_sound(stretch: Stretch) -> bool:
    """Tell whether arrays have the shapes that a recogniser counts on."""
    waveforms = [each.waveform for each in stretch.utterances]
    log_mels = [each.log_mel for each in stretch.utterances]
    block, rows = stretch.block, len(stretch.strands)
    return (
        block.dtype == np.float32
        and block.shape[:-1] == ((rows,) if rows else ())
        and all(each.ndim == 1 and each.dtype == np.float32 for each in waveforms)
        and all(each.ndim == 2 and each.dtype == np.float32 and len(each) for each in log_mels)
        and all(0 <= each.start <= each.end for each in stretch.utterances)
    )
