"""RNNoise: a recurrent network over 22 bands, at 48 kHz (Valin, 2018).

The library lies in the package ``pyrnnoise``, whose own module wants twelve packages more; so its
four functions are called here. It takes frames of 10 ms of samples scaled to 16 bits and answers
20 ms late. Recordings come at 16 kHz, so what lies above 8 kHz is silent to it.
"""

import ctypes
import sys
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from richspeech.audio.mono import SAMPLE_RATE, Waveform
from richspeech.engines.denoising.hops import Hops

RATE = 48_000
FRAME = 480
"""Samples of RATE."""
HOP = FRAME * SAMPLE_RATE // RATE
LATE_FRAMES = 2
FULL_SCALE = np.float32(32_768)
RESAMPLERS_HOLD = 1_600
"""Samples of SAMPLE_RATE that both resamplers hold together, and some."""
LIBRARY = "librnnoise.so"


class RNNoise:
    """The network over one recording."""

    def __init__(self) -> None:
        library = opened()
        self._state = ctypes.c_void_p(library.rnnoise_create(None))
        self._library = library
        self._up, self._down = (
            import_module("soxr").ResampleStream(*rates, 1, dtype="float32")
            for rates in ((SAMPLE_RATE, RATE), (RATE, SAMPLE_RATE))
        )
        self._rest = np.zeros(0, np.float32)

    def __del__(self) -> None:
        self._library.rnnoise_destroy(self._state)

    def process(self, hop: Waveform) -> Waveform:
        """Take HOP samples; return what both resamplers let out."""
        rest = np.concatenate((self._rest, self._up.resample_chunk(hop) * FULL_SCALE))
        end = len(rest) - len(rest) % FRAME
        self._rest = rest[end:]
        frames = np.ascontiguousarray(rest[:end])
        for at in range(0, end, FRAME):
            frame = frames[at : at + FRAME].ctypes.data_as(ctypes.c_void_p)
            self._library.rnnoise_process_frame(self._state, frame, frame)
        out: Waveform = self._down.resample_chunk(frames / FULL_SCALE)
        return out


def stream() -> Hops:
    """Begin a recording."""
    late = LATE_FRAMES * FRAME * SAMPLE_RATE // RATE
    return Hops(RNNoise().process, hop=HOP, late=late, held=RESAMPLERS_HOLD)


@cache
def opened() -> Any:
    """Open the library; raises ``ModuleNotFoundError`` where the package is not installed."""
    spec = find_spec("pyrnnoise")
    if spec is None or spec.origin is None or not sys.platform.startswith("linux"):
        message = "No module named 'pyrnnoise'"
        raise ModuleNotFoundError(message, name="pyrnnoise")
    import_module("soxr")
    library = ctypes.CDLL(str(Path(spec.origin).with_name(LIBRARY)))
    library.rnnoise_create.argtypes = [ctypes.c_void_p]
    library.rnnoise_create.restype = ctypes.c_void_p
    library.rnnoise_destroy.argtypes = [ctypes.c_void_p]
    library.rnnoise_destroy.restype = None
    library.rnnoise_process_frame.argtypes = [ctypes.c_void_p] * 3
    library.rnnoise_process_frame.restype = ctypes.c_float
    return library
