"""One recording in the history: looked for by its sound, and kept by its sound.

    recording → its beginning ─ unknown → read once, while the digest grows
                              └ known   → its file ─ known   → the stored transcript
                                                   └ unknown → the whole digest
                                        the whole digest ─ known   → the stored transcript
                                                         └ unknown → read from a temporary file

Digests are of decoded samples, so the same sound in another container or under another name is
known, too. New sound is decoded once and costs no time before its first words. Sound that begins
like something known is decoded to its end first, once as well, and never held in memory; unless its
file is one that was decoded here before, by the same decoder. That takes a twentieth of the time.
"""

import logging
import pickle
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import blake2b
from itertools import chain, islice
from tempfile import SpooledTemporaryFile
from typing import IO, Protocol, TypeVar, runtime_checkable

from richspeech.audio.mono import SAMPLE_RATE, Waveforms
from richspeech.audio.peaks import MeteredRecording
from richspeech.errors import AccessError, Cancelled, StoreError
from richspeech.model.document import Document
from richspeech.model.options import Options
from richspeech.model.recording_warning import RecordingWarning
from richspeech.model.request import TranscriptionRequest
from richspeech.model.strand import Strand
from richspeech.model.transcript import Transcript, plain
from richspeech.model.voiceprint import Voiceprint
from richspeech.recognition.pipeline import Cancel, Progress
from richspeech.recognition.reading import (
    BLOCK_SECONDS,
    Reader,
    Stretch,
    WaveformSource,
    strands_of,
)
from richspeech.storage.database import as_store_error
from richspeech.storage.identity import digest_of, request_identity
from richspeech.storage.transcripts import Entry, Fingerprint, KnownFile, Store, Stored

log = logging.getLogger(__name__)

BEGINNING_BLOCKS = 3
"""Twelve seconds tell most recordings apart, and are decoded in milliseconds."""

MOST_BYTES_IN_MEMORY = 16 * 2**20
"""About two minutes of speech with its features; what is longer goes to a temporary file."""

Found = TypeVar("Found")


@runtime_checkable
class Named(Protocol):
    """A recording that came as a file."""

    @property
    def name(self) -> str | None:
        """Of the file; None when it had none."""


@runtime_checkable
class FromFile(Protocol):
    """A recording whose file can be told from others without decoding it."""

    def content(self) -> str | None:
        """Digest the file and what decodes it; None where there is none. Raises ``OSError``."""


@dataclass(frozen=True)
class EngineHistory:
    """The history, for what one engine hears with the same settings."""

    store: Store
    identity: str
    """Stands for all that decides a result beside sound and options."""
    request: TranscriptionRequest = field(default_factory=TranscriptionRequest)
    """Kept with what is heard, with the options of the recording."""

    @contextmanager
    def look_up(
        self,
        recording: WaveformSource,
        options: Options,
        source: WaveformSource | None = None,
        reader: Reader | None = None,
    ) -> Iterator["ResultLookup"]:
        """Read the beginning of a recording, and give what looks for it and keeps it.

        ``source`` is the recording itself where somebody looks on while it is read; ``reader``
        reads it, where that is what follows.
        """
        if reader is not None and reader.block_seconds != BLOCK_SECONDS:
            reader = replace(reader, block_seconds=BLOCK_SECONDS)  # what digests were made of
        with SpooledTemporaryFile(MOST_BYTES_IN_MEMORY) as file:
            yield ResultLookup(self, recording, options, file, source or recording, reader)


