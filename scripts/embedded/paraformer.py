"""Train the tiny Paraformer: rows of one or more Mandarin sentences, by the model's own loss.

The encoder begins with the recogniser's weights, so that it already hears; predictor and decoder
begin from nothing. Training resumes from its last checkpoint.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from richspeech.engines.common import funasr_import
from scripts.embedded import dataset, recogniser
from scripts.embedded.augment import Backgrounds, augment, pad
from scripts.embedded.checkpoint import Checkpointed
from scripts.embedded.corpus import TextList
from scripts.embedded.dataset import Dataset, Plan
from scripts.embedded.features import FLOOR, MELS, Features, stack
from scripts.embedded.recogniser import LFR_HOP, LFR_LEFT, LFR_WINDOW
from scripts.embedded.voices import HELD_OUT_VARIANTS

log = logging.getLogger(__name__)

Rng = np.random.Generator

SPECIAL = ("<blank>", "<s>", "</s>")
UNKNOWN = "<unk>"
IGNORED = -1
"""Pads the targets."""
LAST_FRAMES = 2.0
"""The end of a row fires as many LFR frames after its last word."""
PLACE_TOLERANCE = 1.0
"""Tokens that may have fired more or less than if all syllables were equally long."""
GAP_FRAMES = (5, 80)
"""Silence between two sentences of a row, in 10 ms frames."""

DATA = Plan({"zh": 6_000}, 0, seed=51, noisy=0.3)
TEST_SEEN = Plan({"zh": 150}, 0, seed=52, with_event=0.0, telephone=0.0)
TEST_NEW = Plan({"zh": 150}, 0, seed=53, variants=HELD_OUT_VARIANTS, with_event=0.0, telephone=0.0)

ENCODER = {name: value for name, value in recogniser.ENCODER.items() if name != "tp_blocks"}
WIDTH = recogniser.ENCODER["output_size"]
DECODER = {
    "attention_heads": 4,
    "linear_units": 480,
    "num_blocks": 2,
    "att_layer_num": 2,
    "dropout_rate": 0.1,
    "positional_dropout_rate": 0.0,
    "self_attention_dropout_rate": 0.0,
    "src_attention_dropout_rate": 0.0,
    "kernel_size": 11,
    "sanm_shfit": 0,
}
PREDICTOR = {"idim": WIDTH, "threshold": 1.0, "l_order": 1, "r_order": 1, "tail_threshold": 0.45}
MODEL = {
    "ctc_weight": 0.0,
    "lsm_weight": 0.1,
    "length_normalized_loss": True,
    "predictor_weight": 1.0,
    "predictor_bias": 1,
    "sampling_ratio": 0.5,
}
PARTS: dict[str, Any] = {
    "encoder": "SANMEncoder",
    "encoder_conf": ENCODER,
    "decoder": "ParaformerSANMDecoder",
    "decoder_conf": DECODER,
    "predictor": "CifPredictorV2",
    "predictor_conf": PREDICTOR,
}


@dataclass(frozen=True)
class Recipe:
    """One schedule."""

    steps: int = 2_500
    frames_per_batch: int = 2_000
    """LFR frames (60 ms), padding included."""
    encoder_rate: float = 4e-4
    peak_rate: float = 1.5e-3
    """Of everything that begins from nothing."""
    ramp: tuple[int, int] = (150, 700)
    """Rows grow from one clean sentence to several, disturbed ones between these steps."""
    row_shares: dict[int, float] = field(
        default_factory=lambda: {1: 0.4, 2: 0.25, 3: 0.15, 5: 0.12, 8: 0.08}
    )
    """How often a row has so many sentences; 8 are about 20 s."""
    checkpoint_steps: int = 100
    log_steps: int = 25
    threads: int = 1
    seed: int = 57


def learned_sentences() -> frozenset[str]:
    """Words of what the recogniser, and so the encoder, learned from."""
    jobs = dataset.compose(dataset.FIRST, dataset.held_out_sentences())
    return frozenset(job.sentence.woitn for job in jobs if job.sentence)


def test_sentences() -> frozenset[str]:
    """Words of the sentences that this model is measured on; the recogniser had none of them."""
    learned = learned_sentences()
    jobs = [job for plan in (TEST_SEEN, TEST_NEW) for job in dataset.compose(plan, learned)]
    return frozenset(job.sentence.woitn for job in jobs if job.sentence)


def tokens() -> list[str]:
    """Return the vocabulary: every character of the Mandarin text list, as Paraformer orders it."""
    return [*SPECIAL, *TextList.load("zh").characters(), UNKNOWN]


def build_model(vocabulary_size: int) -> Any:
    """Make an untrained Paraformer of the tiny size."""
    cls = funasr_import.model_class("Paraformer")
    return cls(input_size=MELS * LFR_WINDOW, vocab_size=vocabulary_size, **MODEL, **PARTS)


def lend_encoder(model: Any, weights: dict[str, Tensor]) -> None:
    """Copy what fits of the recogniser's encoder."""
    own = model.state_dict()
    fitting = {name: w for name, w in weights.items() if name in own and name.startswith("encoder")}
    own.update(fitting)
    model.load_state_dict(own)


