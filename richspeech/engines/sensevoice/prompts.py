"""What the encoder reads: four prompts, then the features, scaled, each frame with its position.

It is put together on the CPU in float32 for every backend: it costs next to nothing, and positions
do not survive a bfloat16 multiplication.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

PROMPT_FRAMES = 4
"""Language, event, emotion and ITN go in; language, emotion, event and ITN are answered there."""
EVENT_AND_EMOTION_QUERIES = (1, 2)
"""Rows of the prompt table, as ``SenseVoiceSmall.inference`` uses them."""
FRAME_MULTIPLE = 8
"""Batches are padded to a multiple of this: an encoder prepares each new shape once and keeps it,
so there should be few."""


@dataclass(frozen=True)
class Prompts:
    """The prompt table of one model, and which row says what."""

    table: NDArray[np.float32]
    """[rows, width of the features]"""
    languages: dict[str, int]
    """Row of each language that can be asked for; ``auto`` lets the model detect it."""
    text_norms: dict[str, int]
    """Rows of ``withitn`` and ``woitn``."""
    scale: float
    """What prompts and features are multiplied by."""

    @classmethod
    def of(cls, model: Any) -> "Prompts":
        """Take those of a funasr ``SenseVoiceSmall``."""
        table = model.embed.weight.detach().cpu().numpy().copy()
        scale = model.encoder.output_size() ** 0.5
        return cls(table, dict(model.lid_dict), dict(model.textnorm_dict), scale)

    def rows(self, language: str | None, *, itn: bool) -> list[int]:
        """Return the rows that ask for ``language`` (None: any) and for ITN or not."""
        norm = self.text_norms["withitn" if itn else "woitn"]
        return [self.languages[language or "auto"], *EVENT_AND_EMOTION_QUERIES, norm]

    def before(
        self, features: NDArray[np.float32], rows: Sequence[Sequence[int]]
    ) -> NDArray[np.float32]:
        """Return the encoder's input [B, 4 + T or a little more, D] for features [B, T, D].

        ``rows`` are those of ``self.rows``, for each utterance its own.
        """
        batch, frames, width = features.shape
        longest = -(-(PROMPT_FRAMES + frames) // FRAME_MULTIPLE) * FRAME_MULTIPLE
        inputs = np.zeros((batch, longest, width), np.float32)
        inputs[:, :PROMPT_FRAMES] = self.table[np.asarray(rows)]
        inputs[:, PROMPT_FRAMES : PROMPT_FRAMES + frames] = features
        inputs *= np.float32(self.scale)
        inputs += position_encoding(longest, width)
        return inputs


@lru_cache(maxsize=64)
def position_encoding(frames: int, width: int) -> NDArray[np.float32]:
    """Return sines, then cosines, of frames 1 to ``frames``: [frames, width].

    Source: tensor2tensor's ``get_timing_signal_1d``, which funasr follows.
    """
    step = np.float32(-np.log(10_000.0) / (width // 2 - 1))
    rates = np.exp(np.arange(width // 2, dtype=np.float32) * step)
    angles = np.arange(1, frames + 1, dtype=np.float32)[:, None] * rates
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)
