"""Files that are expensive to make, kept between runs."""

import hashlib
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from richspeech.places import HOME

CACHE = HOME / ".cache" / "bench"


def build_once(
    cache: Path, name: str, made_of: Iterable[Path], build: Callable[[Path], None]
) -> Path:
    """Return the folder ``name`` of the cache; ``build`` fills it unless it is there already.

    It is built anew when a file that it is ``made_of`` has changed; the old one is removed.
    """
    folder = cache / f"{name}-{_stamp(made_of)}"
    if not folder.is_dir():
        unfinished = cache / f"{name}-unfinished"
        for old in (unfinished, *cache.glob(f"{name}-????????")):
            shutil.rmtree(old, ignore_errors=True)
        unfinished.mkdir(parents=True)
        build(unfinished)
        unfinished.rename(folder)
    return folder


def _stamp(files: Iterable[Path]) -> str:
    known = sorted((str(f), f.stat().st_size, f.stat().st_mtime_ns) for f in files if f.is_file())
    return hashlib.sha256(repr(known).encode()).hexdigest()[:8]