@dataclass(frozen=True)
class Batch:
    """One step."""

    speech: Tensor  # [B, T, 560]
    speech_lengths: Tensor  # [B], LFR frames
    text: Tensor  # [B, N], padded with IGNORED
    text_lengths: Tensor  # [B]
    fired: Tensor  # [B, T], tokens that have sounded by then, if all syllables were equally long


@dataclass(frozen=True)
class Row:
    """One row of a batch."""

    features: Features
    """[T, 560]."""
    ids: list[int]
    fired: NDArray[np.float32]
    """[T]."""


class Batches:
    """Rows of sentences with pauses between them, mixed anew for every step."""

    def __init__(self, folder: Path, recipe: Recipe) -> None:
        self.data = Dataset.open(folder / "mandarin")
        self.frames, self.recipe = self.data.frames, recipe
        self.ids = {token: number for number, token in enumerate(tokens())}
        self.mean, self.std = np.load(folder / "cmvn.npy").astype(np.float32)
        self.backgrounds = Backgrounds.make(recipe.seed)

    def batch(self, step: int) -> Batch:
        """Return the rows of one step."""
        rng, strength = np.random.default_rng((self.recipe.seed, step)), self._strength(step)
        shares = self.recipe.row_shares if strength > 0 else {1: 1.0}
        sentences = int(rng.choice(list(shares), p=list(shares.values())))
        rows = [self._row(items, strength, rng) for items in self._choose(sentences, rng)]
        lengths = [len(row.features) for row in rows]
        return Batch(
            pad_sequence([torch.from_numpy(row.features) for row in rows], batch_first=True),
            torch.tensor(lengths),
            pad_sequence(
                [torch.tensor(row.ids) for row in rows], batch_first=True, padding_value=IGNORED
            ),
            torch.tensor([len(row.ids) for row in rows]),
            pad_sequence([torch.from_numpy(row.fired) for row in rows], batch_first=True),
        )

    def _strength(self, step: int) -> float:
        low, high = self.recipe.ramp
        return float(np.clip((step - low) / (high - low), 0, 1))

    def _choose(self, sentences: int, rng: Rng) -> Iterator[list[int]]:
        """Choose rows of similar length until the batch is full."""
        pool = rng.integers(len(self.frames), size=(400 // sentences, sentences))
        lengths = self.frames[pool].sum(axis=1) + GAP_FRAMES[1] * sentences
        order = np.argsort(lengths)
        longest = 0
        start = int(rng.integers(len(order)))
        for count, index in enumerate(np.roll(order, -start)[: len(order) - start], start=1):
            longest = max(longest, int(lengths[index]) // LFR_HOP)
            if count > 1 and longest * count > self.recipe.frames_per_batch:
                return
            yield [int(item) for item in pool[index]]

    def _row(self, items: list[int], strength: float, rng: Rng) -> Row:
        pieces: list[Features] = []
        bounds: list[tuple[int, int]] = []
        at = 0
        for item in items:
            clean, gap = self.data.log_mel(item), int(rng.integers(*GAP_FRAMES))
            spoken = round(self.data.utterances[item].spoken_seconds * 100)
            bounds.append((at, at + min(spoken, len(clean))))
            pieces += [clean, np.full((gap, MELS), FLOOR, np.float32)]
            at += len(clean) + gap
        padded, before = pad(np.concatenate(pieces[:-1]), rng)
        music = rng.uniform() < 0.06 * strength
        features = augment(padded, self.backgrounds, strength, rng, music=music)
        stacked = stack((features - self.mean) / self.std, LFR_WINDOW, LFR_HOP, LFR_LEFT)
        rate = len(features) / len(padded) / LFR_HOP
        texts = [self.data.utterances[item].woitn for item in items]
        spans = [((start + before) * rate, (end + before) * rate) for start, end in bounds]
        fired = expected([len(text) for text in texts], spans, len(stacked))
        ids = [self.ids[character] for text in texts for character in text]
        return Row(stacked.astype(np.float32), ids, fired)


def expected(
    counts: list[int], spans: list[tuple[float, float]], length: int
) -> NDArray[np.float32]:
    """Say how many tokens have sounded by the end of each LFR frame, [length].

    A token fires in the middle of its syllable, and nothing fires between two sentences.
    """
    times, sounded, total = [0.0], [0.0], 0
    for count, (start, end) in zip(counts, spans, strict=True):
        half = (end - start) / count / 2
        times += [start, start + half, end - half]
        sounded += [total, total + 1, total + count]
        total += count
    times += [spans[-1][1], spans[-1][1] + LAST_FRAMES]
    sounded += [total, total + 1]
    return np.interp(np.arange(length) + 0.5, times, sounded).astype(np.float32)


def misplaced(alphas: Tensor, token_count: Tensor, batch: Batch) -> Tensor:
    """Say by how many tokens too many the predictor is early or late, a frame.

    The class scales its weights ``alphas`` [B, T] to the length of the text; that is undone here,
    so that on a long row, too, each sentence has its own tokens.
    """
    scale = token_count / (batch.text_lengths + MODEL["predictor_bias"])
    fired = alphas.float().cumsum(dim=1) * scale[:, None]
    heard = torch.arange(alphas.shape[1])[None] < batch.speech_lengths[:, None]
    excess = ((fired - batch.fired).abs() - PLACE_TOLERANCE).relu()
    return (excess * heard).sum() / heard.sum()


def _in_bfloat16(forward: Callable[..., Any], *given: Tensor) -> tuple[Tensor, Tensor, None]:
    """Encode in bfloat16, which takes half the time; funasr's predictor needs float32."""
    with torch.autocast("cpu", torch.bfloat16):
        encoded, lengths, _ = forward(*given)
    return encoded.float(), lengths, None


class Trainer(Checkpointed):
    """Model, optimizer and schedule."""

    def __init__(self, folder: Path, recipe: Recipe) -> None:
        torch.manual_seed(recipe.seed)
        self.model = build_model(len(tokens())).train()
        lend_encoder(self.model, torch.load(folder / "recogniser.pt", weights_only=True))
        self.predicted: tuple[Tensor, ...] = ()
        self.model.encoder.forward = partial(_in_bfloat16, self.model.encoder.forward)
        self.model.predictor.register_forward_hook(self._keep)
        rest = [p for name, p in self.model.named_parameters() if not name.startswith("encoder.")]
        groups = [{"params": list(self.model.encoder.parameters())}, {"params": rest}]
        rates = [recipe.encoder_rate, recipe.peak_rate]
        self.optimizer = torch.optim.AdamW(groups, weight_decay=0.01, betas=(0.9, 0.98))
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer, rates, recipe.steps, pct_start=0.08
        )
        self.step = 0

    def _keep(self, _module: nn.Module, _given: Any, made: tuple[Tensor, ...]) -> None:
        self.predicted = made

    def learn(self, batch: Batch) -> dict[str, float]:
        """Take one step; return the losses and the share of tokens that were right."""
        value, shown, _ = self.model(
            batch.speech, batch.speech_lengths, batch.text, batch.text_lengths
        )
        _, token_count, alphas, _ = self.predicted
        place = misplaced(alphas, token_count, batch)
        self.optimizer.zero_grad()
        (value + place).backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
        self.optimizer.step()
        self.schedule.step()
        self.step += 1
        return {
            "loss": float(shown["loss"]),
            "length": float(shown["loss_pre"]),
            "place": float(place.detach()),
            "right": float(shown["acc"]),
        }


def train(folder: Path, recipe: Recipe) -> None:
    """Train; leaves ``paraformer.pt`` in ``folder``. Needs the recogniser's weights there."""
    torch.set_num_threads(recipe.threads)
    if not (folder / "mandarin" / "features.npy").exists():
        dataset.build(DATA, folder / "mandarin", dataset.held_out_sentences() | test_sentences())
    batches, trainer = Batches(folder, recipe), Trainer(folder, recipe)
    trainer.resume(folder / "paraformer.ckpt")
    shown: list[dict[str, float]] = []
    while trainer.step < recipe.steps:
        shown.append(trainer.learn(batches.batch(trainer.step)))
        if trainer.step % recipe.log_steps == 0:
            means = {name: np.mean([each[name] for each in shown]) for name in shown[0]}
            line = ", ".join(f"{name} {value:.3f}" for name, value in means.items())
            log.info("paraformer step %d: %s", trainer.step, line)
            shown.clear()
        if trainer.step % recipe.checkpoint_steps == 0:
            trainer.save(folder / "paraformer.ckpt")
    torch.save(trainer.model.state_dict(), folder / "paraformer.pt")
