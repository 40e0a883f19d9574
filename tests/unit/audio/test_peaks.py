"""The picture of a waveform: true to its loudest samples, and small whatever the length."""

from base64 import b64decode
from collections.abc import Iterable

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from richspeech.audio.mono import SAMPLE_RATE, Waveform
from richspeech.audio.peaks import (
    CHUNK_PEAKS,
    MOST_PEAKS,
    MeteredRecording,
    PeakMeter,
    Peaks,
)
from tests.fakes import FakeRecording


def measure_peaks(blocks: Iterable[Waveform], most_peaks: int = MOST_PEAKS) -> Peaks:
    meter = PeakMeter(most_peaks)
    for block in blocks:
        meter.feed(block)
    return meter.peaks


def noise(samples: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, samples).astype(np.float32)


def test_each_stretch_has_its_lowest_and_highest_sample() -> None:
    waveform = np.zeros(1_024, np.float32)
    waveform[[10, 300]] = [0.5, -1.0]
    values = measure_peaks([waveform]).values
    assert values.tolist() == [[0, 64], [-127, 0], [0, 0], [0, 0]]


@given(st.lists(st.integers(0, 3_000), max_size=8), st.sampled_from([2, 8, 32]))
def test_blocks_of_any_size_give_the_same_peaks(sizes: list[int], most: int) -> None:
    waveform = noise(sum(sizes))
    blocks = np.split(waveform, np.cumsum(sizes)) if sizes else [waveform]
    whole, parts = measure_peaks([waveform], most), measure_peaks(blocks, most)
    assert whole.samples_per_peak == parts.samples_per_peak
    assert whole.values.tolist() == parts.values.tolist()


@given(st.integers(0, 40_000), st.sampled_from([2, 8, 32]))
def test_there_are_never_more_than_allowed_and_all_whole_stretches_are_there(
    samples: int, most: int
) -> None:
    waveform = noise(samples)
    peaks = measure_peaks([waveform], most)
    size = peaks.samples_per_peak
    assert len(peaks.values) == samples // size <= most
    for stretch, (low, high) in zip(
        waveform[: len(peaks.values) * size].reshape(-1, size), peaks.values / 127, strict=True
    ):
        assert low <= stretch.min() <= low + 0.01
        assert high - 0.01 <= stretch.max() <= high


def test_three_hours_stay_small() -> None:
    block = noise(60 * SAMPLE_RATE)
    peaks = measure_peaks(block for _ in range(180))
    assert peaks.values.nbytes == 168_750
    assert peaks.seconds_per_peak == 0.128
    assert len(peaks.values) <= MOST_PEAKS


def test_what_is_handed_out_grows_at_its_end() -> None:
    meter = PeakMeter()
    meter.feed(noise(256 * (CHUNK_PEAKS + 10)))
    before = meter.peaks.to_dict()
    meter.feed(noise(256 * 10))
    after = meter.peaks.to_dict()
    assert before["chunks"][0] == after["chunks"][0]
    sent = b"".join(b64decode(chunk) for chunk in after["chunks"])
    assert sent == meter.peaks.values.tobytes()


def test_what_grows_is_handed_out_as_text_that_grows_at_its_end() -> None:
    meter, before = PeakMeter(), [""]
    for _ in range(8):
        meter.feed(noise(256 * (CHUNK_PEAKS // 4 + 1)))
        chunks = meter.peaks.to_dict(grows=True)["chunks"]
        assert chunks[: len(before) - 1] == before[:-1]
        assert chunks[len(before) - 1].startswith(before[-1])
        handed_out = b"".join(b64decode(chunk) for chunk in chunks)
        assert handed_out == meter.peaks.values.tobytes()[: len(handed_out)]
        assert len(meter.peaks.values) - len(handed_out) // 2 < 3
        before = chunks


def test_a_metered_recording_gives_the_same_blocks() -> None:
    meter = PeakMeter()
    metered = MeteredRecording(FakeRecording([noise(SAMPLE_RATE)] * 2, 2.0), meter)
    assert metered.duration == 2.0
    assert sum(len(block) for block in metered.blocks(1.0)) == 2 * SAMPLE_RATE
    assert len(meter.peaks.values) == 2 * SAMPLE_RATE // 256
