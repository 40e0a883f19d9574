"""Utterances: the frames of a recording, cut for the recogniser where the detector found speech."""

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from richspeech.audio.mono import SAMPLE_RATE, Waveform
from richspeech.audio.vad import FRAME_MS
from richspeech.model.options import Options
from richspeech.model.strand import ALONE, Strand

FRAMES_ACROSS_THE_END = 2
"""Windows of 25 ms every 10 ms that begin within an utterance and end after it."""


OVERLAP_SECONDS = 1.2
"""By which an utterance begins before a cut: four words, so that one is whole on either side."""


@dataclass(frozen=True)
class Frames:
    """Features of a stretch of a recording, one row every 10 ms."""

    log_mel: NDArray[np.float32]
    """[T, 80], 25 ms Hamming windows of samples scaled to 16 bits, without dither."""
    decibel: NDArray[np.float32]
    """[T], energy of each window; digital silence is -60."""


@dataclass(frozen=True)
class Utterance:
    """One input of a recogniser, with its place in the recording."""

    start: float
    end: float
    waveform: Waveform
    """float32 mono 16 kHz, from ``start`` to ``end``."""
    log_mel: NDArray[np.float32]
    """[T, 80], T at least 1: the rows whose windows lie within the waveform."""
    is_sound: bool = False
    """Whether nobody speaks in it, and only what sounds is asked for."""
    strand: Strand = ALONE
    continues: bool = False
    """Whether it begins OVERLAP_SECONDS before the one before it ends, which a limit cut there."""
    is_cut: bool = False
    """Whether the next one does so."""

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.end - self.start


@dataclass(frozen=True)
class Request:
    """An utterance and its options; those of one batch may differ."""

    utterance: Utterance
    options: Options


class FrameBuffer:
    """The last stretch of a recording, cut into utterances by time."""

    def __init__(self) -> None:
        self._waveform, self._log_mel = _Rows(), _Rows()

    @property
    def seconds(self) -> float:
        """Length of the recording so far."""
        return self._waveform.end / SAMPLE_RATE

    def append(self, waveform: Waveform, log_mel: NDArray[np.float32]) -> None:
        """Take the next samples, and the next features; these may lag behind."""
        self._waveform.append(waveform)
        self._log_mel.append(log_mel)

    def cut(self, start: float, end: float, *, is_sound: bool = False) -> Utterance:
        """Return what lies between two times in seconds.

        Its features are those of its own samples: windows that reach over its end are left out,
        but for the only one of a very short utterance. Raises ``ValueError`` when some is
        forgotten already, for its words would be lost.
        """
        first, last = (round(seconds * 1_000 / FRAME_MS) for seconds in (start, end))
        samples = (round(seconds * SAMPLE_RATE) for seconds in (start, end))
        return Utterance(
            start,
            end,
            self._waveform.cut(*samples),
            self._log_mel.cut(first, max(last - FRAMES_ACROSS_THE_END, first + 1)),
            is_sound,
        )

    def forget(self, before: float) -> None:
        """Drop the blocks that end before a time in seconds."""
        self._waveform.forget(round(before * SAMPLE_RATE))
        self._log_mel.forget(round(before * 1_000 / FRAME_MS))


class _Rows:
    """A growing array of which the last blocks are kept, as they came: appending copies nothing."""

    def __init__(self) -> None:
        self._blocks: deque[NDArray[np.float32]] = deque()
        self._first = 0
        """Row number of the first one kept."""
        self.end = 0
        """How many rows there were so far."""

    def append(self, rows: NDArray[np.float32]) -> None:
        self._blocks.append(rows)
        self.end += len(rows)

    def cut(self, first: int, last: int) -> NDArray[np.float32]:
        """Return a copy of the rows from ``first`` on, before ``last``."""
        if first < self._first:
            message = f"Rows {first} to {self._first} of the recording are forgotten."
            raise ValueError(message)
        pieces, at = [], self._first
        for block in self._blocks:
            pieces.append(block[max(first - at, 0) : max(last - at, 0)])
            at += len(block)
        return np.concatenate(pieces)

    def forget(self, before: int) -> None:
        """Drop the blocks that hold no row from ``before`` on."""
        while self._blocks and self._first + len(self._blocks[0]) <= before:
            self._first += len(self._blocks.popleft())
