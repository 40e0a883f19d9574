"""Training data: utterances spoken, mixed with events, and kept as log-mel features with labels."""

import json
import logging
import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from multiprocessing import Pool
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from richspeech.storage.atomic import replacing
from scripts.embedded import channels, natural, sounds
from scripts.embedded.corpus import LANGUAGES, Sentence, TextList
from scripts.embedded.features import MELS, log_mel
from scripts.embedded.grammar import Grammar
from scripts.embedded.synthesisers import NATURAL
from scripts.embedded.voices import (
    EMOTIONS,
    HELD_OUT_VARIANTS,
    SAMPLE_RATE,
    TRAINING_VARIANTS,
    Delivery,
    Waveform,
    speak,
)

log = logging.getLogger(__name__)

PART_JOBS = 2_000
NATURAL_SEED = 101
"""Of what natural voices say: one for every plan, so that what they once spoke is used again."""
NOISE_DB = (5.0, 25.0)
FOLLOWING_EVENTS = ("Applause", "Laughter", "Cry", "Cough", "Sneeze", "Breath")


@dataclass(frozen=True)
class Plan:
    """How much of what to make."""

    speech: dict[str, int]
    """Utterances a language."""
    events: int
    """Event-only utterances a kind."""
    seed: int
    variants: tuple[str, ...] = TRAINING_VARIANTS
    with_event: float = 0.12
    """Share of speech that an event follows or lies under."""
    telephone: float = 0.10
    """Share of speech that went through an 8 kHz channel."""
    noisy: float = 0.0
    """Share of speech with noise in the waveform, NOISE_DB below it."""
    free: bool = False
    """Sentences of free form, with any number, and neutral speech at any speed and pitch."""
    counted: float = 0.0
    """Share of sentences of free form that have a number on purpose, of each kind alike."""
    neutral: float = 0.22
    """Share of neutral speech; the other emotions share the rest alike."""
    room: float = 0.0
    """Share of speech in a room."""
    natural: dict[str, int] = field(default_factory=dict)
    """Sentences a language in natural voices; ``scripts.embedded.natural`` speaks them before."""
    natural_takes: int = 3
    """How often each of those is used, at another speed."""
    ja_pace: float = 0.87
    """Speed of Japanese: at espeak's own, moras come faster than two frames of 60 ms each."""


FIRST = Plan(
    {"zh": 5_000, "yue": 5_400, "en": 6_000, "ja": 5_400, "ko": 4_000}, 300, seed=1, noisy=0.3
)
"""What the first recogniser was trained on."""
SECOND = Plan(
    {"zh": 9_000, "yue": 9_000, "en": 11_000, "ja": 9_000, "ko": 8_000},
    300,
    seed=101,
    noisy=0.2,
    free=True,
    neutral=0.46,
    room=0.15,
    natural={"zh": 150, "en": 150, "ja": 150},
    natural_takes=6,
)
"""What the second went on with, from the first."""
TRAIN = replace(SECOND, seed=103, counted=0.3)
"""What the third went on with; without its numbers percent, say, are in one sentence of fifty."""
TEST_SEEN = Plan(dict.fromkeys(LANGUAGES, 50), 15, seed=2, telephone=0.0)
TEST_NEW = Plan(dict.fromkeys(LANGUAGES, 50), 0, seed=3, variants=HELD_OUT_VARIANTS, telephone=0.0)
VALID = Plan(dict.fromkeys(LANGUAGES, 40), 6, seed=4, telephone=0.0)


@dataclass(frozen=True)
class Utterance:
    """One recording with everything that is to be heard in it."""

    language: str
    """A language, or nospeech."""
    emotion: str
    event: str
    woitn: str
    withitn: str
    variant: str | None
    spoken_seconds: float
    """Where the words end and an event may follow; 0 without words."""


@dataclass(frozen=True)
class Job:
    """What one worker makes: an utterance of ``sentence``, or of ``event`` alone."""

    seed: tuple[int, int]
    plan: Plan
    sentence: Sentence | None = None
    event: str | None = None
    natural: str | None = None
    """The natural voice that says it; None for espeak-ng's."""


