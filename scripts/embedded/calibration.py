"""Speech to calibrate the recogniser with, and other speech to check that by; nothing is shared.

Neither set has a sentence of the training, nor a sentence or a voice of the other. A third of the
speech is as in the training. The rest is what the recogniser knows less and less: neutral speech
at any speed and pitch, known words in a form of no template, voices whose sounds run into each
other or that are played too slowly or too fast, words of no list, single ones, other languages, and
fragments of these.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import yaml

from postprocess import AudioEvent, Emotion
from scripts.embedded import dataset, sounds
from scripts.embedded.corpus import LANGUAGES, SPACED, TEXTS, Sentence, TextList, fill
from scripts.embedded.dataset import Plan
from scripts.embedded.voices import (
    EMOTIONS,
    EXCLUDED_VARIANTS,
    HELD_OUT_VARIANTS,
    SAMPLE_RATE,
    TRAINING_VARIANTS,
    Delivery,
    Waveform,
    speak,
)

EMOTION_SHARES = (Plan.neutral, *[(1 - Plan.neutral) / 6] * 6)
UNCLEAR_VARIANTS = EXCLUDED_VARIANTS[len(HELD_OUT_VARIANTS) :]
TRAINED_ON = (dataset.FIRST, dataset.SECOND, dataset.TRAIN)
"""What the recogniser was trained on that is shipped, one after the other."""
ANY_SPEED = (105, 261)
"""Words a minute; training has 122 to 180."""
ANY_PITCH = (5, 96)
"""On espeak's scale of 0 to 99; training has about 30 to 70."""
SLOW, FAST = (0.7, 0.85), (1.18, 1.4)
"""By how much a voice is played too slowly or too fast, formants and all."""
FOREIGN = ("de", "fr", "es", "it", "ru", "pl", "tr", "pt", "nl", "sv", "fi", "hu", "cs", "el")
"""Voices of espeak-ng for languages that the recogniser does not know."""
FORM_WORDS, OTHER_WORDS = (3, 6), (4, 9)
EITHER_END = np.zeros(SAMPLE_RATE // 2, np.float32)
COUNTS = {"known": 60, "pace": 40, "form": 24, "unclear": 8, "tempo": 12, "other": 14, "short": 16}
"""Clips a language of each kind."""
FOREIGN_CLIPS, FRAGMENT_CLIPS, EVENT_CLIPS = 70, 120, 8
"""In all, in all, and a kind of event."""
FRAGMENT_SECONDS = (0.25, 0.8)


@dataclass(frozen=True)
class Half:
    """One of the two sets."""

    name: str
    seed: int
    variants: tuple[str, ...]
    unclear: tuple[str, ...]
    foreign: tuple[str, ...]
    part: int
    """Which of every two words outside the lists it has."""


FIT = Half("fit", 51, TRAINING_VARIANTS[::2], UNCLEAR_VARIANTS[::2], FOREIGN[::2], 0)
TEST = Half(
    *("test", 52, (*TRAINING_VARIANTS[1::2], *HELD_OUT_VARIANTS)),
    *(UNCLEAR_VARIANTS[1::2], FOREIGN[1::2], 1),
)


@dataclass(frozen=True)
class Clip:
    """One sound, and what is to be heard in it."""

    kind: str
    """What makes it known, or less so."""
    target: str
    waveform: Waveform
    language: str | None
    """None where no language of the recogniser is spoken; nospeech where nobody speaks."""
    emotion: str | None
    event: str
    itn: bool

    def line(self, key: str) -> dict[str, Any]:
        """Describe it as SenseVoice's training data is, without what nobody can say."""
        labels = {
            "text_language": self.language and f"<|{self.language}|>",
            "emo_target": self.emotion and Emotion(self.emotion.lower()).tag,
            "event_target": AudioEvent(self.event.lower()).tag,
            "with_or_wo_itn": "<|withitn|>" if self.itn else "<|woitn|>",
        }
        tags = {name: tag for name, tag in labels.items() if tag}
        known = {"key": key, "kind": self.kind, "source": f"wav/{key}.wav"}
        return {**known, "target": self.target, **tags}


@dataclass(frozen=True)
class _Job:
    """What one worker makes; its chance is its own, so that who makes what does not matter."""

    half: Half
    number: int
    kind: str
    language: str = "en"
    sentence: Sentence | None = None
    event: str | None = None


def write(half: Half, folder: Path, share: float = 1.0, workers: int | None = None) -> Path:
    """Write the sounds of a set, or a ``share`` of them, and a .jsonl beside them; return that."""
    place = folder / half.name
    (place / "wav").mkdir(parents=True, exist_ok=True)
    lines = []
    with Pool(workers) as pool:
        for number, clip in enumerate(pool.imap(_make, _jobs(half, share), chunksize=4)):
            line = clip.line(f"{clip.kind}-{number:04}")
            padded = np.concatenate([EITHER_END, clip.waveform, EITHER_END])
            soundfile.write(place / line["source"], padded, SAMPLE_RATE, "PCM_16")
            lines.append(json.dumps(line, ensure_ascii=False) + "\n")
    file = place / "calibration.jsonl"
    file.write_text("".join(lines), encoding="utf-8")
    return file


def _jobs(half: Half, share: float) -> list[_Job]:
    """List the sounds of a set, or of a ``share`` of it, each kind in every language."""
    planned: list[dict[str, Any]] = []
    for language in LANGUAGES:
        for kind, sentences in _sentences(half, language).items():
            chosen = sentences[: _number(COUNTS[kind], share)]
            planned += ({"kind": kind, "language": language, "sentence": each} for each in chosen)
        for kind in _MAKERS:
            planned += [{"kind": kind, "language": language}] * _number(COUNTS[kind], share)
    planned += [{"kind": "foreign"}] * _number(FOREIGN_CLIPS, share)
    planned += [{"kind": "fragment"}] * _number(FRAGMENT_CLIPS, share)
    for event in sounds.EVENTS:
        planned += [{"kind": "event", "event": event}] * _number(EVENT_CLIPS, share)
    return [_Job(half, number, **each) for number, each in enumerate(planned)]


def _make(job: _Job) -> Clip:
    half, kind, rng = job.half, job.kind, np.random.default_rng((job.half.seed, job.number))
    if job.event is not None:
        waveform = sounds.event(job.event, float(rng.uniform(1.2, 4.0)), rng)
        return Clip(kind, "", waveform, "nospeech", None, job.event, itn=True)
    if kind == "fragment":
        return _fragment(half, rng)
    if kind == "foreign":
        return _spoken(half, kind, _abroad(half, rng), rng)
    sentence = job.sentence or _MAKERS[kind](half, job.language, rng)
    return _spoken(half, kind, sentence, rng)


def _abroad(half: Half, rng: np.random.Generator, count: int | None = None) -> Sentence:
    """Read words of no list as somebody does who speaks another language."""
    return replace(_other(half, "en", rng, count), language=str(rng.choice(half.foreign)))


def _number(count: int, share: float) -> int:
    return max(round(count * share), 1)


def _sentences(half: Half, language: str) -> dict[str, list[Sentence]]:
    """Compose what is said by templates, without what the training or the other set says."""
    taken = {job.sentence.woitn for job in _training() if job.sentence}
    if half is TEST:
        taken |= {each.woitn for said in _sentences(FIT, language).values() for each in said}
    chance, lists = random.Random(f"{half.seed} {language}"), TextList.load(language)
    said: dict[str, list[Sentence]] = {}
    for kind in ("known", "pace", "unclear", "tempo"):
        said[kind] = []
        while len(said[kind]) < COUNTS[kind]:
            if (sentence := lists.compose(chance)).woitn not in taken:
                said[kind].append(sentence)
    return said


@cache
def _training() -> list[dataset.Job]:
    held_out = dataset.held_out_sentences()
    return [job for plan in TRAINED_ON for job in dataset.compose(plan, held_out)]


def _form(_half: Half, language: str, rng: np.random.Generator) -> Sentence:
    """Put known words in a row, as no template does."""
    lists, gap = TextList.load(language), " " if language in SPACED else ""
    slots = rng.choice(sorted(lists.slots), int(rng.integers(*FORM_WORDS)))
    words = gap.join(f"{{{slot}}}" for slot in slots)
    return fill(language, words, lambda slot: str(rng.choice(lists.slots[slot])))


def _other(
    half: Half, language: str, rng: np.random.Generator, count: int | None = None
) -> Sentence:
    """Put words in a row that stand in no list."""
    count = count or int(rng.integers(*OTHER_WORDS))
    words = yaml.safe_load((TEXTS / "other.yaml").read_text(encoding="utf-8"))[language]
    gap = " " if language in SPACED else ""
    text = gap.join(rng.choice(words[half.part :: 2], count))
    return Sentence(language, text, text, text)


def _short(half: Half, language: str, rng: np.random.Generator) -> Sentence:
    """Say one word that stands in no list."""
    return _other(half, language, rng, count=1)


_MAKERS: dict[str, Callable[[Half, str, np.random.Generator], Sentence]] = {
    "form": _form,
    "other": _other,
    "short": _short,
}


def _spoken(half: Half, kind: str, sentence: Sentence, rng: np.random.Generator) -> Clip:
    itn = bool(rng.uniform() < 0.5)
    tells = sentence.language in LANGUAGES and kind != "short"  # one word tells no language
    if kind == "known":
        job = dataset.Job(
            (half.seed, int(rng.integers(2**31))),
            Plan({}, 0, half.seed, half.variants, noisy=0.15),
            sentence,
        )
        utterance, waveform = dataset.perform(job)
        emotion, event = utterance.emotion, utterance.event
    else:
        emotion, event = "NEUTRAL", "Speech"
        if kind != "pace":
            emotion = str(rng.choice(EMOTIONS, p=EMOTION_SHARES))
        variants = half.unclear if kind == "unclear" else half.variants
        pace = Plan.ja_pace if sentence.language == "ja" else 1.0
        delivery = Delivery.draw(rng, emotion, variants, pace)
        if kind == "pace":
            speed, pitch = (int(rng.integers(*within)) for within in (ANY_SPEED, ANY_PITCH))
            delivery = replace(delivery, words_per_minute=speed, pitch=pitch)
        waveform = speak(sentence, delivery, rng)
    if kind in ("tempo", "short"):
        waveform = _played(waveform, float(rng.uniform(*(SLOW, FAST)[int(rng.integers(2))])))
    target = sentence.withitn if itn else sentence.woitn
    language = sentence.language if tells else None
    return Clip(kind, target, waveform, language, emotion if tells else None, event, itn)


def _fragment(half: Half, rng: np.random.Generator) -> Clip:
    """Cut a syllable or two out of another language, too little for the recogniser to write."""
    clip = _spoken(half, "short", _abroad(half, rng, 1), rng)
    length = int(rng.uniform(*FRAGMENT_SECONDS) * SAMPLE_RATE)
    first = int(rng.integers(max(len(clip.waveform) - length, 1)))
    return replace(clip, kind="fragment", waveform=clip.waveform[first : first + length])


def _played(waveform: Waveform, speed: float) -> Waveform:
    at = np.arange(0, len(waveform) - 1, speed)
    return np.interp(at, np.arange(len(waveform)), waveform).astype(np.float32)
