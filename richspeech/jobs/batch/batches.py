"""The threads of batches: finding, transcribing and packing many recordings."""

import csv
import io
import secrets
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath

from richspeech.audio.decode import open_recording
from richspeech.audio.peaks import MeteredRecording, PeakMeter
from richspeech.audio.playback import to_mp3
from richspeech.engines.loader import audio_limits
from richspeech.engines.transcribers import Transcribers
from richspeech.errors import AudioError, Cancelled, RichSpeechError
from richspeech.jobs.batch.job import ROW_PEAKS, BatchJob, Packing, place_at
from richspeech.jobs.batch.sources import Item, require_allowed, unbounded, zip_limits
from richspeech.jobs.batch.work import Batch, Keep, Transcribe
from richspeech.jobs.caching import CachingTranscriber, Step
from richspeech.jobs.export import as_unwritable
from richspeech.jobs.job import Kind
from richspeech.jobs.runner import Runner
from richspeech.model.job_state import State
from richspeech.model.request import TranscriptionRequest
from richspeech.operations import audit
from richspeech.recognition.pipeline import Cancel
from richspeech.review.risk import assess_risk
from richspeech.settings import Settings
from richspeech.storage.history import History
from richspeech.storage.quota import Quota
from richspeech.writers import WriterOptions, write
from richspeech.writers.data import harmless

SUMMARY = "summary.csv"
COLUMNS = ("name", "state", "seconds", "risk", "error")


