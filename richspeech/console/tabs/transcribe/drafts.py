"""What somebody was writing in the transcript that their window shows."""

import logging

from richspeech.access.drafts import Drafts
from richspeech.errors import StoreError
from richspeech.jobs.transcribe import Transcription
from richspeech.model.corrections import Correction
from richspeech.operations.caller import caller
from richspeech.storage.history import History

log = logging.getLogger(__name__)


class JobDrafts:
    """The drafts of jobs that the history has; without one there are none."""

    def __init__(self, history: History | None) -> None:
        self._history = history

    def find(self, job: Transcription | None) -> None:
        """Let a job that is over know, once, what was being written in it."""
        if job is None or not job.is_over or job.drafts is not None:
            return
        drafts = self._drafts
        if drafts is None or not drafts.are_kept or job.entry is None or job.document is None:
            return
        try:
            job.drafts = drafts.of(job.entry.id, job.document)
        except StoreError as error:
            log.warning("drafts of transcript %d cannot be read: %s", job.entry.id, error)

    def write(self, job: Transcription | None, draft: Correction) -> None:
        """Keep a draft, or drop it where it says nothing."""
        drafts = self._drafts
        if drafts is None or job is None or job.entry is None or job.drafts is None:
            return
        others = tuple(each for each in job.drafts if each.place != draft.place)
        job.drafts = others if draft.is_empty else (*others, draft)
        try:
            drafts.write(job.entry, draft)
        except StoreError as error:
            log.warning("a draft of transcript %d is not kept: %s", job.entry.id, error)

    @property
    def _drafts(self) -> Drafts | None:
        if self._history is None:
            return None
        return Drafts(self._history.seen_by(caller().principal).store)
