"""Who opens recordings: this process, or one of a pool."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol, runtime_checkable

from richspeech.audio.container import AudioLimits, Source
from richspeech.audio.strands import open_strands
from richspeech.model.audio_track import AudioTrack
from richspeech.model.options import Options
from richspeech.recognition.pipeline import Cancel
from richspeech.recognition.reading import WaveformSource


class Opener(Protocol):
    """Opens recordings: ``pool.ReaderPool``, or ``Here``."""

    def open(
        self,
        source: Source,
        limits: AudioLimits,
        options: Options,
        *,
        name: str | None = None,
        cancelled: Cancel = lambda: False,
    ) -> AbstractContextManager[WaveformSource]:
        """Open a recording for the length of a ``with`` block; raises as ``open_strands``."""


class Here:
    """Opens them in this process, for whoever hears files of their own."""

    def open(
        self,
        source: Source,
        limits: AudioLimits,
        options: Options,
        *,
        name: str | None = None,
        cancelled: Cancel = lambda: False,  # noqa: ARG002 - it takes milliseconds
    ) -> AbstractContextManager[WaveformSource]:
        """Open a recording as ``open_strands`` does."""
        return open_strands(source, limits, options, name=name)


HERE = Here()


@runtime_checkable
class Tracked(Protocol):
    """A recording that knows what else is in its container."""

    @property
    def tracks(self) -> tuple[AudioTrack, ...]:
        """All, whether they are heard or not."""


def tracks_of(
    opener: Opener, path: Path, limits: AudioLimits, cancelled: Cancel
) -> tuple[AudioTrack, ...]:
    """Return the audio tracks of a file, of which nothing is decoded; raises as ``open``."""
    with opener.open(path, limits, Options(channels="mix"), cancelled=cancelled) as recording:
        return recording.tracks if isinstance(recording, Tracked) else ()
