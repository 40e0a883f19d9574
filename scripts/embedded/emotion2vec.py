"""Train the tiny emotion2vec: rows of one or more clips, each stretch with its own label.

The seven emotions are spoken; the events of ``sounds`` are "other", noise and silence "unknown".
The classifier learns from the mean feature of a stretch, as it is used: for a whole recording, and
for a window of one. Training resumes from its last checkpoint.
"""

import logging
from dataclasses import dataclass
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from richspeech.engines.common import funasr_import
from scripts.embedded import dataset, sounds
from scripts.embedded.checkpoint import Checkpointed
from scripts.embedded.corpus import LANGUAGES
from scripts.embedded.dataset import Job, Plan
from scripts.embedded.voices import SAMPLE_RATE, Waveform

log = logging.getLogger(__name__)

Rng = np.random.Generator

TOKENS = (
    *("生气/angry", "厌恶/disgusted", "恐惧/fearful", "开心/happy", "中立/neutral"),
    *("其他/other", "难过/sad", "吃惊/surprised", "<unk>"),
)
"""The labels of emotion2vec+, in its order."""
NAMES = (
    *("ANGRY", "DISGUSTED", "FEARFUL", "HAPPY", "NEUTRAL", "OTHER", "SAD", "SURPRISED", "UNKNOWN"),
)
"""What the data calls them."""
HOP_SAMPLES = 320
"""A feature every 20 ms: the product of the strides below."""
CONV_LAYERS = "[(64, 64, 10), (96, 40, 8), (128, 8, 4)]"
"""(channels, kernel, stride): fewer and wider than the real one's, for the speed on a CPU."""
LOWEST_HZ, HIGHEST_HZ = 80.0, 7_600.0
"""Of the bands that the first layer begins with."""
SHORTEST_STRETCH_FRAMES = 40
"""Less than 0.8 s is not learned from."""
NOISES = 60
"""Made once, to lie under the rows."""
NOISE_DB = (5.0, 35.0)
"""Below the root mean square of a row."""
SEVERAL = 0.7
"""Share of rows with more than one clip, where they fit."""
KEPT_SHARE = 0.6
"""A clip that the end of a row would cut shorter than this is left out."""

MODEL_CONF: dict[str, Any] = {
    "embed_dim": 128,
    "depth": 2,
    "num_heads": 4,
    "mlp_ratio": 3.0,
    "norm_eps": 1e-5,
    "norm_affine": True,
    "layer_norm_first": False,
    "end_of_block_targets": False,
    "average_top_k_layers": 2,
    "start_drop_path_rate": 0.0,
    "end_drop_path_rate": 0.0,
    "layerdrop": 0.0,
    "dropout_input": 0.0,
    "encoder_dropout": 0.05,
    "post_mlp_drop": 0.05,
    "attention_dropout": 0.0,
    "activation_dropout": 0.0,
    "loss_beta": 0.0,
    "loss_scale": None,
    "clone_batch": 1,
    "normalize": True,
    "modalities": {
        "audio": {
            # the real one's layer_norm would even out the loudness, and with it the tremble of fear
            "extractor_mode": "default",
            "feature_encoder_spec": CONV_LAYERS,
            "conv_pos_depth": 2,
            "conv_pos_width": 38,
            "conv_pos_groups": 16,
            "conv_pos_pre_ln": False,
            "prenet_depth": 1,
            "model_depth": 2,
            "prenet_layerdrop": 0.0,
            "prenet_dropout": 0.0,
            "start_drop_path_rate": 0.0,
            "end_drop_path_rate": 0.0,
            "num_extra_tokens": 4,
            "init_extra_token_zero": True,
            "use_alibi_encoder": True,
            "num_alibi_heads": 4,
            "alibi_scale": 1.0,
            "alibi_max_pos": None,
            "learned_alibi": False,
            "learned_alibi_scale": True,
            "learned_alibi_scale_per_head": True,
            "learned_alibi_scale_per_layer": True,
            "local_grad_mult": 1.0,
            "decoder": None,
        }
    },
}
"""funasr's class made small; ``decoder`` served its pre-training alone."""


@dataclass(frozen=True)
class Recipe:
    """The schedule and the size of the training set."""

    utterances: int = 1_000
    """A language."""
    events: int = 70
    """A kind."""
    noises: int = 400
    steps: int = 3_000
    batch_seconds: float = 40.0
    row_seconds: tuple[float, float] = (2.5, 7.0)
    ramp: tuple[int, int] = (400, 1_400)
    """Rows grow from one clean clip to several, disturbed ones between these steps."""
    peak_rate: float = 8e-4
    checkpoint_steps: int = 250
    log_steps: int = 50
    seed: int = 41

    @property
    def plan(self) -> Plan:
        """The speech and the events to learn from."""
        speech = dict.fromkeys(LANGUAGES, self.utterances)
        return Plan(speech, self.events, seed=self.seed, noisy=0.0)