class Batches:
    """Does batches and packs their results; whoever wants to see how far one is looks at it."""

    def __init__(
        self,
        runner: Runner,
        transcribers: Transcribers,
        settings: Settings,
        history: History | None = None,
        quota: Quota | None = None,
    ) -> None:
        """Without a ``quota`` zips may unpack to as much as the settings allow each."""
        self._runner, self._transcribers = runner, transcribers
        self._settings, self._history = settings, history
        self._limits, self._quota = audio_limits(settings), quota

    def begin(
        self,
        place: Path,
        uploads: Sequence[Path],
        folder: Path | None,
        request: TranscriptionRequest,
        before: BatchJob | None = None,
    ) -> BatchJob:
        """Have recordings done, with their files below ``place``; ``before`` ends and goes.

        Raises ``OptionError`` for a folder that the settings do not allow, ``BusyError`` when too
        many wait, and ``AudioError`` when the disk has no room for the uploads; then the batch
        before stays.
        """
        self._runner.require_open()
        if folder is not None:
            folder = require_allowed(folder, self._settings.batch.folders)
        turn = self._runner.places(Kind.BATCH).ask()
        own = place / f"batch-{secrets.token_hex(4)}"
        with turn.unless_it_fails():
            paths = _kept(uploads, own / "uploads") if folder is None else (folder,)
        if before is not None:
            before.cancel()
            before.remove()
        hold = partial(self._quota.unseen, place) if self._quota else unbounded
        job = BatchJob(paths, request, own, zip_limits(self._settings, hold))
        self._runner.start(job, partial(self.do, job), turn)
        return job

    def do(self, job: BatchJob) -> None:
        """Do all recordings of ``job`` here and now; raises what goes wrong."""
        job.enter(State.RUNNING)
        with as_unwritable("a batch"), job.sources() as items:
            job.batch = Batch(
                items.values(),
                self._transcribe_for(job),
                self._keep_for(job),
                lambda _: job.touch(),
            )
            if job.stop.is_set():
                job.batch.cancel()
            job.batch.run(self._settings.batch.workers)
        job.require_wanted()

    def _transcribe_for(self, job: BatchJob) -> Transcribe:
        def transcribe(item: Item, cancelled: Cancel) -> Iterator[Step]:
            asked, name = job.request, PurePosixPath(item.name).name
            meter = job.meters[item.name] = PeakMeter(ROW_PEAKS)
            with (
                item.open() as source,
                open_recording(source, self._limits, name=name) as recording,
                self._transcribers.use(asked.engine, cancelled, reads=asked.sentiment) as loaded,
            ):
                metered = MeteredRecording(recording, meter, name)
                seen = self._history and self._history.seen_by(job.caller.principal)
                history = seen.of(loaded) if seen else None
                transcriber = CachingTranscriber(
                    loaded.transcriber,
                    history,
                    interrupted=self._runner.interrupted,
                    observer=self._runner.observer,
                )
                yield from transcriber.steps(metered, asked.options, cancelled)

        return transcribe

    def _keep_for(self, job: BatchJob) -> Keep:
        def keep(item: Item, last: Step) -> int:
            return assess_risk(job.keep(item, last), self._settings.risk).score

        return keep

    def pack(self, job: BatchJob, formats: Sequence[str], look: WriterOptions) -> Packing:
        """Begin to write what is done into one zip, in some formats.

        Raises ``BusyError`` when too many wait.
        """
        turn = self._runner.places(Kind.EXPORT).ask()
        if job.packing is not None:
            job.packing.cancel()
        packing = job.packing = Packing(tuple(formats), job.folder / f"{job.folder.name}.zip")
        self._runner.start(packing, partial(self.write_zip, job, packing, look), turn)
        return packing

    def write_zip(self, job: BatchJob, packing: Packing, look: WriterOptions) -> None:
        """Write the zip here and now, a row after the other; raises what goes wrong."""
        packing.enter(State.RUNNING)
        done = [row for row in job.rows if row.state is State.FINISHED]
        packing.files = len(done)
        with ExitStack() as stack:
            stack.enter_context(as_unwritable("a batch"))
            items = stack.enter_context(job.sources()) if "html" in packing.formats else {}
            stack.enter_context(_removed_on_failure(packing.path))
            archive = stack.enter_context(zipfile.ZipFile(packing.path, "w", zipfile.ZIP_DEFLATED))
            for row in done:
                packing.require_wanted()
                transcript = job.transcript(row.name)
                audio = self._audio(items.get(row.name))
                options = replace(look, title=PurePosixPath(row.name).name, audio=audio)
                for form in packing.formats:
                    archive.writestr(f"{row.name}.{form}", write(transcript, form, options))
                packing.done += 1
                packing.touch()
            archive.writestr(SUMMARY, _summary(job))
        audit.record(audit.Action.EXPORTED, form="zip", formats=packing.formats, count=len(done))

    def _audio(self, item: Item | None) -> bytes | None:
        """Return the sound for a report; None without one, or when the recording is gone by now."""
        if item is None:
            return None
        try:
            with item.open() as source, open_recording(source, self._limits) as recording:
                return to_mp3(recording.blocks())
        except (RichSpeechError, OSError):
            return None


@contextmanager
def _removed_on_failure(path: Path) -> Iterator[None]:
    """Leave no part of a file on a disk that may be full."""
    try:
        yield
    except (Cancelled, OSError):
        path.unlink(missing_ok=True)
        raise


def _kept(uploads: Sequence[Path], folder: Path) -> tuple[Path, ...]:
    """Keep uploads until the batch is done, however soon the page's own copies are deleted."""
    paths = [folder / str(number) / upload.name for number, upload in enumerate(uploads)]
    try:
        for upload, path in zip(uploads, paths, strict=True):
            path.parent.mkdir(parents=True)
            place_at(upload, path)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise AudioError("batch.no_room", why=str(error.strerror)) from error
    return tuple(paths)


def _summary(job: BatchJob) -> str:
    """List all recordings; the mark at the start tells Excel that it is UTF-8."""
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(COLUMNS)
    for row in job.rows:
        done = row.state is State.FINISHED
        seconds = f"{row.seconds_done:.2f}" if done else None
        error = harmless(str(row.error or ""))
        state = "done" if done else row.state.value
        writer.writerow([harmless(row.name), state, seconds, row.risk, error])
    return "\ufeff" + table.getvalue()
