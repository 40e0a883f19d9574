"""The voice activity model ``fsmn-vad``: waveform → fbank → score track → speech spans.

The weights come through ``funasr.AutoModel``; its encoder is used as it is, block by block with
its own cache. Features are made here, incrementally, and the decisions in ``richspeech.vad``, so
that a recording of any length passes through in little memory.

Always on the CPU, for the scores are wanted there, and on one thread: the encoder is so small that
threads gain little, and on a busy machine they wait for each other (measured: 260 ms instead of
1 ms for a block of 100 ms, when another process trained on the same two cores).

Spans do not depend on how a recording is cut into blocks, as far as arithmetic goes: the encoder
rounds sums over long and short blocks differently, in the seventh digit of a probability.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from richspeech.engines.automodel import load_automodel
from richspeech.engines.fbank import (
    HOP_MS,
    HOP_SAMPLES,
    MEL_BINS,
    SAMPLE_RATE,
    WINDOW_MS,
    WINDOW_SAMPLES,
    check_waveform,
    frame_count,
    log_mel,
)
from richspeech.errors import ModelError
from richspeech.vad import SpanDetector, SpeechSpan, VadOptions

MODEL_CLASS = "FsmnVADStreaming"

CONTEXT = 2
"""Frames that the model sees on either side of a frame."""
SPLICED = 2 * CONTEXT + 1
FRONTEND_CONF = {
    "fs": SAMPLE_RATE,
    "window": "hamming",
    "n_mels": MEL_BINS,
    "frame_length": WINDOW_MS,
    "frame_shift": HOP_MS,
    "lfr_m": SPLICED,
    "lfr_n": 1,
}
"""The features that are made here; a model trained on others cannot be used."""

PIECE_SAMPLES = 60 * SAMPLE_RATE
"""Longer blocks are worked off in pieces, to bound the memory their features need."""

Scores = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Silence probability [T] and decibels [T], for each frame of 10 ms."""


@dataclass(frozen=True)
class FsmnVad:
    """The loaded model; read-only, so any number of streams and threads may use it at once."""

    encoder: torch.nn.Module
    shift: NDArray[np.float32]
    """Added to the spliced features, shape [400]."""
    scale: NDArray[np.float32]
    """Then multiplied with them, shape [400]."""
    options: VadOptions

    @classmethod
    def load(
        cls, folder: Path, max_end_silence_ms: int = 800, max_single_segment_ms: int = 30_000
    ) -> Self:
        """Open a model folder; no network is used. Raises ``ModelError`` when it does not fit."""
        auto_model = load_automodel(folder, MODEL_CLASS, "cpu", torch.get_num_threads())
        _check_frontend(folder, auto_model.kwargs.get("frontend_conf", {}))
        encoder = auto_model.model.encoder
        cmvn = auto_model.kwargs["frontend"].cmvn
        if cmvn is None:
            raise ModelError(f"The voice activity model in {folder.name} has no am.mvn.")
        shift, scale = cmvn.numpy()
        options = replace(
            VadOptions.from_model_conf(auto_model.kwargs.get("model_conf", {})),
            max_end_silence_ms=max_end_silence_ms,
            max_single_segment_ms=max_single_segment_ms,
        )
        if max(options.silence_ids) >= encoder.output_size():
            raise ModelError(
                f"The voice activity model in {folder.name} has {encoder.output_size()} classes; "
                f"silence cannot be {options.silence_ids}."
            )
        return cls(encoder, shift, scale, options)

    def stream(self) -> "VadStream":
        """Begin a recording."""
        return VadStream(self)

    def score_track(self, waveform: NDArray[np.float32]) -> Scores:
        """Score a whole waveform: silence probability [T] and decibels [T]."""
        scorer = _Scorer(self)
        tracks = [scorer.feed(piece) for piece in _pieces(waveform)] + [scorer.finish()]
        silence, decibel = (np.concatenate(track) for track in zip(*tracks, strict=True))
        return silence, decibel


