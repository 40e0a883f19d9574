"""Between two recognisers: ``python -m scripts.embedded.average BEFORE AFTER SHARE OUTPUT``.

A training that goes on gains what it is given and loses some of what was there. On the straight
line between the weights before and after it lies most of both (Wortsman and others, Robust
fine-tuning of zero-shot models, 2022, section 3). SHARE, 0 to 1, is how far to go.
"""

import argparse
import shutil
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from scripts.embedded import tokenizer
from scripts.embedded.growth import OUTPUT, follow_pieces


def average(before: Path, after: Path, share: float, output: Path) -> None:
    """Write the recogniser between two folders; both have one shape, and their own pieces.

    Pieces are those of ``after``; one that ``before`` lacks keeps the row it has there.
    """
    old, new = (torch.load(folder / "model.pt", weights_only=True) for folder in (before, after))
    pieces = [tokenizer.load(folder / tokenizer.FILE) for folder in (after, before)]
    mixed = {name: _between(name, old[name], value, share, pieces) for name, value in new.items()}
    shutil.copytree(after, output, dirs_exist_ok=True)
    torch.save(mixed, output / "model.pt")


def _between(name: str, old: Tensor, new: Tensor, share: float, pieces: list[Any]) -> Tensor:
    if not new.is_floating_point():
        return new
    start = old.float()
    if name in OUTPUT:
        start = new.float()
        follow_pieces(start, old.float(), *pieces)
    return torch.lerp(start, new.float(), share).to(new.dtype)


def main() -> None:
    """Read two folders, write one."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("before", "after"):
        parser.add_argument(name, type=Path, help="folder of a recogniser")
    parser.add_argument("share", type=float, help="of the one after, 0 to 1")
    parser.add_argument("output", type=Path, help="folder to write")
    given = parser.parse_args()
    average(given.before, given.after, given.share, given.output)


if __name__ == "__main__":
    main()
