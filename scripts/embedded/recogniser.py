"""Train the tiny SenseVoiceSmall: CTC over the words, cross entropy over the four prompt frames.

Two processes with one thread each average their gradients; on two cores that is faster than one
process with two threads. Training resumes from its last checkpoint.
"""

import logging
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.multiprocessing.spawn import spawn
from torch.nn.utils.rnn import pad_sequence

from richspeech.engines import funasr_door
from scripts.embedded import tokenizer
from scripts.embedded.augment import Backgrounds, augment, gap, pad
from scripts.embedded.dataset import Dataset, Utterance
from scripts.embedded.features import MELS, Features, stack

log = logging.getLogger(__name__)

LFR_WINDOW, LFR_HOP, LFR_LEFT = 7, 6, 3
PROMPTS = 4
MISPLACED = 8.0
"""Taken from the log-probability of a token far from where it sounds. Without it CTC is content
with words in bunches, since attention sees the whole utterance."""
PLACE_TOLERANCE = 6
"""LFR frames either side of where a token would stand if all syllables were equally long."""
PAIR_SHARE = 0.22
"""Share of speech that is two sentences in a row, as in one breath of a long recording."""
LANGUAGE_QUERY = {"auto": 0, "zh": 3, "en": 4, "yue": 7, "ja": 11, "ko": 12, "nospeech": 13}
"""Rows of SenseVoiceSmall's prompt embedding (its ``lid_dict``)."""
ITN_QUERY = {"withitn": 14, "woitn": 15}

ENCODER = {
    "output_size": 160,
    "attention_heads": 4,
    "linear_units": 480,
    "num_blocks": 6,
    "tp_blocks": 2,
    "dropout_rate": 0.0,
    "positional_dropout_rate": 0.0,
    "attention_dropout_rate": 0.0,
    "input_layer": "pe",
    "pos_enc_class": "SinusoidalPositionEncoder",
    "normalize_before": True,
    "kernel_size": 11,
    "sanm_shfit": 0,
    "selfattention_layer_type": "sanm",
}


@dataclass(frozen=True)
class Recipe:
    """One schedule: what it learns from, what it starts with and what it leaves."""

    name: str = "recogniser"
    """Leaves ``<name>.pt``; ``<name>.ckpt`` until then."""
    folders: tuple[str, ...] = ("train",)
    initial: str | None = None
    """Weights to begin with; None begins at random."""
    steps: int = 15_000
    workers: int = 2
    frames_per_batch: int = 1_300
    """LFR frames (60 ms) a worker and step."""
    peak_rate: float = 2e-3
    warm_up_steps: int = 300
    short_steps: int = 1_400
    """Steps on the shortest third only; without it CTC stays on its blank plateau."""
    ramp: tuple[int, int] = (600, 3_600)
    """Augmentation grows from nothing to full between these steps."""
    dropout: float = 0.08
    ema: float = 0.999
    checkpoint_steps: int = 250
    log_steps: int = 50
    port: int = 29_513
    """On the loopback address, where the workers meet."""
    seed: int = 7


REFINEMENT = Recipe(
    name="refined",
    folders=("train", "more"),
    initial="recogniser.pt",
    steps=4_000,
    peak_rate=8e-4,
    short_steps=0,
    ramp=(-2, -1),
    seed=9,
)
"""More sentences, slower Japanese, full augmentation from the start."""


LOCALISATION = Recipe(
    name="localised",
    folders=("train", "more"),
    initial="refined.pt",
    steps=2_600,
    peak_rate=1.2e-3,
    short_steps=0,
    ramp=(-2, -1),
    seed=10,
)


@dataclass(frozen=True)
class Batch:
    """One step of one worker."""

    features: Tensor  # [B, T, 560]
    lengths: Tensor  # [B], LFR frames
    queries: Tensor  # [B, 4], rows of the prompt embedding
    prompts: Tensor  # [B, 4], tag ids expected at the prompt frames
    targets: Tensor  # [sum of target_lengths]
    target_lengths: Tensor  # [B]
    penalties: Tensor | None = None  # [B, T, V], subtracted from the scores of misplaced tokens


