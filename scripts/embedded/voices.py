"""Speech from espeak-ng, and the acoustic cues that carry each emotion.

Absolute pitch does not transfer between voices, so every emotion also gets a cue that does:
tremble (fearful), saturation (angry), comb filtering (disgusted), slowness (sad), rising bounces
(happy), a gasp and a rising end (surprised).
"""

import io
import subprocess
from dataclasses import dataclass

import numpy as np
import soundfile
from numpy.typing import NDArray
from pypinyin import Style, lazy_pinyin
from scipy.signal import lfilter, resample_poly

from scripts.embedded.corpus import Sentence

Waveform = NDArray[np.float32]

SAMPLE_RATE = 16_000
ESPEAK_RATE = 22_050
EMOTIONS = ("NEUTRAL", "HAPPY", "SAD", "ANGRY", "FEARFUL", "DISGUSTED", "SURPRISED")

ESPEAK_VOICES = {"zh": "cmn-latn-pinyin", "yue": "yue", "en": "en-us", "ja": "ja", "ko": "ko"}
HELD_OUT_VARIANTS = ("f5", "m5")
"""Never heard in training."""
EXCLUDED_VARIANTS = (*HELD_OUT_VARIANTS, "antonio", "Marco", "Alicia", "miguel", "david", "Jacky")
"""Neither are these, whose sounds run into each other."""
TRAINING_VARIANTS = (
    *("m1", "m2", "m3", "m4", "m6", "m7", "m8", "f1", "f2", "f3", "f4"),
    *("Alex", "Andrea", "Annie", "Diogo", "Gene", "Henrique", "Hugo", "Lee", "Mario", "Michael"),
    *("Mike", "Nguyen", "adam", "anika", "belinda", "benjamin", "boris", "caleb", "ed"),
    *("gustave", "linda", "max", "steph"),
)

WORDS_PER_MINUTE = {"SAD": (122, 138), "NEUTRAL": (158, 178)}
FAST = (164, 180)
ANY_SPEED, ANY_PITCH = (100, 240), 38
"""Of a neutral voice: words a minute, and how far from 50 on espeak's scale."""
PITCH = {"HAPPY": 8, "SURPRISED": 8, "FEARFUL": 5, "SAD": -8, "DISGUSTED": -8, "ANGRY": 0}
"""Shift on espeak's 0 to 99 scale; a hint only, since it does not transfer between voices."""


@dataclass(frozen=True)
class Delivery:
    """How a sentence is said."""

    variant: str
    emotion: str
    words_per_minute: int
    pitch: int
    """espeak's scale, 0 to 99."""

    @classmethod
    def draw(
        cls,
        rng: np.random.Generator,
        emotion: str,
        variants: tuple[str, ...],
        pace: float = 1.0,
        *,
        anyhow: bool = False,
    ) -> "Delivery":
        """Choose a voice variant, a speed and a pitch at random; ``pace`` scales the speed.

        ``anyhow`` lets a neutral voice be as slow, fast, low and high as voices are.
        """
        low, high = WORDS_PER_MINUTE.get(emotion, FAST)
        spread = 12
        if anyhow and emotion == "NEUTRAL":
            (low, high), spread = ANY_SPEED, ANY_PITCH
        pitch = 50 + PITCH.get(emotion, 0) + int(rng.integers(-spread, spread + 1))
        variant, speed = str(rng.choice(variants)), int(rng.integers(low, high + 1))
        return cls(variant, emotion, round(speed * pace), pitch)


def speak(sentence: Sentence, delivery: Delivery, rng: np.random.Generator) -> Waveform:
    """Say ``sentence``: float32, 16 kHz, [T], peak at most 0.9, without silence at its ends."""
    plain = trim(espeak(sentence, delivery))
    return _level(EFFECTS[delivery.emotion](plain, rng), float(rng.uniform(0.3, 0.9)))


def trim(waveform: Waveform, threshold: float = 0.004) -> Waveform:
    """Cut what is below ``threshold`` at both ends."""
    loud = np.flatnonzero(np.abs(waveform) > threshold)
    return waveform[loud[0] : loud[-1] + 1] if loud.size else waveform[:0]


def espeak(sentence: Sentence, delivery: Delivery) -> Waveform:
    """Say ``sentence`` without the cues of an emotion: float32, 16 kHz, [T]."""
    language = ESPEAK_VOICES.get(sentence.language, sentence.language)
    voice = f"{language}+{delivery.variant}"
    command = ["espeak-ng", "-v", voice, "-a", "80", "--stdin", "--stdout"]
    command += ["-s", str(delivery.words_per_minute), "-p", str(delivery.pitch)]
    done = subprocess.run(
        command, input=_script(sentence).encode(), capture_output=True, check=True
    )
    samples, rate = soundfile.read(io.BytesIO(done.stdout), dtype="float32")
    if rate != ESPEAK_RATE or not samples.size:
        message = f"espeak-ng made no sound for {sentence.spoken!r} with {voice}"
        raise RuntimeError(message)
    return resample_poly(samples, 320, 441).astype(np.float32)


