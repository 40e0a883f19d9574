"""Train the tiny fsmn-vad: long recordings of speech, events and silence, with noise under half.

A frame is active when the clean sound is within ``ACTIVE_DB`` of its item's loudest frame. Labels
are smoothed: fsmn-vad's state machine takes the logarithm of 1 - p and fails on p = 1.
"""

import logging
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from richspeech.engines.common import funasr_import
from scripts.embedded import sounds
from scripts.embedded.dataset import Plan, compose, performances
from scripts.embedded.features import Features, log_mel, stack
from scripts.embedded.voices import SAMPLE_RATE, Waveform

log = logging.getLogger(__name__)

LFR_WINDOW, LFR_HOP, LFR_LEFT = 5, 1, 2
HOP_SAMPLES, FRAME_SAMPLES = 160, 400
ACTIVE_DB = 25.0
"""Quieter tails drown in noise at 10 dB, so no detector could be right about them."""
SHORT_GAP_FRAMES = 10
"""Gaps inside words, up to 100 ms, count as speech."""
LEVEL = 0.08
"""Root mean square of what sounds, before each item and each recording gets its own gain."""

ENCODER = {
    "input_dim": 400,
    "input_affine_dim": 64,
    "fsmn_layers": 4,
    "linear_dim": 88,
    "proj_dim": 56,
    "lorder": 20,
    "rorder": 0,
    "lstride": 1,
    "rstride": 0,
    "output_affine_dim": 48,
    "output_dim": 2,
}
SPEECH_NOISE_THRESHOLD = 0.2
"""A frame sounds when p(sounds) - p(silent) exceeds this."""
DECISIONS = {
    "sample_rate": 16_000,
    "detect_mode": 1,
    "snr_mode": 0,
    "max_end_silence_time": 800,
    "max_start_silence_time": 3_000,
    "do_start_point_detection": True,
    "do_end_point_detection": True,
    "window_size_ms": 200,
    "sil_to_speech_time_thres": 150,
    "speech_to_sil_time_thres": 150,
    "speech_2_noise_ratio": 1.0,
    "do_extend": 1,
    "lookback_time_start_point": 100,
    "lookahead_time_end_point": 100,
    "max_single_segment_time": 60_000,
    "snr_thres": -100.0,
    "noise_frame_num_used_for_snr": 100,
    "decibel_thres": -100.0,
    "speech_noise_thres": SPEECH_NOISE_THRESHOLD,
    "fe_prior_thres": 0.0001,
    "silence_pdf_num": 1,
    "sil_pdf_ids": [0],
    "speech_noise_thresh_low": -0.1,
    "speech_noise_thresh_high": 0.3,
    "output_frame_probs": False,
    "frame_in_ms": 10,
    "frame_length_ms": 25,
}
"""fsmn-vad's decisions; frames are 10 ms. Class 0 is silence, class 1 whatever sounds."""


@dataclass(frozen=True)
class Recipe:
    """The schedule and the size of the training set."""

    items: int = 2_600
    streams: int = 640
    stream_seconds: float = 20.0
    steps: int = 4_500
    batch: int = 12
    frames: int = 800
    rate: float = 3e-3
    seed: int = 11


@dataclass(frozen=True)
class Stream:
    """A long recording with the truth of each 10 ms frame."""

    waveform: Waveform
    active: NDArray[np.bool_]
    """[frames], aligned with ``log_mel(waveform)``."""


