"""How a voice sounds in one utterance: pitch and loudness of frames, and what is usual among them.

Pitch is YIN's: the lag at which a frame resembles itself most, as de Cheveigné and Kawahara, YIN, a
fundamental frequency estimator for speech and music, 2002, have it in equations 6 to 8 and step 4.
It is written out here, since no library served: docs/adr/0106-cascade.md.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from richspeech.audio.mono import SAMPLE_RATE, Waveform
from richspeech.model.prosody import Prosody

HOP_SAMPLES = SAMPLE_RATE // 50
"""20 ms: pitch hardly moves within it."""
WINDOW_SAMPLES = 512
"""Two periods of the lowest pitch are compared with those that follow."""
SHORTEST_LAG, LONGEST_LAG = 32, 256
"""500 to 62.5 Hz, in steps of half a semitone at one end and a sixteenth at the other."""
FRAME_SAMPLES = WINDOW_SAMPLES + LONGEST_LAG
PERIODIC = 0.15
"""Difference, 0 to about 1, below which a lag is taken for the period; its authors have 0.1."""
QUIET_DB = 35.0
"""What lies so far below the loudest frames is no voice, however periodic."""
LEAST_VOICED = 5
"""Frames from which a pitch is told."""
SPREAD = (10, 90)
"""Percent of the frames below the ends of a range."""
LOUDEST = 95
SILENCE_DB = -100.0

Values = NDArray[np.float64]


def measure_prosody(waveform: Waveform) -> Prosody:
    """Measure one utterance, float32 mono 16 kHz, [T]."""
    frames = _frames(waveform)
    level = _levels(frames)
    low, high, loudest = np.percentile(level, (*SPREAD, LOUDEST))
    lag = _lags(frames)
    voiced = (lag > 0) & (level > max(loudest - QUIET_DB, SILENCE_DB))
    pitch = SAMPLE_RATE / lag[voiced]
    median = spread = None
    if len(pitch) >= LEAST_VOICED:
        lowest, highest = np.percentile(pitch, SPREAD)
        median, spread = float(np.median(pitch)), float(12 * np.log2(highest / lowest))
    return Prosody(
        pitch_hz=median,
        pitch_range_semitones=spread,
        voiced_share=float(voiced.mean()),
        level_db=float(np.median(level)),
        level_range_db=float(high - low),
    )


def _frames(waveform: Waveform) -> Values:
    """Return frames that overlap, [N, FRAME_SAMPLES], N at least 1."""
    padded = np.zeros(max(len(waveform), FRAME_SAMPLES))
    padded[: len(waveform)] = waveform
    return sliding_window_view(padded, FRAME_SAMPLES)[::HOP_SAMPLES]


def _levels(frames: Values) -> Values:
    """Return decibels of full scale, [N]."""
    power = (frames**2).mean(axis=1)
    levels: Values = 10 * np.log10(np.maximum(power, 10 ** (SILENCE_DB / 10)))
    return levels


def _lags(frames: Values) -> NDArray[np.int64]:
    """Return the period of each frame in samples, [N]; 0 where it has none."""
    difference = _differences(frames)[:, SHORTEST_LAG:]
    below = difference < PERIODIC
    first = below.argmax(axis=1)
    # from there the difference falls to its next minimum
    rises = np.diff(difference, axis=1, append=np.inf) >= 0
    rises &= np.arange(difference.shape[1]) >= first[:, None]
    lags: NDArray[np.int64] = np.where(below.any(axis=1), SHORTEST_LAG + rises.argmax(axis=1), 0)
    return lags


def _differences(frames: Values) -> Values:
    """Return YIN's cumulative mean normalized difference, [N, LONGEST_LAG + 1]; 1 at lag 0."""
    spectrum = np.fft.rfft(frames, axis=1)
    window = np.fft.rfft(frames[:, :WINDOW_SAMPLES], FRAME_SAMPLES, axis=1)
    likeness = np.fft.irfft(spectrum * window.conj(), FRAME_SAMPLES, axis=1)
    sums = np.zeros((len(frames), FRAME_SAMPLES + 1))
    np.cumsum(frames**2, axis=1, out=sums[:, 1:])
    energy = sums[:, WINDOW_SAMPLES:] - sums[:, : LONGEST_LAG + 1]
    difference = energy[:, :1] + energy - 2 * likeness[:, : LONGEST_LAG + 1]
    difference = np.maximum(difference, 0.0)
    lags = np.arange(1, LONGEST_LAG + 1)
    normal = np.ones_like(difference)
    mean = np.cumsum(difference[:, 1:], axis=1) / lags
    np.divide(difference[:, 1:], mean, out=normal[:, 1:], where=mean > 0)
    return normal
