"""The threads of batches: finding, hearing and packing many recordings."""

import csv
import io
import logging
import secrets
import shutil
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath

from richspeech.audio.decode import open_recording
from richspeech.audio.peaks import MeteredRecording, PeakMeter
from richspeech.audio.playback import to_mp3
from richspeech.console.sentences import Notice
from richspeech.console.sessions import Session, Status, Task
from richspeech.console.tabs.batch.run import ROW_PEAKS, Asked, BatchRun, Packing, place
from richspeech.console.workers import Workers
from richspeech.engines.loader import Loaded, audio_limits
from richspeech.engines.transcribers import Transcribers
from richspeech.errors import AudioError, Cancelled, RichSpeechError
from richspeech.jobs.batch.sources import Item, require_allowed, unbounded, zip_limits
from richspeech.jobs.batch.work import Batch
from richspeech.jobs.job import State
from richspeech.recognition.pipeline import Cancel, Progress, Transcriber
from richspeech.review.risk import assess_risk
from richspeech.settings import Settings
from richspeech.storage.history import History
from richspeech.storage.quota import Quota
from richspeech.writers import WriterOptions, write
from richspeech.writers.data import harmless

log = logging.getLogger(__name__)

SUMMARY = "summary.csv"
COLUMNS = ("name", "state", "seconds", "risk", "error")
BATCHES_AT_ONCE = 4
"""Each hears ``batch.workers`` recordings at once, beside those of all others; more wait."""
PACKINGS_AT_ONCE = 2
"""Reports with their sound take a core each."""


