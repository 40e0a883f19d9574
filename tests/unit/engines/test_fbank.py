"""Features are Kaldi's, however a recording is cut, and made for many windows at once."""

import statistics
import time
from collections.abc import Callable
from typing import Any

import kaldi_native_fbank
import numpy as np
import pytest
import soundfile as sf
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray

from richspeech.engines.common import fbank
from richspeech.engines.common.fbank import Fbank
from richspeech.errors import AudioError
from richspeech.places import HOME as ROOT
from richspeech.recognition.utterance import Frames

Array = NDArray[np.float32]
RATE = 16_000
SECOND = np.arange(RATE) / RATE
NOISE = np.random.default_rng(0).standard_normal(3 * RATE).astype(np.float32)
SPEECH = np.asarray(sf.read(ROOT / "examples" / "zh-call.wav", dtype="float32")[0])[: 8 * RATE]

SOUNDS = {
    "speech": SPEECH,
    "noise": NOISE / 8,
    "noise that clips": np.clip(NOISE, -1, 1),
    "noise below 16 bits": NOISE * 1e-6,
    "silence": np.zeros(RATE, np.float32),
    "a sine": np.sin(2 * np.pi * 1000 * SECOND),
    "a square wave": np.sign(np.sin(2 * np.pi * 441 * SECOND)),
    "clicks": (np.arange(RATE) % 1600 == 0) * 1.0,
    "speech between silences": np.concatenate((np.zeros(1234), SPEECH[:RATE], np.zeros(4321))),
}


def frames_of(waveform: Array) -> Frames:
    return Fbank().stream().feed(waveform)


def joined(blocks: list[Frames]) -> Frames:
    return Frames(
        np.concatenate([block.log_mel for block in blocks]),
        np.concatenate([block.decibel for block in blocks]),
    )


def assert_alike(ours: Frames, theirs: Frames) -> None:
    assert_allclose(ours.log_mel, theirs.log_mel, atol=1e-3)
    assert_allclose(ours.decibel, theirs.decibel, atol=1e-3)


def of_kaldi(waveform: Array) -> Array:
    options = kaldi_native_fbank.FbankOptions()
    options.frame_opts.window_type, options.frame_opts.dither = "hamming", 0.0
    options.mel_opts.num_bins, options.energy_floor = 80, 0.0
    kaldi = kaldi_native_fbank.OnlineFbank(options)
    kaldi.accept_waveform(RATE, waveform * 32768)
    kaldi.input_finished()
    return np.stack([kaldi.get_frame(i) for i in range(kaldi.num_frames_ready)])


@pytest.mark.parametrize("name", SOUNDS)
def test_features_equal_those_of_kaldi(name: str) -> None:
    waveform = SOUNDS[name].astype(np.float32)
    assert_allclose(fbank.log_mel(waveform), of_kaldi(waveform), atol=1e-3)


def test_an_offset_changes_nothing() -> None:
    quiet = np.multiply(NOISE, 0.1, dtype=np.float32)
    moved = np.add(quiet, 0.25, dtype=np.float32)
    assert_allclose(fbank.log_mel(moved), fbank.log_mel(quiet), atol=1e-3)


def test_the_loudness_of_silence_and_of_full_scale() -> None:
    assert_allclose(frames_of(np.zeros(RATE, np.float32)).decibel, -60, atol=1e-3)
    assert_allclose(frames_of(np.ones(RATE, np.float32)).decibel, 26.02, atol=1e-2)


@pytest.mark.parametrize("samples", [0, 1, 399, 400, 559, 560])
def test_only_whole_windows_count(samples: int) -> None:
    frames = frames_of(np.zeros(samples, np.float32))
    count = max(0, (samples - 240) // 160)
    assert frames.log_mel.shape == (count, 80)
    assert frames.decibel.shape == (count,)
    assert frames.log_mel.dtype == frames.decibel.dtype == np.float32


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, len(NOISE)), max_size=30).map(sorted))
def test_features_do_not_depend_on_the_blocks(cuts: list[int]) -> None:
    stream = Fbank().stream()
    assert_alike(joined([stream.feed(b) for b in np.split(NOISE, cuts)]), frames_of(NOISE))


@pytest.mark.parametrize("block", [1, 159, 160, 161, 401])
def test_features_of_the_smallest_blocks_equal_those_of_the_whole(block: int) -> None:
    stream, waveform = Fbank().stream(), SPEECH[:2000]
    blocks = [stream.feed(waveform[i : i + block]) for i in range(0, len(waveform), block)]
    assert_alike(joined(blocks), frames_of(waveform))


@settings(deadline=None, max_examples=50)
@given(st.tuples(st.integers(0, 797), st.integers(0, 797)).map(sorted))
def test_those_of_an_utterance_are_a_slice_of_those_of_the_recording(span: list[int]) -> None:
    start, end = span[0], span[1] + 3  # 10 ms grid; one window at least
    part = frames_of(SPEECH[160 * start : 160 * end])
    whole = frames_of(SPEECH)
    rows = slice(start, max(end - 2, start + 1))
    assert len(part.log_mel) == end - start - 2
    assert_alike(part, Frames(whole.log_mel[rows], whole.decibel[rows]))


def test_long_blocks_are_worked_off_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = frames_of(NOISE)
    longest = []

    def log_mel(self: Fbank, windows: Any) -> Any:
        longest.append(len(windows))
        return whole_log_mel(self, windows)

    whole_log_mel = Fbank.log_mel
    monkeypatch.setattr(Fbank, "log_mel", log_mel)
    monkeypatch.setattr(fbank, "PIECE_FRAMES", 7)
    assert_alike(frames_of(NOISE), expected)
    assert max(longest) == 7


def test_a_stream_keeps_less_than_a_window_and_leaves_the_block_alone() -> None:
    stream, block = Fbank().stream(), NOISE.copy()
    stream.feed(block)
    assert_array_equal(block, NOISE)
    assert stream._samples.base is None
    assert stream._samples.size < 400


@pytest.mark.parametrize(
    "waveform", [np.zeros((2, 800), np.float32), np.zeros(800, np.int16), np.zeros(800)]
)
def test_what_is_no_waveform_is_refused(waveform: Any) -> None:
    with pytest.raises(AudioError, match="must be one row of float32"):
        frames_of(waveform)


def test_it_is_faster_than_one_window_after_the_other() -> None:
    waveform = np.tile(NOISE, 20)
    assert seconds(lambda: of_kaldi(waveform)) > 3 * seconds(lambda: frames_of(waveform))


def seconds(work: Callable[[], object]) -> float:
    """Median of three runs, after one to warm up; on one thread, and of the processor alone."""
    taken = []
    for _ in range(4):
        start = time.thread_time()
        work()
        taken.append(time.thread_time() - start)
    return statistics.median(taken[1:])
