"""The network of ``fsmn-vad``, written for speed: features with context → probability of silence.

Feedforward layers with a memory: each block sees what its own channels were in the last frames.
The weights are those of funasr's ``FSMN``, and so are the results, as far as rounding goes. What
makes it faster: normalisation is part of the first layer, adding its input is part of a memory's
weights, and time stays the outer axis, so nothing is ever transposed.

Not covered: memories that look ahead (``rorder``); ``fsmn-vad`` has none.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional


class Affine(NamedTuple):
    """``x @ weight + bias``."""

    weight: Tensor
    """[inputs, outputs]"""
    bias: Tensor
    """[outputs]"""

    def __call__(self, x: Tensor) -> Tensor:
        """Apply it to [T, inputs]."""
        return torch.addmm(self.bias, x, self.weight)


class Block(NamedTuple):
    """Project, remember, expand."""

    project: Tensor
    """[inputs, channels]"""
    taps: Tensor
    """[channels, 1, 1, frames], oldest frame first; the newest one includes the input itself."""
    dilation: int
    """From one frame of the memory to the next."""
    expand: Affine

    @property
    def past(self) -> int:
        """Frames before the first one that are needed."""
        return (self.taps.shape[3] - 1) * self.dilation

    def __call__(self, x: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Return the output [T, inputs] and what to remember, [past, channels]."""
        channels = torch.cat((memory, x @ self.project))  # [past + T, channels]
        image = channels[None, None].permute(0, 3, 1, 2)  # [1, channels, 1, past + T], not copied
        heard = functional.conv2d(
            image, self.taps, dilation=(1, self.dilation), groups=len(self.taps)
        )
        return self.expand(heard[0, :, 0].t()).relu_(), channels[len(x) :].clone()


Memories = tuple[Tensor, ...]
"""What the blocks remember of a recording; [past, channels] each."""


@dataclass(frozen=True)
class Fsmn:
    """Read-only, so any number of recordings and threads may use it at once."""

    input: tuple[Affine, ...]
    blocks: tuple[Block, ...]
    output: tuple[Affine, ...]
    silence_ids: list[int]

    @classmethod
    def of(
        cls,
        encoder: Any,
        shift: NDArray[np.float32],
        scale: NDArray[np.float32],
        silence_ids: Iterable[int],
    ) -> "Fsmn":
        """Take the weights of funasr's ``encoder`` and the normalisation before it, [400]."""
        first = _normalised(_affine(encoder.in_linear1), shift, scale)
        return cls(
            (first, _affine(encoder.in_linear2)),
            tuple(_block(block) for block in encoder.fsmn),
            (_affine(encoder.out_linear1), _affine(encoder.out_linear2)),
            list(silence_ids),
        )

    def save(self, file: Path) -> None:
        """Write it for ``read``."""
        ends = [[tuple(layer) for layer in layers] for layers in (self.input, self.output)]
        blocks = [(*block[:3], tuple(block.expand)) for block in self.blocks]
        torch.save({"ends": ends, "blocks": blocks, "silence_ids": self.silence_ids}, file)

    @classmethod
    def read(cls, file: Path) -> "Fsmn":
        """Read what ``save`` wrote."""
        kept = torch.load(file, weights_only=True)
        first, last = (tuple(Affine(*layer) for layer in layers) for layers in kept["ends"])
        blocks = tuple(
            Block(project, taps, dilation, Affine(*expand))
            for project, taps, dilation, expand in kept["blocks"]
        )
        return cls(first, blocks, last, kept["silence_ids"])

    def begin(self) -> Memories:
        """Return the memories at the start of a recording."""
        return tuple(torch.zeros(block.past, block.project.shape[1]) for block in self.blocks)

    def silence_probability(self, spliced: Tensor, memories: Memories) -> tuple[Tensor, Memories]:
        """Return that of every frame, [T], and the memories after them.

        ``spliced`` are log-mels with their context, [T, 400], not normalised; T is 1 at least.
        """
        x = spliced
        for layer in self.input:
            x = layer(x)
        x.relu_()
        kept = []
        for block, memory in zip(self.blocks, memories, strict=True):
            x, remembered = block(x, memory)
            kept.append(remembered)
        for layer in self.output:
            x = layer(x)
        return x.softmax(1)[:, self.silence_ids].sum(1), tuple(kept)


def _affine(module: Any) -> Affine:
    linear = module.linear
    return Affine(linear.weight.detach().t().contiguous(), linear.bias.detach().clone())


def _normalised(layer: Affine, shift: NDArray[np.float32], scale: NDArray[np.float32]) -> Affine:
    """Return the layer that takes what is not normalised yet; sums are rounded once, at the end."""
    weight = torch.from_numpy(scale).double()[:, None] * layer.weight.double()
    bias = layer.bias.double() + torch.from_numpy(shift).double() @ weight
    return Affine(weight.float(), bias.float())


def _block(module: Any) -> Block:
    memory = module.fsmn_block
    taps = memory.conv_left.weight.detach().transpose(2, 3).clone()
    taps[..., -1] += 1
    return Block(
        module.linear.linear.weight.detach().t().contiguous(),
        taps,
        memory.lstride,
        _affine(module.affine),
    )