class ResultLookup:
    """A recording that is digested while it is read; `blocks` gives it once, whole."""

    def __init__(
        self,
        history: EngineHistory,
        recording: WaveformSource,
        options: Options,
        file: IO[bytes],
        source: WaveformSource,
        reader: Reader | None,
    ) -> None:
        """``file`` takes what is decoded to be compared; ``source`` may have a file and a meter."""
        self.name = recording.name if isinstance(recording, Named) else None
        self.alike: Entry | None = None
        """What it is compared with: something in the history that begins alike."""
        self.found: Stored | None = None
        """What the history has of it, once it was compared."""
        self.measured: Transcript | None = None
        """What was measured in it for somebody else, where there is nothing of one's own."""
        self._store, self._recording, self._file = history.store, recording, file
        self._source = source
        self._meter = source.meter if isinstance(source, MeteredRecording) else None
        self._whole: str | None = None
        """Digest of all samples of a file that is known."""
        self._request = replace(history.request, options=options)
        self._identity = request_identity(history.identity, options)
        self._digest = blake2b(digest_size=32)
        if self.strands:  # the same samples, called something else, are another result
            self._digest.update(digest_of(plain(self.strands)).encode())
        self._is_read = reader is not None
        """Whether the stretches have what a reader has found in them."""
        if reader is None:
            blocks = recording.blocks(BLOCK_SECONDS)
            self._stretches = self._digested(Stretch(block, (), 0.0) for block in blocks)
        else:
            self._stretches = self._digested(reader.read(recording, options))
        self._beginning = self._read_beginning()

    @property
    def duration(self) -> float | None:
        """Seconds as the recording claims, which it may take back while it is decoded."""
        return self._recording.duration

    @property
    def warnings(self) -> tuple[RecordingWarning, ...]:
        """What is amiss with the recording, as far as is known yet."""
        return self._recording.warnings

    @property
    def strands(self) -> tuple[Strand, ...]:
        """What of the recording is heard by itself; none where that is all of it."""
        return strands_of(self._recording)

    def blocks(self, block_seconds: float) -> Iterator[Waveforms]:  # noqa: ARG002 - the pipeline's own
        """Give what is read, in blocks of the pipeline's length."""
        return (stretch.block for stretch in self._stretches)

    def read_with(self, reader: Reader, options: Options) -> Iterator[Stretch]:
        """Give what is read, and what ``reader`` finds in it."""
        return self._stretches if self._is_read else reader.read_here(self, options)

    def compare(self, cancelled: Cancel) -> Iterator[Progress]:
        """Decode to the end what begins like something known, and look for it as a whole.

        Raises ``Cancelled`` soon after ``cancelled`` says so, and ``StoreError`` when the disk is
        full. A history that cannot be used knows nothing.
        """
        alike = self.alike = _unless_broken(self._store.find_beginning, self._beginning)
        if alike is None:
            return
        if self._find_file():
            return
        began = time.perf_counter()
        for seconds in self._spooled():
            if cancelled():
                raise Cancelled
            elapsed = time.perf_counter() - began
            so_far = Transcript(seconds, elapsed, alike.engine, alike.model)
            yield Progress(so_far, (), self.duration, finished=False)
        self._find(self._fingerprint.whole)
        self._take_over()

    def keep(self, document: Document, voices: Mapping[str, Voiceprint] | None = None) -> Entry:
        """Keep what was heard in all of it, with the ``voices`` in it; raises ``StoreError``."""
        entry = self._store.keep(self._fingerprint, self.name, self._request, document, voices)
        self._keep_file(entry)
        return entry

    def call(self, entry: Entry, document: Document) -> Entry:
        """Keep other names for those who speak in what the history has; raises ``StoreError``."""
        return self._store.call(entry, document)

    def keep_interrupted(self, document: Document) -> Entry:
        """Keep what was heard in it so far; raises ``StoreError``."""
        return self._store.keep_interrupted(self._fingerprint, self.name, self._request, document)

    def _find(self, whole: str) -> bool:
        self.found = _unless_broken(self._store.find, whole)
        if self.found is None:
            self.measured = _unless_broken(self._store.find_measured, whole)
        return self.found is not None or self.measured is not None

    def _take_over(self) -> None:
        """Say of what was found by its sound what is amiss with this file, and no other one.

        A file is known again only where it has the warnings that are kept, since it would be
        recalled with these.
        """
        if self.measured is not None:
            self.measured = Document(self.measured).of_file(self.warnings).measured
        if self.found is None:
            return
        kept, document = self.found, self.found.document.of_file(self.warnings)
        self.found = replace(kept, document=document)
        if document.measured.warnings == kept.document.measured.warnings:
            self._keep_file(kept.entry)

    def _find_file(self) -> bool:
        """Look for the file, and for its waveform where that is wanted."""
        file = _unless_broken(self._store.find_file, self._content) if self._content else None
        if file is None:
            return False
        if (self._meter and not file.peaks) or not self._find(file.whole):
            return False
        if self._meter and file.peaks:
            self._meter.peaks = file.peaks
        self._whole = file.whole
        return True

    def _keep_file(self, entry: Entry) -> None:
        """Know the file again; nothing is lost where that fails."""
        if not self._content:
            return
        peaks = self._meter.peaks if self._meter else None
        try:
            self._store.keep_file(entry, KnownFile(self._content, peaks))
        except (StoreError, AccessError) as error:
            log.warning("%s", error)

    @cached_property
    def _content(self) -> str | None:
        """What stands for the file in the history: sound that begins otherwise is another one."""
        if not isinstance(self._source, FromFile):
            return None
        try:
            content = self._source.content()
        except OSError as error:
            log.warning("the file cannot be read once more: %s", error)
            return None
        return content and digest_of(self._beginning, content)

    @property
    def _fingerprint(self) -> Fingerprint:
        """What was read so far, or the whole of a known file."""
        whole = self._whole or digest_of(self._identity, self._digest.hexdigest())
        return Fingerprint(self._beginning, whole)

    def _digested(self, stretches: Iterator[Stretch]) -> Iterator[Stretch]:
        for stretch in stretches:
            self._digest.update(stretch.block.tobytes())
            yield stretch

    def _read_beginning(self) -> str:
        """Decode the first seconds, which `blocks` gives all the same; return their digest."""
        read = [*islice(self._stretches, BEGINNING_BLOCKS)]
        self._stretches = chain(read, self._stretches)
        return digest_of(self._identity, self._digest.hexdigest())

    def _spooled(self) -> Iterator[float]:
        """Read to the end, into the file from which stretches then come, with what was found."""
        count, samples = 0, 0
        for stretch in self._stretches:
            count += 1
            samples += stretch.block.shape[-1]
            with as_store_error():
                pickle.dump(stretch, self._file, pickle.HIGHEST_PROTOCOL)
            yield samples / SAMPLE_RATE
        self._file.seek(0)
        self._stretches = (_unpickled(self._file) for _ in range(count))


def _unpickled(file: IO[bytes]) -> Stretch:
    stretch: Stretch = pickle.load(file)  # noqa: S301 - written above, and nobody else has the file
    return stretch


def _unless_broken(find: Callable[[str], Found | None], digest: str) -> Found | None:
    try:
        return find(digest)
    except StoreError as error:
        log.warning("%s", error)
        return None
