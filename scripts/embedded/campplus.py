"""Train the tiny CAM++: windows of synthetic voices, and who each is of.

A speaker is a variant of espeak-ng at a pitch, or one of Kokoro's natural voices, each in a size:
played faster or slower, which moves pitch and formants, as 3D-Speaker makes new speakers of old
ones. The loss is an additive angular margin (Deng et al., "ArcFace", 2019), as CAM++ was trained
with. Training resumes from its last checkpoint.

CAM++'s two-dimensional head has one size, whatever the rest has, and takes nine tenths of the time
of a small one. So it is not trained: it hands on the mels as they are (``whole``), and what is
trained is the network behind it, which is given them at once. That gives the same numbers.
"""

import logging
import os
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.signal import resample_poly
from torch import Tensor, nn
from torch.nn import functional

from richspeech.engines.common import funasr_import
from scripts.embedded import augment, dataset, natural, sounds, voices
from scripts.embedded.augment import Backgrounds
from scripts.embedded.checkpoint import Checkpointed
from scripts.embedded.corpus import LANGUAGES, Sentence
from scripts.embedded.grammar import Grammar
from scripts.embedded.voices import Delivery, Waveform

log = logging.getLogger(__name__)

Rng = np.random.Generator

MELS = 80
MODEL: dict[str, Any] = {
    "feat_dim": MELS,
    "embedding_size": 96,
    "growth_rate": 8,
    "init_channels": 64,
}
"""funasr's class made small."""
HEAD_STRIDE = 8
"""Mels that the head puts side by side, as channels."""
HELD_OUT = (
    *voices.HELD_OUT_VARIANTS,
    "f2",
    "m7",
    "klatt2",
    "klatt5",
    "steph",
    "pablo",
    "Mike",
    "rob",
)
"""Variants never heard in training; f2 and m7 talk in scripts/measure_voices.py, as flite does."""
VARIANTS = tuple(
    each
    for each in (
        *voices.TRAINING_VARIANTS,
        *("antonio", "Marco", "Alicia", "miguel", "david", "Jacky", "Andy", "aunty", "Denis"),
        *("edward", "iven", "iven3", "john", "kaukovalta", "marcelo", "michel", "Mr", "paul"),
        *("pedro", "quincy", "robert", "steph2", "Storm", "travis", "victor", "zac", "sandro"),
        *("shelby", "norbert", "grandpa", "grandma", "klatt", "klatt3", "klatt4", "klatt6"),
    )
    if each not in HELD_OUT
)
PITCHES = (15, 85)
"""Of a speaker, on espeak's scale; one sentence is up to PITCH_SPREAD higher or lower."""
PITCH_SPREAD = 7
SIZES = (84, 120)
"""Percent of the speed at which a voice is played."""
NATURAL_SIZES = (88, 100, 113)
WORDS_PER_MINUTE = (120, 210)
NEUTRAL = 0.6
"""Share of sentences without the cues of an emotion."""
NOISES = 40


@dataclass(frozen=True)
class Recipe:
    """The schedule and the size of the training set."""

    speakers: int = 3
    """Of each variant."""
    sentences: int = 16
    """Of each speaker of espeak-ng."""
    steps: int = 1_000
    batch: int = 96
    frames: tuple[int, ...] = (80, 120)
    """Of a window, 10 ms each: shorter than those that are told apart, and of few lengths, for the
    speed: a length that is new to oneDNN costs seconds."""
    peak_rate: float = 3e-3
    margin: float = 0.2
    """Radians, reached between the two shares of the steps."""
    margin_grows: tuple[float, float] = (0.3, 0.8)
    scale: float = 30.0
    checkpoint_steps: int = 25
    log_steps: int = 5
    threads: int = 1
    """More wait for each other where others work as well."""
    seed: int = 53


@dataclass(frozen=True)
class Said:
    """A sentence, and who says it how."""

    speaker: int
    sentence: Sentence
    size: int
    """Percent of the speed."""
    delivery: Delivery | None
    """None where a natural voice says it."""
    natural: str | None
    seed: tuple[int, int]


