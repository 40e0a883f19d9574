"""Batches: many recordings that are handed in at once, and one zip of what was heard in them.

    files, folders, zips → their recordings → durable jobs of one batch ⋯ → documents → zip

All of the recordings wait when a batch is handed in, or none; what cannot be read is a job that has
failed. From then on nobody has to stay for it.
"""

import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import ClassVar

from richspeech.audio.mono import mixture
from richspeech.audio.playback import to_mp3
from richspeech.engines.loader import audio_limits
from richspeech.errors import AudioError, Cancelled, RichSpeechError
from richspeech.jobs.batch.passed_over import PassedOver
from richspeech.jobs.batch.sources import (
    Item,
    open_sources,
    place_at,
    require_allowed,
    safe_name,
    unbounded,
    zip_limits,
)
from richspeech.jobs.export import as_unwritable
from richspeech.jobs.job import Job, Kind
from richspeech.jobs.runner import Runner
from richspeech.jobs.transcribe import Transcription
from richspeech.language.catalog import Notice
from richspeech.model.job_state import State
from richspeech.model.request import TranscriptionRequest
from richspeech.model.transcript import Transcript
from richspeech.operations import audit
from richspeech.privacy.mask import mask_text
from richspeech.privacy.sound import cover_of
from richspeech.queue.queue import HandedIn, JobQueue, Unreadable
from richspeech.readers.opener import HERE, Opener
from richspeech.recognition.reading import BLOCK_SECONDS
from richspeech.review.overview import Overview, overview_of
from richspeech.review.overview_table import TABLES, TableRow
from richspeech.settings import Settings
from richspeech.storage.jobs import JobSummary
from richspeech.storage.quota import Quota
from richspeech.writers import WriterOptions, write

SUMMARY = "summary"
"""Name of the tables of all recordings, before its ending."""


@dataclass(eq=False)
class HandingIn(Job):
    """Recordings on their way to becoming jobs."""

    kind: ClassVar[Kind] = Kind.BATCH

    paths: tuple[Path, ...]
    request: TranscriptionRequest
    batch: str
    place: Path
    """Folder for what is unpacked on the way."""
    done: int = 0
    """Recordings that are kept."""
    files: int | None = None
    """Recordings in all; None until they were found."""
    passed_over: Notice | None = None
    """What was found that holds no sound."""

    @property
    def held_files(self) -> tuple[Path, ...]:
        """The recordings."""
        return self.paths

    def wind_up(self) -> None:
        """Stop: what is half handed in would be lost with the process."""
        self.cancel()


@dataclass(eq=False)
class Packing(Job):
    """All results of a batch on their way into one zip."""

    kind: ClassVar[Kind] = Kind.EXPORT

    batch: str
    formats: tuple[str, ...]
    path: Path
    corrected: Mapping[str, Transcription] = field(default_factory=dict)
    """Those of whose corrections nobody else knows, by the ids of their jobs."""
    done: int = 0
    """Results that are in it."""
    files: int = 0
    """Results in all."""

    @property
    def held_files(self) -> tuple[Path, ...]:
        """The zip."""
        return (self.path,)


