"""A model id becomes a local folder: offline first, then ModelScope, then the embedded weights."""

import contextlib
import http.client
import logging
import re
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from richspeech.errors import ModelError
from richspeech.language.catalog import Notice
from richspeech.model.calibration import Calibration
from richspeech.places import HOME, SHIPPED

log = logging.getLogger(__name__)

EMBEDDED = "embedded"
EMBEDDED_RECOGNISER = SHIPPED / "models" / "sensevoice-tiny"
EMBEDDED_DETECTOR = SHIPPED / "models" / "fsmn-vad-tiny"
EMBEDDED_EMOTION_RECOGNISER = SHIPPED / "models" / "emotion2vec-tiny"
EMBEDDED_CLASSIFIER = SHIPPED / "models" / "sentiment-tiny"
EMBEDDED_PARAFORMER = SHIPPED / "models" / "paraformer-tiny"
EMBEDDED_PUNCTUATION = SHIPPED / "models" / "ct-punc-tiny"
EMBEDDED_VOICES = SHIPPED / "models" / "campplus-tiny"
EMBEDDED_NAMES = frozenset(
    f"models/{folder.name}"
    for folder in (
        *(EMBEDDED_RECOGNISER, EMBEDDED_DETECTOR, EMBEDDED_EMOTION_RECOGNISER),
        *(EMBEDDED_CLASSIFIER, EMBEDDED_PARAFORMER, EMBEDDED_PUNCTUATION, EMBEDDED_VOICES),
    )
)
"""What transcripts and people call them."""
ADAPTED = " + "
"""Between the name of weights and that of their adapter."""
NEEDED_FILES = ("config.yaml", "model.pt")
"""Of a funasr model; one of transformers has a config.json instead."""
MODEL_ID = re.compile(r"\w[\w.-]*/\w[\w.-]*", re.ASCII)
"""ModelScope's owner/name; nothing that could lead out of its cache folder."""
FOLDER_NAME = re.compile(r"\w[\w.-]*", re.ASCII)
NAMED_FOLDERS = (HOME / "models", HOME, HOME.parent)
"""Where a model may lie that is known by its folder's name alone."""


class Source(StrEnum):
    """Where weights came from."""

    FOLDER = "folder"
    CACHE = "cache"
    DOWNLOAD = "download"
    EMBEDDED = "embedded"
    PACKAGE = "package"


@dataclass(frozen=True)
class Weights:
    """A folder that an engine can load by path, and why it was chosen."""

    folder: Path
    name: str
    """What people call it: the id, the folder's name, or models/<name>."""
    source: Source
    reason: Notice
    """One clause."""
    calibration: Calibration | None = field(default=None, hash=False)
    """Of what it says; None where nobody has calibrated it, or it cannot be."""

    @property
    def is_embedded(self) -> bool:
        """Whether this is a tiny model that ships with the project."""
        return self.source is Source.EMBEDDED


def find_weights(
    model: str,
    embedded: Path | None,
    *,
    require: bool = False,
    timeout_seconds: float = 5.0,
    needed: tuple[str, ...] = NEEDED_FILES,
    by_name: bool = False,
) -> Weights:
    """Find the weights of ``model``: ``embedded``, a folder, or a ModelScope id.

    A folder holds a model if it has the files ``needed``. ``by_name`` allows the bare name of a
    folder in one of NAMED_FOLDERS as well. Falls back on ``embedded`` unless ``require`` is set.
    Raises ``ModelError`` for a folder that does not hold a model, and for an id or a name that
    cannot be had when ``require`` is set or ``embedded`` is None.
    """
    search = _Search(model, embedded, require, timeout_seconds, needed, by_name)
    chosen = search.find()
    stood_in = chosen.source is Source.EMBEDDED and model != EMBEDDED
    level = logging.WARNING if stood_in else logging.INFO
    log.log(level, "model %s: %s is used, since %s", model, chosen.name, chosen.reason)
    return chosen


def embedded_weights(folder: Path, reason: Notice) -> Weights:
    """Return tiny weights that nobody asked for by name, and say why they are used."""
    chosen = _Search(EMBEDDED, folder).stand_in(reason)
    log.info("%s is used, since %s", chosen.name, reason)
    return chosen


def weights_here(model: str, embedded: Path | None) -> Weights | None:
    """Return the weights that ``find_weights`` would find without asking the hub; None if none.

    Raises ``ModelError`` for a folder that does not hold a model, and for what is no id.
    """
    return _Search(model, embedded).here()