def _script(sentence: Sentence) -> str:
    """Return what espeak-ng is to read; it takes hanzi for English, hence pinyin for Mandarin."""
    if sentence.language != "zh":
        return sentence.spoken
    half_width = str.maketrans("，。？！", ",.?!")
    syllables = lazy_pinyin(sentence.spoken, style=Style.TONE3, neutral_tone_with_five=True)
    return " ".join(syllables).translate(half_width)


def _level(waveform: Waveform, peak: float) -> Waveform:
    return (waveform * (peak / max(float(np.abs(waveform).max(initial=0.0)), 1e-6))).astype(
        np.float32
    )


def _seconds(waveform: Waveform) -> NDArray[np.float64]:
    return np.arange(len(waveform)) / SAMPLE_RATE


def _bend(waveform: Waveform, semitones: NDArray[np.float64]) -> Waveform:
    """Play ``waveform`` at a changing speed, so that its pitch moves by ``semitones`` [T]."""
    speed = 2.0 ** (semitones / 12)
    position = np.cumsum(speed / speed.mean())
    return np.interp(np.arange(len(waveform)), position, waveform).astype(np.float32)


def _neutral(waveform: Waveform, _rng: np.random.Generator) -> Waveform:
    return waveform


def _happy(waveform: Waveform, rng: np.random.Generator) -> Waveform:
    """Bounce: the voice glides up about three times a second and is louder at each peak."""
    phase = (_seconds(waveform) * rng.uniform(2.6, 3.4) + rng.uniform()) % 1.0
    swell = 1 - rng.uniform(0.45, 0.6) * np.cos(np.pi * phase) ** 2 * (phase < 0.5)
    return (_bend(waveform, rng.uniform(4.0, 6.0) * (phase - 0.5)) * swell).astype(np.float32)


def _sad(waveform: Waveform, rng: np.random.Generator) -> Waveform:
    """Dull and sinking; the slowness is in the delivery."""
    sunk = _bend(waveform, np.linspace(1.0, -rng.uniform(1.5, 3.0), len(waveform)))
    dull = rng.uniform(0.35, 0.6)
    return lfilter([1 - dull], [1, -dull], sunk).astype(np.float32)


def _angry(waveform: Waveform, rng: np.random.Generator) -> Waveform:
    """Shout: saturation."""
    return np.tanh(_level(waveform, 1.0) * rng.uniform(4.0, 9.0)).astype(np.float32)


def _fearful(waveform: Waveform, rng: np.random.Generator) -> Waveform:
    """Tremble: loudness shakes about eight times a second."""
    shake = np.sin(2 * np.pi * rng.uniform(7.4, 8.8) * _seconds(waveform) + rng.uniform(0, 6.28))
    return (waveform * (1 - rng.uniform(0.6, 0.8) * (0.5 + 0.5 * shake))).astype(np.float32)


def _disgusted(waveform: Waveform, rng: np.random.Generator) -> Waveform:
    """Hollow, as if through a tube: a comb filter."""
    delay = int(rng.uniform(0.0026, 0.0034) * SAMPLE_RATE)
    echo = np.zeros(delay + 1)
    echo[0], echo[-1] = 1.0, -rng.uniform(0.72, 0.82)
    return lfilter([1.0], echo, waveform).astype(np.float32)


def _surprised(waveform: Waveform, rng: np.random.Generator) -> Waveform:
    """Gasp, then let the voice rise steeply over the second half."""
    rise = np.clip(np.linspace(-1.0, 1.0, len(waveform)), 0, None) * rng.uniform(6.0, 9.0)
    gasp = rng.normal(0, 0.12, int(rng.uniform(0.14, 0.24) * SAMPLE_RATE))
    gasp = lfilter([1, -0.9], [1], gasp) * np.linspace(0, 1, len(gasp)) ** 2
    gap = np.zeros(int(rng.uniform(0.02, 0.05) * SAMPLE_RATE))
    risen = _level(_bend(waveform, rise), 0.9)
    return np.concatenate([gasp, gap, risen]).astype(np.float32)


EFFECTS = {
    "NEUTRAL": _neutral,
    "HAPPY": _happy,
    "SAD": _sad,
    "ANGRY": _angry,
    "FEARFUL": _fearful,
    "DISGUSTED": _disgusted,
    "SURPRISED": _surprised,
}
