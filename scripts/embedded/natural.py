"""Natural voices for training, kept in a folder: a second of speech costs a second of a core.

``python -m scripts.embedded.speak natural`` fills the folder, in an environment of its own.
"""

import hashlib
from fractions import Fraction
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import resample_poly

from richspeech.storage.atomic import replacing
from scripts.embedded import synthesisers
from scripts.embedded.corpus import Sentence
from scripts.embedded.voices import SAMPLE_RATE, Waveform, trim

FOLDER = Path(".cache/natural")
SPEEDS = (88, 114)
"""Percent; the pitch goes with them."""


def path(voice: str, sentence: Sentence) -> Path:
    """Say where the recording is, or will be."""
    name = hashlib.sha256(f"{voice} {sentence.spoken}".encode()).hexdigest()[:20]
    return FOLDER / f"{name}.flac"


def speak(voice: str, sentence: Sentence) -> None:
    """Have ``sentence`` spoken, unless it is there."""
    target = path(voice, sentence)
    if not target.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        sound = trim(synthesisers.speak("kokoro", voice, sentence))
        with replacing(target) as unfinished:
            soundfile.write(unfinished, sound, SAMPLE_RATE, format="FLAC")


def recorded(voice: str, sentence: Sentence) -> Waveform:
    """Return the recording: float32, 16 kHz, [T].

    Raises ``soundfile.LibsndfileError`` when nobody has spoken it.
    """
    sound, _ = soundfile.read(path(voice, sentence), dtype="float32")
    heard: Waveform = sound
    return heard


def take(voice: str, sentence: Sentence, rng: np.random.Generator) -> Waveform:
    """Return the recording at a speed of its own: float32, 16 kHz, [T]; raises as ``recorded``."""
    sound = recorded(voice, sentence)
    speed = Fraction(int(rng.integers(*SPEEDS)), 100)
    heard = resample_poly(sound, speed.denominator, speed.numerator)
    peak = max(float(np.abs(heard).max(initial=0.0)), 1e-6)
    return (heard * (rng.uniform(0.3, 0.9) / peak)).astype(np.float32)
