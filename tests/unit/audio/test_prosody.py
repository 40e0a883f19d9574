"""Pitch and loudness of sounds that are known."""

import numpy as np
import pytest

from richspeech.audio.mono import SAMPLE_RATE, Waveform
from richspeech.audio.prosody import measure_prosody


def buzz(pitch_hz: float, seconds: float = 1.0, level: float = 0.1) -> Waveform:
    """A voice without a mouth: ten harmonics."""
    at = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    parts = np.array([np.sin(2 * np.pi * pitch_hz * n * at) / n for n in range(1, 11)])
    sound: Waveform = (level * parts.sum(axis=0)).astype(np.float32)
    return sound


@pytest.mark.parametrize("pitch_hz", [80, 120, 200, 333, 450])
def test_the_pitch_of_a_voice_is_told_to_half_a_semitone(pitch_hz: float) -> None:
    found = measure_prosody(buzz(pitch_hz))
    assert found.pitch_hz is not None
    assert abs(12 * np.log2(found.pitch_hz / pitch_hz)) < 0.5
    assert found.voiced_share > 0.9
    assert found.pitch_range_semitones == pytest.approx(0, abs=0.5)


def test_a_voice_that_moves_has_a_range() -> None:
    both = np.concatenate([buzz(100), buzz(200)])
    assert measure_prosody(both).pitch_range_semitones == pytest.approx(12, abs=0.5)


def test_what_is_half_as_loud_is_six_decibels_below() -> None:
    loud, soft = (measure_prosody(buzz(150, level=each)) for each in (0.1, 0.05))
    assert loud.level_db - soft.level_db == pytest.approx(6.02, abs=0.05)


@pytest.mark.parametrize("length", [0, 10, 8_000])
def test_silence_has_no_pitch_and_a_level_all_the_same(length: int) -> None:
    found = measure_prosody(np.zeros(length, np.float32))
    assert found.pitch_hz is None
    assert found.pitch_range_semitones is None
    assert (found.voiced_share, found.level_db) == (0, -100)


def test_noise_is_no_voice() -> None:
    noise = np.random.default_rng(0).normal(size=SAMPLE_RATE).astype(np.float32)
    assert measure_prosody(0.1 * noise).pitch_hz is None
