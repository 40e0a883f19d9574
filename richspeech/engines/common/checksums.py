"""What tells the files of models apart, in milliseconds and without torch."""

import hashlib
import zipfile
from pathlib import Path

from richspeech.engines.hub import require_model_files


def weights_digest(folder: Path) -> str:
    """Digest the weights in a model folder alone, wherever it lies and whatever is beside them."""
    file = require_model_files(folder) / "model.pt"
    digest = hashlib.blake2b(digest_size=16)
    for part in torch_records(file) or [digest_of(file)]:
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()


def torch_records(file: Path) -> list[bytes]:
    """Return the checksums within a file of ``torch.save``, and nothing for other files."""
    try:
        with zipfile.ZipFile(file) as archive:
            records = archive.infolist()
    except zipfile.BadZipFile:
        return []
    # The first part of a name is that of the file when it was saved.
    return [
        f"{each.filename.partition('/')[2]} {each.file_size} {each.CRC}".encode()
        for each in records
    ]


def digest_of(file: Path) -> bytes:
    """Digest all that is in a file."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "blake2b").digest()