class VadStream:
    """The spans of one recording, while it comes in. One thread at a time."""

    def __init__(self, model: FsmnVad) -> None:
        self._scorer = _Scorer(model)
        self._detector = SpanDetector(model.options)

    @property
    def open_start(self) -> float | None:
        """Start of the span that has begun and not ended, in seconds."""
        return self._detector.open_start

    def feed(self, waveform: NDArray[np.float32]) -> list[SpeechSpan]:
        """Take the next samples, any number of them; return the spans that end within them."""
        return [
            span
            for piece in _pieces(waveform)
            for span in self._detector.feed(*self._scorer.feed(piece))
        ]

    def finish(self) -> list[SpeechSpan]:
        """End the recording: return the last spans; be ready for the next one."""
        return self._detector.feed(*self._scorer.finish()) + self._detector.finish()


class _Scorer:
    """Waveform blocks → score track; keeps 15 ms of samples and a few frames between blocks."""

    def __init__(self, model: FsmnVad) -> None:
        self._model = model
        self._restart()

    def _restart(self) -> None:
        self._samples = np.empty(0, np.float32)
        self._mel = np.empty((0, MEL_BINS), np.float32)
        self._decibel = np.empty(0, np.float32)
        self._cache: dict[str, torch.Tensor] = {}

    def feed(self, waveform: NDArray[np.float32]) -> Scores:
        samples = np.concatenate((self._samples, waveform))
        frames = frame_count(samples.size)
        self._samples = samples[frames * HOP_SAMPLES :]
        if not frames:
            return _NO_SCORES
        mel = log_mel(samples)
        if not self._mel.size:
            self._mel = mel[:1].repeat(CONTEXT, axis=0)
        self._mel = np.concatenate((self._mel, mel))
        self._decibel = np.concatenate((self._decibel, _decibel(samples)))
        return self._score()

    def finish(self) -> Scores:
        self._mel = np.concatenate((self._mel, self._mel[-1:].repeat(CONTEXT, axis=0)))
        scores = self._score()
        self._restart()
        return scores

    def _score(self) -> Scores:
        """Score every frame whose context is complete; keep the context of the next one."""
        frames = len(self._mel) - 2 * CONTEXT
        if frames <= 0:
            return _NO_SCORES
        spliced = sliding_window_view(self._mel, SPLICED, axis=0).transpose(0, 2, 1)  # [T, 5, 80]
        features = (spliced.reshape(frames, -1) + self._model.shift) * self._model.scale
        decibel, self._decibel = self._decibel[:frames], self._decibel[frames:]
        self._mel = self._mel[frames:]
        return self._silence_probability(features), decibel

    @torch.inference_mode()
    def _silence_probability(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        frames = torch.from_numpy(features)[None]  # [1, T, 400]
        torch.get_num_threads()  # in a new thread, torch would set its number in the block below
        with _openmp().limit(limits=1):
            posteriors = self._model.encoder(frames, cache=self._cache)[0].numpy()
        silence: NDArray[np.float32] = posteriors[:, self._model.options.silence_ids].sum(axis=1)
        return silence


@cache
def _openmp() -> Any:
    """Torch's threads, whose number can be limited for the calling thread alone."""
    return ThreadpoolController().select(user_api="openmp")


_NO_SCORES: Scores = (np.empty(0, np.float32), np.empty(0, np.float32))


def _decibel(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Energy of each window; the floor of -60 dB is digital silence."""
    windows = sliding_window_view(samples, WINDOW_SAMPLES)[::HOP_SAMPLES]
    energy = np.square(windows).sum(axis=1)
    decibel: NDArray[np.float32] = 10 * np.log10(energy + np.float32(1e-6))
    return decibel


def _pieces(waveform: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
    check_waveform(waveform)
    for first in range(0, waveform.size, PIECE_SAMPLES):
        yield waveform[first : first + PIECE_SAMPLES]


# ----------------------------------------------------------------------------------- loading


def _check_frontend(folder: Path, conf: Mapping[str, object]) -> None:
    for name, value in FRONTEND_CONF.items():
        if conf.get(name) != value:
            raise ModelError(
                f"The voice activity model in {folder.name} wants features with {name} "
                f"{conf.get(name)!r}; only {value!r} can be made."
            )
