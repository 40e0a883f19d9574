"""funasr's voice activity detection beside ours: the decisions alone, and all of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from richspeech.audio.mono import SAMPLE_RATE, Waveform
from richspeech.audio.vad import SpanDetector, SpeechSpan
from richspeech.bench.speech import Repeated
from richspeech.engines.common.automodel import load_automodel
from richspeech.engines.common.fbank import HOP_SAMPLES, OVERLAP_SAMPLES, Fbank
from richspeech.engines.common.fsmn_vad import MODEL_CLASS, FsmnVad
from richspeech.recognition.reading import BLOCK_SECONDS
from richspeech.settings import VadSettings

CHUNK_FRAMES = 6_000
"""funasr decides about a minute at a time."""

Spans = list[list[int]]
"""Starts and ends in milliseconds."""


class Detection:
    """Both detectors, with the same weights and settings."""

    def __init__(self, folder: Path, ours: FsmnVad, settings: VadSettings) -> None:
        self._ours, self._settings = ours, settings
        self._auto_model = load_automodel(
            folder,
            MODEL_CLASS,
            "cpu",
            torch.get_num_threads(),
            max_single_segment_time=settings.max_single_segment_ms,
            max_end_silence_time=settings.max_end_silence_ms,
        )

    def whole(self, speech: Waveform) -> dict[str, Callable[[], Spans]]:
        """Return what finds the spans of a waveform."""

        def reference() -> Spans:
            silence_ms = self._settings.max_end_silence_ms
            result = self._auto_model.generate(speech, cache={}, max_end_silence_time=silence_ms)
            spans: Spans = result[0]["value"]
            return spans

        return {"ours": lambda: _milliseconds(self._spans(speech)), "reference": reference}

    def _spans(self, speech: Waveform) -> list[SpeechSpan]:
        frames, spans = Fbank().stream(), self._ours.stream()
        recording = Repeated(speech, len(speech) / SAMPLE_RATE)
        found = [spans.feed(frames.feed(block)) for block in recording.blocks(BLOCK_SECONDS)]
        return [span for row in (*found, spans.finish()) for span in row]

    def decisions(self, speech: Waveform) -> dict[str, Callable[[], Spans]]:
        """Return what turns given scores into spans."""
        silence, decibel = self._ours.score_track(speech)
        scores = torch.stack([torch.from_numpy(silence), 1 - torch.from_numpy(silence)], dim=1)
        waveform = torch.from_numpy(speech)[None]

        def ours() -> Spans:
            detector = SpanDetector(self._ours.options)
            return _milliseconds(detector.feed(silence, decibel) + detector.finish())

        return {"ours": ours, "reference": lambda: self._decide(scores[None], waveform)}

    def _decide(self, scores: Tensor, waveform: Tensor) -> Spans:
        """Let funasr's state machine decide about scores [1, T, 2]."""
        model: Any = self._auto_model.model
        encoder, model.encoder = model.encoder, _Given()
        ids, model.vad_opts.sil_pdf_ids = model.vad_opts.sil_pdf_ids, [0]
        history = model.init_cache({})
        found: Spans = []
        for first in range(0, scores.shape[1], CHUNK_FRAMES):
            last = min(first + CHUNK_FRAMES, scores.shape[1])
            samples = slice(first * HOP_SAMPLES, last * HOP_SAMPLES + OVERLAP_SAMPLES)
            for closed in model.forward(
                feats=scores[:, first:last],
                waveform=waveform[:, samples],
                cache=history,
                is_final=last == scores.shape[1],
                is_streaming_input=False,
            ):
                found += closed
        model.encoder, model.vad_opts.sil_pdf_ids = encoder, ids
        return found


class _Given(nn.Module):
    """An encoder whose input is what it should say."""

    def forward(self, features: Tensor, cache: object) -> Tensor:  # noqa: ARG002 - funasr's name
        return features


def _milliseconds(spans: list[SpeechSpan]) -> Spans:
    return [[round(span.start * 1_000), round(span.end * 1_000)] for span in spans]
