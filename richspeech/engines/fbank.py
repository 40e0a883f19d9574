"""Log mel filterbank features, the same for every model here.

25 ms Hamming windows every 10 ms, 80 mel bins, of samples scaled to 16 bits, without dither: the
same audio always gives the same features. Only whole windows count, so a block that starts
``OVERLAP_SAMPLES`` before the end of the one before it continues its features exactly.
"""

from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from richspeech.engines.funasr_door import fbank_backend
from richspeech.errors import AudioError

SAMPLE_RATE = 16_000
WINDOW_MS, HOP_MS = 25, 10
WINDOW_SAMPLES = SAMPLE_RATE * WINDOW_MS // 1000
HOP_SAMPLES = SAMPLE_RATE * HOP_MS // 1000
OVERLAP_SAMPLES = WINDOW_SAMPLES - HOP_SAMPLES
MEL_BINS = 80
FULL_SCALE = 1 << 15


def frame_count(samples: int) -> int:
    """Return how many whole windows fit."""
    return max(0, (samples - OVERLAP_SAMPLES) // HOP_SAMPLES)


def check_waveform(waveform: NDArray[np.float32]) -> None:
    """Refuse what would give wrong features without a word: other shapes, unscaled integers."""
    if waveform.ndim != 1 or waveform.dtype != np.float32:
        raise AudioError(
            "A waveform must be one row of float32 samples in [-1, 1]; this one is "
            f"{waveform.dtype} of shape {waveform.shape}."
        )


def log_mel(waveform: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the features [T, 80] of a 16 kHz waveform; T is 0 below 25 ms."""
    check_waveform(waveform)
    if not frame_count(waveform.size):  # kaldi-native-fbank crashes on an empty waveform
        return np.empty((0, MEL_BINS), np.float32)
    scaled = waveform * np.float32(FULL_SCALE)
    if fbank_backend() == "torchaudio":
        return _torchaudio(scaled)
    return _kaldi_native_fbank(scaled)


def _kaldi_native_fbank(scaled: NDArray[np.float32]) -> NDArray[np.float32]:
    fbank = import_module("kaldi_native_fbank").OnlineFbank(_options())
    fbank.accept_waveform(SAMPLE_RATE, scaled)
    fbank.input_finished()
    return np.stack([fbank.get_frame(i) for i in range(fbank.num_frames_ready)])


@cache
def _options() -> Any:
    options = import_module("kaldi_native_fbank").FbankOptions()
    frames, mel = options.frame_opts, options.mel_opts
    frames.samp_freq, frames.frame_length_ms, frames.frame_shift_ms = SAMPLE_RATE, WINDOW_MS, HOP_MS
    frames.window_type, frames.dither, frames.snip_edges = "hamming", 0.0, True
    mel.num_bins, options.energy_floor = MEL_BINS, 0.0
    return options


def _torchaudio(scaled: NDArray[np.float32]) -> NDArray[np.float32]:
    features = import_module("torchaudio.compliance.kaldi").fbank(
        import_module("torch").from_numpy(scaled)[None],
        num_mel_bins=MEL_BINS,
        frame_length=WINDOW_MS,
        frame_shift=HOP_MS,
        dither=0.0,
        energy_floor=0.0,
        window_type="hamming",
        sample_frequency=SAMPLE_RATE,
    )
    return np.asarray(features.numpy(), np.float32)
