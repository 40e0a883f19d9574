"""What lies between a mouth and a recording: a room, and a telephone with its codec."""

from fractions import Fraction
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve, resample_poly

from scripts.embedded.voices import SAMPLE_RATE, Waveform

TELEPHONE_RATE = 8_000
CODECS = ("pcm_mulaw", "pcm_alaw", "adpcm_ms")
"""G.711 in both its laws, and ADPCM as answering machines have it."""
REVERBERATION_SECONDS = (0.1, 0.5)
DIRECT_DB = (2.0, 14.0)
"""How much louder the voice is than its reverberation."""


def room(waveform: Waveform, rng: np.random.Generator) -> Waveform:
    """Put ``waveform`` into a room: noise that decays by 60 dB in REVERBERATION_SECONDS follows."""
    seconds = float(rng.uniform(*REVERBERATION_SECONDS))
    times = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    response = rng.normal(size=len(times)) * 10 ** (-3 * times / seconds)
    response[: int(0.004 * SAMPLE_RATE)] = 0
    tail = fftconvolve(waveform, response)[: len(waveform)]
    gain = waveform.std() / max(float(tail.std()), 1e-6) / 10 ** (rng.uniform(*DIRECT_DB) / 20)
    return _within_one(waveform + gain * tail)


def telephone(waveform: Waveform) -> Waveform:
    """Send ``waveform`` through 8 kHz and back."""
    narrow = resample_poly(waveform, 1, 2)
    return resample_poly(narrow, 2, 1)[: len(waveform)].astype(np.float32)


def call(waveform: Waveform, rng: np.random.Generator) -> Waveform:
    """Send ``waveform`` through a telephone: 8 kHz, one of CODECS, and back to 16 kHz."""
    narrow = resample_poly(waveform, 1, SAMPLE_RATE // TELEPHONE_RATE)
    samples = np.round(_within_one(narrow) * 32_767).astype(np.int16)
    heard = coded(samples, str(rng.choice(CODECS)), TELEPHONE_RATE).astype(np.float32) / 32_767
    wide = resample_poly(heard, SAMPLE_RATE // TELEPHONE_RATE, 1)
    return np.resize(wide, len(waveform)).astype(np.float32)


def coded(samples: NDArray[np.int16], codec: str, rate: int) -> NDArray[np.int16]:
    """Encode and decode mono int16 ``samples`` [T]; the result may end with silence."""
    encoder: Any = av.AudioCodecContext.create(codec, "w")
    encoder.sample_rate, encoder.layout, encoder.format = rate, "mono", "s16"
    encoder.time_base = Fraction(1, rate)
    encoder.open()
    size = encoder.frame_size or len(samples)
    padded = np.pad(samples, (0, -len(samples) % size))
    packets = []
    for at in range(0, len(padded), size):
        frame = av.AudioFrame.from_ndarray(padded[None, at : at + size], "s16", "mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    decoder: Any = av.AudioCodecContext.create(codec, "r")
    decoder.sample_rate, decoder.layout = rate, "mono"
    decoder.extradata = encoder.extradata
    frames = [frame for packet in packets for frame in decoder.decode(packet)]
    frames += decoder.decode(None)
    return np.concatenate([frame.to_ndarray().ravel() for frame in frames])


def _within_one(waveform: NDArray[np.floating]) -> Waveform:
    return (waveform / max(float(np.abs(waveform).max(initial=0.0)), 1.0)).astype(np.float32)
