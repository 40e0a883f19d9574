"""emotion2vec+: features at 50 Hz and nine emotions, in blocks of bounded memory.

A recording shorter than one block gives what funasr's ``generate`` gives. In a longer one every
block attends to itself alone, since attention grows with the square of its length; features follow
each other without a gap. The waveform is normalised, as the model wants, by the mean and variance
of all that was heard up to the end of the block; a quiet block is not blown up to full volume.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from richspeech.audio.mono import SAMPLE_RATE, Waveform
from richspeech.engines.common.automodel import load_automodel
from richspeech.engines.hub import require_model_files
from richspeech.errors import AudioError, ModelError
from richspeech.model.emotion_scores import EmotionScores, NineEmotion

MODEL_CLASS = "Emotion2vec"

PRETRAINING_ONLY = ("modality_encoders.AUDIO.decoder.",)
"""Weights that iic/emotion2vec_plus_* leave out, and that nothing here uses."""

SHORTEST_SECONDS = 0.1
"""Five features; in less no emotion can be heard."""
SILENT_PEAK = 10 ** (-70 / 20)
"""A recording that never exceeds -70 dB is taken for silent."""
TAIL_SECONDS = 1.0
"""What is left at the end joins the block before it when it is shorter."""
EPSILON = 1e-5
"""Added to the variance, as ``torch.nn.functional.layer_norm`` does."""

CONV_SPEC = re.compile(r"[\d\s()\[\],+*]+", re.ASCII)
"""Numbers in brackets: funasr evaluates this setting as Python."""


@dataclass(frozen=True)
class Emotion2vec:
    """The loaded model; read-only, so any number of streams may use it."""

    model: Any
    emotions: tuple[NineEmotion, ...]
    """What the model knows."""
    columns: tuple[int, ...]
    """Where they stand among the model's scores."""
    device: str
    block_samples: int
    window_samples: int
    """What one feature sees of the waveform."""
    hop_samples: int

    @classmethod
    def load(
        cls, folder: Path, device: str, *, block_seconds: float = 30.0, threads: int | None = None
    ) -> Self:
        """Open a model folder; no network is used. Raises ``ModelError`` when it does not fit."""
        _require_plain_spec(folder)
        auto_model = load_automodel(
            folder,
            MODEL_CLASS,
            device,
            threads or torch.get_num_threads(),
            optional=PRETRAINING_ONLY,
        )
        model = auto_model.model.eval()
        if model.proj is None:
            raise ModelError("emotion.features_only", name=folder.name)
        known = _known_emotions(auto_model.kwargs["tokenizer"].token_list, folder)
        window, hop = _geometry(model.modality_encoders["AUDIO"].feature_enc_layers)
        block = max(round(block_seconds * SAMPLE_RATE / hop), 1) * hop
        return cls(model, tuple(known), tuple(known.values()), device, block, window, hop)

    @property
    def frame_seconds(self) -> float:
        """From one feature to the next."""
        return self.hop_samples / SAMPLE_RATE

    @property
    def memory_bytes(self) -> int:
        """Of its weights."""
        return sum(p.numel() * p.element_size() for p in self.model.parameters())

    def stream(self, *, keep_features: bool = False) -> "EmotionStream":
        """Begin a recording; ``keep_features`` keeps [T, D], on disk since it grows with it."""
        return EmotionStream(self, keep_features=keep_features)

    def recognise(
        self, blocks: Iterable[Waveform], *, keep_features: bool = False
    ) -> EmotionScores:
        """Hear a whole recording; raises ``AudioError`` when there is nothing to hear."""
        stream = self.stream(keep_features=keep_features)
        for block in blocks:
            stream.feed(block)
        return stream.finish()

    @torch.inference_mode()
    def extract(
        self, waveform: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return features [T, D] and logits [T, K] of a normalised waveform."""
        source = torch.from_numpy(waveform).to(self.device)[None]
        features = self.model.extract_features(source)["x"][0]
        logits = self.model.proj(features)[:, list(self.columns)]
        return features.float().cpu().numpy(), logits.float().cpu().numpy()


class EmotionStream:
    """One recording, while it comes in. One thread at a time."""

    def __init__(self, recogniser: Emotion2vec, *, keep_features: bool) -> None:
        self._recogniser = recogniser
        # An hour of the large model's features is 0.7 GB.
        self._features = TemporaryFile() if keep_features else None  # noqa: SIM115 - see finish
        self._waiting: list[Waveform] = []
        self._waiting_samples = self._samples = 0
        self._peak = self._sum = self._squares = 0.0
        self._logits: list[NDArray[np.float32]] = []
        self._total: NDArray[np.float64] | float = 0.0

    def feed(self, waveform: Waveform) -> None:
        """Take the next samples, any number of them."""
        block = self._recogniser.block_samples
        tail = max(round(TAIL_SECONDS * SAMPLE_RATE), self._recogniser.window_samples)
        self._waiting.append(waveform)
        self._waiting_samples += len(waveform)
        if self._waiting_samples < block + tail:
            return
        joined = np.concatenate(self._waiting)
        while len(joined) >= block + tail:
            seen_beyond = self._recogniser.window_samples - self._recogniser.hop_samples
            self._recognise(joined[: block + seen_beyond], block)
            joined = joined[block:]
        self._waiting, self._waiting_samples = [joined.copy()], len(joined)

    def finish(self) -> EmotionScores:
        """End the recording; raises ``AudioError`` when it was too short or silent."""
        rest = np.concatenate(self._waiting) if self._waiting else np.zeros(0, np.float32)
        seconds = (self._samples + len(rest)) / SAMPLE_RATE
        if seconds < SHORTEST_SECONDS:
            raise AudioError("emotion.too_short", seconds=seconds, least=SHORTEST_SECONDS)
        if max(self._peak, _peak(rest)) < SILENT_PEAK:
            raise AudioError("emotion.silence")
        self._recognise(rest, len(rest))
        logits = np.concatenate(self._logits)
        return EmotionScores(
            duration=seconds,
            emotions=self._recogniser.emotions,
            logits=logits,
            embedding=np.asarray(self._total / len(logits), np.float32),
            features=self._kept_features(len(logits)),
            frame_seconds=self._recogniser.frame_seconds,
        )

    def _recognise(self, waveform: Waveform, new_samples: int) -> None:
        """Take one block, of which all beyond ``new_samples`` belongs to the next one as well."""
        features, logits = self._recogniser.extract(self._normalised(waveform, new_samples))
        self._logits.append(logits)
        self._total = self._total + features.sum(axis=0, dtype=np.float64)
        if self._features is not None:
            self._features.write(features.tobytes())

    def _kept_features(self, frames: int) -> NDArray[np.float32] | None:
        """Return [T, D], read from the disk where it is looked at; None unless it was kept."""
        if self._features is None:
            return None
        with self._features as file:
            file.flush()
            return np.memmap(file, np.float32, "r").reshape(frames, -1)

    def _normalised(self, waveform: Waveform, new_samples: int) -> Waveform:
        new = waveform[:new_samples].astype(np.float64)
        self._peak = max(self._peak, _peak(new))
        self._samples += new_samples
        self._sum += float(new.sum())
        self._squares += float(new @ new)
        if not self._recogniser.model.cfg.normalize:
            return waveform
        mean = self._sum / self._samples
        variance = max(self._squares / self._samples - mean * mean, 0.0)
        normalised: Waveform = ((waveform - mean) / np.sqrt(variance + EPSILON)).astype(np.float32)
        return normalised


def _peak(waveform: NDArray[np.floating]) -> float:
    return float(np.abs(waveform).max(initial=0.0))


# ----------------------------------------------------------------------------------- loading


def _require_plain_spec(folder: Path) -> None:
    """Refuse a convolution setting that would run code when funasr evaluates it."""
    try:
        config = OmegaConf.load(require_model_files(folder) / "config.yaml")
        spec = OmegaConf.select(config, "model_conf.modalities.audio.feature_encoder_spec")
    except (OmegaConfBaseException, OSError, ValueError):
        return  # load_automodel says what is wrong
    if spec is not None and not CONV_SPEC.fullmatch(str(spec)):
        raise ModelError("emotion.spec", name=folder.name)


def _geometry(layers: Iterable[tuple[int, int, int]]) -> tuple[int, int]:
    """Return how many samples one feature sees, and how far the next one is."""
    window = hop = 1
    for _, kernel, stride in layers:
        window += (kernel - 1) * hop
        hop *= stride
    return window, hop


def _known_emotions(tokens: Iterable[str], folder: Path) -> dict[NineEmotion, int]:
    """Find each emotion among the model's labels, such as 生气/angry; raises ``ModelError``."""
    known: dict[NineEmotion, int] = {}
    for column, token in enumerate(tokens):
        if token.startswith("unuse"):  # funasr leaves these out, too
            continue
        name = "unknown" if token == "<unk>" else token.rpartition("/")[2].strip().lower()  # noqa: S105
        if name not in set(NineEmotion) or NineEmotion(name) in known:
            raise ModelError(
                "emotion.label", name=folder.name, label=token, known=tuple(NineEmotion)
            )
        known[NineEmotion(name)] = column
    return known
