"""What is on the channels decides how they are heard; everything here is synthesised."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from richspeech.audio.channels import MOST_APART, weights_for
from richspeech.audio.mono import SAMPLE_RATE

Signal = NDArray[np.float32]

SECONDS = 30
COUNT = SECONDS * SAMPLE_RATE
MIXED, INVERTED, SPLIT, LOUDER = "mixed", "inverted", "split", "as loud as the one that sounds"


def voice(seed: int, *, talks: float = 0.6) -> Signal:
    """Syllables, each with its own length, pitch and loudness, in turns of three seconds."""
    rng = np.random.default_rng(seed)
    is_talking = np.repeat(rng.uniform(size=SECONDS // 3) < talks, 3 * SAMPLE_RATE)
    said, at = np.zeros(COUNT), 0
    while (size := int(rng.uniform(0.12, 0.4) * SAMPLE_RATE)) < COUNT - at:
        time, pitch = np.arange(size) / SAMPLE_RATE, rng.uniform(90, 250)
        tones = sum(np.sin(2 * np.pi * pitch * k * time) / k for k in range(1, 20))
        said[at : at + size] = tones * np.hanning(size) * rng.uniform(0.05, 0.25)
        at += size + int(rng.uniform(0, 0.1) * SAMPLE_RATE)
    return (said * is_talking).astype(np.float32)


def noise(seed: int, decibels: float) -> Signal:
    samples = np.random.default_rng(seed).standard_normal(COUNT)
    return (samples * 10 ** (decibels / 20)).astype(np.float32)


def room(sound: Signal, seed: int, delay: int) -> Signal:
    """A voice as one of two microphones has it: late, and with its own echoes."""
    rng = np.random.default_rng(seed)
    echoes = rng.standard_normal(4_800) * np.exp(-np.arange(4_800) / 700) * 0.1
    echoes[0] += 1.0
    return np.convolve(np.roll(sound, delay), echoes)[:COUNT].astype(np.float32)


def music(seed: int) -> tuple[Signal, Signal]:
    """Eight instruments that play in time, each somewhere between left and right."""
    rng = np.random.default_rng(seed)
    time = np.arange(COUNT) / SAMPLE_RATE
    left, right = np.zeros(COUNT), np.zeros(COUNT)
    for _ in range(8):
        beats = np.repeat(rng.uniform(0, 1, COUNT // 4_000), 4_000)
        struck = beats * np.tile(np.exp(-np.arange(4_000) / 1_500), COUNT // 4_000)
        place, pitch = rng.uniform(0, 1), 220 * 2 ** (rng.integers(0, 24) / 12)
        played = np.sin(2 * np.pi * pitch * time) * struck * 0.1
        left += played * (1 - place)
        right += played * place
    return left.astype(np.float32), right.astype(np.float32)


def verdict(*channels: Signal) -> str:
    sound = np.stack(channels)
    size = 5 * SAMPLE_RATE
    weights = weights_for([sound[:, at : at + size] for at in range(0, COUNT, size)])
    if weights is None:
        return MIXED
    if len(weights) > 1:
        assert np.array_equal(weights, np.eye(len(channels)))
        return SPLIT
    return INVERTED if weights.min() < 0 else LOUDER


def conversation() -> tuple[Signal, Signal]:
    return voice(1), voice(2)


def test_two_who_speak_by_turns_and_at_once_are_heard_apart() -> None:
    assert verdict(*conversation()) == SPLIT


def test_so_are_two_who_talk_all_the_time() -> None:
    assert verdict(voice(1, talks=1.0), voice(2, talks=1.0)) == SPLIT


def test_so_are_a_loud_one_and_a_quiet_one_on_a_noisy_line() -> None:
    one, other = conversation()
    assert verdict(one + noise(3, -50), 0.06 * other + noise(4, -62)) == SPLIT


def test_so_are_four_microphones_with_a_voice_each() -> None:
    assert verdict(voice(1), voice(2), voice(3), voice(4)) == SPLIT


def test_more_than_can_be_heard_apart_are_mixed() -> None:
    assert verdict(*(voice(seed) for seed in range(MOST_APART + 1))) == MIXED


@pytest.mark.parametrize("level", [1.0, 0.5, 0.1])
def test_the_same_on_both_is_one(level: float) -> None:
    one = voice(1)
    assert verdict(one, level * one) == MIXED


def test_each_others_negative_is_heard_as_their_difference() -> None:
    one = voice(1)
    assert verdict(one + noise(3, -60), -0.8 * one + noise(4, -60)) == INVERTED


@pytest.mark.parametrize("right", [np.zeros(COUNT, np.float32), noise(5, -70), noise(5, -45)])
def test_beside_silence_and_hiss_a_voice_keeps_its_level(right: Signal) -> None:
    assert verdict(voice(1), right) == LOUDER
    assert verdict(right, voice(1)) == LOUDER


def voice_in_two_microphones() -> tuple[Signal, Signal]:
    return room(voice(1), 5, 0), room(voice(1), 6, 60)


def conversation_in_two_microphones() -> tuple[Signal, Signal]:
    one, other = conversation()
    return (
        room(one, 5, 0) + 0.5 * room(other, 6, 90),
        0.5 * room(one, 7, 90) + room(other, 8, 0),
    )


def panned_conversation() -> tuple[Signal, Signal]:
    one, other = conversation()
    return 0.8 * one + 0.3 * other, 0.3 * one + 0.8 * other


def voice_amid_music() -> tuple[Signal, Signal]:
    left, right = music(3)
    said = 0.5 * voice(1)
    return left + said, right + said


def rain() -> tuple[Signal, Signal]:
    return noise(1, -30), noise(2, -30)


def film() -> tuple[Signal, ...]:
    left, right = music(3)
    silence = np.zeros(COUNT, np.float32)
    return left, right, voice(1), 0.3 * left, silence + 0.5 * left, silence + 0.5 * right


@pytest.mark.parametrize(
    "channels",
    [
        voice_in_two_microphones,
        conversation_in_two_microphones,
        panned_conversation,
        lambda: music(3),
        voice_amid_music,
        rain,
        film,
    ],
)
def test_what_belongs_together_stays_a_mixture(
    channels: Callable[[], tuple[Signal, ...]],
) -> None:
    assert verdict(*channels()) == MIXED


def test_too_little_sound_tells_nothing() -> None:
    one, other = conversation()
    assert weights_for([np.stack([one, other])[:, :SAMPLE_RATE]]) is None
    assert weights_for([]) is None


def test_silence_on_all_channels_is_one_silence() -> None:
    assert verdict(np.zeros(COUNT, np.float32), np.zeros(COUNT, np.float32)) == MIXED