@dataclass(frozen=True)
class Clips:
    """The training set, opened without reading the samples."""

    samples: NDArray[np.int16]
    """Of all clips in a row."""
    ends: NDArray[np.int64]
    labels: NDArray[np.int64]
    """Index into NAMES, of each clip."""

    @classmethod
    def open(cls, folder: Path) -> "Clips":
        """Open what ``build`` wrote."""
        with np.load(folder / "emotion2vec_clips.npz") as index:
            ends, labels = index["ends"], index["labels"]
        return cls(np.load(folder / "emotion2vec_clips.npy", mmap_mode="r"), ends, labels)

    def waveform(self, index: int) -> Waveform:
        """Return one clip."""
        start = self.ends[index - 1] if index else 0
        return (self.samples[start : self.ends[index]] / 32_768).astype(np.float32)


@dataclass(frozen=True)
class Stretch:
    """Some frames of a row of a batch, and what is to be heard in them."""

    row: int
    start: int
    end: int
    label: int


def build_model() -> Any:
    """Make an untrained Emotion2vec of the tiny size, whose first layer is a filter bank.

    From random filters it had learned nothing after 400 steps.
    """
    model = funasr_import.model_class("Emotion2vec")(model_conf=MODEL_CONF, vocab_size=len(TOKENS))
    first = model.modality_encoders["AUDIO"].local_encoder.conv_layers[0][0]
    filters, _, width = first.weight.shape
    with torch.no_grad():
        first.weight[:, 0] = torch.from_numpy(_filter_bank(filters // 2, width))
    return model


def _filter_bank(bands: int, width: int) -> NDArray[np.float32]:
    """Return a cosine and a sine for each band of the mel scale, [2 * bands, width]."""
    lowest, highest = (2_595 * np.log10(1 + hz / 700) for hz in (LOWEST_HZ, HIGHEST_HZ))
    bands_hz = 700 * (10 ** (np.linspace(lowest, highest, bands) / 2_595) - 1)
    phase = 2 * np.pi * bands_hz[:, None] * np.arange(width) / SAMPLE_RATE
    waves = np.concatenate([np.cos(phase), np.sin(phase)]) * np.hanning(width)
    return (waves / np.linalg.norm(waves, axis=1, keepdims=True)).astype(np.float32)


def hush(rng: Rng) -> Waveform:
    """Make what holds no voice at all: noise of any colour, or now and then digital silence."""
    if rng.uniform() < 0.15:
        return np.zeros(int(rng.uniform(1.5, 4.0) * SAMPLE_RATE), np.float32)
    return 0.1 * sounds.noise(float(rng.uniform(1.5, 4.0)), rng)


def _perform(job: Job) -> tuple[int, NDArray[np.int16]]:
    utterance, waveform = dataset.perform(job)
    name = utterance.emotion if job.sentence else "OTHER"
    return NAMES.index(name), _as_int16(waveform)


def _as_int16(waveform: Waveform) -> NDArray[np.int16]:
    return (np.clip(waveform, -1, 1) * 32_767).astype(np.int16)


def build(folder: Path, recipe: Recipe) -> None:
    """Write the clips; sentences of the tests are left out."""
    jobs = dataset.compose(recipe.plan, dataset.held_out_sentences())
    with Pool() as pool:
        made = pool.map(_perform, jobs, chunksize=32)
    rng = np.random.default_rng((recipe.seed, 1))
    unknown = NAMES.index("UNKNOWN")
    made += [(unknown, _as_int16(hush(rng))) for _ in range(recipe.noises)]
    labels, clips = zip(*made, strict=True)
    np.save(folder / "emotion2vec_clips.npy", np.concatenate(clips))
    ends = np.cumsum([len(clip) for clip in clips])
    np.savez(folder / "emotion2vec_clips.npz", ends=ends, labels=np.array(labels))


class Batches:
    """Rows of clips and silences, mixed anew for every step."""

    def __init__(self, clips: Clips, recipe: Recipe) -> None:
        self.clips, self.recipe = clips, recipe
        rng = np.random.default_rng((recipe.seed, 3))
        self.noises = [sounds.noise(recipe.row_seconds[1], rng) for _ in range(NOISES)]
        self.by_label = [np.flatnonzero(clips.labels == label) for label in range(len(NAMES))]

    def batch(self, step: int) -> tuple[Tensor, list[Stretch]]:
        """Return normalised rows [B, T] and what is to be heard in them."""
        rng, strength = np.random.default_rng((self.recipe.seed, 2, step)), self._strength(step)
        shortest, longest = self.recipe.row_seconds
        seconds = rng.uniform(shortest, shortest + strength * (longest - shortest))
        samples = int(seconds * SAMPLE_RATE)
        rows, stretches = [], []
        for row in range(int(self.recipe.batch_seconds * SAMPLE_RATE / samples)):
            waveform, bounds = self._lay_out(samples, strength, rng)
            rows.append(self._disturbed(waveform, strength, rng))
            stretches += [Stretch(row, *bound) for bound in bounds]
        waveforms = torch.from_numpy(np.stack(rows))
        return nn.functional.layer_norm(waveforms, waveforms.shape[1:]), stretches

    def _strength(self, step: int) -> float:
        """Return how hard the rows are, 0 to 1: happy against neutral is never learned from 1."""
        low, high = self.recipe.ramp
        return float(np.clip((step - low) / (high - low), 0, 1))

    def _lay_out(
        self, samples: int, strength: float, rng: Rng
    ) -> tuple[Waveform, list[tuple[int, int, int]]]:
        """Put clips in a row; a stretch reaches from the middle of a pause to that of the next."""
        waveform = np.zeros(samples, np.float32)
        labels: list[int] = []
        at, starts = int(rng.exponential(0.25 * strength) * SAMPLE_RATE), [0]
        alone = rng.uniform() >= strength * SEVERAL
        while at < samples and not (labels and alone):
            label = int(rng.integers(len(NAMES)))
            clip = _bent(self._clip(label, rng), strength, rng)
            left = samples - at
            if labels and left < KEPT_SHARE * len(clip):
                break
            waveform[at : at + len(clip)] = clip[:left]
            labels.append(label)
            pause = int(rng.exponential(0.5) * SAMPLE_RATE)
            starts.append(at + len(clip) + pause // 2)
            at += len(clip) + pause
        edges = [*starts[: len(labels)], samples]
        frames = [edge // HOP_SAMPLES for edge in edges]
        return waveform, list(zip(frames[:-1], frames[1:], labels, strict=True))

    def _clip(self, label: int, rng: Rng) -> Waveform:
        return self.clips.waveform(int(rng.choice(self.by_label[label])))

    def _disturbed(self, waveform: Waveform, strength: float, rng: Rng) -> Waveform:
        """Turn the sign, and add noise, each at times; what is silent throughout stays so."""
        signed = waveform if rng.uniform() < 0.5 else -waveform
        if rng.uniform() >= 0.6 * strength:
            return signed
        noise = self.noises[int(rng.integers(NOISES))][: len(signed)]
        level = signed.std() * 10 ** (-rng.uniform(*NOISE_DB) / 20)
        return (signed + level * noise).astype(np.float32)


def _bent(waveform: Waveform, strength: float, rng: Rng) -> Waveform:
    """Play a little faster or slower, at any level."""
    rate = rng.uniform(1 - 0.06 * strength, 1 + 0.06 * strength)
    position = np.arange(0, len(waveform) - 1, rate)
    bent = np.interp(position, np.arange(len(waveform)), waveform)
    return (bent * 10 ** rng.uniform(-0.4, 0.0)).astype(np.float32)


def loss(model: Any, rows: Tensor, stretches: list[Stretch]) -> Tensor:
    """Cross entropy of the mean feature of each stretch that is long enough."""
    with torch.autocast("cpu", torch.bfloat16):
        features = model.extract_features(rows)["x"].float()  # [B, T, D]
    heard = [s for s in stretches if s.end - s.start >= SHORTEST_STRETCH_FRAMES]
    means = torch.stack([features[s.row, s.start : s.end].mean(dim=0) for s in heard])
    truth = torch.tensor([s.label for s in heard])
    return nn.functional.cross_entropy(model.proj(means), truth, label_smoothing=0.03)


class Trainer(Checkpointed):
    """Model, optimizer and schedule."""

    def __init__(self, recipe: Recipe) -> None:
        torch.manual_seed(recipe.seed)
        self.model = build_model().train()
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=recipe.peak_rate, weight_decay=0.01, betas=(0.9, 0.98)
        )
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer, recipe.peak_rate, recipe.steps, pct_start=0.1
        )
        self.step = 0

    def learn(self, rows: Tensor, stretches: list[Stretch]) -> float:
        """Take one step; return the loss."""
        value = loss(self.model, rows, stretches)
        self.optimizer.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.schedule.step()
        self.step += 1
        return float(value.detach())


def train(folder: Path, recipe: Recipe) -> None:
    """Train; leaves ``emotion2vec.pt`` in ``folder``. One thread: rows are too short for two."""
    torch.set_num_threads(1)
    if not (folder / "emotion2vec_clips.npz").exists():
        build(folder, recipe)
    batches, trainer = Batches(Clips.open(folder), recipe), Trainer(recipe)
    trainer.resume(folder / "emotion2vec.ckpt")
    losses: list[float] = []
    while trainer.step < recipe.steps:
        losses.append(trainer.learn(*batches.batch(trainer.step)))
        if trainer.step % recipe.log_steps == 0:
            log.info("emotion2vec step %d loss %.4f", trainer.step, np.mean(losses))
            losses.clear()
        if trainer.step % recipe.checkpoint_steps == 0:
            trainer.save(folder / "emotion2vec.ckpt")
    torch.save(trainer.model.state_dict(), folder / "emotion2vec.pt")
