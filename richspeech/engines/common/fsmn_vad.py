"""The voice activity model ``fsmn-vad``: frames → score track → speech spans.

The weights come through ``funasr.AutoModel``, once; later starts read what was kept of them. The
network that runs with them is ``fsmn``, block by block with its own memories. Features come from
``fbank``, which the recogniser uses too, and the decisions are those of ``audio.vad``, so that
a recording of any length passes through in little memory.

Always on the CPU, for the scores are wanted there, and on one thread, for the network is small.

Spans do not depend on how a recording is cut into blocks, as far as arithmetic goes: the network
rounds sums over long and short blocks differently, in the seventh digit of a probability.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray

from richspeech.audio.vad import SpanDetector, SpeechSpan, VadOptions
from richspeech.engines.common.automodel import load_automodel
from richspeech.engines.common.fbank import HOP_MS, MEL_BINS, SAMPLE_RATE, WINDOW_MS, Fbank
from richspeech.engines.common.fsmn import Fsmn
from richspeech.engines.common.prepared import Prepared
from richspeech.engines.common.threads import one_thread
from richspeech.errors import ModelError
from richspeech.model.turn_detection import TurnDetection
from richspeech.recognition.utterance import Frames
from richspeech.settings import CACHE_FOLDER

MODEL_CLASS = "FsmnVADStreaming"
NETWORK_VERSION = 1
"""Of what ``prepare`` writes; a new one makes it anew."""
NETWORK, OPTIONS = "network.pt", "options.json"

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

PIECE_FRAMES = 2000
"""Longer blocks are worked off in pieces, to bound the memory that the network needs."""

Scores = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Silence probability [T] and decibels [T], for each frame of 10 ms."""


@dataclass(frozen=True)
class FsmnVad:
    """The loaded model; read-only, so any number of streams and threads may use it at once."""

    network: Fsmn
    options: VadOptions

    @classmethod
    def load(
        cls,
        folder: Path,
        max_end_silence_ms: int = 800,
        max_single_segment_ms: int = 30_000,
        *,
        cut_search_ms: int = 0,
        cache_folder: Path = CACHE_FOLDER,
    ) -> Self:
        """Open a model folder; no network is used. Raises ``ModelError`` when it does not fit."""
        network, options = Prepared(folder, cache_folder, f"detector {NETWORK_VERSION}").open(
            prepare, _read
        )
        chosen = replace(
            options,
            max_end_silence_ms=max_end_silence_ms,
            max_single_segment_ms=max_single_segment_ms,
            cut_search_ms=cut_search_ms,
        )
        return cls(network, chosen)

    def stream(self, turns: TurnDetection | None = None) -> "VadStream":
        """Begin a recording; ``turns`` say where speech begins and ends, if somebody does."""
        return VadStream(replace(self, options=self.options.with_turns(turns)))

    def score_track(self, waveform: NDArray[np.float32]) -> Scores:
        """Score a whole waveform: silence probability [T] and decibels [T]."""
        scorer = _Scorer(self.network)
        tracks = (scorer.feed(Fbank().stream().feed(waveform)), scorer.finish())
        silence, decibel = (np.concatenate(track) for track in zip(*tracks, strict=True))
        return silence, decibel


class VadStream:
    """The spans of one recording, while it comes in. One thread at a time."""

    def __init__(self, model: FsmnVad) -> None:
        self._scorer = _Scorer(model.network)
        self._detector = SpanDetector(model.options)

    @property
    def open_start(self) -> float | None:
        """Start of the span that has begun and not ended, in seconds."""
        return self._detector.open_start

    @property
    def settled(self) -> float:
        """Seconds before which no span begins that was not given out yet."""
        return self._detector.settled

    def feed(self, frames: Frames) -> list[SpeechSpan]:
        """Take the next frames, any number of them; return the spans that end within them."""
        return self._detector.feed(*self._scorer.feed(frames))

    def finish(self) -> list[SpeechSpan]:
        """End the recording: return the last spans; be ready for the next one."""
        return self._detector.feed(*self._scorer.finish()) + self._detector.finish()


