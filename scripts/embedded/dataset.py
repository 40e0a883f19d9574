"""Training data: utterances spoken, mixed with events, and kept as log-mel features with labels."""

import json
import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from multiprocessing import Pool
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from scripts.embedded import sounds
from scripts.embedded.corpus import LANGUAGES, Sentence, TextList
from scripts.embedded.features import log_mel
from scripts.embedded.voices import (
    EMOTIONS,
    HELD_OUT_VARIANTS,
    SAMPLE_RATE,
    TRAINING_VARIANTS,
    Delivery,
    Waveform,
    speak,
)

EMOTION_WEIGHTS = (0.22, 0.13, 0.13, 0.13, 0.13, 0.13, 0.13)
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
    ja_pace: float = 0.87
    """Speed of Japanese: at espeak's own, moras come faster than two frames of 60 ms each."""


TRAIN = Plan(
    {"zh": 3_000, "yue": 3_000, "en": 4_800, "ja": 3_000, "ko": 3_000}, 260, seed=1, ja_pace=1.0
)
MORE = Plan({"zh": 1_400, "yue": 2_000, "en": 1_200, "ja": 3_600, "ko": 1_000}, 40, seed=8)
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


@dataclass(frozen=True)
class Job:
    """What one worker makes: an utterance of ``sentence``, or of ``event`` alone."""

    seed: tuple[int, int]
    variants: tuple[str, ...]
    with_event: float
    telephone: float
    pace: float = 1.0
    sentence: Sentence | None = None
    event: str | None = None


def compose(plan: Plan, exclude: frozenset[str] = frozenset()) -> list[Job]:
    """List the utterances of ``plan``; sentences whose words stand in ``exclude`` are left out."""
    rng = random.Random(plan.seed)
    jobs: list[Job] = []

    def add(sentence: Sentence | None, event: str | None) -> None:
        seed = (plan.seed, len(jobs))
        pace = plan.ja_pace if sentence and sentence.language == "ja" else 1.0
        jobs.append(
            Job(seed, plan.variants, plan.with_event, plan.telephone, pace, sentence, event)
        )

    for language, count in plan.speech.items():
        texts = TextList.load(language)
        for _ in range(count):
            sentence = texts.compose(rng)
            while sentence.woitn in exclude:
                sentence = texts.compose(rng)
            add(sentence, None)
    for event in sounds.EVENTS:
        for _ in range(plan.events):
            add(None, event)
    return jobs


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
        return Utterance("nospeech", "EMO_UNKNOWN", event, "", "", None), waveform
    emotion = str(rng.choice(EMOTIONS, p=EMOTION_WEIGHTS))
    delivery = Delivery.draw(rng, emotion, job.variants, job.pace)
    waveform, event = speak(job.sentence, delivery, rng), "Speech"
    if rng.uniform() < job.with_event:
        event = str(rng.choice(["BGM", *FOLLOWING_EVENTS]))
        waveform = _with_event(waveform, event, rng)
    if rng.uniform() < job.telephone:
        waveform = telephone(waveform)
    words = (job.sentence.woitn, job.sentence.withitn)
    return Utterance(job.sentence.language, emotion, event, *words, delivery.variant), waveform


def telephone(waveform: Waveform) -> Waveform:
    """Send ``waveform`` through 8 kHz and back."""
    narrow = resample_poly(waveform, 1, 2)
    return resample_poly(narrow, 2, 1)[: len(waveform)].astype(np.float32)


def _with_event(speech: Waveform, name: str, rng: np.random.Generator) -> Waveform:
    """Put music under ``speech``, or let the event follow it at once."""
    if name == "BGM":
        under = sounds.event(name, len(speech) / SAMPLE_RATE + 0.1, rng)[: len(speech)]
        ratio = speech.std() / max(float(under.std()), 1e-6) / 10 ** (rng.uniform(4, 14) / 20)
        return (speech + under * ratio).astype(np.float32)
    after = sounds.event(name, float(rng.uniform(1.0, 2.2)), rng)
    pause = np.zeros(int(rng.uniform(0.02, 0.3) * SAMPLE_RATE), np.float32)
    return np.concatenate([speech, pause, after * (np.abs(speech).max() * rng.uniform(0.6, 1.1))])


def performances(jobs: list[Job], workers: int = 2) -> Iterator[tuple[Utterance, Waveform]]:
    """Make all sounds, in order, on ``workers`` processes."""
    with Pool(workers) as pool:
        yield from pool.imap(perform, jobs, chunksize=32)


def _features(job: Job) -> tuple[Utterance, NDArray[np.float16]]:
    utterance, waveform = perform(job)
    return utterance, log_mel(waveform).astype(np.float16)


def build(plan: Plan, folder: Path, exclude: frozenset[str], workers: int = 2) -> None:
    """Write ``features.npy`` [frames, 80] float16, ``ends.npy`` and ``utterances.jsonl``."""
    folder.mkdir(parents=True, exist_ok=True)
    jobs = compose(plan, exclude)
    with Pool(workers) as pool:
        made = list(pool.imap(_features, jobs, chunksize=32))
    np.save(folder / "ends.npy", np.cumsum([len(features) for _, features in made]))
    lines = [json.dumps(asdict(utterance), ensure_ascii=False) for utterance, _ in made]
    (folder / "utterances.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    np.save(folder / "features.npy", np.concatenate([features for _, features in made]))


@dataclass(frozen=True)
class Dataset:
    """What ``build`` wrote, in one folder or several, opened without reading the features."""

    utterances: list[Utterance]
    parts: list[NDArray[np.float16]]
    """The features of each folder, [frames, 80]."""
    places: NDArray[np.int64]
    """Part, first frame and end of each utterance, [utterances, 3]."""

    @classmethod
    def open(cls, *folders: Path) -> "Dataset":
        """Open the files in ``folders``, one folder after the other."""
        utterances: list[Utterance] = []
        places = []
        for number, folder in enumerate(folders):
            lines = (folder / "utterances.jsonl").read_text(encoding="utf-8").splitlines()
            utterances += [Utterance(**json.loads(line)) for line in lines]
            ends = np.load(folder / "ends.npy")
            starts = np.concatenate([[0], ends[:-1]])
            places.append(np.stack([np.full_like(ends, number), starts, ends], axis=1))
        parts = [np.load(folder / "features.npy", mmap_mode="r") for folder in folders]
        return cls(utterances, parts, np.concatenate(places))

    @property
    def frames(self) -> NDArray[np.int64]:
        """Length of each utterance in 10 ms frames."""
        return self.places[:, 2] - self.places[:, 1]

    def log_mel(self, index: int) -> NDArray[np.float32]:
        """Return the features of one utterance, [T, 80]."""
        part, start, end = self.places[index]
        return np.asarray(self.parts[part][start:end], dtype=np.float32)