def activity(waveform: Waveform) -> NDArray[np.bool_]:
    """Say of each 10 ms hop of a clean item whether it sounds, short gaps filled."""
    hops = waveform[: len(waveform) // HOP_SAMPLES * HOP_SAMPLES].reshape(-1, HOP_SAMPLES)
    level = 10 * np.log10((hops.astype(np.float64) ** 2).mean(axis=1) + 1e-12)
    active = level > level.max(initial=-120.0) - ACTIVE_DB
    edges = np.flatnonzero(np.diff(np.concatenate([[True], active, [True]]).astype(int)))
    for start, end in edges.reshape(-1, 2):
        if end - start <= SHORT_GAP_FRAMES:
            active[start:end] = True
    return active


def lay_out(
    items: list[Waveform], seconds: float, rng: np.random.Generator, snr_db: float | None
) -> Stream:
    """Put random items and silences in a row; ``snr_db`` adds noise, None leaves it clean."""
    length = int(seconds * SAMPLE_RATE)
    waveform, active = np.zeros(length, np.float32), np.zeros(length // HOP_SAMPLES, bool)
    at = int(rng.exponential(0.5) * 100)
    while True:
        item = items[int(rng.integers(len(items)))]
        sounding = activity(item)
        if at + len(sounding) >= len(active):
            break
        start = at * HOP_SAMPLES
        gain = 10 ** (rng.uniform(-3, 3) / 20) * LEVEL / _loudness(item, sounding)
        waveform[start : start + len(item)] += gain * item[: length - start]
        active[at : at + len(sounding)] |= sounding
        at += len(sounding) + int(min(rng.exponential(0.9) + 0.05, 8.0) * 100)
    frames = (length - FRAME_SAMPLES) // HOP_SAMPLES + 1
    noisy = waveform if snr_db is None else _add_noise(waveform, snr_db, rng)
    volume = min(10 ** rng.uniform(-0.8, 0.4), 0.95 / max(float(np.abs(noisy).max()), 1e-6))
    hiss = 10 ** rng.uniform(-5, -3.3) * rng.normal(size=length) * (rng.uniform() < 0.5)
    return Stream((volume * noisy + hiss).astype(np.float32), active[:frames])


def _loudness(item: Waveform, sounding: NDArray[np.bool_]) -> float:
    """Return the root mean square over the hops that sound."""
    hops = item[: len(sounding) * HOP_SAMPLES].reshape(-1, HOP_SAMPLES)[sounding]
    return float(np.sqrt((hops.astype(np.float64) ** 2).mean())) + 1e-6


def _add_noise(waveform: Waveform, snr_db: float, rng: np.random.Generator) -> Waveform:
    """Add noise ``snr_db`` below ``LEVEL``."""
    level = LEVEL * 10 ** (-snr_db / 20)
    return (waveform + level * sounds.noise(len(waveform) / SAMPLE_RATE, rng)).astype(np.float32)


def frame_features(waveform: Waveform, cmvn: NDArray[np.float32]) -> Features:
    """Return the encoder's input, [frames, 400]."""
    return stack((log_mel(waveform) - cmvn[0]) / cmvn[1], LFR_WINDOW, LFR_HOP, LFR_LEFT)


def clean_items(plan: Plan, count: int) -> list[Waveform]:
    """Make ``count`` utterances and events of ``plan`` in a mixed order."""
    jobs = compose(plan)
    order = np.random.default_rng(plan.seed).permutation(len(jobs))[:count]
    return [waveform for _, waveform in islice(performances([jobs[i] for i in order]), count)]


def build_encoder() -> Any:
    """Make an untrained encoder that returns logits."""
    encoder = funasr_import.model_class("FsmnVADStreaming")(
        encoder="FSMN", encoder_conf=dict(ENCODER)
    ).encoder
    encoder.use_softmax = False
    return encoder


def _streams(recipe: Recipe, rng: np.random.Generator) -> list[Stream]:
    speech = {"zh": 600, "yue": 600, "en": 600, "ja": 600, "ko": 600}
    items = clean_items(Plan(speech, 150, seed=21, with_event=0.05, telephone=0.1), recipe.items)
    ratios = [
        None if rng.uniform() < 0.35 else float(rng.uniform(0, 30)) for _ in range(recipe.streams)
    ]
    return [lay_out(items, recipe.stream_seconds, rng, ratio) for ratio in ratios]


def train(folder: Path, recipe: Recipe) -> None:
    """Train; leaves ``detector.pt`` and ``detector_cmvn.npy`` in ``folder``."""
    torch.manual_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    streams = _streams(recipe, rng)
    mels = np.concatenate([log_mel(s.waveform)[::7] for s in streams]).astype(np.float64)
    cmvn = np.stack([mels.mean(axis=0), mels.std(axis=0)]).astype(np.float32)
    np.save(folder / "detector_cmvn.npy", cmvn)
    features = [frame_features(s.waveform, cmvn) for s in streams]
    encoder = build_encoder()
    optimizer = torch.optim.AdamW(encoder.parameters(), lr=recipe.rate, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.rate, recipe.steps)
    total = 0.0
    for step in range(1, recipe.steps + 1):
        inputs, targets = _batch(features, streams, recipe, rng)
        scores = encoder(inputs, None)
        value = nn.functional.cross_entropy(
            scores.flatten(0, 1), targets.flatten(), label_smoothing=0.03
        )
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        schedule.step()
        total += float(value)
        if step % 100 == 0:
            log.info("detector step %d loss %.4f", step, total / 100)
            total = 0.0
    torch.save(encoder.state_dict(), folder / "detector.pt")


def _batch(
    features: list[Features], streams: list[Stream], recipe: Recipe, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    inputs, targets = [], []
    for index in rng.integers(len(streams), size=recipe.batch):
        start = int(rng.integers(0, len(features[index]) - recipe.frames))
        window = slice(start, start + recipe.frames)
        inputs.append(features[index][window])
        targets.append(streams[index].active[window])
    return torch.from_numpy(np.stack(inputs)), torch.from_numpy(np.stack(targets)).long()
