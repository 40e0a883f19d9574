"""Train the tiny SenseVoiceSmall: CTC over the words, cross entropy over the four prompt frames.

Two processes with one thread each average their gradients; on two cores that is faster than one
process with two threads. Training resumes from its last checkpoint.
"""

import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.multiprocessing.spawn import spawn
from torch.nn.utils.rnn import pad_sequence
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from richspeech.engines.common import funasr_import
from richspeech.storage.atomic import replacing
from scripts.embedded import growth, tokenizer
from scripts.embedded.augment import Backgrounds, augment, gap, pad
from scripts.embedded.dataset import Dataset, Utterance
from scripts.embedded.features import MELS, Features, stack

log = logging.getLogger(__name__)

LFR_WINDOW, LFR_HOP, LFR_LEFT = 7, 6, 3
PROMPTS = 4
MISPLACED = 8.0
"""Taken from the log-probability of a token far from where it sounds. Without it CTC stays long on
its blank plateau, and is content with words in bunches, since attention sees the whole utterance.
"""
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
    "linear_units": 640,
    "num_blocks": 8,
    "tp_blocks": 3,
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
    """One schedule."""

    steps: int = 24_000
    workers: int = 2
    """Processes that average their gradients; on a GPU one is enough, with larger batches."""
    device: str = "cpu"
    frames_per_batch: int = 1_300
    """LFR frames (60 ms) a worker and step."""
    peak_rate: float = 2e-3
    warm_up_steps: int = 300
    short_steps: int = 900
    """Steps on the shortest third only; what is long would drown the first alignments."""
    ramp: tuple[int, int] = (600, 4_000)
    """Augmentation grows from nothing to full between these steps."""
    dropout: float = 0.08
    ema: float = 0.999
    checkpoint_steps: int = 250
    log_steps: int = 50
    loaders: int = 0
    """Processes a worker that prepare batches; 0 prepares them in between."""
    start: Path | None = None
    """Folder of the recogniser that the training goes on from; None begins with random weights."""
    seed: int = 7

    def from_weights(self, folder: Path) -> "Recipe":
        """Go on from what is known already: no first alignments, fewer steps, full augmentation."""
        return replace(
            self, start=folder, steps=3_600, peak_rate=1.2e-3, short_steps=0, ramp=(0, 1)
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
    words: Tensor  # [N, 2], row and token of what is said
    places: Tensor  # [M, 3], row, LFR frame and token where it may stand

    def to(self, device: str) -> "Batch":
        """Move every tensor."""
        moved = {f.name: getattr(self, f.name).to(device, non_blocking=True) for f in fields(self)}
        return Batch(**moved)

    def penalties(self, vocabulary_size: int) -> Tensor:
        """Return what misplaced tokens lose of their log-probability, [B, T, V]."""
        rows, frames = self.features.shape[:2]
        table = torch.zeros(rows, frames, vocabulary_size, device=self.features.device)
        row, token = self.words.T
        table[row, :, token] = MISPLACED
        table[tuple(self.places.T)] = 0.0
        return table


def build_model(vocabulary_size: int) -> nn.Module:
    """Make an untrained SenseVoiceSmall of the tiny size."""
    cls = funasr_import.model_class("SenseVoiceSmall")
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
        kept = torch.rand(x.shape[0], 1, x.shape[2], device=x.device) >= self.rate
        return x * (kept.to(x.dtype) / (1 - self.rate))


@dataclass(frozen=True)
class Item:
    """An utterance, or two of the same language and emotion said in a row."""

    first: int
    second: int | None = None


@dataclass(frozen=True)
class Example:
    """One row of a batch."""

    features: Features
    """[T, 560]."""
    queries: list[int]
    prompts: list[int]
    ids: list[int]
    places: list[tuple[int, int]]
    """LFR frame and token, wherever a token may stand."""


@dataclass(frozen=True)
class Words:
    """A sentence within an example."""

    ids: list[int]
    syllables: float
    """Roughly, of what is said: digits alone do not tell how long a number takes."""
    start: float
    """10 ms frames."""
    end: float


class Batches(IterableDataset[Batch]):
    """Batches of similar length, with fresh augmentation and random prompts, without end."""

    def __init__(
        self, folder: Path, processor: Any, recipe: Recipe, rank: int, first_step: int
    ) -> None:
        self.data = Dataset.open(folder / "train")
        self.frames = self.data.frames
        self.recipe, self.rank, self.processor = recipe, rank, processor
        self.first_step = first_step
        self.mean, self.std = np.load(folder / "cmvn.npy").astype(np.float32)
        self.backgrounds = Backgrounds.make(recipe.seed)
        self.kin: dict[tuple[str, str], list[int]] = {}
        for index, u in enumerate(self.data.utterances):
            if u.event == "Speech":
                self.kin.setdefault((u.language, u.emotion), []).append(index)

    def __iter__(self) -> Iterator[Batch]:
        """Yield the batches of every step, or of every n-th when n processes share the work."""
        loader = get_worker_info()
        turn, loaders = (loader.id, loader.num_workers) if loader else (0, 1)
        for step, items in self._steps():
            if (step - self.first_step) % loaders == turn:
                yield self._batch(items, step)

    def _steps(self) -> Iterator[tuple[int, list[Item]]]:
        """List every epoch from the first on, so that a resumed training goes on within its own."""
        step = 0
        while True:
            batches = list(self._epoch(step))
            for number, items in enumerate(batches, step):
                if number >= self.first_step:
                    yield number, items
            step += len(batches)

    def _strength(self, step: int) -> float:
        low, high = self.recipe.ramp
        return float(np.clip((step - low) / (high - low), 0, 1))

    def _epoch(self, step: int) -> Iterator[list[Item]]:
        rng = np.random.default_rng((self.recipe.seed, step, 99))
        pool = np.arange(len(self.frames))
        if step < self.recipe.short_steps:
            pool = pool[self.frames <= np.quantile(self.frames, 0.35)]
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
        second = 0 if item.second is None else 40 + self.frames[item.second]
        return int(self.frames[item.first] + second + 36)

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

    def _batch(self, items: list[Item], step: int) -> Batch:
        rng = np.random.default_rng((self.recipe.seed, step, self.rank))
        examples = [self._example(item, self._strength(step), rng) for item in items]
        targets = [torch.tensor(x.ids, dtype=torch.long) for x in examples]
        words = [(row, token) for row, x in enumerate(examples) for token in set(x.ids) if x.places]
        places = [(row, *place) for row, x in enumerate(examples) for place in x.places]
        return Batch(
            pad_sequence([torch.from_numpy(x.features) for x in examples], batch_first=True),
            torch.tensor([len(x.features) for x in examples]),
            torch.tensor([x.queries for x in examples]),
            torch.tensor([x.prompts for x in examples]),
            torch.cat(targets),
            torch.tensor([len(t) for t in targets]),
            torch.tensor(words, dtype=torch.long).reshape(-1, 2),
            torch.tensor(places, dtype=torch.long).reshape(-1, 3),
        )

    def _places(self, words: Words, lfr_rate: float, length: int) -> list[tuple[int, int]]:
        """List the LFR frames on which each token may stand, as if syllables were equally long."""
        pieces = [self.processor.id_to_piece(i) for i in words.ids]
        edges = tokenizer.edges(pieces, words.syllables)
        times = (words.start + (words.end - words.start) * edges) * lfr_rate
        return [
            (frame, token)
            for token, (start, end) in zip(words.ids, times, strict=True)
            for frame in range(
                max(int(start) - PLACE_TOLERANCE, 0),
                min(int(np.ceil(end)) + PLACE_TOLERANCE + 1, length),
            )
        ]

    def _example(self, item: Item, strength: float, rng: np.random.Generator) -> Example:
        utterance, clean = self.data.utterances[item.first], self.data.log_mel(item.first)
        itn = "withitn" if rng.uniform() < 0.5 else "woitn"
        said = [self._words(utterance, itn, 0.0, utterance.spoken_seconds * 100)]
        if item.second is not None:
            other = self.data.utterances[item.second]
            pause = gap(rng, MELS)
            start = len(clean) + len(pause)
            clean = np.concatenate([clean, pause, self.data.log_mel(item.second)])
            said.append(self._words(other, itn, start, len(clean)))
        music = utterance.event == "Speech" and rng.uniform() < 0.06 * strength
        padded, before = pad(clean, rng)
        features = augment(padded, self.backgrounds, strength, rng, music=music)
        stacked = stack((features - self.mean) / self.std, LFR_WINDOW, LFR_HOP, LFR_LEFT)
        rate = len(features) / len(padded) / LFR_HOP
        event = "BGM" if music else utterance.event
        query = utterance.language if rng.uniform() < 0.5 else "auto"
        return Example(
            stacked.astype(np.float32),
            [LANGUAGE_QUERY[query], 1, 2, ITN_QUERY[itn]],
            [
                self.processor.piece_to_id(tokenizer.tag(name))
                for name in (utterance.language, utterance.emotion, event, itn)
            ],
            [token for words in said for token in words.ids],
            [
                place
                for words in said
                for place in self._places(
                    replace(words, start=words.start + before, end=words.end + before),
                    rate,
                    len(stacked),
                )
            ],
        )

    def _words(self, utterance: Utterance, itn: str, start: float, end: float) -> Words:
        text = utterance.withitn if itn == "withitn" else utterance.woitn
        ids = tokenizer.encode(self.processor, text, utterance.language)
        plain = tokenizer.split_pieces(utterance.woitn, utterance.language)
        return Words(ids, sum(map(tokenizer.weight, plain)), start, end)


def logits(model: Any, batch: Batch) -> tuple[Tensor, Tensor]:
    """Run prompts and features through the encoder: [B, 4 + T, V] and lengths [B]."""
    inputs = torch.cat([model.embed(batch.queries), batch.features], dim=1)
    encoded, lengths = model.encoder(inputs, batch.lengths + PROMPTS)
    return model.ctc.ctc_lo(encoded), lengths


def loss(model: Any, batch: Batch) -> Tensor:
    """CTC a target token plus cross entropy a prompt frame."""
    with torch.autocast(batch.features.device.type, torch.bfloat16):
        scores, lengths = logits(model, batch)
    scores = scores.float()
    log_probs = scores[:, PROMPTS:].log_softmax(-1) - batch.penalties(scores.shape[-1])
    ctc = nn.functional.ctc_loss(
        log_probs.transpose(0, 1),
        batch.targets,
        lengths.long() - PROMPTS,
        batch.target_lengths,
        reduction="sum",
        zero_infinity=True,
    ) / max(len(batch.targets), 1)
    rich = nn.functional.cross_entropy(
        scores[:, :PROMPTS].flatten(0, 1), batch.prompts.flatten(), label_smoothing=0.05
    )
    return ctc + rich


def _rate(step: int, recipe: Recipe) -> float:
    warm = min(1.0, (step + 1) / recipe.warm_up_steps)
    cosine = 0.5 + 0.5 * math.cos(math.pi * min(step / recipe.steps, 1.0))
    return recipe.peak_rate * warm * cosine + 1e-6


def _average_gradients(model: nn.Module, workers: int) -> None:
    if workers == 1:
        return
    parameters = [p for p in model.parameters() if p.grad is not None]
    flat = torch.cat([p.grad.flatten() for p in parameters if p.grad is not None])
    dist.all_reduce(flat)
    flat /= workers
    offset = 0
    for p in parameters:
        p.grad = flat[offset : offset + p.numel()].view_as(p)
        offset += p.numel()


class Trainer:
    """Model, averaged weights and optimizer of one worker."""

    def __init__(self, vocabulary_size: int, recipe: Recipe, rank: int = 0) -> None:
        self.recipe, self.rank = recipe, rank
        self.model = build_model(vocabulary_size).train()
        for layer in self.model.modules():
            if type(layer).__name__ == "EncoderLayerSANM":
                layer.dropout = ChannelDropout(recipe.dropout)
        self.model.to(recipe.device)
        self.average = AveragedModel(self.model, multi_avg_fn=get_ema_multi_avg_fn(recipe.ema))
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=recipe.peak_rate, weight_decay=0.01, betas=(0.9, 0.98)
        )
        self.step = 0

    def learn(self, batch: Batch) -> Tensor:
        """Take one step together with the other workers; return the loss."""
        for group in self.optimizer.param_groups:
            group["lr"] = _rate(self.step, self.recipe)
        # What dropout draws depends on the step alone, so a resumed training draws the same.
        torch.manual_seed((self.recipe.seed * 10**6 + self.step) * 64 + self.rank)
        value = loss(self.model, batch.to(self.recipe.device))
        self.optimizer.zero_grad()
        value.backward()
        _average_gradients(self.model, self.recipe.workers)
        nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
        self.optimizer.step()
        self.step += 1
        self.average.update_parameters(self.model)
        return value.detach()

    def save(self, path: Path) -> None:
        """Write a checkpoint, whole or not at all."""
        state = {
            "step": self.step,
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        with replacing(path) as unfinished:
            torch.save(state, unfinished)

    def begin(self, path: Path, pieces: Any) -> None:
        """Go on from a checkpoint, if there is one, else from where the recipe starts."""
        if path.exists():
            self.resume(path)
        elif self.recipe.start is not None:
            growth.grow(self.model, pieces, self.recipe.start)

    def resume(self, path: Path) -> None:
        """Go on from a checkpoint."""
        state = torch.load(path, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = int(state["step"])


def _worker(rank: int, folder: Path, recipe: Recipe, meeting: str) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(recipe.seed)
    dist.init_process_group("gloo", f"file://{meeting}", rank=rank, world_size=recipe.workers)
    processor = tokenizer.load(folder / "bpe.model")
    trainer = Trainer(processor.get_piece_size(), recipe, rank)
    # modelscope, which funasr imports, silences the root handlers of distributed workers.
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", force=True)
    checkpoint = folder / "recogniser.ckpt"
    trainer.begin(checkpoint, processor)
    batches = Batches(folder, processor, recipe, rank, trainer.step)
    source = iter(DataLoader(batches, batch_size=None, num_workers=recipe.loaders))
    losses: list[Tensor] = []
    while trainer.step < recipe.steps:
        losses.append(trainer.learn(next(source)))
        if rank == 0 and trainer.step % recipe.log_steps == 0:
            log.info("step %d loss %.3f", trainer.step, torch.stack(losses).mean())
            losses.clear()
        if rank == 0 and trainer.step % recipe.checkpoint_steps == 0:
            trainer.save(checkpoint)
    if rank == 0:
        torch.save(trainer.average.module.cpu().state_dict(), folder / "recogniser.pt")


def train(folder: Path, recipe: Recipe) -> None:
    """Train in ``folder`` as ``recipe`` says; leaves the averaged weights in recogniser.pt."""
    with TemporaryDirectory() as meeting:
        spawn(_worker, args=(folder, recipe, f"{meeting}/workers"), nprocs=recipe.workers)
