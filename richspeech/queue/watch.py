"""A folder that is watched: what comes into it is transcribed into another one, by durable jobs.

    new or changed → rests for a while → handed in → (the job has ended) → results, manifest

It looks instead of being told: shares of other machines tell nobody of changes, and whether a file
has come whole is only seen by looking twice. What was handed in is in the manifest, so another
process goes on with it.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from richspeech.errors import AudioError, Cancelled, JobError, RichSpeechError
from richspeech.jobs.batch.manifest import Manifest, Record
from richspeech.jobs.batch.passed_over import PassedOver
from richspeech.jobs.batch.results import Results
from richspeech.jobs.batch.sources import Item, recordings_in
from richspeech.language.catalog import Notice
from richspeech.model.job_state import State
from richspeech.model.request import TranscriptionRequest
from richspeech.queue.queue import HandedIn, JobQueue
from richspeech.storage.jobs import QueuedJob

log = logging.getLogger(__name__)


@dataclass
class WatchedFolder:
    """A folder, and what became of the recordings in it; for one thread."""

    folder: Path
    queue: JobQueue
    request: TranscriptionRequest
    results: Results
    manifest: Manifest
    rest_seconds: float
    """A file that has not changed for so long has come whole."""
    is_stopped: Callable[[], bool] = lambda: False
    """Whether to leave the rest to the next process."""
    tell: Callable[[str], None] = lambda _: None
    """Told of what has ended, in a line each."""
    clock: Callable[[], float] = time.monotonic
    _seen: dict[str, tuple[str, float]] = field(default_factory=dict)
    """Version of each recording that rests, and since when."""
    _says: set[str] = field(default_factory=set)
    """What was in the way at this look, which the log says once."""
    _passed: tuple[Notice | None, float] = (None, 0.0)
    """What was passed over at the last look, and since when: nobody is told while it changes."""
    _told: Notice | None = None
    """Of what was passed over."""
    _records: dict[str, Record] = field(init=False)
    """The newest of each recording."""

    def __post_init__(self) -> None:
        self._records = dict(self.manifest.records)

    def look(self) -> None:
        """Write down what has ended, then hand in what has come.

        What goes wrong now, such as a full disk, is tried again at the next look.
        """
        said, self._says = self._says, set()
        self._look()
        for sentence in sorted(self._says - said):
            log.warning("%s", sentence)

    def _look(self) -> None:
        for record in [each for each in self._records.values() if each.state == "waiting"]:
            if self.is_stopped():
                return
            with self._trying(record.name):
                self._collect(record)
        for item in self._rested():
            if self.is_stopped():
                return
            with self._trying(item.name):
                self._hand_in(item)

    @contextmanager
    def _trying(self, name: str) -> Iterator[None]:
        """Go on with the others when something is in the way of one, for now."""
        try:
            yield
        except (RichSpeechError, OSError) as error:
            sentence = str(error)
            self._says.add(sentence if name in sentence else f"{name}: {sentence}")

    @property
    def waiting(self) -> int:
        """How many recordings are handed in and have not ended."""
        return sum(record.state == "waiting" for record in self._records.values())

    def _rested(self) -> Iterator[Item]:
        """Give what is new and has not changed for a while."""
        now, seen = self.clock(), self._seen
        self._seen = {}
        passed = PassedOver()
        items = recordings_in(self.folder, passed)
        self._tell_passed(passed.notice)
        for item in items:
            known = self._records.get(item.name)
            if known is not None and known.version == item.version:
                continue
            version, since = seen.get(item.name, ("", now))
            if version != item.version:
                since = now
            self._seen[item.name] = (item.version, since)
            if now - since >= self.rest_seconds:
                yield item

    def _tell_passed(self, notice: Notice | None) -> None:
        """Tell what is passed over, once that has not changed for a while."""
        last, since = self._passed
        if notice != last:
            self._passed = notice, self.clock()
        elif notice != self._told and self.clock() - since >= self.rest_seconds:
            self._told = notice
            if notice is not None:
                self.tell(str(notice))

    def _hand_in(self, item: Item) -> None:
        try:
            with ExitStack() as stack:
                source = stack.enter_context(item.open())
                (job,) = self.queue.submit([HandedIn(Path(str(source)), item.name)], self.request)
        except AudioError as error:
            self._note(Record(item.name, item.version, "failed", _now(), error=str(error)))
        except FileNotFoundError:
            log.info("%s was taken away again", item.name)
        else:
            self._note(Record(item.name, item.version, "waiting", _now(), job=job.id))

    def _collect(self, record: Record) -> None:
        """Write down how a recording has ended, if it has."""
        try:
            job = self.queue.find(record.job or "")
        except JobError as error:  # somebody has deleted it
            self._note(replace(record, state="failed", error=str(error), job=None))
            return
        if job.state is State.FINISHED:
            self._keep(job, record)
        elif job.state.is_over:
            why = str(job.error or Cancelled())
            self._note(replace(record, state="failed", finished=_now(), error=why, job=None))
            self.queue.delete(job.id)

    def _keep(self, job: QueuedJob, record: Record) -> None:
        transcript = self.queue.result(job.id).transcript
        opened = partial(self.queue.recordings.open, job.id)
        self.results.write(
            Item(record.name, job.size_bytes, record.version, job.id, opened), transcript
        )
        self._note(
            replace(
                record,
                state="done",
                finished=_now(),
                duration=round(transcript.duration, 4),
                processing_seconds=round(transcript.processing_seconds, 4),
                job=None,
            )
        )
        self.queue.delete(job.id)

    def _note(self, record: Record) -> None:
        self.manifest.append(record)
        self._records[record.name] = record
        if record.state != "waiting":
            self.tell(f"{record.name}: {record.error or record.state}")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
