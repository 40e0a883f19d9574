"""What tells the files of a model apart from those of another one, in milliseconds."""

from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

SAMPLE_BYTES = 2**20
"""How much of either end of a file is read."""
CALIBRATION = "calibration.json"
"""May lie beside the weights; it is none of them."""


def weight_files(folder: Path) -> Iterator[tuple[str, int, str]]:
    """Give name, size and a digest of both ends of each file of a model.

    torch's files are zip archives, whose last bytes hold a checksum of every tensor. Times of
    change are left out: a copy on another machine is the same model.
    """
    for path in sorted(folder.iterdir()):
        if path.is_file() and not path.name.startswith(".") and path.name != CALIBRATION:
            yield path.name, path.stat().st_size, _ends(path)


def _ends(path: Path) -> str:
    with path.open("rb") as file:
        digest = blake2b(file.read(SAMPLE_BYTES), digest_size=32)
        file.seek(max(path.stat().st_size - SAMPLE_BYTES, 0))
        digest.update(file.read(SAMPLE_BYTES))
    return digest.hexdigest()
