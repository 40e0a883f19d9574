"""Augmentation in the log-mel domain: cheap enough to be fresh for every utterance and epoch."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scripts.embedded import sounds
from scripts.embedded.features import FLOOR, Features, log_mel

Rng = np.random.Generator
PHONE_MELS = slice(4, 56)
"""Mel bands inside 300 to 3,400 Hz."""


@dataclass(frozen=True)
class Backgrounds:
    """Features of noises and of music, to lie under speech."""

    noises: list[Features]
    music: list[Features]

    @classmethod
    def make(cls, seed: int, count: int = 40, seconds: float = 16.0) -> "Backgrounds":
        """Synthesise ``count`` of each."""
        rng = np.random.default_rng(seed)
        noises = [log_mel(0.1 * sounds.noise(seconds, rng)) for _ in range(count)]
        return cls(noises, [log_mel(sounds.event("BGM", seconds, rng)) for _ in range(count)])


def _excerpt(features: Features, length: int, rng: Rng) -> Features:
    start = int(rng.integers(0, max(len(features) - length, 1)))
    return np.resize(features[start:], (length, features.shape[1]))


def _level(features: Features) -> float:
    """Mean log power of the louder half of the frames."""
    frames = np.sort(features.mean(axis=1))
    return float(frames[len(frames) // 2 :].mean())


def _under(features: Features, background: Features, ratio_db: float, rng: Rng) -> Features:
    bed = _excerpt(background, len(features), rng)
    gain = _level(features) - _level(bed) - ratio_db * np.log(10) / 10
    return np.logaddexp(features, bed + gain)


def _stretch(features: Features, rate: float) -> Features:
    position = np.linspace(0, len(features) - 1, max(int(len(features) / rate), 8))
    low = position.astype(int)
    high = np.minimum(low + 1, len(features) - 1)
    weight = (position - low)[:, None].astype(np.float32)
    return features[low] * (1 - weight) + features[high] * weight


def _mask(features: Features, rng: Rng) -> Features:
    masked = features.copy()
    mean = features.mean()
    for _ in range(2):
        width, start = int(rng.integers(0, 9)), int(rng.integers(0, features.shape[1] - 9))
        masked[:, start : start + width] = mean
    width = int(rng.integers(0, 8))
    start = int(rng.integers(0, max(len(features) - width, 1)))
    masked[start : start + width] = mean
    return masked


def pad(features: Features, rng: Rng) -> tuple[Features, int]:
    """Put up to 0.35 s of silence at either end, as speech spans have; say how long the first."""
    before, after = (
        np.full((int(rng.integers(0, 36)), features.shape[1]), FLOOR, np.float32) for _ in "ab"
    )
    return np.concatenate([before, features, after]), len(before)


def gap(rng: Rng, mels: int) -> Features:
    """Silence of 0.1 to 0.7 s."""
    return np.full((int(rng.integers(10, 70)), mels), FLOOR, np.float32)


def augment(
    features: Features, backgrounds: Backgrounds, strength: float, rng: Rng, *, music: bool
) -> Features:
    """Vary ``features`` [T, 80]; ``strength`` 0 to 1 scales how often and how much.

    ``music`` says that music may lie under it (and the label says so).
    """
    out = _stretch(features, float(rng.uniform(1 - 0.07 * strength, 1 + 0.07 * strength)))
    if music:
        out = _under(out, _choose(backgrounds.music, rng), float(rng.uniform(4, 14)), rng)
    if rng.uniform() < 0.12 * strength:
        narrow = np.full_like(out, FLOOR)
        narrow[:, PHONE_MELS] = out[:, PHONE_MELS]
        out = narrow
    if rng.uniform() < 0.7 * strength:
        decibels = float(rng.uniform(5, 30) + 25 * (1 - strength))
        out = _under(out, _choose(backgrounds.noises, rng), decibels, rng)
    out = np.maximum(out + float(rng.uniform(-2.5, 2.0)), FLOOR)
    if rng.uniform() < 0.5 * strength:
        out = _mask(out, rng)
    return out.astype(np.float32)


def _choose(pool: list[Features], rng: Rng) -> NDArray[np.float32]:
    return pool[int(rng.integers(len(pool)))]
