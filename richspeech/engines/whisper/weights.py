"""Which weights Whisper has: a folder, a model of the hub, or those that packages carry.

CTranslate2's format; a folder that transformers made has to be converted first.
"""

import urllib.error
import urllib.request
from pathlib import Path

from richspeech.engines.hub import (
    MODEL_ID,
    Source,
    Weights,
    clause,
    existing_folder,
    reachable,
    require_model_files,
)
from richspeech.engines.whisper import packaged
from richspeech.errors import ModelError
from richspeech.extras import extra
from richspeech.language.catalog import Notice
from richspeech.settings import Settings

TOKENIZER = "tokenizer.json"
NEEDED_FILES = ("model.bin", "config.json", TOKENIZER)
PACKAGED = "packaged"
"""The name of the weights that packages carry."""
REQUIREMENTS = "requirements-whisper.txt"


def find(settings: Settings) -> Weights:
    """Find the weights of ``whisper.id``: ``packaged``, a folder, a size, or an id of the hub.

    Where the hub sends nothing the packages stand in, if they are installed and ``require_model``
    does not forbid it. Raises ``ModelError`` for what cannot be had, and ``SettingsError`` where
    the extra is not installed.
    """
    with extra("whisper", "faster_whisper", REQUIREMENTS):
        from faster_whisper import available_models  # noqa: PLC0415 - an extra
    model, name = settings.model, settings.whisper.id
    if name == PACKAGED:
        return packaged.packaged_weights(model.cache_folder, Notice("why.packaged"))
    if folder := existing_folder(name):
        whole = require_model_files(folder, NEEDED_FILES)
        return Weights(whole, folder.name, Source.FOLDER, Notice("why.named_folder"))
    if name not in available_models() and not MODEL_ID.fullmatch(name):
        raise ModelError("whisper.no_model", name=name, known=(PACKAGED, *available_models()))
    if cached := _from_cache(name):
        return Weights(cached, name, Source.CACHE, Notice("why.cached"))
    try:
        downloaded = _download(name, model.hub_timeout_seconds)
        return Weights(downloaded, name, Source.DOWNLOAD, Notice("why.downloaded"))
    except ModelError as error:
        if model.require_model:
            raise ModelError("hub.required", why=Notice.of(error)) from error
        if not packaged.are_installed():
            raise ModelError("hub.no_stand_in", why=Notice.of(error), name=name) from error
        return packaged.packaged_weights(model.cache_folder, clause(name, error))


def _from_cache(name: str) -> Path | None:
    from faster_whisper import download_model  # noqa: PLC0415

    try:
        folder = Path(download_model(name, local_files_only=True))
        return require_model_files(folder, NEEDED_FILES)
    except (OSError, ValueError, ModelError):
        return None


def _download(name: str, timeout_seconds: float) -> Path:
    from faster_whisper import download_model  # noqa: PLC0415

    # What breaks off in the middle of a file comes as its library for HTTP has it: no OSError.
    from huggingface_hub.errors import HTTPError  # type: ignore[attr-defined]  # noqa: PLC0415

    if not reachable(timeout_seconds, _ask_hub):
        raise ModelError("hub.no_answer", seconds=timeout_seconds)
    try:
        return require_model_files(Path(download_model(name)), NEEDED_FILES)
    except ModelError:
        raise
    except (OSError, ValueError, RuntimeError, HTTPError) as error:
        raise ModelError("hub.not_sent", name=name, why=type(error).__name__) from error


def _ask_hub(timeout_seconds: float) -> None:
    from huggingface_hub.constants import ENDPOINT  # noqa: PLC0415

    request = urllib.request.Request(ENDPOINT, method="HEAD")  # noqa: S310 - perhaps a mirror
    try:
        urllib.request.urlopen(request, timeout=timeout_seconds).close()  # noqa: S310
    except urllib.error.HTTPError:  # any answer is an answer
        return