def compose(recipe: Recipe) -> list[Said]:
    """List what is said: espeak-ng's speakers first, then the natural ones."""
    rng, words = np.random.default_rng(recipe.seed), random.Random(recipe.seed)
    texts = [Grammar.load(each) for each in LANGUAGES]
    espeak = [each for each in VARIANTS for _ in range(recipe.speakers)]
    found: list[Said] = []
    for speaker, variant in enumerate(espeak):
        pitch, size = int(rng.integers(*PITCHES)), int(rng.integers(*SIZES))
        for number in range(recipe.sentences):
            sentence = texts[number % len(texts)].compose(words)
            delivery = _delivery(variant, pitch, size, rng)
            seed = (recipe.seed, len(found))
            found.append(Said(speaker, sentence, size, delivery, None, seed))
    return [*found, *_natural(len(espeak), recipe.seed)]


def _delivery(variant: str, pitch: int, size: int, rng: Rng) -> Delivery:
    others = [each for each in voices.EMOTIONS if each != "NEUTRAL"]
    emotion = "NEUTRAL" if rng.uniform() < NEUTRAL else str(rng.choice(others))
    shift = voices.PITCH.get(emotion, 0) + int(rng.integers(-PITCH_SPREAD, PITCH_SPREAD + 1))
    words = int(rng.integers(*WORDS_PER_MINUTE)) * 100 // size
    return Delivery(variant, emotion, words, int(np.clip(pitch + shift, 0, 99)))


def _natural(first: int, seed: int) -> Iterator[Said]:
    """List what Kokoro's voices have said for the recogniser, each once in each size."""
    jobs = dataset.compose(dataset.TRAIN, dataset.held_out_sentences())
    said = {(j.natural, j.sentence): None for j in jobs if j.natural and j.sentence}
    names = sorted({name for name, _ in said if name})
    for number, (name, sentence) in enumerate(said):
        if name and sentence:
            for at, size in enumerate(NATURAL_SIZES):
                speaker = first + names.index(name) * len(NATURAL_SIZES) + at
                yield Said(speaker, sentence, size, None, name, (seed, number))


def perform(said: Said) -> Waveform:
    """Make the sound of it: float32, 16 kHz, [T]."""
    if said.delivery is not None:
        sound = voices.speak(said.sentence, said.delivery, np.random.default_rng(said.seed))
    else:
        sound = natural.recorded(said.natural or "", said.sentence)
    return sized(sound, said.size)


def held_out(sentences: int = 8, seed: int = 5) -> dict[str, list[Waveform]]:
    """Have every variant that training never hears say sentences of all languages, as compose."""
    rng, words = np.random.default_rng(seed), random.Random(seed)
    texts = [Grammar.load(each) for each in LANGUAGES]
    said = {}
    for variant in HELD_OUT:
        pitch, size = int(rng.integers(*PITCHES)), int(rng.integers(*SIZES))
        said[variant] = [
            sized(
                voices.speak(
                    texts[at % len(texts)].compose(words),
                    _delivery(variant, pitch, size, rng),
                    rng,
                ),
                size,
            )
            for at in range(sentences)
        ]
    return said


def sized(waveform: Waveform, percent: int) -> Waveform:
    """Play it at so many percent of its speed; pitch and formants go with it."""
    speed = Fraction(percent, 100)
    return resample_poly(waveform, speed.denominator, speed.numerator).astype(np.float32)


def log_mel(waveform: Waveform) -> NDArray[np.float32]:
    """Return [T, MELS] as funasr's CAM++ has them, their mean not yet taken off."""
    funasr_import.funasr()
    from funasr.utils import fbank  # noqa: PLC0415 - after torchaudio was looked for

    found: NDArray[np.float32] = fbank.fbank(
        torch.from_numpy(waveform)[None], num_mel_bins=MELS
    ).numpy()
    return found


def _features(said: Said) -> tuple[int, NDArray[np.float16]]:
    return said.speaker, log_mel(perform(said)).astype(np.float16)


