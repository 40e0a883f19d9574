"""Log mel filterbank features, the same for every model here.

25 ms Hamming windows every 10 ms, 80 mel bins, of samples scaled to 16 bits, without dither: the
same audio always gives the same features. They are Kaldi's, as funasr takes them from torchaudio
or kaldi-native-fbank, computed for many windows at once.

Only whole windows count, and each is treated by itself, so the features do not depend on the
blocks in which a recording comes, and those of an utterance are a slice of the recording's.
"""

from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from richspeech.engines.common.threads import one_thread
from richspeech.errors import AudioError
from richspeech.recognition.utterance import Frames

SAMPLE_RATE = 16_000
WINDOW_MS, HOP_MS = 25, 10
WINDOW_SAMPLES = SAMPLE_RATE * WINDOW_MS // 1000
HOP_SAMPLES = SAMPLE_RATE * HOP_MS // 1000
OVERLAP_SAMPLES = WINDOW_SAMPLES - HOP_SAMPLES
FFT_SAMPLES = 512
MEL_BINS = 80
LOWEST_HZ, HIGHEST_HZ = 20, SAMPLE_RATE // 2
PREEMPHASIS = 0.97
FULL_SCALE = 1 << 15
ENERGY_FLOOR = float(np.finfo(np.float32).eps)
DECIBEL_FLOOR = 1e-6
"""Added to the energy of a window; digital silence is -60 dB."""

PIECE_FRAMES = 500
"""Windows worked off at once: few enough for the caches, and memory stays small."""


def frame_count(samples: int) -> int:
    """Return how many whole windows fit."""
    return max(0, (samples - OVERLAP_SAMPLES) // HOP_SAMPLES)


def log_mel(waveform: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the features [T, 80] of a 16 kHz waveform; T is 0 below 25 ms."""
    return _fbank().stream().feed(waveform).log_mel


class Fbank:
    """Makes features; read-only, so any number of streams and threads may use it at once."""

    def __init__(self) -> None:
        self._window = torch.from_numpy(_hamming() * FULL_SCALE).float()
        self._mel = torch.from_numpy(_mel_triangles()).float()

    def stream(self) -> "FbankStream":
        """Begin a recording."""
        return FbankStream(self)

    def log_mel(self, windows: Tensor) -> Tensor:
        """Return the features [T, 80] of windows [T, 400]."""
        centred = windows - windows.mean(1, keepdim=True)
        emphasised = centred.new_empty(centred.shape)
        torch.sub(centred[:, 1:], centred[:, :-1], alpha=PREEMPHASIS, out=emphasised[:, 1:])
        torch.mul(centred[:, 0], 1 - PREEMPHASIS, out=emphasised[:, 0])
        spectrum = torch.fft.rfft(emphasised.mul_(self._window), FFT_SAMPLES)  # [T, 257]
        power = spectrum.real.square().addcmul_(spectrum.imag, spectrum.imag)
        energy: Tensor = power @ self._mel
        return energy.clamp_min_(ENERGY_FLOOR).log_()


class FbankStream:
    """The features of one recording, while it comes in. One thread at a time."""

    def __init__(self, fbank: Fbank) -> None:
        self._fbank = fbank
        self._samples = np.empty(0, np.float32)
        """What belongs to windows that are not whole yet, 25 ms at most."""

    @torch.inference_mode()
    def feed(self, waveform: NDArray[np.float32]) -> Frames:
        """Take the next samples, any number of them; return the windows that are whole now."""
        check_waveform(waveform)
        samples = np.concatenate((self._samples, waveform))
        count = frame_count(samples.size)
        self._samples = samples[count * HOP_SAMPLES :].copy()
        frames = Frames(np.empty((count, MEL_BINS), np.float32), np.empty(count, np.float32))
        if count:
            with one_thread():
                self._fill(frames, torch.from_numpy(samples))
        return frames

    def _fill(self, frames: Frames, samples: Tensor) -> None:
        windows = samples.unfold(0, WINDOW_SAMPLES, HOP_SAMPLES)  # [T, 400]
        log_mel, decibel = torch.from_numpy(frames.log_mel), torch.from_numpy(frames.decibel)
        for first in range(0, len(windows), PIECE_FRAMES):
            piece = slice(first, first + PIECE_FRAMES)
            log_mel[piece] = self._fbank.log_mel(windows[piece])
            energy = windows[piece].square().sum(1)
            decibel[piece] = energy.add_(DECIBEL_FLOOR).log10_().mul_(10)


def check_waveform(waveform: NDArray[np.float32]) -> None:
    """Refuse what would give wrong features without a word: other shapes, unscaled integers."""
    if waveform.ndim != 1 or waveform.dtype != np.float32:
        raise AudioError("model.waveform", kind=str(waveform.dtype), shape=str(waveform.shape))


@cache
def _fbank() -> Fbank:
    return Fbank()


def _hamming() -> NDArray[np.float64]:
    return np.hamming(WINDOW_SAMPLES)


def _mel_triangles() -> NDArray[np.float64]:
    """Return the weights [257, 80]: triangles of equal width on the mel scale, half overlapping."""
    frequencies = np.arange(FFT_SAMPLES // 2 + 1) * SAMPLE_RATE / FFT_SAMPLES
    corners = np.linspace(_to_mel(LOWEST_HZ), _to_mel(HIGHEST_HZ), MEL_BINS + 2)
    width = corners[1] - corners[0]
    mels = _to_mel(frequencies)[:, None]
    rising, falling = mels - corners[:-2], corners[2:] - mels
    triangles: NDArray[np.float64] = np.minimum(rising, falling).clip(0) / width
    return triangles


def _to_mel(hz: NDArray[np.float64] | float) -> NDArray[np.float64]:
    return 1127 * np.log1p(np.asarray(hz) / 700)
