"""Where the calibration of a model is kept, and which weights it belongs to.

It is a small file of JSON: DIGEST.json in ``calibration.folder``, by the digest of the weights, or
``calibration.json`` beside them. The first comes first; one for other weights is not used.
"""

import json
import logging
from hashlib import blake2b
from pathlib import Path

from richspeech.engines.adapters import Adapter
from richspeech.engines.weight_files import CALIBRATION, weight_files
from richspeech.errors import ModelError
from richspeech.model.calibration import Calibration
from richspeech.settings import Settings

log = logging.getLogger(__name__)

MOST_BYTES = 100_000


def digest_of_weights(folder: Path, adapter: Adapter | None = None) -> str:
    """Digest the files of a model, its calibration apart; with an adapter it is another model."""
    parts = [*weight_files(folder), *([adapter.digest] if adapter else [])]
    return blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest()


def file_for(settings: Settings, digest: str) -> Path:
    """Return where the calibration of these weights is looked for first."""
    return settings.calibration.folder / f"{digest}.json"


def find_calibration(
    settings: Settings, folder: Path, adapter: Adapter | None = None
) -> Calibration | None:
    """Return what belongs to the weights in ``folder``; None where nobody has calibrated them.

    Raises ``ModelError`` for a file that is none.
    """
    if not settings.calibration.enabled:
        return None
    digest = digest_of_weights(folder, adapter)
    for file in (file_for(settings, digest), folder / CALIBRATION):
        if not file.is_file():
            continue
        found = read_calibration(file)
        if found.weights == digest:
            return found
        if adapter and found.weights == digest_of_weights(folder):
            log.info(
                "with the adapter %s probabilities are the model's own, and nothing is said of "
                "recordings unlike what it knows: it was calibrated without the adapter. To change "
                "that, run calibrate with model.adapter: %s",
                *(adapter.name, adapter.name),
            )
        else:
            log.warning("%s was made for other weights and is not used", file)
    return None


def read_calibration(file: Path) -> Calibration:
    """Read a file; raises ``ModelError`` when it cannot be read or holds something else."""
    try:
        with file.open("rb") as stream:
            document = json.loads(stream.read(MOST_BYTES))
    except (OSError, ValueError) as error:
        raise ModelError("calibration.unreadable", name=file.name, why=str(error)) from error
    return Calibration.from_dict(document, file.name)
