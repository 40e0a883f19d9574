"""Durable jobs: what is not over when a process ends is found by the next one."""

import logging
from collections.abc import Iterator
from pathlib import Path

from richspeech.errors import RichSpeechError
from richspeech.jobs.job import Job, JobRecord
from richspeech.storage.jobs import JobStore
from richspeech.storage.recordings import Recordings

log = logging.getLogger(__name__)


class Keeper:
    """Keeps records of jobs, and their recordings, where a restart finds them."""

    def __init__(self, jobs: JobStore, recordings: Recordings) -> None:
        self._jobs, self._recordings = jobs, recordings

    def keep(self, job: Job) -> None:
        """Keep how a job is now; a history that cannot take it costs the job nothing."""
        try:
            self._jobs.write(job.record().to_dict())
            if job.is_over:
                self._recordings.delete(job.id)
        except RichSpeechError as error:
            log.warning("the job %s is not kept: %s", job.id, error)

    def recording(self, job: Job, path: Path) -> Path:
        """Have the recording of a job outlast the process; return where. Raises ``StoreError``."""
        return self._recordings.keep(job.id, path)

    def unfinished(self) -> Iterator[tuple[JobRecord, Path]]:
        """Give the jobs that a process has left, oldest first, whose recordings are still there.

        Raises ``StoreError``.
        """
        for kept in self._jobs.unfinished():
            record = JobRecord.from_dict(kept)
            if (path := self._recordings.find(record.id)) is not None:
                yield record, path