class _Scorer:
    """Blocks of frames → score track; keeps a few frames between blocks."""

    def __init__(self, network: Fsmn) -> None:
        self._network = network
        self._restart()

    def _restart(self) -> None:
        self._mel = np.empty((0, MEL_BINS), np.float32)
        self._decibel = np.empty(0, np.float32)
        self._memories = self._network.begin()

    def feed(self, frames: Frames) -> Scores:
        if not len(self._mel):
            self._mel = frames.log_mel[:1].repeat(CONTEXT, axis=0)
        self._mel = np.concatenate((self._mel, frames.log_mel))
        self._decibel = np.concatenate((self._decibel, frames.decibel))
        return self._score()

    def finish(self) -> Scores:
        self._mel = np.concatenate((self._mel, self._mel[-1:].repeat(CONTEXT, axis=0)))
        scores = self._score()
        self._restart()
        return scores

    def _score(self) -> Scores:
        """Score every frame whose context is complete; keep the context of the next one."""
        frames = max(0, len(self._mel) - 2 * CONTEXT)
        silence = np.empty(frames, np.float32)
        for first in range(0, frames, PIECE_FRAMES):
            last = min(first + PIECE_FRAMES, frames)
            silence[first:last] = self._silence_probability(self._mel[first : last + 2 * CONTEXT])
        decibel, self._decibel = self._decibel[:frames], self._decibel[frames:].copy()
        self._mel = self._mel[frames:].copy()
        return silence, decibel

    @torch.inference_mode()
    def _silence_probability(self, mel: NDArray[np.float32]) -> NDArray[np.float32]:
        windows = torch.from_numpy(mel).unfold(0, SPLICED, 1).transpose(1, 2)  # [T, 5, 80]
        with one_thread():
            silence, self._memories = self._network.silence_probability(
                windows.reshape(len(windows), -1), self._memories
            )
        return silence.numpy()


# ----------------------------------------------------------------------------------- loading


def prepare(folder: Path, entry: Path) -> None:
    """Load ``folder`` through funasr, check it, and write to ``entry`` what ``load`` needs."""
    auto_model = load_automodel(folder, MODEL_CLASS, "cpu", torch.get_num_threads())
    _check_frontend(folder, auto_model.kwargs.get("frontend_conf", {}))
    encoder = auto_model.model.encoder
    cmvn = auto_model.kwargs["frontend"].cmvn
    if cmvn is None:
        raise ModelError("vad.no_cmvn", name=folder.name)
    conf = auto_model.kwargs.get("model_conf", {})
    options = VadOptions.from_model_conf(conf)
    if auto_model.kwargs.get("encoder_conf", {}).get("rorder"):
        raise ModelError("vad.looks_ahead", name=folder.name)
    if max(options.silence_ids) >= encoder.output_size():
        raise ModelError(
            "vad.silence",
            name=folder.name,
            count=encoder.output_size(),
            ids=tuple(options.silence_ids),
        )
    shift, scale = cmvn.numpy()
    Fsmn.of(encoder, shift, scale, options.silence_ids).save(entry / NETWORK)
    (entry / OPTIONS).write_text(json.dumps(asdict(options)), encoding="utf-8")


def _read(entry: Path) -> tuple[Fsmn, VadOptions]:
    options = json.loads((entry / OPTIONS).read_text(encoding="utf-8"))
    silence_ids = tuple(options.pop("silence_ids"))
    return Fsmn.read(entry / NETWORK), VadOptions(silence_ids=silence_ids, **options)


def _check_frontend(folder: Path, conf: Mapping[str, object]) -> None:
    for name, value in FRONTEND_CONF.items():
        if conf.get(name) != value:
            raise ModelError(
                "model.features",
                name=folder.name,
                key=name,
                value=repr(conf.get(name)),
                only=repr(value),
            )
