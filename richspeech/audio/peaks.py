"""Waveform peaks: the lowest and highest sample of equal stretches of a recording.

A stretch has 256 samples (16 ms) at first. When there are more than MOST_PEAKS stretches, they are
joined in pairs, so the peaks of any recording stay small: two bytes per stretch, 262,144 bytes at
most. Ten minutes take 75,000 bytes, three hours (stretches of 128 ms) 168,750. Whoever draws them
derives the coarser levels of the pyramid, so those cost no bandwidth.
"""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from richspeech.audio.mono import SAMPLE_RATE, Waveform, Waveforms, mixture
from richspeech.model.recording_warning import RecordingWarning
from richspeech.model.strand import Strand

LEAST_SAMPLES = 256
MOST_PEAKS = 1 << 17
CHUNK_PEAKS = 3 << 10
"""Peaks are handed out in chunks of this many: what grows at its end changes the last one only. A
multiple of three, so that the bytes of a chunk are, too, and base64 has nothing to fill up."""


def _nothing() -> NDArray[np.int8]:
    return np.zeros((0, 2), np.int8)


@dataclass(frozen=True)
class Peaks:
    """What is known of a recording so far."""

    samples_per_peak: int = LEAST_SAMPLES
    values: NDArray[np.int8] = field(default_factory=_nothing)
    """[N, 2], lowest and highest; 127 is full scale."""
    written: tuple[str, ...] = ()
    """The first chunks, as ``to_dict`` has them: some or all of those to which nothing is added."""

    @property
    def seconds_per_peak(self) -> float:
        """Length of a stretch."""
        return self.samples_per_peak / SAMPLE_RATE

    def to_dict(self, *, grows: bool = False) -> dict[str, Any]:
        """Return the JSON form: chunks of CHUNK_PEAKS pairs of signed bytes, as base64.

        Where more will follow up to two of the last are kept back, so that the text of the last
        chunk grows at its end, too: whoever sends differences sends what is new.
        """
        values = self.values[: len(self.values) // 3 * 3] if grows else self.values
        rest = _chunks(values[len(self.written) * CHUNK_PEAKS :])
        return {"seconds_per_peak": self.seconds_per_peak, "chunks": [*self.written, *rest]}

    def joined(self) -> "Peaks":
        """Return stretches of twice the length; their number must be even."""
        pairs = self.values.reshape(-1, 2, 2)
        values = np.stack([pairs[:, :, 0].min(axis=1), pairs[:, :, 1].max(axis=1)], axis=1)
        return Peaks(self.samples_per_peak * 2, values)

    def followed_by(self, stretches: Waveform) -> "Peaks":
        """Return these and those of ``stretches`` [N, samples_per_peak]."""
        ends = np.stack([np.floor(stretches.min(1) * 127), np.ceil(stretches.max(1) * 127)], axis=1)
        new = np.clip(ends, -128, 127).astype(np.int8)
        values = np.concatenate([self.values, new])
        begun = len(self.written) * CHUNK_PEAKS
        whole = _chunks(values[begun : len(values) // CHUNK_PEAKS * CHUNK_PEAKS])
        return Peaks(self.samples_per_peak, values, (*self.written, *whole))


def _chunks(values: NDArray[np.int8]) -> Iterator[str]:
    for start in range(0, len(values), CHUNK_PEAKS):
        yield b64encode(values[start : start + CHUNK_PEAKS].tobytes()).decode("ascii")


class PeakMeter:
    """Takes a recording block by block; ``peaks`` may be read from any thread at any time."""

    def __init__(self, most_peaks: int = MOST_PEAKS) -> None:
        """``most_peaks`` must be even."""
        self.peaks = Peaks()
        self._most_peaks = most_peaks
        self._rest = np.zeros(0, np.float32)
        """Samples of the stretch that is not whole yet."""

    def feed(self, waveform: Waveform) -> None:
        """Take the next samples."""
        rest = np.concatenate([self._rest, waveform])
        while len(rest) >= self.peaks.samples_per_peak:
            if len(self.peaks.values) == self._most_peaks:
                self.peaks = self.peaks.joined()
                continue
            size = self.peaks.samples_per_peak
            count = min(len(rest) // size, self._most_peaks - len(self.peaks.values))
            self.peaks = self.peaks.followed_by(rest[: count * size].reshape(count, size))
            rest = rest[count * size :]
        self._rest = rest


class _Source(Protocol):
    @property
    def duration(self) -> float | None: ...

    @property
    def warnings(self) -> tuple[RecordingWarning, ...]: ...

    def blocks(self, block_seconds: float) -> Iterator[Waveforms]: ...


class _Reader(Protocol):
    def read(self, recording: Any, options: Any) -> Iterator[Any]: ...


@dataclass(frozen=True)
class MeteredRecording:
    """A recording whose blocks pass a meter on their way, so that it is decoded only once."""

    recording: _Source
    meter: PeakMeter
    name: str | None = None
    """Of its file, for whoever keeps it under that."""

    @property
    def duration(self) -> float | None:
        """Seconds, as the recording claims."""
        return self.recording.duration

    @property
    def warnings(self) -> tuple[RecordingWarning, ...]:
        """What is amiss with it, as far as is known yet."""
        return self.recording.warnings

    @property
    def strands(self) -> tuple[Strand, ...]:
        """What of it is heard by itself; none where that is all of it."""
        strands: tuple[Strand, ...] = getattr(self.recording, "strands", ())
        return strands

    def content(self) -> str | None:
        """Digest its file; None where it has none."""
        digest = getattr(self.recording, "content", None)
        content: str | None = digest() if digest else None
        return content

    def blocks(self, block_seconds: float) -> Iterator[Waveforms]:
        """Yield the blocks of the recording."""
        for block in self.recording.blocks(block_seconds):
            self.meter.feed(mixture(block))
            yield block

    def read_with(self, reader: _Reader, options: Any) -> Iterator[Any]:
        """Yield what ``reader`` reads of the recording."""
        for stretch in reader.read(self.recording, options):
            self.meter.feed(mixture(stretch.block))
            yield stretch
