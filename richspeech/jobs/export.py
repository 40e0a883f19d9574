"""Export: one file that a person at the page asked for, from the wish to the download.

    quick forms    made of the transcript alone, or nearly so: there at once
    SLOW           go through the recording: the report with its sound, clips, reel, training data

Nothing is written before it is asked for. Every file has a folder of its own, so that two that are
made at once never meet.
"""

import logging
import re
import shutil
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

from richspeech.audio.clips import cut
from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import seconds_since_midnight
from richspeech.audio.mono import SAMPLE_RATE, Waveforms, mixture
from richspeech.audio.playback import to_mp3
from richspeech.audio.video import open_video
from richspeech.errors import AudioError, RichSpeechError, UnwritableError
from richspeech.jobs.job import Job, Kind
from richspeech.jobs.runner import Runner
from richspeech.language.catalog import Notice
from richspeech.model.job_state import State
from richspeech.model.options import Options
from richspeech.model.transcript import Transcript
from richspeech.operations import audit
from richspeech.privacy.sound import cover_of
from richspeech.readers.opener import HERE, Opener
from richspeech.recognition.reading import BLOCK_SECONDS, WaveformSource, strands_of
from richspeech.review.highlights import Highlight
from richspeech.review.lists import LISTS, Reel
from richspeech.review.training import write_training
from richspeech.settings import PrivacySettings
from richspeech.writers import WRITERS, WriterOptions, write

log = logging.getLogger(__name__)

TRAINING = "training"
CUTS = ("clips", "reel")
"""Highlights as sound, or as video where the recording is one."""

SLOW = frozenset({"html", TRAINING, *CUTS})
"""Show how far they are, and can be stopped."""


@dataclass(frozen=True)
class Material:
    """What a file is made of, as it was when the file was asked for."""

    transcript: Transcript
    name: str
    """Of the recording."""
    recording: Path | None
    """None when the recording is no longer kept."""
    heard_with: Options
    """Of the transcription: which tracks and channels of the recording sound."""
    options: WriterOptions
    highlights: tuple[Highlight, ...] = ()
    """Those that were chosen."""