@dataclass(frozen=True)
class Clips:
    """The training set, opened without reading the features."""

    features: NDArray[np.float16]
    """Of all clips in a row, [frames, MELS]."""
    ends: NDArray[np.int64]
    speakers: NDArray[np.int64]
    """From 0, of each clip."""

    @classmethod
    def open(cls, folder: Path) -> "Clips":
        """Open what ``build`` wrote."""
        with np.load(folder / "campplus_clips.npz") as index:
            ends, speakers = index["ends"], index["speakers"]
        return cls(np.load(folder / "campplus_clips.npy", mmap_mode="r"), ends, speakers)

    def window(self, index: int, frames: int, rng: Rng) -> NDArray[np.float32]:
        """Return so many frames of a clip, [frames, MELS]; a shorter one is repeated."""
        first = int(self.ends[index - 1]) if index else 0
        length = int(self.ends[index]) - first
        at = first + int(rng.integers(0, max(length - frames, 0) + 1))
        kept = self.features[at : min(at + frames, first + length)]
        return np.resize(kept, (frames, MELS)).astype(np.float32)


def build(folder: Path, recipe: Recipe) -> None:
    """Write the clips."""
    with Pool() as pool:
        made = pool.map(_features, compose(recipe), chunksize=32)
    speakers, clips = zip(*made, strict=True)
    np.save(folder / "campplus_clips.npy", np.concatenate(clips))
    ends = np.cumsum([len(clip) for clip in clips])
    np.savez(folder / "campplus_clips.npz", ends=ends, speakers=np.array(speakers))


