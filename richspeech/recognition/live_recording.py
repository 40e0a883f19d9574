"""A recording in progress: one thread feeds it, another reads it, a file may keep it."""

import threading
import time
import wave
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from richspeech.audio.mono import SAMPLE_RATE, Waveform
from richspeech.errors import AudioError
from richspeech.model.recording_warning import RecordingWarning
from richspeech.polling import WAITING_POLL_SECONDS

HISTORY_SECONDS = 65.0
"""How far behind the reader sound can still be cut out; no utterance is longer."""


@dataclass(frozen=True)
class _Piece:
    """Samples that came together."""

    start: int
    """Number of the first sample."""
    waveform: Waveform
    arrived: float
    """By the monotonic clock, in seconds."""

    @property
    def end(self) -> int:
        return self.start + len(self.waveform)


class LiveRecording:
    """A ``pipeline.WaveformSource`` that ends when somebody says so.

    Holds what has not been read yet and HISTORY_SECONDS behind it; the file, if there is one, holds
    everything, as 16-bit 16 kHz wav, and decodes to exactly the samples that were read here.
    """

    duration: float | None = None
    """Nobody knows it beforehand."""
    warnings: tuple[RecordingWarning, ...] = ()
    """Nothing can be amiss with it: no file was decoded."""

    def __init__(self, path: Path | None, max_seconds: float) -> None:
        """Begin to write ``path``, unless nothing is to be kept.

        Raises ``AudioError`` when that is impossible.
        """
        self._max_seconds = max_seconds
        self._pieces: deque[_Piece] = deque()
        self._end = self._read = 0
        """Numbers of samples: what came so far, and what of it was read."""
        self._is_over = False
        self._changed = threading.Condition()
        """Guards everything above; notified when sound comes or the recording is over."""
        self.waited_seconds = 0.0
        """How long the reader has waited for sound."""
        self._file = None if path is None else _WavFile(path)

    # Who feeds it --------------------------------------------------------------------------------

    @property
    def seconds(self) -> float:
        """Length so far."""
        return self._end / SAMPLE_RATE

    @property
    def backlog_seconds(self) -> float:
        """How much has come that was not read yet."""
        return (self._end - self._read) / SAMPLE_RATE

    def feed(self, samples: NDArray[np.int16]) -> None:
        """Take the next samples [T], mono 16 kHz; does nothing once the recording is over.

        Raises ``AudioError`` when it becomes longer than allowed or can no longer be written.
        """
        if self._end + len(samples) > self._max_seconds * SAMPLE_RATE:
            raise AudioError("live.too_long", longest=self._max_seconds)
        waveform = samples.astype(np.float32) / np.float32(32_768)
        with self._changed:
            if self._is_over:
                return
            if self._file is not None:
                self._file.write(samples)
            self._pieces.append(_Piece(self._end, waveform, time.monotonic()))
            self._end += len(samples)
            self._changed.notify_all()

    def finish(self) -> None:
        """End the recording, and its file; what was fed is still read."""
        with self._changed:
            if not self._is_over:
                self._is_over = True
                if self._file is not None:
                    self._file.close()
                self._changed.notify_all()

    # Who reads it --------------------------------------------------------------------------------

    @property
    def seconds_read(self) -> float:
        """How much of it was read."""
        return self._read / SAMPLE_RATE

    def blocks(self, block_seconds: float) -> Iterator[Waveform]:
        """Yield audio as it arrives, in blocks of at most ``block_seconds``; once only.

        A block is empty when none has come for a moment: who reads may have something to tell.
        """
        while (block := self._next(round(block_seconds * SAMPLE_RATE))) is not None:
            yield block

    def cut(self, start: float, end: float) -> Waveform:
        """Return what lies between two times; ``start`` is at most HISTORY_SECONDS ago."""
        with self._changed:
            return self._cut(round(start * SAMPLE_RATE), round(end * SAMPLE_RATE))

    def latency(self, seconds: float) -> float:
        """Return how long ago the sound at a time in the recording came in."""
        sample = round(seconds * SAMPLE_RATE)
        with self._changed:
            ended = (piece.arrived for piece in self._pieces if piece.end >= sample)
            return time.monotonic() - next(ended, self._pieces[-1].arrived)

    def _next(self, most: int) -> Waveform | None:
        began = time.perf_counter()
        with self._changed:
            self._changed.wait_for(
                lambda: self._end > self._read or self._is_over, WAITING_POLL_SECONDS
            )
            self.waited_seconds += time.perf_counter() - began
            if self._end == self._read and self._is_over:
                return None
            first, self._read = self._read, min(self._read + most, self._end)
            self._forget(self._read - round(HISTORY_SECONDS * SAMPLE_RATE))
            return self._cut(first, self._read)

    def _cut(self, first: int, last: int) -> Waveform:
        parts = (
            piece.waveform[max(first - piece.start, 0) : max(last - piece.start, 0)]
            for piece in self._pieces
        )
        return np.concatenate([np.zeros(0, np.float32), *parts])

    def _forget(self, before: int) -> None:
        while self._pieces and self._pieces[0].end <= before:
            self._pieces.popleft()


class _WavFile:
    """Takes samples; raises ``AudioError`` when they cannot be written."""

    def __init__(self, path: Path) -> None:
        try:
            self._sink = path.open("wb")
        except OSError as error:
            raise _unwritten(error) from error
        self._file = wave.open(self._sink, "wb")  # noqa: SIM115 - open until ``close``
        self._file.setnchannels(1)
        self._file.setsampwidth(2)
        self._file.setframerate(SAMPLE_RATE)

    def write(self, samples: NDArray[np.int16]) -> None:
        try:
            self._file.writeframes(samples.astype("<i2").tobytes())
        except OSError as error:
            raise _unwritten(error) from error

    def close(self) -> None:
        self._file.close()
        self._sink.close()


def _unwritten(error: OSError) -> AudioError:
    return AudioError("live.unwritable", why=str(error.strerror))
