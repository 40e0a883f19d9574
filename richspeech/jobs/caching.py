"""Transcripts taken from the history, or recognised and then kept there.

    recording → compared with what begins alike ─ known   → cached
                                                └ unknown → recognised → kept

The history is asked and told here, for the page, for batches and for the command line.
"""

import logging
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace

from richspeech.errors import Cancelled, StoreError
from richspeech.jobs.masked import masked_progress
from richspeech.jobs.observer import NOBODY, Observer
from richspeech.model.document import Document
from richspeech.model.options import Options
from richspeech.privacy.mask import mask_document
from richspeech.recognition.pipeline import Cancel, Progress, Transcriber, edited, reader_of
from richspeech.recognition.reading import WaveformSource
from richspeech.settings import PrivacySettings
from richspeech.storage.cached_result import EngineHistory, ResultLookup
from richspeech.storage.transcripts import Entry, Stored

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Kept:
    """Where the history has a recording."""

    entry: Entry
    document: Document
    """With all edits."""
    is_cached: bool
    """Whether it was there already, so that nothing was recognised now."""


@dataclass(frozen=True)
class Step:
    """How far a recording is, and what the history has to do with that."""

    progress: Progress
    """Of a cached result, without the corrections."""
    compared_with: Entry | None = None
    """What begins alike, while nothing is recognised yet; then there are no segments."""
    kept: Kept | None = None
    """In the last step; None where nothing is kept."""
    unkept: StoreError | None = None
    """In the last step: why the history could not take it."""

    def masked(self, privacy: PrivacySettings) -> "Step":
        """Return the same without what is personal."""
        kept = self.kept
        if kept is not None:
            kept = replace(kept, document=mask_document(kept.document, privacy.kinds))
        return replace(self, progress=masked_progress(self.progress, privacy), kept=kept)


class Interrupted(Cancelled):
    """The process ends before the recording does; what was heard until then is kept."""

    def __init__(self, entry: Entry) -> None:
        super().__init__()
        self.entry = entry


class CachingTranscriber:
    """Asks the history before it has a recording recognised, and has it keep what is heard.

    When the history cannot be used everything is recognised, and the last step says why it is not
    kept.
    """

    def __init__(
        self,
        transcriber: Transcriber,
        history: EngineHistory | None = None,
        *,
        reads_cache: bool = True,
        interrupted: Cancel = lambda: False,
        observer: Observer = NOBODY,
        masking: PrivacySettings | None = None,
    ) -> None:
        """Without a ``history`` everything is recognised, and nothing kept.

        Without ``reads_cache`` it does not ask the history, and keeps only what is not there yet.
        What is cancelled while ``interrupted`` says so is kept as far as it was heard. The
        ``observer`` hears of every transcript before anybody else. With ``masking`` what is given
        is masked; what is kept is a matter of the history.
        """
        self._transcriber, self._history, self._observer = transcriber, history, observer
        self._reads_cache, self._interrupted = reads_cache, interrupted
        self._masking = masking

    def steps(
        self, recording: WaveformSource, options: Options, cancelled: Cancel = lambda: False
    ) -> Iterator[Step]:
        """Yield after every step; the progress of the last one is finished.

        Raises ``Cancelled``, and ``Interrupted`` when what was heard until then is kept.
        """
        with closing(self._steps(recording, options, cancelled)) as steps:
            for step in steps:
                if step.progress.finished:
                    is_cached = step.kept is not None and step.kept.is_cached
                    tell = self._observer.found if is_cached else self._observer.heard
                    tell(step.progress.transcript)
                yield step if self._masking is None else step.masked(self._masking)

    def _steps(
        self, recording: WaveformSource, options: Options, cancelled: Cancel
    ) -> Generator[Step, None, None]:
        watched = self._observer.decoding(recording)
        if self._history is None:
            yield from map(Step, self._transcribed(watched, options, cancelled))
            return
        with self._history.look_up(
            watched, options, recording, reader_of(self._transcriber)
        ) as lookup:
            if self._reads_cache:
                for progress in lookup.compare(cancelled):
                    yield Step(progress, compared_with=lookup.alike)
            if lookup.found:
                yield _cached(lookup, lookup.found, options)
            elif lookup.measured:
                yield _reused(lookup, edited(self._transcriber, lookup.measured, options))
            else:
                yield from self._recognised(lookup, options, cancelled)

    def _transcribed(
        self, recording: WaveformSource, options: Options, cancelled: Cancel
    ) -> Iterator[Progress]:
        with self._observer.recognising():
            yield from self._transcriber.transcribe(recording, options, cancelled)

    def _recognised(
        self, lookup: ResultLookup, options: Options, cancelled: Cancel
    ) -> Iterator[Step]:
        progress = None
        try:
            for progress in self._transcribed(lookup, options, cancelled):
                yield _kept(lookup, progress) if progress.finished else Step(progress)
        except Cancelled as error:
            if not (self._interrupted() and progress and progress.transcript.segments):
                raise
            raise _interruption(lookup, progress.document) from error


def _cached(lookup: ResultLookup, stored: Stored, options: Options) -> Step:
    """Take what the history has; with other names for speakers, it gets these."""
    document, entry = stored.document.called(options.speakers), stored.entry
    unkept = None
    if document is not stored.document:
        try:
            entry = lookup.call(entry, document)
        except StoreError as error:
            unkept = error
    kept = Kept(entry, document, is_cached=True)
    return Step(Progress.of(document), kept=kept, unkept=unkept)


def _reused(lookup: ResultLookup, document: Document) -> Step:
    """Take over what was measured for somebody else, as a transcript of one's own."""
    try:
        entry = lookup.keep(document)
    except StoreError as error:
        return Step(Progress.of(document), unkept=error)
    return Step(Progress.of(document), kept=Kept(entry, document, is_cached=True))


def _kept(lookup: ResultLookup, progress: Progress) -> Step:
    document = progress.document
    try:
        entry = lookup.keep(document, progress.voices)
    except StoreError as error:
        return Step(progress, unkept=error)
    return Step(progress, kept=Kept(entry, document, is_cached=False))


def _interruption(lookup: ResultLookup, document: Document) -> Cancelled:
    try:
        return Interrupted(lookup.keep_interrupted(document))
    except StoreError as error:
        name = lookup.name or "A recording"
        log.warning("%s is lost as far as it was heard: %s", name, error)
        return Cancelled()
