"""Whether the channels of a recording say the same: what to mix, and what to hear apart.

    windows of all channels → levels every 50 ms, likeness at any lag → weights

* All say the same, or nobody can tell: their average, with every channel that sounds as loud as it
  is. One that is silent takes nothing from the level of the others, and loses nothing either,
  should it sound where nobody has looked.
* Two that are each other's negative: their difference, in which neither cancels.
* Different speech on each: each apart.

Speech differs where one level does not follow the other (correlation of the decibels), no lag makes
the waveforms alike, and both have pauses. One voice in two microphones, a panned voice and a voice
amid wide music rise and fall together on both channels: measured at 0.5 to 1.0, whatever the
reverberation. Two people who talk by turns are at -0.4 to -0.1, two who talk all the time at 0.1 at
most. Rain and hiss have no pauses.
"""

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.fft import irfft, rfft
from numpy.typing import NDArray

from richspeech.audio.mono import SAMPLE_RATE, Waveforms, Weights

MOST_APART = 16
"""Each takes some megabytes while it is read; more are mixed."""

LEVEL_SAMPLES = SAMPLE_RATE // 20
LIKENESS_SAMPLES = SAMPLE_RATE // 5
TRANSFORM_SAMPLES = 3_456
MOST_LAG_SAMPLES = 12 * SAMPLE_RATE // 1_000
"""Sound goes four metres in 12 ms."""

LOUD_FRAMES = 10
"""A channel is as loud as the quietest frame of its loudest half second: a click is shorter."""
SILENT_DB = -65.0
"""Below full scale; a channel that gets no louder is silent."""
BESIDE_DB = 40.0
"""So is one that stays this far below the loudest."""
SPEAKING_DB = 15.0
"""Somebody speaks where the level is at most this far below its loudest."""
DYNAMIC_DB = 30.0
"""What is quieter counts as if it were not, so that the noise between words does not."""
HISS_DB = 20.0
"""What never pauses and is this far below the loudest is hiss or hum."""
LEAKING_DB = 25.0
"""What another channel has so much louder is its leakage, which few would hear."""

MOST_ALIKE = 0.3
"""Correlation of the levels up to which they do not follow each other."""
ALIKE = 0.5
"""Correlation of two waveforms, at their best lag, from which they are of one sound."""
MOST_SHARED = 0.3
"""Of the frames with speech: so many may be of one sound, for coughs and bells."""
LEAST_PAUSES = 0.15
"""Of all frames; speech has twice as many, and music may have none."""
LEAST_FRAMES = 40
"""Two seconds; less tells nothing."""
INVERTED = -0.8
"""Correlation at no lag from which two channels cancel: the average is 10 dB down."""


def weights_for(windows: Iterable[Waveforms]) -> Weights | None:
    """Return how to mix or part the channels of which these are samples, each [C, T], 16 kHz.

    None says that all are to be averaged.
    """
    sampled = [window for window in windows if window.shape[-1] >= LIKENESS_SAMPLES]
    if not sampled:
        return None
    levels = np.concatenate([*map(_levels, sampled)], axis=1)  # [C, N]
    loudest = np.sort(levels, axis=1)[:, -LOUD_FRAMES:][:, 0]  # [C]
    sounding = _sounding(levels, loudest)
    channels = len(levels)
    if channels == 2 and len(sounding) == 2 and _correlation(sampled) <= INVERTED:
        return np.array([[0.5, -0.5]])
    may_part = len(sounding) >= 2 and channels <= MOST_APART
    if may_part and _all_differ(sampled, levels, loudest, sounding):
        return apart(channels)
    if 0 < len(sounding) < channels:
        return np.full((1, channels), 1 / len(sounding))
    return None


def apart(channels: int) -> Weights:
    """Return what leaves every channel as it is."""
    return np.eye(channels)


def _levels(window: Waveforms) -> NDArray[np.float64]:
    """Return the level of every frame in decibels below full scale, [C, N]."""
    return _decibels(_frames(window, LEVEL_SAMPLES))


def _decibels(frames: Waveforms) -> NDArray[np.float64]:
    powers = np.square(frames, dtype=np.float64).mean(axis=-1)
    return np.asarray(10 * np.log10(powers + 1e-12))


