"""Adapters: small folders that make the weights of an engine fit somebody's own recordings.

adapters.folder/
NAME/
adapter.json               what it was made for, from what, and what it was worth
adapter_config.json        PEFT's
adapter_model.safetensors  numbers, no program
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from richspeech.engines.common.prepared import weights_digest

NO_ADAPTER = "none"
"""What people name who want the weights as they are."""
NAME = re.compile(r"[A-Za-z0-9_][\w.-]{0,63}", re.ASCII)
MANIFEST = "adapter.json"
FORMAT = 1
"""Of adapter.json."""


def is_name(text: str) -> bool:
    """Say whether an adapter may be called so."""
    return NAME.fullmatch(text) is not None and text != NO_ADAPTER


def write_manifest(
    folder: Path, base_folder: Path, base_name: str, facts: Mapping[str, Any]
) -> None:
    """Write down what an adapter was made for; ``facts`` are anything that JSON can hold."""
    base = {"name": base_name, "digest": weights_digest(base_folder)}
    text = json.dumps({"format": FORMAT, "base": base, **facts}, ensure_ascii=False, indent=1)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
