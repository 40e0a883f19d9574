"""Many recordings that somebody handed in at once: how far they are, what was heard in them."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import ClassVar

from richspeech.audio.decode import Source
from richspeech.audio.peaks import PeakMeter
from richspeech.errors import RichSpeechError
from richspeech.jobs.batch.rows import BatchRow, tally
from richspeech.jobs.batch.sources import Item, ZipLimits, open_sources
from richspeech.jobs.batch.work import Batch
from richspeech.jobs.caching import Step
from richspeech.jobs.job import Job, Kind
from richspeech.jobs.transcribe import Origin, Transcription
from richspeech.model.document import Document
from richspeech.model.job_state import State
from richspeech.model.request import TranscriptionRequest
from richspeech.model.transcript import Transcript
from richspeech.recognition.pipeline import Progress
from richspeech.storage.atomic import write_atomically
from richspeech.storage.transcripts import Entry

ROW_PEAKS = 1 << 12
"""Of the waveform of one recording, 8 kB: ten thousand of them fit in memory."""


@dataclass(eq=False)
class Packing(Job):
    """All results on their way into one zip."""

    kind: ClassVar[Kind] = Kind.EXPORT

    formats: tuple[str, ...]
    path: Path
    done: int = 0
    """Results that are in it."""
    files: int = 0
    """Results in all."""


@dataclass(frozen=True)
class Transcribed:
    """What is known of a recording that is done, beside its words."""

    meter: PeakMeter
    entry: Entry | None = None
    """Where the history has it."""
    is_cached: bool = False


@dataclass(eq=False)
class BatchJob(Job):
    """Recordings of one request; threads of its own change it."""

    kind: ClassVar[Kind] = Kind.BATCH

    paths: tuple[Path, ...]
    request: TranscriptionRequest
    folder: Path
    """Of its own, below that of the session."""
    limits: ZipLimits
    batch: Batch | None = None
    """None until the recordings were found."""
    packing: Packing | None = None
    meters: dict[str, PeakMeter] = field(default_factory=dict)
    """Of the recordings that are being heard."""
    transcribed: dict[str, Transcribed] = field(default_factory=dict)
    jobs: dict[str, Transcription] = field(default_factory=dict)
    """Rows that were opened, with what was corrected there."""

    @property
    def held_files(self) -> tuple[Path, ...]:
        """Its folder: recordings, results, and what is packed of them."""
        return (self.folder,)

    @property
    def parts(self) -> tuple[Job, ...]:
        """What is packed of it."""
        return (self.packing,) if self.packing else ()

    @property
    def seconds(self) -> tuple[float, float | None]:
        """Seconds of all recordings that are done, and those in all."""
        sums = tally(self.rows)
        return sums.seconds_done, sums.seconds_total

    @property
    def rows(self) -> tuple[BatchRow, ...]:
        """How far each recording is, in the order of their names."""
        return self.batch.rows if self.batch else ()

    def cancel(self) -> None:
        """Stop everything; what is done stays."""
        super().cancel()
        if self.batch is not None:
            self.batch.cancel()

    def wind_up(self) -> None:
        """Begin no other recording; those that are being heard go on."""
        super().cancel()
        if self.batch is not None:
            self.batch.cancel_waiting()

    @contextmanager
    def sources(self) -> Iterator[dict[str, Item]]:
        """Give the recordings by the names of their rows."""
        with open_sources(self.paths, self.limits) as items:
            yield {item.name: item for item in items}

    def keep(self, item: Item, last: Step) -> Transcript:
        """Write down what was heard; return it as corrected."""
        document, kept = last.progress.document, last.kept
        content = json.dumps(document.to_dict(), ensure_ascii=False).encode()
        write_atomically(self._path(item.name), content)
        heard = Transcribed(self.meters.pop(item.name))
        if kept is not None:
            heard = Transcribed(heard.meter, kept.entry, kept.is_cached)
        self.transcribed[item.name] = heard
        return document.transcript

    def transcript(self, name: str) -> Transcript:
        """Return what was heard in a recording that is done, as corrected by now."""
        job = self.jobs.get(name)
        if job is not None and job.transcript is not None:
            return job.transcript
        return self._document(name).transcript

    def job(self, name: str) -> Transcription:
        """Return a recording that is done as a job for the views of a transcript."""
        if name not in self.jobs:
            heard = self.transcribed[name]
            self.jobs[name] = Transcription(
                self._playable(name),
                self.request,
                Progress.of(self._document(name)),
                meter=heard.meter,
                title=PurePosixPath(name).name,
                origin=Origin.CACHED if heard.is_cached else Origin.RECOGNISED,
                entry=heard.entry,
                state=State.FINISHED,
            )
        return self.jobs[name]

    def remove(self) -> None:
        """Delete uploads and results; what was opened can still be played."""
        shutil.rmtree(self.folder / "uploads", ignore_errors=True)
        shutil.rmtree(self.folder / "heard", ignore_errors=True)

    def _path(self, name: str) -> Path:
        return self.folder / "heard" / f"{name}.json"

    def _document(self, name: str) -> Document:
        return Document.from_dict(json.loads(self._path(name).read_text(encoding="utf-8")))

    def _playable(self, name: str) -> Path | None:
        """Put the recording where a browser may fetch it; None when it is gone by now."""
        path = self.folder / "opened" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with self.sources() as items, items[name].open() as source:
                place_at(source, path)
        except (RichSpeechError, OSError, KeyError):
            return None
        return path


def place_at(source: Source, path: Path) -> None:
    """Have a recording at ``path`` as well, without copying it where the disk allows that."""
    if isinstance(source, str | Path):
        try:
            path.hardlink_to(source)
        except OSError:  # another disk, or one that knows no links
            shutil.copyfile(source, path)
    elif isinstance(source, bytes):
        path.write_bytes(source)
    else:
        with path.open("wb") as file:
            shutil.copyfileobj(source, file)
