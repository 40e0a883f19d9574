"""A recogniser that starts where a smaller one is, and grows.

Blocks and hidden units that are new add nothing at first, so the larger model begins as exact as
the smaller one (Net2Net, arXiv 1511.05641, for residual blocks). Output rows follow their pieces.
"""

import re
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from scripts.embedded import tokenizer

OUTPUT = ("ctc.ctc_lo.weight", "ctc.ctc_lo.bias")
_BLOCK = re.compile(r"encoder\.(?P<group>encoders|tp_encoders)\.(?P<number>\d+)\.(?P<part>.+)")
_SILENT = re.compile(r"self_attn\.linear_out\..+|feed_forward\.w_2\..+")
"""What a block adds to the sum, but for the values that its memory passes on."""


def grow(model: nn.Module, pieces: Any, folder: Path) -> None:
    """Give ``model`` the weights of the recogniser in ``folder``.

    ``pieces`` is the model's SentencePiece. A piece that the smaller one lacks keeps its random
    row; each kind of block must be there at least once, and none may be narrower.
    """
    smaller = torch.load(folder / "model.pt", weights_only=True)
    smaller = {name: value.float() for name, value in smaller.items()}
    with torch.no_grad():
        for name, value in model.state_dict().items():
            if name in OUTPUT:
                follow_pieces(value, smaller[name], pieces, tokenizer.load(folder / tokenizer.FILE))
            elif name in smaller:
                _widen(name, value, smaller[name])
            else:
                _silence(name, value, smaller)


def follow_pieces(rows: Tensor, before: Tensor, pieces: Any, known: Any) -> None:
    """Put rows of ``before``, by the pieces of ``known``, where ``pieces`` have the same ones."""
    for row in range(len(rows)):
        piece = pieces.id_to_piece(row)
        there = known.piece_to_id(piece)
        if known.id_to_piece(there) == piece:
            rows[row] = before[there]


def _widen(name: str, value: Tensor, before: Tensor) -> None:
    """Keep what is there; hidden units that are new listen as they like and say nothing."""
    if name.endswith("feed_forward.w_2.weight"):
        value.zero_()
    value[tuple(slice(size) for size in before.shape)] = before


def _silence(name: str, value: Tensor, smaller: dict[str, Tensor]) -> None:
    """Make a new block like the last of its kind, but let it pass everything on."""
    found = _BLOCK.fullmatch(name)
    if found is None:
        raise KeyError(name)
    kind = f"encoder.{found['group']}."
    last = max(int(n.removeprefix(kind).split(".")[0]) for n in smaller if n.startswith(kind))
    _widen(name, value, smaller[f"{kind}{last}.{found['part']}"])
    if _SILENT.fullmatch(found["part"]):
        value.zero_()
    elif found["part"].startswith("self_attn.linear_q_k_v"):
        value[len(value) * 2 // 3 :] = 0