def compose(plan: Plan, exclude: frozenset[str] = frozenset()) -> list[Job]:
    """List the utterances of ``plan``; sentences whose words stand in ``exclude`` are left out."""
    said = _said(plan, exclude)
    events = [(None, event, None) for event in sounds.EVENTS for _ in range(plan.events)]
    order = (*said, *events, *_natural(plan, exclude))
    return [Job((plan.seed, at), plan, *what) for at, what in enumerate(order)]


def _said(plan: Plan, exclude: frozenset[str]) -> Iterator[tuple[Sentence, None, None]]:
    rng = random.Random(plan.seed)
    for language, count in plan.speech.items():
        texts = Grammar.load(language, plan.counted) if plan.free else TextList.load(language)
        for _ in range(count):
            yield _another(texts, rng, exclude), None, None


def _natural(plan: Plan, exclude: frozenset[str]) -> Iterator[tuple[Sentence, None, str]]:
    """List what natural voices say, in an order that other counts do not change."""
    for language, count in plan.natural.items():
        texts, rng = Grammar.load(language), random.Random(f"{NATURAL_SEED} {language}")
        for _ in range(count):
            sentence, voice = _another(texts, rng, exclude), rng.choice(NATURAL[language])
            yield from ((sentence, None, voice) for _ in range(plan.natural_takes))


def _another(texts: TextList | Grammar, rng: random.Random, exclude: frozenset[str]) -> Sentence:
    while True:
        sentence = texts.compose(rng)
        if sentence.woitn not in exclude:
            return sentence


def held_out_sentences() -> frozenset[str]:
    """Words of every test and validation sentence, so that training can leave them out."""
    plans = (TEST_SEEN, TEST_NEW, VALID)
    return frozenset(j.sentence.woitn for p in plans for j in compose(p) if j.sentence)


def perform(job: Job) -> tuple[Utterance, Waveform]:
    """Make the sound of ``job``: float32, 16 kHz, [T]."""
    rng = np.random.default_rng(job.seed)
    if job.sentence is None:
        event = job.event or ""
        waveform = sounds.event(event, float(rng.uniform(1.2, 4.0)), rng)
        return Utterance("nospeech", "EMO_UNKNOWN", event, "", "", None, 0.0), waveform
    sentence, plan = job.sentence, job.plan
    others = (1 - plan.neutral) / (len(EMOTIONS) - 1)
    shares = [plan.neutral if each == "NEUTRAL" else others for each in EMOTIONS]
    emotion = str(rng.choice(EMOTIONS, p=shares))
    pace = plan.ja_pace if sentence.language == "ja" else 1.0
    delivery = Delivery.draw(rng, emotion, plan.variants, pace, anyhow=plan.free)
    if job.natural:
        emotion, waveform = "NEUTRAL", natural.take(job.natural, sentence, rng)
    else:
        waveform = speak(sentence, delivery, rng)
    event = "Speech"
    spoken = len(waveform) / SAMPLE_RATE
    if rng.uniform() < plan.with_event:
        event = str(rng.choice(["BGM", *FOLLOWING_EVENTS]))
        waveform = _with_event(waveform, event, rng)
    if plan.room and rng.uniform() < plan.room:
        waveform = channels.room(waveform, rng)
    if rng.uniform() < plan.telephone:
        waveform = channels.call(waveform, rng) if plan.free else channels.telephone(waveform)
    if rng.uniform() < plan.noisy:
        waveform = sounds.add_noise(waveform, float(rng.uniform(*NOISE_DB)), rng)
    labels = (sentence.language, emotion, event, sentence.woitn, sentence.withitn)
    return Utterance(*labels, job.natural or delivery.variant, spoken), waveform


