"""An adapter becomes part of the weights, before anything is made of them.

LoRA (Hu et al., 2021) learns a product of two thin matrices beside a linear; merged, it costs
nothing at run time, and the fast encoders need not know of it: weight + alpha / r * B @ A.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from richspeech.engines.adapters import CONFIG, NUMBERS, Adapter, read_adapter, read_text
from richspeech.engines.common.automodel import load_automodel
from richspeech.engines.sensevoice.parts import MODEL_CLASS
from richspeech.errors import ModelError

PREFIX = "base_model.model."
"""PEFT's, before the name of a module."""
HALVES = (".lora_A.weight", ".lora_B.weight")
PLAIN = {
    "peft_type": "LORA",
    "bias": "none",
    "use_dora": False,
    "fan_in_fan_out": False,
    "modules_to_save": None,
    "rank_pattern": {},
    "alpha_pattern": {},
}
"""What else LoRA can be is not merged here: such a folder is refused."""


@dataclass(frozen=True)
class _Numbers:
    """The thin matrices of an adapter, by the module that they belong to."""

    pairs: Mapping[str, tuple[Tensor, Tensor]]
    """A [r, in] and B [out, r]."""
    scale: float


@dataclass(frozen=True)
class Base:
    """A model folder, and the adapter that is merged into what is loaded of it."""

    folder: Path
    adapter: Adapter | None = None

    def load(self, device: str, threads: int) -> Any:
        """Return the ``AutoModel``; raises ``ModelError``."""
        auto_model = load_automodel(self.folder, MODEL_CLASS, device, threads)
        if self.adapter is not None:
            merge(auto_model.model, self.adapter)
        return auto_model

    @property
    def kind(self) -> str:
        """What tells that which is made of it from that of other adapters; empty without one."""
        return f" adapter {self.adapter.digest}" if self.adapter else ""

    @property
    def adapter_folder(self) -> str | None:
        """Where its adapter lies, for a process that prepares it."""
        return None if self.adapter is None else str(self.adapter.folder.resolve())

    @classmethod
    def of(cls, folder: Path, adapter_folder: str | None) -> "Base":
        """Return it as that process finds it; raises ``ModelError``."""
        return cls(folder, None if adapter_folder is None else read_adapter(Path(adapter_folder)))


def merge(model: nn.Module, adapter: Adapter) -> None:
    """Add an adapter to the linears of a loaded funasr ``SenseVoiceSmall``, in place.

    Raises ``ModelError`` for one that is damaged, or does not fit; then nothing is changed.
    """
    numbers = _read(adapter)
    linears = {name: each for name, each in model.named_modules() if isinstance(each, nn.Linear)}
    for name, (a, b) in numbers.pairs.items():
        linear = linears.get(name)
        if linear is None or linear.weight.shape != (b.shape[0], a.shape[1]):
            raise ModelError("adapter.damaged", name=adapter.name, file=NUMBERS)
    with torch.no_grad():
        for name, (a, b) in numbers.pairs.items():
            weight = linears[name].weight
            weight += (numbers.scale * (b @ a)).to(weight)


def _read(adapter: Adapter) -> _Numbers:
    try:
        scale = _scale(json.loads(read_text(adapter.folder / CONFIG)))
    except (OSError, ValueError, KeyError, TypeError, ZeroDivisionError) as error:
        raise ModelError("adapter.damaged", name=adapter.name, file=CONFIG) from error
    try:
        stored = load_file(adapter.folder / NUMBERS)
        pairs = {name: _pair(stored, name) for name in _modules(stored)}
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise ModelError("adapter.damaged", name=adapter.name, file=NUMBERS) from error
    return _Numbers(pairs, scale)


def _scale(config: Mapping[str, Any]) -> float:
    """Return by what the product is multiplied; raises ``ValueError`` for what is not plain."""
    if any(config.get(name, value) not in (value, None) for name, value in PLAIN.items()):
        raise ValueError(CONFIG)
    rank = int(config["r"])
    return float(config["lora_alpha"]) / (rank**0.5 if config.get("use_rslora") else rank)


def _modules(stored: Mapping[str, Tensor]) -> list[str]:
    """Return the modules that the matrices belong to; raises ``ValueError`` for anything else."""
    found = []
    for name in sorted(stored):
        half = next((half for half in HALVES if name.endswith(half)), None)
        if half is None or not name.startswith(PREFIX):
            raise ValueError(name)
        if half == HALVES[0]:
            found.append(name.removeprefix(PREFIX).removesuffix(half))
    if not found or len(stored) != len(HALVES) * len(found):
        raise ValueError(NUMBERS)
    return found


def _pair(stored: Mapping[str, Tensor], module: str) -> tuple[Tensor, Tensor]:
    a, b = (stored[f"{PREFIX}{module}{half}"].float() for half in HALVES)
    if a.ndim != 2 or b.ndim != 2 or a.shape[0] != b.shape[1]:
        raise ValueError(module)
    if not (a.isfinite().all() and b.isfinite().all()):
        raise ValueError(module)
    return a, b