class Batches:
    """Windows, every speaker as often as any other, disturbed anew for every step."""

    def __init__(self, clips: Clips, recipe: Recipe) -> None:
        self.clips, self.recipe = clips, recipe
        rng = np.random.default_rng((recipe.seed, 1))
        noises = [log_mel(0.1 * sounds.noise(4.0, rng)) for _ in range(NOISES)]
        self.backgrounds = Backgrounds(noises, noises)
        self.of = [np.flatnonzero(clips.speakers == each) for each in range(self.speakers)]

    @property
    def speakers(self) -> int:
        """How many there are."""
        return int(self.clips.speakers.max()) + 1

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Return features [B, T, MELS], their mean taken off, and the speakers [B]."""
        rng = np.random.default_rng((self.recipe.seed, 2, step))
        frames = int(rng.choice(self.recipe.frames))
        speakers = rng.choice(self.speakers, self.recipe.batch, self.recipe.batch > self.speakers)
        rows = []
        for speaker in speakers:
            clean = self.clips.window(int(rng.choice(self.of[speaker])), frames + 10, rng)
            heard = augment.augment(clean, self.backgrounds, 1.0, rng, music=False)
            rows.append(np.resize(heard, (frames, MELS)))
        features = torch.from_numpy(np.stack(rows))
        return features - features.mean(dim=1, keepdim=True), torch.from_numpy(speakers)


def build_body() -> Any:
    """Make an untrained CAM++ of the tiny size, without its head: [B, MELS, T] → [B, D]."""
    body = funasr_import.model_class("CAMPPlus")(**MODEL, memory_efficient=False).xvector
    body.tdnn.linear = _first_layer(body, MELS)
    return body


def whole(state: Mapping[str, Tensor]) -> Any:
    """Put a head that changes nothing before a trained body: funasr's class, [B, T, MELS] → [B, D].

    Layers of the head end in ReLU, so each mel goes through it twice, the second time with the
    other sign, and the first layer of the body takes both together again.
    """
    body = build_body()
    body.load_state_dict(state)
    model = funasr_import.model_class("CAMPPlus")(**MODEL)
    model.xvector = body
    weights = body.tdnn.linear.weight.detach()
    body.tdnn.linear = _first_layer(body, model.head.out_channels)
    with torch.no_grad():
        _hand_on(model.head)
        both = body.tdnn.linear.weight.zero_()
        for mel in range(MELS):
            place, channel = divmod(mel, HEAD_STRIDE)
            for sign, of in ((1.0, 2 * channel), (-1.0, 2 * channel + 1)):
                both[:, of * (MELS // HEAD_STRIDE) + place] = sign * weights[:, mel]
    return model.eval()


def _first_layer(body: Any, channels: int) -> nn.Conv1d:
    first = body.tdnn.linear
    padding, is_biased = first.padding, first.bias is not None
    width, stride = first.kernel_size, first.stride
    return nn.Conv1d(channels, first.out_channels, width, stride, padding=padding, bias=is_biased)


def _hand_on(head: Any) -> None:
    """Have a head put eight mels, and their negatives, side by side, and change none of them."""
    for layer in head.modules():
        if isinstance(layer, nn.Conv2d):
            layer.weight.zero_()
        elif isinstance(layer, nn.BatchNorm2d):
            layer.weight.fill_((1.0 + layer.eps) ** 0.5)
    head.conv1.weight[0, 0, 1, 1], head.conv1.weight[1, 0, 1, 1] = 1.0, -1.0
    halving = (head.layer1[0].conv1, head.layer2[0].conv1, head.conv2)
    for kept, conv in zip((2, 4, 8), halving, strict=True):
        for channel in range(kept):
            conv.weight[channel, channel, 1, 1] = 1.0
            conv.weight[channel + kept, channel, 2, 1] = 1.0
    for kept, block in ((4, head.layer1[0]), (8, head.layer2[0])):
        for channel in range(kept):
            block.conv2.weight[channel, channel, 1, 1] = 1.0


class Trainer(Checkpointed):
    """Model, directions of the speakers, optimizer and schedule."""

    def __init__(self, recipe: Recipe, speakers: int) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe = recipe
        network = build_body().train()
        directions = nn.Linear(MODEL["embedding_size"], speakers, bias=False)
        self.model = nn.ModuleDict({"network": network, "directions": directions})
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=recipe.peak_rate, weight_decay=0.02
        )
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer, recipe.peak_rate, recipe.steps, pct_start=0.1
        )
        self.step = 0

    @property
    def margin(self) -> float:
        """Of this step, in radians."""
        low, high = (share * self.recipe.steps for share in self.recipe.margin_grows)
        return self.recipe.margin * float(np.clip((self.step - low) / (high - low), 0, 1))

    def learn(self, features: Tensor, speakers: Tensor) -> tuple[float, float]:
        """Take one step; return the loss, and the share of windows with the nearest right."""
        with torch.autocast("cpu", torch.bfloat16):
            embeddings = self.model["network"](features.transpose(1, 2))
        directions = functional.normalize(self.model["directions"].weight, dim=1)
        cosines = functional.normalize(embeddings.float(), dim=1) @ directions.T
        own = functional.one_hot(speakers, len(directions)).bool()
        angles = torch.acos(cosines.clamp(-1 + 1e-6, 1 - 1e-6))
        logits = torch.where(own, torch.cos(angles + self.margin), cosines) * self.recipe.scale
        value = functional.cross_entropy(logits, speakers)
        self.optimizer.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
        self.optimizer.step()
        self.schedule.step()
        self.step += 1
        right = (cosines.argmax(dim=1) == speakers).float().mean()
        return float(value.detach()), float(right)


def train(folder: Path, recipe: Recipe) -> None:
    """Train; leaves ``campplus.pt`` in ``folder``."""
    torch.set_num_threads(min(recipe.threads, os.cpu_count() or 1))
    if not (folder / "campplus_clips.npz").exists():
        build(folder, recipe)
    batches = Batches(Clips.open(folder), recipe)
    trainer = Trainer(recipe, batches.speakers)
    trainer.resume(folder / "campplus.ckpt")
    told: list[tuple[float, float]] = []
    while trainer.step < recipe.steps:
        told.append(trainer.learn(*batches.batch(trainer.step)))
        if trainer.step % recipe.log_steps == 0:
            log.info("campplus step %d loss %.3f right %.2f", trainer.step, *np.mean(told, axis=0))
            told.clear()
        if trainer.step % recipe.checkpoint_steps == 0:
            trainer.save(folder / "campplus.ckpt")
    torch.save(whole(trainer.model["network"].state_dict()).state_dict(), folder / "campplus.pt")
