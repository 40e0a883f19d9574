"""What a model folder was made into once, kept so that later starts need neither it nor funasr.

Kept under a name that tells the content of the folder, not its place, and what made it. The
checksums that ``torch.save`` writes tell its files apart, so a gigabyte of weights takes 10 ms.

Not covered: damage to what is kept that leaves the lengths of its files as they were.
"""

import hashlib
import json
import logging
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from richspeech.engines.common.automodel import in_one_line
from richspeech.engines.common.checksums import digest_of, torch_records
from richspeech.engines.hub import NEEDED_FILES, require_model_files
from richspeech.engines.weight_files import CALIBRATION

log = logging.getLogger(__name__)

IDENTITY_SUFFIXES = frozenset(
    {".yaml", ".json", ".mvn", ".model", ".pt", ".safetensors", ".bin", ".txt"}
)
"""Files of a model folder that say what the model is."""
SIZES = "sizes.json"
UNREADABLE = (OSError, RuntimeError, ValueError, KeyError, EOFError, zipfile.BadZipFile)
"""What reading a damaged cache raises."""

Opened = TypeVar("Opened")


@dataclass(frozen=True)
class Prepared:
    """One model folder, and what it is made into."""

    folder: Path
    cache_folder: Path
    maker: str
    """What makes it, with its version; another one makes it anew."""
    needed: tuple[str, ...] = NEEDED_FILES
    """Files without which the folder is no model."""

    def open(self, make: Callable[[Path, Path], None], read: Callable[[Path], Opened]) -> Opened:
        """Return what ``read`` finds in the entry, which ``make(folder, entry)`` fills if need be.

        Raises what ``make`` raises, ``ModelError`` when the folder lacks a file, and ``OSError``
        when the cache folder cannot be written.
        """
        folder, entry = self._folder, self.entry
        if entry.exists():
            try:
                return read(_whole(entry))
            except UNREADABLE as error:
                log.warning("what was prepared is damaged (%s), made anew", in_one_line(error))
                shutil.rmtree(entry)
        log.info("%s is prepared, once", folder.name)
        self.cache_folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.cache_folder, prefix="new-") as scratch:
            fresh = Path(scratch) / "entry"
            fresh.mkdir()
            make(folder, fresh)
            # sorted, since these files may tell a model's identity on every machine
            sizes = {file.name: file.stat().st_size for file in sorted(fresh.iterdir())}
            (fresh / SIZES).write_text(json.dumps(sizes), encoding="utf-8")
            try:
                fresh.rename(entry)
            except OSError:  # another process was faster
                if not entry.exists():
                    raise
        return read(entry)

    @property
    def _folder(self) -> Path:
        return require_model_files(self.folder.resolve(), self.needed)

    @property
    def entry(self) -> Path:
        """Where it is kept, once it is; raises ``ModelError`` when the folder lacks a file."""
        return self.cache_folder / self._name(self._folder)

    def _name(self, folder: Path) -> str:
        digest = hashlib.blake2b(digest_size=16)
        for part in (self.maker.encode(), *_contents(folder)):
            digest.update(len(part).to_bytes(8, "little") + part)
        return digest.hexdigest()


def _whole(entry: Path) -> Path:
    sizes = json.loads((entry / SIZES).read_text(encoding="utf-8"))
    for name, size in sizes.items():
        if (entry / name).stat().st_size != size:
            message = f"{name} is incomplete"
            raise ValueError(message)
    return entry


def _contents(folder: Path) -> Iterator[bytes]:
    for file in sorted(folder.iterdir()):
        if file.suffix in IDENTITY_SUFFIXES and file.is_file() and file.name != CALIBRATION:
            yield file.name.encode()
            yield from torch_records(file) or [digest_of(file)]
