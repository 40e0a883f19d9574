"""The SANM encoder of SenseVoiceSmall, written for speed, on the weights that funasr loaded.

Unlike funasr's, attention is fused, a batch without padding does no work for masks, the prompts
are four rows of one table, and only what decoding needs leaves the device: the scores of the four
prompt frames, and the best token of every other frame with its probability.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its usual name

PROMPT_FRAMES = 4
"""Language, emotion, event and ITN are answered at the first four frames, in this order."""
EVENT_AND_EMOTION_QUERIES = (1, 2)
"""Rows of the prompt table, as ``SenseVoiceSmall.inference`` uses them."""


@dataclass(frozen=True)
class Scores:
    """What the encoder says of one utterance of T frames."""

    prompts: NDArray[np.float32]
    """Log-probabilities of the prompt frames, [4, V]."""
    tokens: NDArray[np.int64]
    """The best token of each frame, [T]."""
    probabilities: NDArray[np.float32]
    """Its probability, [T]."""


def position_encoding(frames: int, width: int, like: Tensor) -> Tensor:
    """Return sines, then cosines, of frames 1 to ``frames``: [frames, width].

    Source: tensor2tensor's ``get_timing_signal_1d``, which funasr follows.
    """
    steps = torch.arange(width // 2, device=like.device, dtype=like.dtype)
    rates = torch.exp(steps * (-np.log(10_000.0) / (width // 2 - 1)))
    times = torch.arange(1, frames + 1, device=like.device, dtype=like.dtype)
    angles = times[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], dim=1)


class SanmLayer(nn.Module):
    """Attention beside a depthwise convolution over its values, then two linears."""

    def __init__(self, source: Any) -> None:
        super().__init__()
        attention, feed_forward = source.self_attn, source.feed_forward
        self.norm1, self.norm2 = source.norm1, source.norm2
        self.qkv, self.out = attention.linear_q_k_v, attention.linear_out
        self.memory = attention.fsmn_block
        self.pad: tuple[int, int] = attention.pad_fn.padding
        self.heads: int = attention.h
        self.expand, self.contract = feed_forward.w_1, feed_forward.w_2
        self.residual: bool = source.in_size == source.size

    def forward(self, x: Tensor, real: Tensor | None) -> Tensor:
        """Return [B, T, D]; ``real`` [B, T] is True on the frames that exist, None if all do."""
        attended = self._attend(self.norm1(x), real)
        x = x + attended if self.residual else attended
        y: Tensor = x + self.contract(F.relu(self.expand(self.norm2(x))))
        return y

    def _attend(self, x: Tensor, real: Tensor | None) -> Tensor:
        qkv = self.qkv(x).chunk(3, dim=-1)
        q, k, v = (t.unflatten(-1, (self.heads, -1)).transpose(1, 2) for t in qkv)
        mask = None if real is None else real[:, None, None, :]
        context = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        y: Tensor = self.out(context.transpose(1, 2).flatten(2)) + self._remember(qkv[2], real)
        return y

    def _remember(self, value: Tensor, real: Tensor | None) -> Tensor:
        if real is not None:
            value = value * real[:, :, None]
        padded = F.pad(value.transpose(1, 2), self.pad)
        filtered = F.conv1d(padded, self.memory.weight, groups=self.memory.groups)
        return filtered.transpose(1, 2) + value


class SanmEncoder(nn.Module):
    """Prompts and features to the best tokens and the scores of the prompt frames."""

    def __init__(self, model: Any) -> None:
        """Take over the modules of a loaded funasr ``SenseVoiceSmall``; nothing is copied."""
        super().__init__()
        encoder = model.encoder
        self.prompts = model.embed
        self.languages: dict[str, int] = model.lid_dict
        self.text_norms: dict[str, int] = model.textnorm_dict
        self.scale: float = encoder.output_size() ** 0.5
        self.lower = nn.ModuleList(SanmLayer(x) for x in (*encoder.encoders0, *encoder.encoders))
        self.upper = nn.ModuleList(SanmLayer(x) for x in encoder.tp_encoders)
        self.middle_norm, self.last_norm = encoder.after_norm, encoder.tp_norm
        self.vocabulary = model.ctc.ctc_lo

    def queries(self, language: str | None, *, itn: bool) -> list[int]:
        """Return the rows of the prompt table; ``language`` None lets the model detect it."""
        norm = self.text_norms["withitn" if itn else "woitn"]
        return [self.languages[language or "auto"], *EVENT_AND_EMOTION_QUERIES, norm]

    def forward(self, rows: Tensor, features: Tensor, lengths: Tensor | None) -> tuple[Tensor, ...]:
        """Return prompt log-probabilities [B, 4, V], tokens [B, T] and probabilities [B, T].

        ``rows`` are those of ``queries``, [B, 4]; ``features`` [B, T, 560]; ``lengths`` [B] in
        frames, None when nothing is padded. What stands beyond a length means nothing.
        """
        encoded = self.encode(rows, features, lengths)
        scores = self.vocabulary(encoded).float()
        best = scores[:, PROMPT_FRAMES:].max(dim=-1)
        probabilities = (best.values - scores[:, PROMPT_FRAMES:].logsumexp(dim=-1)).exp()
        return scores[:, :PROMPT_FRAMES].log_softmax(dim=-1), best.indices, probabilities

    def encode(self, rows: Tensor, features: Tensor, lengths: Tensor | None) -> Tensor:
        """Return the encoder's output, [B, 4 + T, D]."""
        x = torch.cat([self.prompts(rows), features], dim=1)
        frames, width = x.shape[1:]
        x = x * self.scale + position_encoding(frames, width, x)
        real = None
        if lengths is not None:
            real = torch.arange(frames, device=x.device) < lengths[:, None] + PROMPT_FRAMES
        for layer in self.lower:
            x = layer(x, real)
        x = self.middle_norm(x)
        for layer in self.upper:
            x = layer(x, real)
        encoded: Tensor = self.last_norm(x)
        return encoded

    @torch.inference_mode()
    def score(
        self, features: Tensor, lengths: Sequence[int], language: str | None, *, itn: bool
    ) -> list[Scores]:
        """Score padded features [B, T, 560] of the given lengths; one transfer a batch."""
        device = self.vocabulary.weight.device
        rows = torch.tensor([self.queries(language, itn=itn)], device=device)
        padded = min(lengths) < features.shape[1]
        sizes = torch.tensor(lengths, device=device) if padded else None
        results = self(rows.expand(len(features), -1), features.to(device), sizes)
        prompts, tokens, probabilities = (result.cpu().numpy() for result in results)
        return [
            Scores(prompts[i], tokens[i, :length], probabilities[i, :length])
            for i, length in enumerate(lengths)
        ]