def _with_event(speech: Waveform, name: str, rng: np.random.Generator) -> Waveform:
    """Put music under ``speech``, or let the event follow it at once."""
    if name == "BGM":
        under = sounds.event(name, len(speech) / SAMPLE_RATE + 0.1, rng)[: len(speech)]
        ratio = speech.std() / max(float(under.std()), 1e-6) / 10 ** (rng.uniform(4, 14) / 20)
        return (speech + under * ratio).astype(np.float32)
    after = sounds.event(name, float(rng.uniform(1.0, 2.2)), rng)
    pause = np.zeros(int(rng.uniform(0.02, 0.3) * SAMPLE_RATE), np.float32)
    return np.concatenate([speech, pause, after * (np.abs(speech).max() * rng.uniform(0.6, 1.1))])


def performances(jobs: list[Job]) -> Iterator[tuple[Utterance, Waveform]]:
    """Make all sounds, in order, on every core."""
    with Pool() as pool:
        yield from pool.imap(perform, jobs, chunksize=32)


def _features(job: Job) -> tuple[Utterance, NDArray[np.float16]]:
    utterance, waveform = perform(job)
    return utterance, log_mel(waveform).astype(np.float16)


def build(plan: Plan, folder: Path, exclude: frozenset[str]) -> None:
    """Write ``features.npy`` [frames, 80] float16, ``ends.npy`` and ``utterances.jsonl``.

    Every PART_JOBS utterances are kept, so that an interrupted run goes on after the last of them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    jobs = compose(plan, exclude)
    parts = [folder / f"part-{at:06}.npz" for at in range(0, len(jobs), PART_JOBS)]
    with Pool() as pool:
        for index, part in enumerate(parts):
            if not part.exists():
                of = jobs[index * PART_JOBS : (index + 1) * PART_JOBS]
                _write_part(list(pool.imap(_features, of, chunksize=8)), part)
                log.info("part %d of %d", index + 1, len(parts))
    _join(parts, folder)
    for part in parts:
        part.unlink()


def _write_part(made: list[tuple[Utterance, NDArray[np.float16]]], part: Path) -> None:
    lines = [json.dumps(asdict(utterance), ensure_ascii=False) for utterance, _ in made]
    with replacing(part) as unfinished, unfinished.open("wb") as file:
        np.savez(
            file,
            features=np.concatenate([features for _, features in made]),
            lengths=[len(features) for _, features in made],
            lines=np.frombuffer("\n".join(lines).encode(), np.uint8),
        )


def _join(parts: list[Path], folder: Path) -> None:
    lengths = np.concatenate([np.load(part)["lengths"] for part in parts])
    lines = [bytes(np.load(part)["lines"]).decode() for part in parts]
    (folder / "utterances.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    np.save(folder / "ends.npy", np.cumsum(lengths))
    with replacing(folder / "features.npy") as unfinished:
        shape = (int(lengths.sum()), MELS)
        whole = np.lib.format.open_memmap(unfinished, "w+", np.float16, shape)
        at = 0
        for part in parts:
            features = np.load(part)["features"]
            whole[at : at + len(features)] = features
            at += len(features)
        whole.flush()


@dataclass(frozen=True)
class Dataset:
    """What ``build`` wrote, opened without reading the features."""

    utterances: list[Utterance]
    features: NDArray[np.float16]
    """Of all utterances in a row, [frames, 80]."""
    ends: NDArray[np.int64]
    """Where each utterance ends, in frames, [utterances]."""

    @classmethod
    def open(cls, folder: Path) -> "Dataset":
        """Open the files in ``folder``."""
        lines = (folder / "utterances.jsonl").read_text(encoding="utf-8").splitlines()
        utterances = [Utterance(**json.loads(line)) for line in lines]
        features = np.load(folder / "features.npy", mmap_mode="r")
        return cls(utterances, features, np.load(folder / "ends.npy"))

    @property
    def frames(self) -> NDArray[np.int64]:
        """Length of each utterance in 10 ms frames."""
        return np.diff(self.ends, prepend=0)

    def log_mel(self, index: int) -> NDArray[np.float32]:
        """Return the features of one utterance, [T, 80]."""
        start = self.ends[index - 1] if index else 0
        return np.asarray(self.features[start : self.ends[index]], dtype=np.float32)
