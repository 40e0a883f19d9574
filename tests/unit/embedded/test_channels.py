"""A room and a telephone change how speech sounds, not how long it is or where it stands."""

import numpy as np
import pytest
from scipy.signal import chirp

from scripts.embedded import channels

SECONDS = np.arange(24_077) / 16_000
SWEEP = (0.5 * chirp(SECONDS, 200, SECONDS[-1], 6_000)).astype(np.float32)


@pytest.mark.parametrize("codec", channels.CODECS)
def test_a_codec_gives_nearly_the_same_samples_back_in_place(codec: str) -> None:
    samples = (SWEEP[::4] * 32_767).astype(np.int16)
    heard = channels.coded(samples, codec, 8_000)[: len(samples)]
    assert np.corrcoef(samples, heard)[0, 1] > 0.9


def test_a_call_keeps_the_length_and_nothing_above_4_khz() -> None:
    heard = channels.call(SWEEP, np.random.default_rng(1))
    assert heard.shape == SWEEP.shape
    power = np.abs(np.fft.rfft(heard)) ** 2
    above = np.fft.rfftfreq(len(heard), 1 / 16_000) > 4_300
    assert power[above].sum() < 0.01 * power.sum()


def test_a_room_rings_after_the_voice() -> None:
    clap = np.zeros(16_000, np.float32)
    clap[1_000:1_100] = 0.5
    heard = channels.room(clap, np.random.default_rng(1))
    assert heard.shape == clap.shape
    assert np.abs(heard[:1_000]).max() < 1e-6
    assert np.abs(heard[1_200:2_400]).max() > 0