def _frames(window: Waveforms, samples: int) -> Waveforms:
    """Return whole frames of a length, [C, N, samples]."""
    count = window.shape[-1] // samples
    return window[:, : count * samples].reshape(len(window), count, samples)


def _sounding(levels: NDArray[np.float64], loudest: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the channels with more than silence, or hiss beside something louder."""
    top = loudest.max()
    hisses = (_pauses(levels, loudest) < LEAST_PAUSES) & (loudest < top - HISS_DB)
    return np.flatnonzero((loudest > SILENT_DB) & (loudest > top - BESIDE_DB) & ~hisses)


def _pauses(levels: NDArray[np.float64], loudest: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of frames in which a channel rests, [C]."""
    return np.asarray((levels < loudest[:, None] - SPEAKING_DB).mean(axis=1))


def _correlation(sampled: Sequence[Waveforms]) -> float:
    """Return that of two channels at no lag, -1 to 1."""
    products = np.array([each @ each.T for each in (w.astype(np.float64) for w in sampled)])
    (left, both), (_, right) = products.sum(axis=0)
    return float(both / np.sqrt(left * right)) if left * right > 0 else 0.0


def _all_differ(
    sampled: Sequence[Waveforms],
    levels: NDArray[np.float64],
    loudest: NDArray[np.float64],
    sounding: NDArray[np.intp],
) -> bool:
    """Whether somebody speaks on each of these channels, and nobody on two."""
    heard, loud = levels[sounding], loudest[sounding]
    if heard.shape[1] < LEAST_FRAMES or (_pauses(heard, loud) < LEAST_PAUSES).any():
        return False
    likeness = np.corrcoef(np.maximum(heard, loud[:, None] - DYNAMIC_DB))
    pairs = [*combinations(range(len(sounding)), 2)]
    if any(likeness[pair] > MOST_ALIKE for pair in pairs):
        return False
    parts = [_Part.of(window[sounding], loud) for window in sampled]
    return all(_shared(parts, *pair) <= MOST_SHARED for pair in pairs)


class _Part(NamedTuple):
    """What tells whether channels have one sound, in frames of LIKENESS_SAMPLES."""

    spectra: NDArray[np.complexfloating[Any, Any]]  # [C, N, F]
    energies: NDArray[np.float32]  # [C, N]
    levels: NDArray[np.float64]  # [C, N]
    speaking: NDArray[np.bool_]  # [C, N]

    @classmethod
    def of(cls, window: Waveforms, loudest: NDArray[np.float64]) -> Self:
        """Measure a window; differences of samples stand for them, since hum is on all channels."""
        frames = _frames(np.diff(window, axis=1, prepend=0).astype(np.float32), LIKENESS_SAMPLES)
        levels = _decibels(_frames(window, LIKENESS_SAMPLES))
        return cls(
            rfft(frames, TRANSFORM_SAMPLES),
            np.square(frames).sum(axis=-1),
            levels,
            levels >= loudest[:, None] - SPEAKING_DB,
        )

    def shared(self, one: int, other: int) -> NDArray[np.bool_]:
        """Return in which frames two channels have one sound, [N]."""
        products = irfft(self.spectra[one] * self.spectra[other].conj())  # [N, lags]
        products = np.abs(np.delete(products, slice(MOST_LAG_SAMPLES + 1, -MOST_LAG_SAMPLES), 1))
        alike = products.max(axis=1) / np.sqrt(self.energies[one] * self.energies[other] + 1e-12)
        near = np.abs(self.levels[one] - self.levels[other]) < LEAKING_DB
        return np.asarray(self.spoken(one, other) & near & (alike >= ALIKE))

    def spoken(self, one: int, other: int) -> NDArray[np.bool_]:
        """Return in which frames somebody speaks on one of two channels, [N]."""
        return np.asarray(self.speaking[one] | self.speaking[other])


def _shared(parts: Sequence[_Part], one: int, other: int) -> float:
    """Return the share of the speech on two channels that is one sound, 0 to 1."""
    spoken = sum(int(part.spoken(one, other).sum()) for part in parts)
    return sum(int(part.shared(one, other).sum()) for part in parts) / max(spoken, 1)
