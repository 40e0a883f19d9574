"""Who opens recordings: this process, or one of a pool."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol

from richspeech.audio.container import AudioLimits, Source
from richspeech.audio.decode import open_recording
from richspeech.recognition.reading import WaveformSource

Cancel = Callable[[], bool]


class Opener(Protocol):
    """Opens recordings: ``pool.ReaderPool``, or ``Here``."""

    def open(
        self,
        source: Source,
        limits: AudioLimits,
        *,
        name: str | None = None,
        cancelled: Cancel = lambda: False,
        **opening: Any,
    ) -> AbstractContextManager[WaveformSource]:
        """Open a recording for the length of a ``with`` block; raises as ``open_recording``."""


class Here:
    """Opens them in this process, for whoever hears files of their own."""

    def open(
        self,
        source: Source,
        limits: AudioLimits,
        *,
        name: str | None = None,
        cancelled: Cancel = lambda: False,  # noqa: ARG002 - it takes milliseconds
        **opening: Any,
    ) -> AbstractContextManager[WaveformSource]:
        """Open a recording as ``open_recording`` does."""
        return open_recording(source, limits, name=name, **opening)


HERE = Here()