@dataclass(frozen=True)
class _Search:
    """What ``find_weights`` was asked for."""

    model: str
    embedded: Path | None
    require: bool = False
    timeout_seconds: float = 0.0
    needed: tuple[str, ...] = NEEDED_FILES
    by_name: bool = False

    def find(self) -> Weights:
        return self.here() or self._from_hub()

    def here(self) -> Weights | None:
        """Find them without a network, or their stand-in where no hub would help."""
        if self.model == EMBEDDED:
            return self.stand_in(Notice("why.embedded"))
        if folder := existing_folder(self.model):
            return self._folder(folder, Notice("why.named_folder"))
        if self.by_name and FOLDER_NAME.fullmatch(self.model):
            return self._named()
        if not MODEL_ID.fullmatch(self.model):
            raise ModelError("hub.no_model", name=self.model)
        if cached := _from_cache(self.model, self.needed):
            return Weights(cached, self.model, Source.CACHE, Notice("why.cached"))
        return None

    def _from_hub(self) -> Weights:
        try:
            folder = _download(self.model, self.timeout_seconds, self.needed)
            return Weights(folder, self.model, Source.DOWNLOAD, Notice("why.downloaded"))
        except ModelError as error:
            return self._missed(error)

    def _named(self) -> Weights:
        for parent in NAMED_FOLDERS:
            if (parent / self.model).is_dir():
                return self._folder(parent / self.model, Notice("why.found_folder"))
        return self._missed(ModelError("hub.no_folder"))

    def _missed(self, error: ModelError) -> Weights:
        if self.require:
            raise ModelError("hub.required", why=Notice.of(error)) from error
        if self.embedded is None:
            raise ModelError("hub.no_stand_in", why=Notice.of(error), name=self.model) from error
        return self.stand_in(clause(self.model, error))

    def _folder(self, folder: Path, reason: Notice) -> Weights:
        whole = require_model_files(folder, self.needed)
        return Weights(whole, folder.name, Source.FOLDER, reason)

    def stand_in(self, reason: Notice) -> Weights:
        if self.embedded is None:
            raise ModelError("hub.none_small")
        folder = require_model_files(self.embedded, self.needed)
        return Weights(folder, f"models/{folder.name}", Source.EMBEDDED, reason)


def is_embedded_name(model: str) -> bool:
    """Say whether a transcript was made with a tiny model, whatever it was adapted to."""
    return model.partition(ADAPTED)[0] in EMBEDDED_NAMES


def tell_of_embedded(*used: Weights | None) -> None:
    """Say on stderr, in one line, which of the weights are not to be taken seriously."""
    names = dict.fromkeys(each.name for each in used if each is not None and each.is_embedded)
    if names:
        sys.stderr.write(
            f"{', '.join(names)}: tiny weights for demonstration, which know a few hundred words "
            "and do not understand people; name real ones with --model or in config.yaml.\n"
        )


def require_model_files(folder: Path, needed: tuple[str, ...] = NEEDED_FILES) -> Path:
    """Return ``folder`` if it holds a model; raises ``ModelError`` naming the file it lacks."""
    for name in needed:
        if not (folder / name).is_file():
            raise ModelError("hub.incomplete", name=folder.name, file=name)
    return folder


def existing_folder(model: str) -> Path | None:
    """Return the folder that a name is the path of; None where there is none."""
    with contextlib.suppress(OSError, RuntimeError):  # too long for a path; ~ of nobody
        folder = Path(model).expanduser()
        return folder.resolve() if model and folder.is_dir() else None
    return None


def clause(model: str, error: ModelError) -> Notice:
    """Say why a model is not to be had, as a clause: each of ``hub`` has its twin in ``why``."""
    return Notice(f"why.{error.key.removeprefix('hub.')}", {**error.fields, "model": model})


def _from_cache(model: str, needed: tuple[str, ...]) -> Path | None:
    from modelscope_hub.errors import HubError  # noqa: PLC0415 - takes a second to import

    with contextlib.suppress(HubError, OSError, ValueError):
        folder = Path(_snapshot(model, local_files_only=True))
        return folder if all((folder / name).is_file() for name in needed) else None
    return None


def _download(model: str, timeout_seconds: float, needed: tuple[str, ...]) -> Path:
    from modelscope_hub.errors import HubError  # noqa: PLC0415

    if not reachable(timeout_seconds):
        raise ModelError("hub.no_answer", seconds=timeout_seconds)
    try:
        return require_model_files(Path(_snapshot(model, local_files_only=False)), needed)
    except (HubError, OSError) as error:
        raise ModelError("hub.not_sent", name=model, why=type(error).__name__) from error


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