class BatchWork:
    """Does batches and packs their results; whoever wants to see how far one is looks at it."""

    def __init__(
        self,
        transcribers: Transcribers,
        settings: Settings,
        history: History | None,
        workers: Workers | None = None,
        quota: Quota | None = None,
    ) -> None:
        """``workers`` do the work, own ones unless given.

        Without a ``quota`` zips may unpack to as much as the settings allow each.
        """
        self._transcribers, self._settings, self._history = transcribers, settings, history
        self._limits, self._quota = audio_limits(settings), quota
        self._workers = workers or Workers()
        self._places = self._workers.places(BATCHES_AT_ONCE)
        self._packings = self._workers.places(PACKINGS_AT_ONCE)

    def begin(
        self, session: Session, uploads: Sequence[Path], folder: Path | None, asked: Asked
    ) -> BatchRun:
        """Have recordings done in the place of the batch before, whose files go.

        Raises ``OptionError`` for a folder that the settings do not allow, ``BusyError`` when too
        many wait, and ``AudioError`` when the disk has no room for the uploads; then the batch
        before stays.
        """
        self._workers.require_open()
        if folder is not None:
            folder = require_allowed(folder, self._settings.batch.folders)
        turn = self._places.ask()
        own = session.folder / f"batch-{secrets.token_hex(4)}"
        with turn.unless_it_fails():
            paths = _kept(uploads, own / "uploads") if folder is None else (folder,)
        if session.batch is not None:
            session.batch.cancel()
            session.batch.remove()
        hold = partial(self._quota.unseen, session.folder) if self._quota else unbounded
        run = session.batch = BatchRun(paths, asked, own, zip_limits(self._settings, hold))
        self._workers.take(turn, run, partial(_finish, run, lambda: self.do(run)))
        return run

    def do(self, run: BatchRun) -> None:
        """Do all recordings of ``run``; returns when everything is over."""
        run.enter(Status.RUNNING)
        with run.sources() as items:
            run.batch = Batch(
                items.values(), self._hear_for(run), self._keep_for(run), lambda _: run.touch()
            )
            if run.stop.is_set():
                run.batch.cancel()
            run.batch.run(self._settings.batch.workers)
        if run.stop.is_set():
            raise Cancelled

    def _hear_for(self, run: BatchRun) -> Callable[[Item, Cancel], Iterator[Progress]]:
        def hear(item: Item, cancelled: Cancel) -> Iterator[Progress]:
            asked, name = run.asked, PurePosixPath(item.name).name
            meter = run.meters[item.name] = PeakMeter(ROW_PEAKS)
            with (
                item.open() as source,
                open_recording(source, self._limits, name=name) as recording,
                self._transcribers.use(asked.engine, cancelled, reads=asked.reads) as loaded,
            ):
                metered = MeteredRecording(recording, meter, name)
                listener = self._listener(loaded)
                yield from listener.transcribe(metered, asked.options, cancelled)

        return hear

    def _listener(self, loaded: Loaded) -> Transcriber:
        if self._history is None:
            return loaded.transcriber
        return self._history.transcriber(loaded, interrupted=self._workers.interrupted)

    def _keep_for(self, run: BatchRun) -> Callable[[Item, Progress], int]:
        def keep(item: Item, last: Progress) -> int:
            return assess_risk(run.keep(item, last), self._settings.risk).score

        return keep

    def pack(self, run: BatchRun, formats: Sequence[str], look: WriterOptions) -> Packing:
        """Begin to write what is done into one zip, in some formats.

        Raises ``BusyError`` when too many wait.
        """
        turn = self._packings.ask()
        if run.packing is not None:
            run.packing.cancel()
        packing = run.packing = Packing(tuple(formats), run.folder / f"{run.folder.name}.zip")
        work = partial(_finish, packing, lambda: self.write_zip(run, packing, look))
        self._workers.take(turn, packing, work)
        return packing

    def write_zip(self, run: BatchRun, packing: Packing, look: WriterOptions) -> None:
        """Write the zip, a row after the other; raises ``Cancelled`` and ``OSError``."""
        packing.enter(Status.RUNNING)
        done = [row for row in run.rows if row.state is State.FINISHED]
        packing.files = len(done)
        with ExitStack() as stack:
            items = stack.enter_context(run.sources()) if "html" in packing.formats else {}
            stack.enter_context(_removed_on_failure(packing.path))
            archive = stack.enter_context(zipfile.ZipFile(packing.path, "w", zipfile.ZIP_DEFLATED))
            for row in done:
                if packing.stop.is_set():
                    raise Cancelled
                transcript = run.transcript(row.name)
                audio = self._audio(items.get(row.name))
                options = replace(look, title=PurePosixPath(row.name).name, audio=audio)
                for form in packing.formats:
                    archive.writestr(f"{row.name}.{form}", write(transcript, form, options))
                packing.done += 1
                packing.touch()
            archive.writestr(SUMMARY, _summary(run))

    def _audio(self, item: Item | None) -> bytes | None:
        """Return the sound for a report; None without one, or when the recording is gone by now."""
        if item is None:
            return None
        try:
            with item.open() as source, open_recording(source, self._limits) as recording:
                return to_mp3(recording.blocks())
        except (RichSpeechError, OSError):
            return None


def _finish(task: Task, work: Callable[[], None]) -> None:
    """Work, and end the task as it went."""
    try:
        work()
    except Cancelled:
        task.withdraw()
    except RichSpeechError as error:
        task.fail(Notice.of(error))
    except OSError:
        log.exception("the files of a batch cannot be written")
        task.fail(Notice("export_unwritable"))
    except Exception:  # the person at the page gets a sentence, the log gets the rest
        log.exception("a batch failed")
        task.fail(Notice("unexpected"))
    else:
        task.status = Status.FINISHED
    task.touch()


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
            place(upload, path)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        message = (
            f"The server has no room for these recordings ({error.strerror}): choose fewer at "
            "once, or ask the administrator."
        )
        raise AudioError(message) from error
    return tuple(paths)


def _summary(run: BatchRun) -> str:
    """List all recordings; the mark at the start tells Excel that it is UTF-8."""
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(COLUMNS)
    for row in run.rows:
        done = row.state is State.FINISHED
        seconds = f"{row.seconds_done:.2f}" if done else None
        error = harmless(row.error or "")
        state = "done" if done else row.state.value
        writer.writerow([harmless(row.name), state, seconds, row.risk, error])
    return "\ufeff" + table.getvalue()
