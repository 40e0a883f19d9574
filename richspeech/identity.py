"""What decides a transcript, apart from the sound: weights, settings and options, as one digest.

Equal digests stand for equal results. How fast they come (device, threads, batches) is not in it,
although a GPU may round the last digit of a probability otherwise.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict
from hashlib import blake2b
from pathlib import Path
from typing import Any

from richspeech.hub import Weights
from richspeech.options import Options
from richspeech.settings import Settings

SAMPLE_BYTES = 2**20
"""How much of either end of a file is read."""


def identity_of(
    settings: Settings, weights: Weights, vad_weights: Weights, version: str = ""
) -> str:
    """Digest what every request of one process has in common.

    ``version`` is that of the program, for those who want nothing that an older one has heard.
    """
    model = settings.model
    return digest_of(
        version,
        model.engine,
        model.backend,
        model.precision,
        settings.vad.model_dump(),
        [asdict(rule) for rule in settings.rules],
        [*_files(weights.folder)],
        [*_files(vad_weights.folder)],
    )


def request_identity(identity: str, options: Options) -> str:
    """Digest what one request adds to that."""
    return digest_of(identity, asdict(options))


def digest_of(*parts: Any) -> str:
    """Digest anything that JSON can write."""
    return blake2b(json.dumps(parts, sort_keys=True).encode(), digest_size=32).hexdigest()


def _files(folder: Path) -> Iterator[tuple[str, int, str]]:
    """Tell the files of a model apart by name, size and both ends, in milliseconds.

    torch's files are zip archives, whose last bytes hold a checksum of every tensor. Times of
    change are left out: a copy on another machine is the same model.
    """
    for path in sorted(folder.iterdir()):
        if path.is_file() and not path.name.startswith("."):
            yield path.name, path.stat().st_size, _ends(path)


def _ends(path: Path) -> str:
    with path.open("rb") as file:
        digest = blake2b(file.read(SAMPLE_BYTES), digest_size=32)
        file.seek(max(path.stat().st_size - SAMPLE_BYTES, 0))
        digest.update(file.read(SAMPLE_BYTES))
    return digest.hexdigest()
