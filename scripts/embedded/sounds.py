"""Sounds that are no speech, synthesised: the events, and the noises that are no event."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, fftconvolve, sosfilt

from scripts.embedded.voices import SAMPLE_RATE, Waveform

Rng = np.random.Generator
Signal = NDArray[np.float64]


def _time(seconds: float) -> Signal:
    return np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE


def _band(signal: Signal, low_hz: float, high_hz: float) -> Signal:
    sos = butter(2, [low_hz, min(high_hz, 7_900)], "bandpass", fs=SAMPLE_RATE, output="sos")
    return np.asarray(sosfilt(sos, signal))


def _noise(seconds: float, rng: Rng, low_hz: float, high_hz: float) -> Signal:
    return _band(rng.normal(0, 1, int(seconds * SAMPLE_RATE)), low_hz, high_hz)


def _swell(length: int, attack: float, release: float) -> Signal:
    """Rise over ``attack`` and fall over ``release`` of the length (fractions)."""
    x = np.linspace(0, 1, length)
    return np.clip(x / attack, 0, 1) * np.clip((1 - x) / release, 0, 1)


def _voiced(pitch_hz: Signal, rng: Rng, formants_hz: tuple[float, ...]) -> Signal:
    """Buzz at ``pitch_hz`` [T] through a few formants."""
    phase = np.cumsum(pitch_hz) / SAMPLE_RATE
    buzz = 2 * (phase % 1.0) - 1 + rng.normal(0, 0.05, len(pitch_hz))
    return np.sum([_band(buzz, f * 0.85, f * 1.15) for f in formants_hz], axis=0)


def _overlay(seconds: float, pieces: list[tuple[float, Signal]]) -> Signal:
    """Lay (start in seconds, signal) pieces on silence."""
    out = np.zeros(int(seconds * SAMPLE_RATE))
    for start, piece in pieces:
        at = int(start * SAMPLE_RATE)
        end = min(len(out), at + len(piece))
        out[at:end] += piece[: max(end - at, 0)]
    return out


def music(seconds: float, rng: Rng) -> Signal:
    """Chords, a melody and perhaps a beat."""
    beat = rng.uniform(0.28, 0.6)
    root = 110 * 2 ** (rng.integers(0, 12) / 12)
    scale = (
        np.array([0, 2, 4, 5, 7, 9, 11, 12])
        if rng.uniform() < 0.6
        else np.array([0, 2, 3, 5, 7, 8, 10, 12])
    )
    harmonics = rng.uniform(0.2, 0.8) ** np.arange(6.0)
    pieces: list[tuple[float, Signal]] = []
    for i, start in enumerate(np.arange(0, seconds, beat)):
        if i % 4 == 0:
            degree = int(rng.integers(0, 5))
            notes = [root * 2 ** (scale[(degree + k) % 8] / 12) for k in (0, 2, 4)]
            pieces += [(start, 0.35 * _note(f, 4 * beat, harmonics)) for f in notes]
        if rng.uniform() < 0.85:
            melody = 2 * root * 2 ** (int(rng.choice(scale)) / 12)
            pieces.append(
                (start, 0.6 * _note(melody, beat * float(rng.choice([0.5, 1, 1])), harmonics))
            )
    if rng.uniform() < 0.5:
        drum = _noise(0.08, rng, 1_500, 7_000) * np.exp(-np.linspace(0, 7, int(0.08 * SAMPLE_RATE)))
        pieces += [(start, 0.3 * drum) for start in np.arange(0, seconds, beat)]
    return _overlay(seconds, pieces)


def _note(pitch_hz: float, seconds: float, harmonics: NDArray[np.floating]) -> Signal:
    t = _time(seconds)
    tones = [
        a * np.sin(2 * np.pi * pitch_hz * (k + 1) * t)
        for k, a in enumerate(harmonics)
        if pitch_hz * (k + 1) < 7_500
    ]
    return np.sum(tones, axis=0) * np.exp(-t / seconds * 2.5) * _swell(len(t), 0.02, 0.05)


def applause(seconds: float, rng: Rng) -> Signal:
    """Many hands: dense random claps."""
    claps = rng.poisson(
        rng.uniform(60, 180) / SAMPLE_RATE, int(seconds * SAMPLE_RATE)
    ) * rng.uniform(0.3, 1.0, int(seconds * SAMPLE_RATE))
    decay = np.exp(-np.linspace(0, 6, int(rng.uniform(0.008, 0.016) * SAMPLE_RATE)))
    hand = _band(
        rng.normal(0, 1, len(decay)) * decay, rng.uniform(600, 1_000), rng.uniform(3_000, 6_000)
    )
    return fftconvolve(claps, hand)[: len(claps)] * _swell(len(claps), 0.08, 0.12)


def laughter(seconds: float, rng: Rng) -> Signal:
    """Ha-ha-ha: voiced bursts four to six times a second, falling in pitch."""
    pitch = rng.uniform(140, 330)
    step = 1 / rng.uniform(4.2, 6.2)
    formants = tuple(np.array([750.0, 1_250.0, 2_600.0]) * rng.uniform(0.9, 1.2))
    pieces = []
    for i, start in enumerate(np.arange(0, seconds - step, step)):
        if i % 8 == 7:
            pitch *= rng.uniform(1.1, 1.35)
            continue
        length = int(step * rng.uniform(0.5, 0.65) * SAMPLE_RATE)
        glide = pitch * np.linspace(1.15, 0.9, length)
        breath = _noise((length + 1) / SAMPLE_RATE, rng, 800, 4_000)[:length] * 0.25
        pieces.append((start, (_voiced(glide, rng, formants) + breath) * _swell(length, 0.2, 0.5)))
        pitch *= rng.uniform(0.95, 1.0)
    return _overlay(seconds, pieces)


def cry(seconds: float, rng: Rng) -> Signal:
    """Wail: long tones that rise and sink, with sobs between."""
    pieces, start = [], 0.0
    formants = tuple(np.array([900.0, 1_500.0, 3_000.0]) * rng.uniform(0.9, 1.25))
    while start < seconds - 0.4:
        length = int(min(rng.uniform(0.6, 1.2), seconds - start) * SAMPLE_RATE)
        arc = np.sin(np.linspace(0.15 * np.pi, np.pi, length))
        wobble = 1 + 0.03 * np.sin(2 * np.pi * rng.uniform(5, 7) * np.arange(length) / SAMPLE_RATE)
        wail = _voiced(rng.uniform(330, 480) * (1 + 0.35 * arc) * wobble, rng, formants)
        pieces.append((start, wail * _swell(length, 0.15, 0.3)))
        start += length / SAMPLE_RATE
        sob = _noise(0.16, rng, 500, 3_500) * 0.3
        pieces.append((start, sob * _swell(len(sob), 0.6, 0.2)))
        start += rng.uniform(0.18, 0.3)
    return _overlay(seconds, pieces)


def cough(seconds: float, rng: Rng) -> Signal:
    """Short explosive bursts with a voiced tail."""
    pieces, start = [], 0.0
    while start < seconds - 0.3:
        burst = _noise(0.32, rng, 250, 3_000)
        burst *= np.exp(-np.linspace(0, rng.uniform(5, 8), len(burst)))
        tail = _voiced(np.full(len(burst), rng.uniform(110, 220)), rng, (600.0, 1_100.0))
        tail *= _swell(len(burst), 0.4, 0.4) * 0.35
        pieces.append((start, burst + tail))
        start += rng.uniform(0.34, 0.6)
    return _overlay(seconds, pieces)


def sneeze(seconds: float, rng: Rng) -> Signal:
    """Intakes of breath, then a hiss that explodes and fades."""
    pieces, start = [], 0.0
    while start < seconds - 0.8:
        intake = _noise(rng.uniform(0.3, 0.45), rng, 1_000, 5_000) * 0.15
        vowel = _voiced(
            np.linspace(200, 320, len(intake)) * rng.uniform(0.8, 1.3), rng, (700.0, 1_300.0)
        )
        pieces.append((start, (intake + 0.2 * vowel) * _swell(len(intake), 0.9, 0.05)))
        start += len(intake) / SAMPLE_RATE
        hiss = _noise(rng.uniform(0.35, 0.5), rng, 2_500, 7_800)
        pieces.append((start, 1.2 * hiss * np.exp(-np.linspace(0, 4, len(hiss)))))
        start += len(hiss) / SAMPLE_RATE + rng.uniform(0.25, 0.5)
    return _overlay(seconds, pieces)


def breath(seconds: float, rng: Rng) -> Signal:
    """In and out, the one brighter than the other, with short rests."""
    pieces, start, inward = [], 0.0, True
    while start < seconds - 0.4:
        length = rng.uniform(0.5, 0.9)
        low, high = (900, 4_500) if inward else (350, 2_200)
        air = _noise(length, rng, low, high)
        pieces.append((start, air * np.sin(np.linspace(0, np.pi, len(air))) ** 2))
        start += length + rng.uniform(0.05, 0.2)
        inward = not inward
    return _overlay(seconds, pieces)


EVENTS: dict[str, Callable[[float, Rng], Signal]] = {
    "BGM": music,
    "Applause": applause,
    "Laughter": laughter,
    "Cry": cry,
    "Cough": cough,
    "Sneeze": sneeze,
    "Breath": breath,
}


def event(name: str, seconds: float, rng: Rng) -> Waveform:
    """Synthesise the event ``name``: float32, 16 kHz, [T], peak between 0.25 and 0.9."""
    signal = EVENTS[name](seconds, rng)
    peak = max(float(np.abs(signal).max(initial=0.0)), 1e-9)
    return (signal * (rng.uniform(0.25, 0.9) / peak)).astype(np.float32)


def noise(seconds: float, rng: Rng) -> Waveform:
    """Steady or slowly moving noise of a random colour, with hum at times: float32, RMS 1."""
    length = int(seconds * SAMPLE_RATE)
    spectrum = np.fft.rfft(rng.normal(0, 1, length))
    frequency = np.maximum(np.fft.rfftfreq(length, 1 / SAMPLE_RATE), 20)
    signal = np.fft.irfft(spectrum * frequency ** -rng.uniform(0, 1.1), length)
    if rng.uniform() < 0.3:
        low = rng.uniform(80, 1_500)
        signal = _band(signal, low, low * rng.uniform(3, 8))
    signal /= signal.std()
    if rng.uniform() < 0.3:
        hum = np.sin(2 * np.pi * rng.choice([50.0, 60.0, 100.0]) * np.arange(length) / SAMPLE_RATE)
        signal += rng.uniform(0.2, 1.0) * hum
    drift = 1 + rng.uniform(0, 0.4) * np.sin(
        2 * np.pi * rng.uniform(0.05, 0.4) * np.arange(length) / SAMPLE_RATE
    )
    signal *= drift
    return (signal / signal.std()).astype(np.float32)


def add_noise(waveform: Waveform, snr_db: float, rng: Rng) -> Waveform:
    """Add noise ``snr_db`` below the mean power of the louder half of ``waveform``."""
    frames = waveform[: len(waveform) // 160 * 160].reshape(-1, 160)
    power = np.sort((frames.astype(np.float64) ** 2).mean(axis=1))
    level = np.sqrt(power[len(power) // 2 :].mean() / 10 ** (snr_db / 10))
    return (
        waveform + level * noise(len(waveform) / SAMPLE_RATE + 0.01, rng)[: len(waveform)]
    ).astype(np.float32)
