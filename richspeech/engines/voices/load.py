"""Settings → the encoder of voices; loaded when a request asks for speakers, let go when idle."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from richspeech.engines.common.checksums import weights_digest
from richspeech.engines.hub import EMBEDDED_VOICES, Weights, find_weights
from richspeech.engines.lazy import Lazy
from richspeech.errors import ModelError, SettingsError
from richspeech.language.catalog import Notice
from richspeech.settings import Settings

log = logging.getLogger(__name__)

PACKAGE, VERSION = "resemblyzer", "0.1.4"
"""Another version may have other weights."""
PIN = f"{PACKAGE}=={VERSION}"
RESEMBLYZER = f"{PACKAGE} {VERSION}"
"""Its name; CAM++ is called as its weights are, with their digest."""
RECOGNISED_FROM = {PACKAGE: 0.7, "models/campplus-tiny": 0.7}
"""Cosine with a remembered voice from which on it is that, by the first word of an encoder's name;
measured by scripts/measure_voices.py, docs/speakers.md."""
RECOGNISED_BY_CAMPPLUS = 0.5
"""Of weights that nobody has measured here."""
DIGEST_LETTERS = 12


class _Network(Protocol):
    def embed(self, windows: NDArray[np.float32]) -> NDArray[np.float32]: ...


@dataclass(frozen=True)
class Encoder:
    """A network, and from where on two of its clusters are one voice."""

    name: str
    """What it is, and which weights it has."""
    network: _Network
    same_from: float
    """Mean cosine, 0 to 1."""
    is_embedded: bool = False
    """Whether it knows synthetic voices alone."""

    def embed(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the direction of each: [W, T] samples at 16 kHz → [W, D], of length 1 or 0."""
        return self.network.embed(windows)


class LazyVoices:
    """The encoder of the settings, for all threads; nothing is looked for before it is used."""

    def __init__(self, settings: Settings) -> None:
        self._encoders = Lazy(lambda: load_encoder(settings), settings.voices.idle_seconds)

    @contextmanager
    def use(self) -> Iterator[Encoder]:
        """Keep it loaded in the block.

        Raises ``ModelError`` when its weights cannot be had, and ``SettingsError`` when the package
        that has them is not installed.
        """
        with self._encoders.use() as encoder:
            yield encoder


def load_encoder(settings: Settings) -> Encoder:
    """Load the encoder; raises as ``LazyVoices.use`` does."""
    # These imports take seconds and torch; a help text or a settings error needs neither.
    from richspeech.engines.common.device import choose_device  # noqa: PLC0415
    from richspeech.engines.voices import campplus, resemblyzer  # noqa: PLC0415

    asked, model = settings.voices, settings.model
    device, reason = choose_device(model.device)
    log.info("voices by %s on %s: %s", asked.engine, device, reason)
    if asked.engine == PACKAGE:
        _require_package()
        same_from = asked.same_from or resemblyzer.SAME_FROM
        return Encoder(RESEMBLYZER, resemblyzer.Resemblyzer.load(device), same_from)
    weights = _weights(settings)
    network = campplus.Campplus.load(weights.folder, device, model.threads)
    name = f"{weights.name} {weights_digest(weights.folder)[:DIGEST_LETTERS]}"
    usual = campplus.EMBEDDED_SAME_FROM if weights.is_embedded else campplus.SAME_FROM
    return Encoder(name, network, asked.same_from or usual, weights.is_embedded)


def recognised_from(settings: Settings, encoder: str) -> float:
    """Return from which cosine on an encoder takes two voices for one, 0 to 1."""
    measured = RECOGNISED_FROM.get(encoder.partition(" ")[0], RECOGNISED_BY_CAMPPLUS)
    return settings.voices.recognised_from or measured


def _weights(settings: Settings) -> Weights:
    asked, model = settings.voices.id, settings.model
    try:
        return find_weights(
            asked,
            EMBEDDED_VOICES,
            require=model.require_model,
            timeout_seconds=model.hub_timeout_seconds,
        )
    except ModelError as error:
        raise ModelError("voices.no_weights", why=Notice.of(error)) from error


def _require_package() -> None:
    try:
        version = metadata.version(PACKAGE)
    except metadata.PackageNotFoundError as error:
        raise SettingsError("voices.missing", package=PACKAGE, pin=PIN) from error
    if version != VERSION:
        raise SettingsError("voices.other_version", package=PACKAGE, version=version, pin=PIN)