class Batches:
    """Hands batches in and packs their results; how far one is, the queue tells."""

    def __init__(
        self,
        runner: Runner,
        queue: JobQueue,
        settings: Settings,
        quota: Quota | None = None,
        opener: Opener = HERE,
    ) -> None:
        """Without a ``quota`` zips may unpack to as much as the settings allow each.

        The sound of reports is read by ``opener``.
        """
        self._runner, self._queue, self._settings = runner, queue, settings
        self._limits, self._quota, self._opener = audio_limits(settings), quota, opener

    def begin(
        self,
        batch: str,
        place: Path,
        uploads: Sequence[Path],
        folder: Path | None,
        request: TranscriptionRequest,
    ) -> HandingIn:
        """Have recordings handed in as ``batch``; zips are unpacked to ``place``, one by one.

        Raises ``OptionError`` for a folder that the settings do not allow, and ``BusyError`` when
        too many wait.
        """
        self._runner.require_open()
        if folder is not None:
            uploads = [require_allowed(folder, self._settings.batch.folders)]
        turn = self._runner.places(Kind.BATCH).ask()
        job = HandingIn(tuple(uploads), request, batch, place)
        self._runner.start(job, partial(self.do, job), turn)
        return job

    def do(self, job: HandingIn) -> None:
        """Hand in the recordings of ``job`` here and now; raises what goes wrong."""
        job.enter(State.RUNNING)
        queue = self._queue.seen_by(job.caller.principal)
        hold = partial(self._quota.unseen, job.place) if self._quota else unbounded
        limits = zip_limits(self._settings, hold)
        passed = PassedOver()
        with as_unwritable("a batch"), open_sources(job.paths, limits, passed) as items:
            job.files, job.passed_over = len(items), passed.notice
            queue.require_room(sum(item.size_bytes for item in items))
            queue.submit(_handed_in(job, items), job.request, batch=job.batch)
        if job.stop.is_set():
            queue.cancel_batch(job.batch)

    def pack(
        self,
        batch: str,
        place: Path,
        formats: Sequence[str],
        look: WriterOptions,
        corrected: Mapping[str, Transcription],
    ) -> Packing:
        """Begin to write what is done into one zip in ``place``, in some formats.

        Raises ``BusyError`` when too many wait.
        """
        packing = Packing(batch, tuple(formats), place / f"batch-{batch[-8:]}.zip", corrected)
        turn = self._runner.places(Kind.EXPORT).ask()
        self._runner.start(packing, partial(self.write_zip, packing, look), turn)
        return packing

    def write_zip(self, packing: Packing, look: WriterOptions) -> None:
        """Write the zip here and now, a row after the other; raises what goes wrong."""
        packing.enter(State.RUNNING)
        queue = self._queue.seen_by(packing.caller.principal)
        rows = shown(queue, queue.store.summaries(packing.batch))
        done = {row.id for row in rows if row.state is State.FINISHED}
        packing.files, overviews = len(done), {}
        with ExitStack() as stack:
            stack.enter_context(as_unwritable("a batch"))
            stack.enter_context(_removed_on_failure(packing.path))
            archive = stack.enter_context(zipfile.ZipFile(packing.path, "w", zipfile.ZIP_DEFLATED))
            for row, name in zip(rows, _names(rows), strict=True):
                if row.id not in done:
                    continue
                packing.require_wanted()
                transcript = _transcript(packing, queue, row)
                overviews[row.id] = overview_of(transcript, self._settings.risk)
                audio = self._audio(queue, row, transcript) if "html" in packing.formats else None
                options = replace(look, title=PurePosixPath(name).name, audio=audio)
                for form in packing.formats:
                    archive.writestr(f"{name}.{form}", write(transcript, form, options))
                packing.done += 1
                packing.touch()
            for ending, write_table in TABLES.items():
                table = write_table(table_of(rows, overviews, look.locale), look.locale)
                archive.writestr(f"{SUMMARY}.{ending}", table)
        audit.record(audit.Action.EXPORTED, form="zip", formats=packing.formats, count=len(done))

    def _audio(self, queue: JobQueue, row: JobSummary, transcript: Transcript) -> bytes | None:
        """Return the sound for a report; None when the recording is gone by now."""
        try:
            options = queue.find(row.id).request.options
            with (
                queue.recordings.open(row.id) as source,
                self._opener.open(source, self._limits, options) as recording,
            ):
                cover = cover_of(transcript, queue.privacy)
                return to_mp3(map(mixture, cover.blocks(recording.blocks(BLOCK_SECONDS))))
        except (RichSpeechError, OSError):
            return None


def _handed_in(job: HandingIn, items: Sequence[Item]) -> Iterator[HandedIn | Unreadable]:
    """Give the recordings one by one, each of them there until the next is asked for."""
    for item in items:
        job.require_wanted()
        try:
            yield from _files(job, item)
        except AudioError as error:
            yield Unreadable(item.name, error)
        job.done += 1
        job.touch()


def _files(job: HandingIn, item: Item) -> Iterator[HandedIn]:
    with item.open() as source:
        if isinstance(source, Path):
            _require_readable(source)
            yield HandedIn(source, item.name)
            return
        path = job.place / f"unpacked-{job.id}"
        try:
            place_at(source, path)
            yield HandedIn(path, item.name)
        finally:
            path.unlink(missing_ok=True)


def _require_readable(path: Path) -> None:
    try:
        path.open("rb").close()
    except OSError as error:
        raise AudioError("batch.unopened", name=path.name, why=str(error.strerror)) from error


@contextmanager
def _removed_on_failure(path: Path) -> Iterator[None]:
    """Leave no part of a file on a disk that may be full."""
    try:
        yield
    except (Cancelled, RichSpeechError, OSError):
        path.unlink(missing_ok=True)
        raise


def shown(queue: JobQueue, rows: Sequence[JobSummary]) -> Sequence[JobSummary]:
    """Return jobs as somebody may see them: calls are often named by the numbers called."""
    if not queue.store.principal.masks:
        return rows
    return [replace(row, name=mask_text(row.name, None, queue.privacy.kinds)) for row in rows]


def _names(rows: Sequence[JobSummary]) -> Iterator[str]:
    """Name the files of each job: safe ones, and no two alike."""
    names = [safe_name(row.name) for row in rows]
    counts = Counter(name.casefold() for name in names)
    for row, name in zip(rows, names, strict=True):
        path = PurePosixPath(name)
        marked = path.with_name(f"{path.stem}~{row.number}{path.suffix}")
        yield name if counts[name.casefold()] == 1 else str(marked)


def _transcript(packing: Packing, queue: JobQueue, row: JobSummary) -> Transcript:
    opened = packing.corrected.get(row.id)
    document = opened.document if opened is not None else None
    return (document or queue.result(row.id)).transcript


def table_of(
    rows: Sequence[JobSummary], overviews: Mapping[str, Overview | None], locale: str
) -> list[TableRow]:
    """Return what tables have of recordings; ``overviews`` are of finished jobs, by their ids."""
    return [
        TableRow(
            row.name,
            row.state.value,
            overviews.get(row.id),
            row.error.sentence(locale) if row.error else "",
        )
        for row in rows
    ]