@dataclass(eq=False)
class Export(Job):
    """One file, being made or made."""

    kind: ClassVar[Kind] = Kind.EXPORT

    form: str
    """A format of ``WRITERS``, ``training``, or one of ``CUTS`` and ``LISTS``."""
    material: Material
    folder: Path
    """Its own; goes with it."""
    path: Path | None = None
    """The file, once it is finished."""
    note: Notice | None = None
    """What is less than one would expect of it."""
    seconds_done: float = 0.0
    """Of the recording."""
    began: float = field(default_factory=time.monotonic)
    """Seconds of the monotonic clock."""

    @property
    def name(self) -> str:
        """Name of the recording."""
        return self.material.name

    @property
    def stem(self) -> str:
        """How the name of the file begins."""
        return file_stem(self.material.name)

    @property
    def seconds_total(self) -> float:
        """Seconds of the recording that are gone through."""
        if self.form in CUTS:
            return self.material.highlights[-1].end if self.material.highlights else 0.0
        return self.material.transcript.duration

    @property
    def seconds(self) -> tuple[float, float | None]:
        """Seconds of the recording that are done, and those in all."""
        return self.seconds_done, self.seconds_total

    @property
    def fraction(self) -> float:
        """0 to 1."""
        return min(self.seconds_done / self.seconds_total, 1.0) if self.seconds_total else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Seconds of work left at the speed so far; None while unknown."""
        if not self.fraction:
            return None
        return (time.monotonic() - self.began) * (1 / self.fraction - 1)

    def withdraw(self) -> None:
        """End it, and remove what there is of it."""
        super().withdraw()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def held_files(self) -> tuple[Path, ...]:
        """Its own folder, and the recording."""
        recording = self.material.recording
        return (self.folder, recording) if recording else (self.folder,)

    def tell(self, seconds: float) -> None:
        """Say how much of the recording is done."""
        self.seconds_done = seconds

    def drop(self) -> None:
        """Stop the work and remove what there is of it."""
        self.cancel()
        if self.is_over:
            shutil.rmtree(self.folder, ignore_errors=True)


def order(form: str, material: Material, folder: Path) -> Export:
    """Begin an export with a folder of its own within ``folder``; nothing is made yet."""
    return Export(form, material, Path(tempfile.mkdtemp(prefix=f"{form}-", dir=folder)))


class Exports:
    """Makes files; whoever wants to know how far one is looks at its job."""

    def __init__(
        self,
        runner: Runner,
        limits: AudioLimits,
        opener: Opener = HERE,
        privacy: PrivacySettings | None = None,
    ) -> None:
        """Have the sound of recordings read by ``opener``; clips and lists are cut here."""
        self._runner = runner
        self._means = _Means(limits, opener, privacy or PrivacySettings())

    def submit(self, export: Export) -> None:
        """Have it made; what is quick waits for nobody."""
        make = partial(self.make, export)
        if export.form in SLOW:
            self._runner.submit(export, make)
        else:
            self._runner.start(export, make)

    def make(self, export: Export) -> None:
        """Make it here and now; raises what goes wrong, ``UnwritableError`` for the disk."""
        export.require_wanted()
        export.enter(State.RUNNING)
        export.began = time.monotonic()
        with as_unwritable(export.name):
            export.path = _MAKERS[export.form](export, self._means)
        audit.record(audit.Action.EXPORTED, form=export.form, name=export.name)


@contextmanager
def as_unwritable(name: str) -> Iterator[None]:
    """Raise ``UnwritableError`` where the files of a job about ``name`` cannot be written."""
    try:
        yield
    except RichSpeechError:  # one kind of it is an error of the system as well
        raise
    except OSError as error:
        log.exception("the files of %s cannot be written", name)
        raise UnwritableError from error


def written(transcript: Transcript, name: str, form: str, options: WriterOptions) -> bytes:
    """Make a file of a transcript here and now, of a format that needs no recording."""
    content = write(transcript, form, options)
    audit.record(audit.Action.EXPORTED, form=form, name=name)
    return content


def file_stem(name: str) -> str:
    """Return a name without folders, ending or anything that a file system might refuse."""
    plain = re.sub(r"[^\w.-]+", "_", Path(name).stem).strip("._-")
    return plain[:80] or "transcript"


# How each form is made ----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Means:
    """What recordings are opened with."""

    limits: AudioLimits
    opener: Opener
    privacy: PrivacySettings


_Maker = Callable[[Export, _Means], Path]


def _make_text(export: Export, means: _Means) -> Path:  # noqa: ARG001 - one shape for all
    path = export.folder / f"{export.stem}.{export.form}"
    path.write_bytes(write(export.material.transcript, export.form, export.material.options))
    return path


def _make_report(export: Export, means: _Means) -> Path:
    """Write the page with its sound; without, where the recording is no longer kept."""
    audio = None
    if recording := export.material.recording:
        with _opened(export, recording, means) as opened:
            audio = to_mp3(map(mixture, _sound(export, opened, means)))
    options = replace(export.material.options, audio=audio)
    path = export.folder / f"{export.stem}.html"
    path.write_bytes(write(export.material.transcript, "html", options))
    return path


def _make_training(export: Export, means: _Means) -> Path:
    path = export.folder / f"{export.stem}-training.zip"
    with _opened(export, _recording(export), means) as opened:
        blocks = _sound(export, opened, means)
        write_training(export.material.transcript, blocks, export.stem, path, strands_of(opened))
    return path


def _make_clips(export: Export, means: _Means) -> Path:
    path = export.folder / f"{export.stem}-clips.zip"
    with (
        tempfile.TemporaryDirectory(dir=export.folder) as folder,
        zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive,
    ):
        for clip in _cut(export, Path(folder), means, reel=False):
            export.require_wanted()
            archive.write(clip, clip.name)
    return path


def _make_reel(export: Export, means: _Means) -> Path:
    [reel] = _cut(export, export.folder, means, reel=True)
    return reel


def _cut(export: Export, folder: Path, means: _Means, *, reel: bool) -> list[Path]:
    done = cut(
        _recording(export),
        [(each.start, each.end) for each in export.material.highlights],
        folder,
        means.limits,
        stem=export.stem,
        options=export.material.heard_with,
        clips=not reel,
        reel=reel,
        stopped=export.stop.is_set,
        told=export.tell,
        cover=cover_of(export.material.transcript, means.privacy),
    )
    export.note = done.note
    return [done.reel] if done.reel else list(done.clips)


def _make_list(export: Export, means: _Means) -> Path:
    """Write the list at the frame rate of the video."""
    form = LISTS[export.form]
    reel = Reel(export.material.name, locale=export.material.options.locale)
    if form.in_frames and export.material.recording:
        with open_video(export.material.recording, means.limits) as video:
            if video is None:
                begins = seconds_since_midnight(export.material.recording, means.limits)
                reel = replace(reel, offset=begins)
            else:
                reel = replace(
                    reel,
                    frame_rate=video.frame_rate,
                    video=True,
                    timecode=video.timecode,
                    offset=video.offset,
                )
    path = export.folder / f"{export.stem}{form.ending}"
    path.write_text(form.write(export.material.highlights, reel), encoding="utf-8")
    return path


_MAKERS: Mapping[str, _Maker] = MappingProxyType(
    {
        **dict.fromkeys(WRITERS, _make_text),
        "html": _make_report,
        TRAINING: _make_training,
        "clips": _make_clips,
        "reel": _make_reel,
        **dict.fromkeys(LISTS, _make_list),
    }
)


def _recording(export: Export) -> Path:
    recording = export.material.recording
    if recording is None:
        raise AudioError("export.gone", name=export.material.name)
    return recording


def _opened(
    export: Export, recording: Path, means: _Means
) -> AbstractContextManager[WaveformSource]:
    """Open a recording with all that was heard of it."""
    material, stopped = export.material, export.stop.is_set
    return means.opener.open(
        recording, means.limits, material.heard_with, name=material.name, cancelled=stopped
    )


def _sound(export: Export, opened: WaveformSource, means: _Means) -> Iterator[Waveforms]:
    """Give the sound without what was masked in the words."""
    cover = cover_of(export.material.transcript, means.privacy)
    return cover.blocks(_watched(export, opened.blocks(BLOCK_SECONDS)))


def _watched(export: Export, blocks: Iterable[Waveforms]) -> Iterator[Waveforms]:
    samples = 0
    for block in blocks:
        export.require_wanted()
        yield block
        samples += block.shape[-1]
        export.tell(samples / SAMPLE_RATE)
