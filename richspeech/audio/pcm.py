"""Bytes of sound from a wire → samples at our rate."""

from collections.abc import Iterable
from enum import StrEnum

import numpy as np
from av import AudioCodecContext, AudioFrame, AudioResampler, CodecContext, Packet
from numpy.typing import NDArray

from richspeech.audio.mono import SAMPLE_RATE
from richspeech.errors import AudioError

LOWEST_HZ, HIGHEST_HZ = 8_000, 192_000
"""What sound cards offer."""
LONGEST_FRAME_SECONDS = 10.0
"""A wire brings a fraction of a second at a time; more at once is no live sound."""


class Encoding(StrEnum):
    """How a sample is written; the last two as ITU-T G.711 says, by their names in FFmpeg."""

    LINEAR = "pcm_s16le"
    MU_LAW = "pcm_mulaw"
    A_LAW = "pcm_alaw"

    @property
    def sample_bytes(self) -> int:
        """Bytes of one sample."""
        return 2 if self is Encoding.LINEAR else 1


class PcmStream:
    """One recording, while it comes in as mono."""

    def __init__(
        self, sample_rate: int = SAMPLE_RATE, encoding: Encoding = Encoding.LINEAR
    ) -> None:
        """Take the rate in Hz; raises ``AudioError`` for one that no sound card has."""
        if not LOWEST_HZ <= sample_rate <= HIGHEST_HZ:
            raise AudioError("pcm.sample_rate", rate=sample_rate, low=LOWEST_HZ, high=HIGHEST_HZ)
        self.bytes_per_second = encoding.sample_bytes * sample_rate
        self._sample_rate, self._sample_bytes = sample_rate, encoding.sample_bytes
        self._resampler = AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
        self._decoder = None if encoding is Encoding.LINEAR else _decoder(encoding, sample_rate)

    def feed(self, frame: bytes) -> NDArray[np.int16]:
        """Take samples, 16-bit ones in little-endian order; return what is known at 16 kHz, [T].

        Raises ``AudioError`` when it is half a sample too long, or more than live sound.
        """
        self.require_whole(frame)
        if len(frame) > LONGEST_FRAME_SECONDS * self.bytes_per_second:
            raise AudioError("pcm.too_long", size_bytes=len(frame), seconds=LONGEST_FRAME_SECONDS)
        samples = self._samples(frame)
        if self._sample_rate == SAMPLE_RATE or not len(samples):
            return samples
        sound = AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        sound.sample_rate = self._sample_rate
        return _joined(self._resampler.resample(sound))

    def require_whole(self, frame: bytes) -> None:
        """Raise ``AudioError`` when a frame ends within a sample."""
        if len(frame) % self._sample_bytes:
            raise AudioError("pcm.half_sample", size_bytes=len(frame))

    def finish(self) -> NDArray[np.int16]:
        """Return what the resampler has held back, a few milliseconds at most."""
        return _joined(self._resampler.resample(None))

    def _samples(self, frame: bytes) -> NDArray[np.int16]:
        if self._decoder is None or not frame:
            return np.frombuffer(frame, "<i2").astype(np.int16)
        return _joined(self._decoder.decode(Packet(frame)))


def _decoder(encoding: Encoding, sample_rate: int) -> AudioCodecContext:
    decoder: AudioCodecContext = CodecContext.create(encoding.value, "r")
    decoder.sample_rate, decoder.layout = sample_rate, "mono"
    return decoder


def _joined(frames: Iterable[AudioFrame]) -> NDArray[np.int16]:
    parts = (frame.to_ndarray()[0] for frame in frames)
    return np.concatenate([np.zeros(0, np.int16), *parts])
