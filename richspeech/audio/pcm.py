"""PCM bytes from a wire → samples at our rate."""

from collections.abc import Iterable

import numpy as np
from av import AudioFrame, AudioResampler
from numpy.typing import NDArray

from richspeech.audio.decode import SAMPLE_RATE
from richspeech.errors import AudioError

LOWEST_HZ, HIGHEST_HZ = 8_000, 192_000
"""What sound cards offer."""
LONGEST_FRAME_SECONDS = 10.0
"""A wire brings a fraction of a second at a time; more at once is no live sound."""


class PcmStream:
    """One recording, while it comes in as 16-bit mono."""

    def __init__(self, sample_rate: int = SAMPLE_RATE) -> None:
        """Take the rate in Hz; raises ``AudioError`` for one that no sound card has."""
        if not LOWEST_HZ <= sample_rate <= HIGHEST_HZ:
            raise AudioError("pcm.sample_rate", rate=sample_rate, low=LOWEST_HZ, high=HIGHEST_HZ)
        self._sample_rate = sample_rate
        self._resampler = AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)

    def feed(self, frame: bytes) -> NDArray[np.int16]:
        """Take little-endian 16-bit samples; return what is known at 16 kHz by now, [T].

        Raises ``AudioError`` when it is half a sample too long, or more than live sound.
        """
        if len(frame) % 2:
            raise AudioError("pcm.half_sample", size_bytes=len(frame))
        if len(frame) > 2 * LONGEST_FRAME_SECONDS * self._sample_rate:
            raise AudioError("pcm.too_long", size_bytes=len(frame), seconds=LONGEST_FRAME_SECONDS)
        samples = np.frombuffer(frame, "<i2").astype(np.int16)
        if self._sample_rate == SAMPLE_RATE or not len(samples):
            return samples
        sound = AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        sound.sample_rate = self._sample_rate
        return _joined(self._resampler.resample(sound))

    def finish(self) -> NDArray[np.int16]:
        """Return what the resampler has held back, a few milliseconds at most."""
        return _joined(self._resampler.resample(None))


def _joined(frames: Iterable[AudioFrame]) -> NDArray[np.int16]:
    parts = (frame.to_ndarray()[0] for frame in frames)
    return np.concatenate([np.zeros(0, np.int16), *parts])
