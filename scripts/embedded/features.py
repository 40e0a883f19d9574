"""Log-mel features as funasr's frontends compute them, without dither, and their files."""

import re
from pathlib import Path

import kaldi_native_fbank
import numpy as np
from numpy.typing import NDArray

from scripts.embedded.voices import SAMPLE_RATE, Waveform

MELS = 80
FLOOR = float(np.log(np.finfo(np.float32).eps))
"""What kaldi's fbank gives for digital silence."""

Features = NDArray[np.float32]


def log_mel(waveform: Waveform) -> Features:
    """Compute log-mel features [T, 80] of a 16 kHz waveform: 25 ms hamming windows, 10 ms apart."""
    options = kaldi_native_fbank.FbankOptions()
    options.frame_opts.dither = 0.0
    options.frame_opts.window_type = "hamming"
    options.frame_opts.samp_freq = SAMPLE_RATE
    options.frame_opts.snip_edges = True
    options.mel_opts.num_bins = MELS
    options.energy_floor = 0.0
    fbank = kaldi_native_fbank.OnlineFbank(options)
    fbank.accept_waveform(SAMPLE_RATE, (waveform * 32_768).tolist())
    fbank.input_finished()
    frames = [fbank.get_frame(i) for i in range(fbank.num_frames_ready)]
    return np.stack(frames) if frames else np.zeros((0, MELS), np.float32)


def stack(features: Features, window: int, hop: int, left: int) -> Features:
    """Low frame rate: put ``window`` frames side by side, every ``hop`` frames, edges repeated."""
    starts = np.arange(0, len(features), hop)[:, None] - left
    index = np.clip(starts + np.arange(window), 0, len(features) - 1)
    return features[index].reshape(len(starts), -1)


def write_cmvn(statistics: NDArray[np.floating], repeat: int, path: Path) -> None:
    """Write mean and standard deviation [2, 80] in kaldi's nnet text form, ``repeat`` times."""
    mean, std = statistics

    def line(values: NDArray[np.floating]) -> str:
        numbers = " ".join(f"{v:.6f}" for v in np.tile(values, repeat))
        return f"<LearnRateCoef> 0 [ {numbers} ]"

    size = f"{len(mean) * repeat} {len(mean) * repeat}"
    parts = [f"<Splice> {size}", "[ 0 ]", f"<AddShift> {size}", line(-mean)]
    parts += [f"<Rescale> {size}", line(1 / std)]
    path.write_text("\n".join(["<Nnet>", *parts, "</Nnet>", ""]))


def read_cmvn(path: Path) -> NDArray[np.float64]:
    """Read mean and standard deviation [2, 80] from what ``write_cmvn`` wrote."""
    lists = re.findall(r"<LearnRateCoef> 0 \[ (.+) \]", path.read_text())
    shift, scale = (np.array(values.split(), np.float64)[:MELS] for values in lists)
    return np.stack([-shift, 1 / scale])
