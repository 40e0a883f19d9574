"""The same audio with the same settings, answered from the history.

    recording → its beginning ─ unknown → transcribe while the digest grows → keep
                              └ known   → the whole digest ─ known   → the stored transcript
                                                           └ unknown → transcribe from a temporary
                                                                       file → keep

Digests are of decoded samples, so the same sound in another container or under another name is
known, too. New sound is decoded once and costs no time before its first words. Sound that begins
like something known is decoded to its end first, once as well, and never held in memory.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import chain, islice
from tempfile import SpooledTemporaryFile
from typing import IO, Protocol, runtime_checkable

import numpy as np

from richspeech.audio.decode import SAMPLE_RATE, Waveform
from richspeech.errors import Cancelled, StoreError
from richspeech.model.corrections import Correction
from richspeech.model.document import Document
from richspeech.model.options import Options
from richspeech.model.request import TranscriptionRequest
from richspeech.model.transcript import Transcript
from richspeech.recognition.pipeline import (
    BLOCK_SECONDS,
    Cancel,
    Progress,
    Transcriber,
    WaveformSource,
)
from richspeech.storage.database import as_store_error
from richspeech.storage.identity import digest_of, request_identity
from richspeech.storage.transcripts import Entry, Fingerprint, Store, Stored

log = logging.getLogger(__name__)

BEGINNING_BLOCKS = 3
"""Twelve seconds tell most recordings apart, and are decoded in milliseconds."""

MOST_BYTES_IN_MEMORY = 16 * 2**20
"""Four minutes; what is longer goes to a temporary file."""


@runtime_checkable
class Named(Protocol):
    """A recording that came as a file."""

    @property
    def name(self) -> str | None:
        """Of the file; None when it had none."""


@dataclass(frozen=True, kw_only=True)
class ComparingProgress(Progress):
    """A step of decoding sound that begins like something in the history; it has no segments."""

    entry: Entry


@dataclass(frozen=True, kw_only=True)
class KeptProgress(Progress):
    """The last step of a transcription whose result is in the history."""

    entry: Entry
    is_recalled: bool
    """Whether it was there already, so that nothing was recognised now."""
    document: Document
    """What the history has, with all edits; ``transcript`` lacks the corrections."""

    @property
    def corrections(self) -> tuple[Correction, ...]:
        """What people have put right in what is recalled, oldest first."""
        return self.document.corrections


@dataclass(frozen=True, kw_only=True)
class UnkeptProgress(Progress):
    """The last step of a transcription whose result the history could not take."""

    error: StoreError
    """Why, in a sentence."""


class Interrupted(Cancelled):
    """The process ends before the recording does; what was heard until then is kept."""

    def __init__(self, entry: Entry) -> None:
        super().__init__()
        self.entry = entry


class RecallingTranscriber:
    """Asks the history before another transcriber, and keeps what that one hears.

    When the history cannot be used everything is recognised, and the last step says why it is not
    kept.
    """

    def __init__(
        self,
        transcriber: Transcriber,
        store: Store,
        identity: str,
        *,
        request: TranscriptionRequest | None = None,
        recalls: bool = True,
        interrupted: Cancel = lambda: False,
    ) -> None:
        """``identity`` stands for all that decides a result beside sound and options.

        ``request`` is kept with what is heard, with the options of the recording.
        Without ``recalls`` it does not ask the history, and keeps only what is not there yet. What
        is cancelled while ``interrupted`` says so is kept as far as it was heard.
        """
        self._transcriber, self._store, self._identity = transcriber, store, identity
        self._request = request or TranscriptionRequest()
        self._recalls, self._interrupted = recalls, interrupted

    def transcribe(
        self, recording: WaveformSource, options: Options, cancelled: Cancel = lambda: False
    ) -> Iterator[Progress]:
        """Yield ``ComparingProgress`` and at its end ``KeptProgress`` if the history knows it all.

        Otherwise yield the steps of the transcriber; the last one is a ``KeptProgress`` as well, or
        an ``UnkeptProgress``. Raises ``Cancelled``, and ``Interrupted`` when what was heard until
        then is kept.
        """
        heard = _Heard(recording, request_identity(self._identity, options))
        with ExitStack() as spool:
            beginning = heard.read_beginning()
            if self._recalls and (alike := self._begun_alike(beginning)):
                file = spool.enter_context(SpooledTemporaryFile(MOST_BYTES_IN_MEMORY))
                yield from _compare(heard, file, alike, cancelled)
                if stored := self._find(heard.fingerprint):
                    yield _recalled(stored)
                    return
            name = recording.name if isinstance(recording, Named) else None
            progress = None
            try:
                for progress in self._transcriber.transcribe(heard, options, cancelled):
                    if progress.finished:
                        yield self._kept(progress, heard, name, options)
                    else:
                        yield progress
            except Cancelled as error:
                if not (self._interrupted() and progress and progress.transcript.segments):
                    raise
                raise self._interruption(progress.transcript, heard, name, options) from error

    def _begun_alike(self, beginning: str) -> Entry | None:
        try:
            return self._store.find_beginning(beginning)
        except StoreError as error:
            log.warning("%s", error)
            return None

    def _find(self, fingerprint: Fingerprint) -> Stored | None:
        try:
            return self._store.find(fingerprint.whole)
        except StoreError as error:
            log.warning("%s", error)
            return None

    def _kept(
        self, progress: Progress, heard: "_Heard", name: str | None, options: Options
    ) -> Progress:
        request, document = replace(self._request, options=options), Document(progress.transcript)
        try:
            entry = self._store.keep(heard.fingerprint, name, request, document)
        except StoreError as error:
            return UnkeptProgress(**vars(progress), error=error)
        return KeptProgress(**vars(progress), entry=entry, document=document, is_recalled=False)

    def _interruption(
        self, transcript: Transcript, heard: "_Heard", name: str | None, options: Options
    ) -> Cancelled:
        request, document = replace(self._request, options=options), Document(transcript)
        try:
            entry = self._store.keep_interrupted(heard.fingerprint, name, request, document)
        except StoreError as error:
            log.warning("%s is lost as far as it was heard: %s", name or "A recording", error)
            return Cancelled()
        return Interrupted(entry)


def _compare(
    heard: "_Heard", file: IO[bytes], alike: Entry, cancelled: Cancel
) -> Iterator[ComparingProgress]:
    """Decode to the end, into ``file``; raises ``Cancelled`` soon after ``cancelled`` says so."""
    began = time.perf_counter()
    for seconds in heard.spool(file):
        if cancelled():
            raise Cancelled
        elapsed = time.perf_counter() - began
        so_far = Transcript(seconds, elapsed, alike.engine, alike.model)
        yield ComparingProgress(so_far, (), heard.duration, finished=False, entry=alike)


def _recalled(stored: Stored) -> KeptProgress:
    transcript = stored.document.uncorrected
    return KeptProgress(
        transcript=transcript,
        new=transcript.segments,
        seconds_total=transcript.duration,
        finished=True,
        entry=stored.entry,
        is_recalled=True,
        document=stored.document,
    )


class _Heard:
    """A recording that is digested while it is read; `blocks` gives it once."""

    def __init__(self, recording: WaveformSource, identity: str) -> None:
        self._recording = recording
        self._identity = identity
        self._digest = blake2b(digest_size=32)
        self._beginning = ""
        self._blocks = self._digested(recording.blocks(BLOCK_SECONDS))

    @property
    def duration(self) -> float | None:
        """Seconds as the recording claims, which it may take back while it is decoded."""
        return self._recording.duration

    def _digested(self, blocks: Iterator[Waveform]) -> Iterator[Waveform]:
        for block in blocks:
            self._digest.update(block.tobytes())
            yield block

    def read_beginning(self) -> str:
        """Decode the first seconds, which `blocks` gives all the same; return their digest."""
        read = [*islice(self._blocks, BEGINNING_BLOCKS)]
        self._beginning = digest_of(self._identity, self._digest.hexdigest())
        self._blocks = chain(read, self._blocks)
        return self._beginning

    def spool(self, file: IO[bytes]) -> Iterator[float]:
        """Decode to the end, into a file from which `blocks` then reads; give seconds so far.

        Raises ``StoreError`` when the disk is full.
        """
        lengths: list[int] = []
        samples = 0
        for block in self._blocks:
            lengths.append(len(block))
            samples += len(block)
            with as_store_error():
                file.write(block.tobytes())
            yield samples / SAMPLE_RATE
        file.seek(0)
        size = np.dtype(np.float32).itemsize
        self._blocks = (np.frombuffer(bytearray(file.read(n * size)), np.float32) for n in lengths)

    @property
    def fingerprint(self) -> Fingerprint:
        """What was read so far."""
        return Fingerprint(self._beginning, digest_of(self._identity, self._digest.hexdigest()))

    def blocks(self, block_seconds: float) -> Iterator[Waveform]:  # noqa: ARG002 - the pipeline's own
        """Give what is read, in blocks of the pipeline's length."""
        return self._blocks
