"""Adapters: small folders that make the weights of an engine fit somebody's own recordings.

    adapters.folder/
      NAME/
        adapter.json               what it was made for, from what, and what it was worth
        adapter_config.json        PEFT's
        adapter_model.safetensors  numbers, no program

They are chosen by their names from the list of that folder, never by a path. The checksums of the
weights that they were made for are within, and other weights are refused.
"""

import hashlib
import json
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict

from richspeech.engines.common.checksums import weights_digest
from richspeech.errors import ModelError, OptionError

log = logging.getLogger(__name__)

Kept = TypeVar("Kept")

NO_ADAPTER = "none"
"""What people name who want the weights as they are."""
NAME = re.compile(r"[A-Za-z0-9_][\w.-]{0,63}", re.ASCII)
MANIFEST, CONFIG, NUMBERS = "adapter.json", "adapter_config.json", "adapter_model.safetensors"
LARGEST_TEXT_BYTES = 1_000_000
"""Of the first two files; they have some kilobytes."""
FORMAT = 1
"""Of adapter.json."""


class Base(BaseModel):
    """The model that something was made for."""

    name: str
    digest: str


class _Rate(BaseModel):
    model_config = ConfigDict(extra="allow")

    before: float
    after: float


class _Judged(BaseModel):
    model_config = ConfigDict(extra="allow")

    rates: list[_Rate] = []


class _Manifest(BaseModel):
    """What is read of adapter.json; what else it says is for people."""

    model_config = ConfigDict(extra="allow")

    format: int
    base: Base
    results: dict[str, _Judged] = {}


@dataclass(frozen=True)
class Adapter:
    """One adapter, as its folder says."""

    name: str
    folder: Path
    base: str
    """Digest of the weights that it was made for."""
    base_name: str
    """What people call those."""
    facts: Mapping[str, Any]
    """What else adapter.json says: when it was made, of how much, and its table."""

    @cached_property
    def digest(self) -> str:
        """Tell it from others of its name, before and after: a digest of its numbers."""
        found = hashlib.blake2b(digest_size=16)
        for name in (CONFIG, NUMBERS):
            found.update((self.folder / name).read_bytes())
        return found.hexdigest()

    def require_base(self, folder: Path) -> None:
        """Raise ``ModelError`` unless it was made for the weights in a model folder."""
        if not self.fits(folder):
            raise ModelError("adapter.other_weights", name=self.name, base=self.base_name)

    def fits(self, folder: Path) -> bool:
        """Say whether it was made for the weights in a model folder, of whatever engine."""
        try:
            return weights_digest(folder) == self.base
        except ModelError:  # Whisper's folders hold other files
            return False


def list_adapters(folder: Path) -> tuple[Adapter, ...]:
    """Return the adapters in a folder by their names; what is none, or damaged, is left out."""
    return list_kept(folder, MANIFEST, read_adapter)


def list_kept(folder: Path, manifest: str, read: Callable[[Path], Kept]) -> tuple[Kept, ...]:
    """Read every folder within ``folder`` that has a name and a ``manifest``, by their names.

    What ``read`` finds damaged is logged and left out.
    """
    if not folder.is_dir():
        return ()
    found = []
    for inner in sorted(folder.iterdir()):
        if is_name(inner.name) and (inner / manifest).is_file():
            try:
                found.append(read(inner))
            except ModelError as error:
                log.warning("%s", error)
    return tuple(found)


def is_name(text: str) -> bool:
    """Say whether an adapter may be called so."""
    return NAME.fullmatch(text) is not None and text != NO_ADAPTER


def find_adapter(folder: Path, name: str) -> Adapter:
    """Return an adapter from the list of a folder; raises ``OptionError`` naming those there are.

    Raises ``ModelError`` for one that is damaged.
    """
    if is_name(name) and (folder / name / MANIFEST).is_file():
        return read_adapter(folder / name)
    known = tuple(adapter.name for adapter in list_adapters(folder))
    if not known:
        raise OptionError("adapter.none_there", name=name[:64])
    raise OptionError("adapter.unknown", name=name[:64], known=(NO_ADAPTER, *known))


def read_adapter(folder: Path) -> Adapter:
    """Read what an adapter says of itself; raises ``ModelError`` where that is not whole."""
    try:
        found = _Manifest.model_validate_json(read_text(folder / MANIFEST))
    except (OSError, ValueError) as error:
        raise ModelError("adapter.damaged", name=folder.name, file=MANIFEST) from error
    if found.format != FORMAT:
        raise ModelError("adapter.damaged", name=folder.name, file=MANIFEST)
    for file in (CONFIG, NUMBERS):
        if not (folder / file).is_file():
            raise ModelError("adapter.damaged", name=folder.name, file=file)
    facts = found.model_dump(exclude={"base", "format"}, exclude_unset=True)
    base = found.base
    return Adapter(folder.name, folder, base.digest, base.name, MappingProxyType(facts))


def read_text(file: Path) -> str:
    """Read a small file; raises ``ValueError`` for a large one, or ``OSError``."""
    if file.stat().st_size > LARGEST_TEXT_BYTES:
        raise ValueError(file.name)
    return file.read_text(encoding="utf-8")


def write_manifest(
    folder: Path, base_folder: Path, base_name: str, facts: Mapping[str, Any]
) -> None:
    """Write down what an adapter was made for; ``facts`` are anything that JSON can hold."""
    base = {"name": base_name, "digest": weights_digest(base_folder)}
    text = json.dumps({"format": FORMAT, "base": base, **facts}, ensure_ascii=False, indent=1)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
