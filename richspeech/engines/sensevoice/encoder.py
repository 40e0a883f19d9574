"""The SANM encoder of SenseVoiceSmall, written for speed, on the weights that funasr loaded.

Unlike funasr's, attention is fused, a batch without padding does no work for masks, and only what
decoding needs leaves the device: the scores of the four prompt frames, and the best token of every
other frame with its probability.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its usual name

from richspeech.engines.sensevoice.prompts import PROMPT_FRAMES


@dataclass(frozen=True)
class Scores:
    """What the encoder says of one utterance of T frames."""

    prompts: NDArray[np.float32]
    """Logits of the prompt frames, [4, V]."""
    tokens: NDArray[np.integer[Any]]
    """The best token of each frame, [T]."""
    probabilities: NDArray[np.float32]
    """Its probability, [T]."""


class Encoder(Protocol):
    """Scores batches, on whatever it runs."""

    @property
    def description(self) -> str:
        """What it runs on and how precisely, for the log."""

    @property
    def precision(self) -> str:
        """Of its sums, by torch's name, even where its weights have eight bits."""

    def score(self, inputs: NDArray[np.float32], lengths: Sequence[int]) -> list[Scores]:
        """Score what ``Prompts.before`` put together; ``lengths`` are those of the features."""


def split_scores(
    prompts: NDArray[np.float32],
    tokens: NDArray[np.integer[Any]],
    probabilities: NDArray[np.float32],
    lengths: Sequence[int],
) -> list[Scores]:
    """Cut a batch, [B, 4, V] and twice [B, 4 + T or more], into its utterances."""
    ends = [PROMPT_FRAMES + length for length in lengths]
    return [
        Scores(prompts[i], tokens[i, PROMPT_FRAMES:end], probabilities[i, PROMPT_FRAMES:end])
        for i, end in enumerate(ends)
    ]


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
        attended = self._attend(_normalise(self.norm1, x), real)
        x = x + attended if self.residual else attended
        y: Tensor = x + self.contract(F.relu(self.expand(_normalise(self.norm2, x))))
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
    """The encoder in torch: the best tokens, and the scores of the prompt frames."""

    def __init__(self, model: Any) -> None:
        """Take over the modules of a loaded funasr ``SenseVoiceSmall``; nothing is copied."""
        super().__init__()
        encoder = model.encoder
        self.lower = _layers(*encoder.encoders0, *encoder.encoders)
        self.upper = _layers(*encoder.tp_encoders)
        self.middle_norm, self.last_norm = encoder.after_norm, encoder.tp_norm
        self.vocabulary = model.ctc.ctc_lo

    @property
    def description(self) -> str:
        """What it runs on and how precisely, for the log."""
        return f"torch on {self.vocabulary.weight.device}, {self.precision}"

    @property
    def precision(self) -> str:
        """Of its sums, by torch's name."""
        return str(self.vocabulary.weight.dtype).removeprefix("torch.")

    def forward(self, inputs: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        """Return prompt logits [B, 4, V], and of every frame token and probability, [B, 4 + T].

        ``inputs`` are [B, 4 + T, D]; ``lengths`` [B] count the prompts too, None when nothing is
        padded. What stands beyond a length means nothing.
        """
        scores = self.vocabulary(self.encode(inputs, lengths))
        best = scores.max(dim=-1)
        probabilities = (best.values.float() - scores.float().logsumexp(dim=-1)).exp()
        return scores[:, :PROMPT_FRAMES].float(), best.indices, probabilities

    def encode(self, inputs: Tensor, lengths: Tensor | None) -> Tensor:
        """Return the encoder's output, [B, 4 + T, D]."""
        x = inputs.to(self.vocabulary.weight.dtype)
        real = None
        if lengths is not None:
            real = torch.arange(x.shape[1], device=x.device) < lengths[:, None]
        for layer in self.lower:
            x = layer(x, real)
        x = _normalise(self.middle_norm, x)
        for layer in self.upper:
            x = layer(x, real)
        return _normalise(self.last_norm, x)

    @torch.inference_mode()
    def score(self, inputs: NDArray[np.float32], lengths: Sequence[int]) -> list[Scores]:
        """Score a batch; on a GPU the host waits once, for the results."""
        device = self.vocabulary.weight.device
        sizes = torch.tensor(lengths) + PROMPT_FRAMES
        padded = bool(sizes.min() < inputs.shape[1])
        x = _to_device(torch.from_numpy(inputs), device)
        results = self(x, _to_device(sizes, device) if padded else None)
        # From a GPU into pinned memory; what arrives may be read after the synchronisation only.
        arrived = [result.to("cpu", non_blocking=True) for result in results]
        if device.type == "cuda":
            torch.cuda.current_stream(device).synchronize()
        prompts, tokens, probabilities = (result.numpy() for result in arrived)
        return split_scores(prompts, tokens, probabilities, lengths)


def _layers(*sources: Any) -> Sequence[SanmLayer]:
    layers: Any = nn.ModuleList(map(SanmLayer, sources))
    return cast("Sequence[SanmLayer]", layers)


def _normalise(norm: nn.LayerNorm, x: Tensor) -> Tensor:
    """Normalise without funasr's detour through float32, which torch takes inside anyway."""
    return F.layer_norm(x, norm.normalized_shape, norm.weight, norm.bias, norm.eps)


def _to_device(tensor: Tensor, device: torch.device) -> Tensor:
    if device.type != "cuda":
        return tensor.to(device)
    return tensor.pin_memory().to(device, non_blocking=True)
