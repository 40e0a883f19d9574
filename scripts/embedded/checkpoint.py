"""Checkpoints of a training, from which it goes on."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from richspeech.storage.atomic import replacing


class Checkpointed:
    """A training that can be saved and resumed."""

    model: Any
    optimizer: Any
    schedule: Any
    step: int

    def _parts(self) -> Iterator[tuple[str, Any]]:
        yield from (
            ("model", self.model),
            ("optimizer", self.optimizer),
            ("schedule", self.schedule),
        )

    def save(self, path: Path) -> None:
        """Write a checkpoint, whole or not at all."""
        state = {name: part.state_dict() for name, part in self._parts()}
        with replacing(path) as unfinished:
            torch.save({**state, "step": self.step}, unfinished)

    def resume(self, path: Path) -> None:
        """Go on from a checkpoint, if there is one."""
        if not path.exists():
            return
        state = torch.load(path, weights_only=True)
        for name, part in self._parts():
            part.load_state_dict(state[name])
        self.step = int(state["step"])
