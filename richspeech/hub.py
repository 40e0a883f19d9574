"""A model id becomes a local folder: offline first, then ModelScope, then the embedded weights."""

import contextlib
import http.client
import logging
import re
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from richspeech.errors import ModelError

log = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parents[1]
EMBEDDED = "embedded"
EMBEDDED_RECOGNISER = ROOT / "models" / "sensevoice-tiny"
EMBEDDED_DETECTOR = ROOT / "models" / "fsmn-vad-tiny"
EMBEDDED_LISTENER = ROOT / "models" / "emotion2vec-tiny"
NEEDED_FILES = ("config.yaml", "model.pt")
MODEL_ID = re.compile(r"\w[\w.-]*/\w[\w.-]*", re.ASCII)
"""ModelScope's owner/name; nothing that could lead out of its cache folder."""


class Source(StrEnum):
    """Where weights came from."""

    FOLDER = "folder"
    CACHE = "cache"
    DOWNLOAD = "download"
    EMBEDDED = "embedded"


@dataclass(frozen=True)
class Weights:
    """A folder that ``funasr.AutoModel`` can load by path, and why it was chosen."""

    folder: Path
    name: str
    """What people call it: the id, the folder's name, or models/<name>."""
    source: Source
    reason: str
    """One sentence."""


def find_weights(
    model: str, embedded: Path, *, require: bool = False, timeout_seconds: float = 5.0
) -> Weights:
    """Find the weights of ``model``: ``embedded``, a folder, or a ModelScope id.

    Falls back on ``embedded`` unless ``require`` is set. Raises ``ModelError`` for a folder that
    does not hold a model, and for an id that cannot be had when ``require`` is set.
    """
    chosen = _find(model, embedded, require=require, timeout_seconds=timeout_seconds)
    stood_in = chosen.source is Source.EMBEDDED and model != EMBEDDED
    level = logging.WARNING if stood_in else logging.INFO
    log.log(level, "model %s: %s is used, since %s", model, chosen.name, chosen.reason)
    return chosen


def _find(model: str, embedded: Path, *, require: bool, timeout_seconds: float) -> Weights:
    if model == EMBEDDED:
        return _embedded(embedded, "the settings ask for the embedded model")
    if folder := _existing_folder(model):
        return Weights(
            require_model_files(folder), folder.name, Source.FOLDER, "the settings name this folder"
        )
    if not MODEL_ID.fullmatch(model):
        message = f"The model {model!r} is no folder and no ModelScope id; give one, or embedded."
        raise ModelError(message)
    cached = _from_cache(model)
    if cached:
        return Weights(cached, model, Source.CACHE, "it is in the ModelScope cache")
    try:
        return Weights(
            _download(model, timeout_seconds), model, Source.DOWNLOAD, "it was downloaded"
        )
    except ModelError as error:
        if require:
            message = f"{error} require_model forbids the embedded model."
            raise ModelError(message) from error
        return _embedded(embedded, f"{model} is not on this machine, and {_as_clause(error)}")


def require_model_files(folder: Path) -> Path:
    """Return ``folder`` if it holds a model; raises ``ModelError`` naming the file it lacks."""
    for name in NEEDED_FILES:
        if not (folder / name).is_file():
            message = f"The model folder {folder.name} lacks {name}; copy the whole model folder."
            raise ModelError(message)
    return folder


def _embedded(folder: Path, reason: str) -> Weights:
    return Weights(require_model_files(folder), f"models/{folder.name}", Source.EMBEDDED, reason)


def _existing_folder(model: str) -> Path | None:
    with contextlib.suppress(OSError, RuntimeError):  # too long for a path; ~ of nobody
        folder = Path(model).expanduser()
        return folder.resolve() if model and folder.is_dir() else None
    return None


def _as_clause(error: ModelError) -> str:
    text = str(error).rstrip(".")
    return text[:1].lower() + text[1:]


def _from_cache(model: str) -> Path | None:
    from modelscope_hub.errors import HubError  # noqa: PLC0415 - takes a second to import

    with contextlib.suppress(HubError, OSError, ValueError):
        folder = Path(_snapshot(model, local_files_only=True))
        return folder if all((folder / name).is_file() for name in NEEDED_FILES) else None
    return None


def _download(model: str, timeout_seconds: float) -> Path:
    from modelscope_hub.errors import HubError  # noqa: PLC0415

    if not reachable(timeout_seconds):
        message = f"The model hub did not answer within {timeout_seconds:g} seconds."
        raise ModelError(message)
    try:
        return require_model_files(Path(_snapshot(model, local_files_only=False)))
    except (HubError, OSError) as error:
        message = f"The model hub could not send {model} ({type(error).__name__})."
        raise ModelError(message) from error


def _snapshot(model: str, *, local_files_only: bool) -> str:
    from modelscope.hub.snapshot_download import snapshot_download  # noqa: PLC0415

    return str(snapshot_download(model, local_files_only=local_files_only))


def reachable(timeout_seconds: float, probe: Callable[[float], None] | None = None) -> bool:
    """Say in time whether the hub answers; a stuck name look-up cannot delay it."""
    answered, done = threading.Event(), threading.Event()

    def ask() -> None:
        try:
            (probe or _ask_hub)(timeout_seconds)
            answered.set()
        except (OSError, http.client.HTTPException, ValueError) as error:
            log.debug("the model hub does not answer: %r", error)
        finally:
            done.set()

    threading.Thread(target=ask, name="hub-probe", daemon=True).start()
    done.wait(timeout_seconds)
    return answered.is_set()


def _ask_hub(timeout_seconds: float) -> None:
    from modelscope_hub.config import HubConfig  # noqa: PLC0415

    # The address that the download will use, which may be a mirror.
    request = urllib.request.Request(str(HubConfig().endpoint), method="HEAD")  # noqa: S310
    try:
        urllib.request.urlopen(request, timeout=timeout_seconds).close()  # noqa: S310
    except urllib.error.HTTPError:  # any answer is an answer
        return