def build_model(vocabulary_size: int) -> nn.Module:
    """Make an untrained SenseVoiceSmall of the tiny size."""
    cls = funasr_door.model_class("SenseVoiceSmall")
    encoder = {"encoder": "SenseVoiceEncoderSmall", "encoder_conf": dict(ENCODER)}
    model: nn.Module = cls(
        input_size=MELS * LFR_WINDOW,
        vocab_size=vocabulary_size,
        length_normalized_loss=True,
        **encoder,
    )
    return model


class ChannelDropout(nn.Module):
    """Drop whole channels of an utterance: a mask a frame would cost as much as the matrices."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:  # [B, T, D]
        """Scale what is kept, so that the mean stays."""
        if not self.training:
            return x
        kept = torch.rand(x.shape[0], 1, x.shape[2]) >= self.rate
        return x * (kept.to(x.dtype) / (1 - self.rate))


@dataclass(frozen=True)
class Item:
    """An utterance, or two of the same language and emotion said in a row."""

    first: int
    second: int | None = None


@dataclass(frozen=True)
class Place:
    """The LFR frames on which a token may stand."""

    token: int
    first: int
    end: int


class Batches:
    """Batches of similar length, with fresh augmentation and random prompts."""

    def __init__(self, folder: Path, processor: Any, recipe: Recipe, rank: int) -> None:
        self.data = Dataset.open(*(folder / name for name in recipe.folders))
        self.recipe, self.rank, self.processor = recipe, rank, processor
        cmvn = np.load(folder / "cmvn.npy").astype(np.float32)
        self.mean, self.std = cmvn
        self.backgrounds = Backgrounds.make(recipe.seed)
        self.kin: dict[tuple[str, str], list[int]] = {}
        for index, u in enumerate(self.data.utterances):
            if u.event == "Speech":
                self.kin.setdefault((u.language, u.emotion), []).append(index)

    def forever(self, step: int) -> Iterator[Batch]:
        """Yield this worker's batches from ``step`` on."""
        while True:
            for items in self._epoch(step):
                rng = np.random.default_rng((self.recipe.seed, step, self.rank))
                yield self._batch(items, step, rng)
                step += 1

    def _strength(self, step: int) -> float:
        low, high = self.recipe.ramp
        return float(np.clip((step - low) / (high - low), 0, 1))

    def _epoch(self, step: int) -> Iterator[list[Item]]:
        rng = np.random.default_rng((self.recipe.seed, step, 99))
        frames = self.data.frames
        pool = np.arange(len(frames))
        if step < self.recipe.short_steps:
            pool = pool[frames <= np.quantile(frames, 0.35)]
        share = PAIR_SHARE if self._strength(step) > 0.3 else 0.0
        items = [self._pair(int(index), share, rng) for index in pool]
        batches = list(
            self._fill(sorted(items, key=lambda i: self._length(i) * rng.uniform(0.9, 1.1)))
        )
        rng.shuffle(batches)
        shared = len(batches) // self.recipe.workers
        until = self.recipe.short_steps - step if step < self.recipe.short_steps else shared
        yield from batches[self.rank :: self.recipe.workers][: min(until, shared)]

    def _pair(self, index: int, share: float, rng: np.random.Generator) -> Item:
        utterance = self.data.utterances[index]
        kin = self.kin.get((utterance.language, utterance.emotion), [])
        if utterance.event != "Speech" or not kin or rng.uniform() >= share:
            return Item(index)
        return Item(index, kin[int(rng.integers(len(kin)))])

    def _length(self, item: Item) -> int:
        frames = self.data.frames
        return int(
            frames[item.first] + (0 if item.second is None else 40 + frames[item.second]) + 36
        )

    def _fill(self, items: list[Item]) -> Iterator[list[Item]]:
        batch: list[Item] = []
        longest = 0
        for item in items:
            longest = max(longest, self._length(item) // LFR_HOP)
            if batch and longest * (len(batch) + 1) > self.recipe.frames_per_batch:
                yield batch
                batch, longest = [], self._length(item) // LFR_HOP
            batch.append(item)
        yield batch

    def _batch(self, items: list[Item], step: int, rng: np.random.Generator) -> Batch:
        rows = [self._row(item, self._strength(step), rng) for item in items]
        targets = [torch.tensor(row[3], dtype=torch.long) for row in rows]
        return Batch(
            pad_sequence([torch.from_numpy(row[0]) for row in rows], batch_first=True),
            torch.tensor([len(row[0]) for row in rows]),
            torch.tensor([row[1] for row in rows]),
            torch.tensor([row[2] for row in rows]),
            torch.cat(targets),
            torch.tensor([len(t) for t in targets]),
            self._penalties([(len(row[0]), row[3], row[4]) for row in rows]),
        )

    def _penalties(self, rows: list[tuple[int, list[int], list[Place]]]) -> Tensor:
        size = self.processor.get_piece_size()
        penalties = torch.zeros(len(rows), max(length for length, _, _ in rows), size)
        for table, (_, ids, places) in zip(penalties, rows, strict=True):
            if places:
                table[:, sorted(set(ids))] = MISPLACED
            for place in places:
                table[place.first : place.end, place.token] = 0.0
        return penalties

    def _places(self, ids: list[int], start: float, end: float) -> list[Place]:
        """Say where each token of words that sound from ``start`` to ``end`` may stand."""
        weights = np.array([tokenizer.weight(self.processor.id_to_piece(i)) for i in ids])
        edges = np.concatenate([[0], np.cumsum(weights)]) / max(weights.sum(), 1e-6)
        times = start + (end - start) * edges
        return [
            Place(
                token,
                max(int(times[i]) - PLACE_TOLERANCE, 0),
                int(np.ceil(times[i + 1])) + PLACE_TOLERANCE + 1,
            )
            for i, token in enumerate(ids)
        ]

    def _row(
        self, item: Item, strength: float, rng: np.random.Generator
    ) -> tuple[Features, list[int], list[int], list[int], list[Place]]:
        utterance, features = self.data.utterances[item.first], self.data.log_mel(item.first)
        itn = "withitn" if rng.uniform() < 0.5 else "woitn"
        ids = self._ids(utterance, itn)
        sentences = [(0, len(features), ids)]
        if item.second is not None:
            other = self._ids(self.data.utterances[item.second], itn)
            second = self.data.log_mel(item.second)
            features = np.concatenate([features, gap(rng, MELS), second])
            sentences.append((len(features) - len(second), len(features), other))
            ids = ids + other
        music = utterance.event == "Speech" and rng.uniform() < 0.06 * strength
        padded, before = pad(features, rng)
        features = augment(padded, self.backgrounds, strength, rng, music=music)
        rate = len(features) / len(padded) / LFR_HOP
        places = [
            place
            for start, end, words in sentences
            if utterance.event in ("Speech", "BGM")
            for place in self._places(words, (start + before) * rate, (end + before) * rate)
        ]
        stacked = stack((features - self.mean) / self.std, LFR_WINDOW, LFR_HOP, LFR_LEFT)
        event = "BGM" if music else utterance.event
        tags = (utterance.language, utterance.emotion, event, itn)
        query = utterance.language if rng.uniform() < 0.5 else "auto"
        queries = [LANGUAGE_QUERY[query], 1, 2, ITN_QUERY[itn]]
        prompts = [self.processor.piece_to_id(tokenizer.tag(name)) for name in tags]
        return stacked.astype(np.float32), queries, prompts, ids, places

    def _ids(self, utterance: Utterance, itn: str) -> list[int]:
        text = utterance.withitn if itn == "withitn" else utterance.woitn
        return tokenizer.encode(self.processor, text, utterance.language)


def logits(model: Any, batch: Batch) -> tuple[Tensor, Tensor]:
    """Run prompts and features through the encoder: [B, 4 + T, V] and lengths [B]."""
    inputs = torch.cat([model.embed(batch.queries), batch.features], dim=1)
    encoded, lengths = model.encoder(inputs, batch.lengths + PROMPTS)
    return model.ctc.ctc_lo(encoded), lengths


def loss(model: Any, batch: Batch) -> Tensor:
    """CTC a target token plus cross entropy a prompt frame."""
    with torch.autocast("cpu", torch.bfloat16):
        scores, lengths = logits(model, batch)
    scores = scores.float()
    log_probs = scores[:, PROMPTS:].log_softmax(-1)
    if batch.penalties is not None:
        log_probs = log_probs - batch.penalties
    log_probs = log_probs.transpose(0, 1)
    ctc = nn.functional.ctc_loss(
        log_probs,
        batch.targets,
        lengths.long() - PROMPTS,
        batch.target_lengths,
        reduction="sum",
        zero_infinity=True,
    ) / max(int(batch.target_lengths.sum()), 1)
    rich = nn.functional.cross_entropy(
        scores[:, :PROMPTS].flatten(0, 1), batch.prompts.flatten(), label_smoothing=0.05
    )
    return ctc + rich


def _rate(step: int, recipe: Recipe) -> float:
    warm = min(1.0, (step + 1) / recipe.warm_up_steps)
    cosine = 0.5 + 0.5 * math.cos(math.pi * min(step / recipe.steps, 1.0))
    return recipe.peak_rate * warm * cosine + 1e-6


def _average_gradients(model: nn.Module, workers: int) -> None:
    parameters = [p for p in model.parameters() if p.grad is not None]
    flat = torch.cat([p.grad.flatten() for p in parameters if p.grad is not None])
    dist.all_reduce(flat)
    flat /= workers
    offset = 0
    for p in parameters:
        p.grad = flat[offset : offset + p.numel()].view_as(p)
        offset += p.numel()


def _blend(average: dict[str, Tensor], model: nn.Module, decay: float) -> None:
    for name, value in model.state_dict().items():
        average[name].mul_(decay).add_(value, alpha=1 - decay)


class Trainer:
    """Model, averaged weights and optimizer of one worker."""

    def __init__(self, vocabulary_size: int, recipe: Recipe) -> None:
        self.recipe = recipe
        self.model = build_model(vocabulary_size).train()
        for layer in self.model.modules():
            if type(layer).__name__ == "EncoderLayerSANM":
                layer.dropout = ChannelDropout(recipe.dropout)
        self.average = {name: value.clone() for name, value in self.model.state_dict().items()}
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=recipe.peak_rate, weight_decay=0.01, betas=(0.9, 0.98)
        )
        self.step = 0

    def learn(self, batch: Batch) -> float:
        """Take one step together with the other workers; return the loss."""
        for group in self.optimizer.param_groups:
            group["lr"] = _rate(self.step, self.recipe)
        value = loss(self.model, batch)
        self.optimizer.zero_grad()
        value.backward()
        _average_gradients(self.model, self.recipe.workers)
        nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
        self.optimizer.step()
        self.step += 1
        _blend(self.average, self.model, min(self.recipe.ema, self.step / (self.step + 9)))
        return float(value)

    def save(self, path: Path) -> None:
        """Write a checkpoint, whole or not at all."""
        state = {
            "step": self.step,
            "model": self.model.state_dict(),
            "average": self.average,
            "optimizer": self.optimizer.state_dict(),
        }
        torch.save(state, path.with_suffix(".tmp"))
        path.with_suffix(".tmp").replace(path)

    def begin_with(self, path: Path) -> None:
        """Take the weights that an earlier schedule left."""
        self.model.load_state_dict(torch.load(path, weights_only=True))
        self.average = {name: value.clone() for name, value in self.model.state_dict().items()}

    def resume(self, path: Path) -> None:
        """Go on from a checkpoint, if there is one."""
        if not path.exists():
            return
        state = torch.load(path, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.average, self.step = state["average"], int(state["step"])


def _worker(rank: int, folder: Path, recipe: Recipe) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(recipe.seed)
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(recipe.port)}
    dist.init_process_group("gloo", rank=rank, world_size=recipe.workers)
    processor = tokenizer.load(folder / "bpe.model")
    trainer = Trainer(processor.get_piece_size(), recipe)
    # modelscope, which funasr imports, silences the root handlers of distributed workers.
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", force=True)
    checkpoint = folder / f"{recipe.name}.ckpt"
    if recipe.initial:
        trainer.begin_with(folder / recipe.initial)
    trainer.resume(checkpoint)
    batches = Batches(folder, processor, recipe, rank).forever(trainer.step)
    losses: list[float] = []
    while trainer.step < recipe.steps:
        losses.append(trainer.learn(next(batches)))
        if rank == 0 and trainer.step % recipe.log_steps == 0:
            log.info("step %d loss %.3f", trainer.step, np.mean(losses[-recipe.log_steps :]))
        if rank == 0 and trainer.step % recipe.checkpoint_steps == 0:
            trainer.save(checkpoint)
    if rank == 0:
        torch.save(trainer.average, folder / f"{recipe.name}.pt")


def train(folder: Path, recipe: Recipe) -> None:
    """Train in ``folder`` as ``recipe`` says; leaves the averaged weights there."""
    spawn(_worker, args=(folder, recipe), nprocs=recipe.workers)
