"""The frozen test: sentences, voices and synthesisers that training never meets.

``texts/frozen.yaml`` has the forms, ``texts/frozen.tsv`` the sentences; ``takes`` says who speaks
them and how. A test holds the digest of all three, so that nothing of it moves when a model is
measured. espeak-ng speaks at once; what other synthesisers speak is kept in FOLDER, which
``python -m scripts.embedded.speak frozen`` fills.
"""

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path

import soundfile
import yaml

from richspeech.storage.atomic import replacing
from scripts.embedded import synthesisers
from scripts.embedded.channels import telephone
from scripts.embedded.corpus import LANGUAGES, TEXTS, Sentence, form
from scripts.embedded.voices import (
    EXCLUDED_VARIANTS,
    SAMPLE_RATE,
    TRAINING_VARIANTS,
    Delivery,
    Waveform,
    espeak,
    trim,
)

KNOWN, NEW, TELEPHONE = "known voices", "voices never heard", "voices never heard, telephone"
OTHER, NATURAL = "another synthesiser", "natural voices never heard"
NUMBERS, NEUTRAL = "numbers", "neutral"
"""The sets."""
WORD_SETS = (KNOWN, NEW, TELEPHONE, OTHER, NATURAL)
FOLDER = Path(".cache/frozen")
"""What other synthesisers have spoken."""

SPEEDS = (110, 140, 170, 200, 230)
"""Words a minute of the neutral set."""
PITCHES = (20, 35, 50, 65, 80)
"""On espeak's scale of 0 to 99."""
JA_PACE = 0.87
"""Japanese is slowed as in training: its moras come faster than two frames of 60 ms each."""


@dataclass(frozen=True)
class Line:
    """A sentence of the test."""

    kind: str
    """``form``, or the kind of its number."""
    number: str
    """As written with ITN; empty in a form."""
    sentence: Sentence


@dataclass(frozen=True)
class Take:
    """A sentence, and who speaks it how."""

    group: str
    """One of the sets."""
    line: Line
    synthesiser: str
    voice: str
    words_per_minute: int = 170
    pitch: int = 50


@cache
def lines() -> tuple[Line, ...]:
    """Read the sentences."""
    with (TEXTS / "frozen.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return tuple(
        Line(
            row["kind"],
            row["number"],
            Sentence(row["language"], row["spoken"], row["withitn"], row["woitn"]),
        )
        for row in rows
    )


@cache
def forms(language: str) -> frozenset[str]:
    """Return the forms that no training text may have."""
    content = yaml.safe_load((TEXTS / "frozen.yaml").read_text(encoding="utf-8"))[language]
    templates = [*content["forms"], *(t for of in content["carriers"].values() for t in of)]
    return frozenset(form(template) for template in templates)


@cache
def sentences() -> frozenset[str]:
    """Return the words of every sentence."""
    return frozenset(line.sentence.woitn for line in lines())


def takes() -> Iterator[Take]:
    """List the whole test, in order."""
    for language in LANGUAGES:
        of = [line for line in lines() if line.sentence.language == language]
        said = [line for line in of if line.kind == "form"]
        for group, variants in ((KNOWN, TRAINING_VARIANTS), (NEW, EXCLUDED_VARIANTS)):
            yield from _espeak_takes(group, said, variants)
        yield from _espeak_takes(TELEPHONE, said[::2], EXCLUDED_VARIANTS)
        for group, table in ((OTHER, synthesisers.OTHERS), (NATURAL, synthesisers.HELD_OUT)):
            for index, line in enumerate(said[:: 1 if group == OTHER else 2]):
                if language in table:
                    name, voices = table[language]
                    yield Take(group, line, name, voices[index % len(voices)], _pace(language, 170))
        numbers = [line for line in of if line.number]
        yield from _espeak_takes(NUMBERS, numbers, TRAINING_VARIANTS)
        for index, (speed, pitch) in enumerate([*product(SPEEDS, PITCHES)] * 2):
            voice = TRAINING_VARIANTS[index % len(TRAINING_VARIANTS)]
            line = said[index % len(said)]
            yield Take(NEUTRAL, line, "espeak-ng", voice, _pace(language, speed), pitch)


def _espeak_takes(group: str, of: list[Line], variants: tuple[str, ...]) -> Iterator[Take]:
    for index, line in enumerate(of):
        speed = _pace(line.sentence.language, (150, 165, 180)[index % 3])
        pitch = (40, 50, 60)[index // 3 % 3]
        yield Take(group, line, "espeak-ng", variants[index % len(variants)], speed, pitch)


def _pace(language: str, speed: int) -> int:
    return round(speed * JA_PACE) if language == "ja" else speed


def digest() -> str:
    """Return the SHA-256 of everything that the test consists of."""
    content = (TEXTS / "frozen.yaml").read_text(encoding="utf-8")
    return hashlib.sha256("\n".join([content, *map(repr, takes())]).encode()).hexdigest()


def waveform(take: Take) -> Waveform | None:
    """Return the sound, 16 kHz, [T]; None for what another synthesiser has not spoken yet."""
    if take.synthesiser == "espeak-ng":
        delivery = Delivery(take.voice, "NEUTRAL", take.words_per_minute, take.pitch)
        sound = trim(espeak(take.line.sentence, delivery))
        return telephone(sound) if take.group == TELEPHONE else sound
    path = _path(take)
    return soundfile.read(path, dtype="float32")[0] if path.exists() else None


def _path(take: Take) -> Path:
    name = hashlib.sha256(repr(take).encode()).hexdigest()[:16]
    return FOLDER / f"{take.synthesiser}-{name}.flac"


def speak(names: list[str]) -> int:
    """Have the other synthesisers say what is missing; return how many takes."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    missing = [take for take in takes() if take.synthesiser in names and not _path(take).exists()]
    for take in missing:
        sound = trim(synthesisers.speak(take.synthesiser, take.voice, take.line.sentence))
        with replacing(_path(take)) as unfinished:
            soundfile.write(unfinished, sound, SAMPLE_RATE, format="FLAC")
    return len(missing)
