"""Transcriptions: recordings heard in threads that no page has to stay open for."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import Any, ClassVar

from richspeech.audio.container import AudioLimits, Source
from richspeech.audio.cover import NOTHING, Cover
from richspeech.audio.mono import mixture
from richspeech.audio.peaks import MeteredRecording, PeakMeter
from richspeech.audio.playback import to_mp3
from richspeech.engines.loader import Loaded
from richspeech.engines.transcribers import Transcribers
from richspeech.errors import (
    AccessError,
    AudioError,
    Cancelled,
    ChangedElsewhereError,
    InterruptedKeptError,
    InterruptedWorkError,
    RichSpeechError,
    StoreError,
)
from richspeech.jobs.caching import CachingTranscriber, Interrupted, Step
from richspeech.jobs.job import Job, Kind
from richspeech.jobs.masked import masks_for_caller
from richspeech.jobs.observer import NOBODY
from richspeech.jobs.runner import Runner
from richspeech.model.corrections import Correction
from richspeech.model.document import Document
from richspeech.model.edits import Amendment
from richspeech.model.job_state import State
from richspeech.model.request import TranscriptionRequest
from richspeech.model.transcript import Segment, Transcript
from richspeech.operations.caller import caller
from richspeech.privacy.mask import mask_text
from richspeech.privacy.sound import cover_of
from richspeech.readers.opener import HERE, Opener
from richspeech.recognition.live import Retold
from richspeech.recognition.pipeline import Cancel, Progress, resumed
from richspeech.recognition.reading import BLOCK_SECONDS, WaveformSource
from richspeech.settings import PrivacySettings
from richspeech.storage.history import History
from richspeech.storage.transcripts import Entry

log = logging.getLogger(__name__)

MOST_ANSWERS = 50
"""To steps of people; a page sends few before it hears of the first."""


class Origin(StrEnum):
    """How a job came by its transcript."""

    RECOGNISED = "recognised"
    CACHED = "cached"
    """The history had the same recording with the same settings."""
    OPENED = "opened"
    """Somebody opened it in the history."""


@dataclass(frozen=True)
class Sound:
    """A recording that can still be played."""

    path: Path
    meter: PeakMeter


@dataclass(eq=False)
class Transcription(Job):
    """One recording that is transcribed, and what people have made of its transcript."""

    kind: ClassVar[Kind] = Kind.TRANSCRIBE

    path: Path | None
    """None when there was nothing to transcribe."""
    request: TranscriptionRequest = field(default_factory=TranscriptionRequest)
    progress: Progress | None = None
    """The newest one; kept when the job is cancelled or fails, so that nothing heard is lost."""
    document: Document | None = None
    """What was heard so far, and what people have made of it; None before anything was."""
    meter: PeakMeter = field(default_factory=PeakMeter)
    written: dict[tuple[int, int], tuple[Segment, str, str]] = field(default_factory=dict)
    """Lines as they were last sent, by the numbers of their ``Place``: segment, style and JSON."""
    second_opinion: Any = None
    """The job of the emotion recogniser that was asked, once it was."""
    title: str | None = None
    """Name of the recording where that of the file is another, or there is no file."""
    origin: Origin = Origin.RECOGNISED
    entry: Entry | None = None
    """Where the history has it."""
    unkept: RichSpeechError | None = None
    """Why the history does not have it, or its corrections, though it should."""
    changed: ChangedElsewhereError | None = None
    """Who has changed it in the history meanwhile, until somebody loads that here."""
    answers: dict[int, bool] = field(default_factory=dict)
    """Which of the last steps of people were taken, by the numbers that their page gave them: it
    offers again what was not."""
    drafts: tuple[Correction, ...] | None = None
    """What whoever looks on was writing in it, on whatever device; None where that is not kept."""
    compared_with: Entry | None = None
    """What the history has that begins alike, while nothing is recognised yet."""
    heard: Progress | None = None
    """What was heard while it was recorded: then nothing is recognised again."""
    known: Callable[[Loaded], Sequence[Segment]] | None = None
    """Gives what is recognised already, as ``Progress.recognised`` has it, from the first on; None
    where nobody has begun it before. The process that goes on is then the one that keeps it, too,
    and the history has none of it before its end."""
    is_played: bool = False
    """Whether somebody listens to it in a browser."""
    playback: Path | None = None
    """What a browser plays in the place of the recording; None where that will do."""
    being_prepared: Any = None
    """The job that makes what is missing of an opened one (``Playback``), once it was begun."""
    is_pristine: bool = False
    """Whether it shows what was heard, whatever somebody has made of it before."""
    editing: threading.Lock = field(default_factory=threading.Lock)
    """Held while corrections change, here and in the history."""

    def __post_init__(self) -> None:
        if self.document is None and self.progress is not None:
            self.document = self.progress.document

    def take(self, step: Step) -> None:
        """Get further; the last step may come from the history, with all that was done to it."""
        if step.kept is not None:
            self.entry = step.kept.entry
            if step.kept.is_cached:
                step = self._take_cached(step, step.kept.document)
        with self.editing:
            made = self.document.correction_edits if self.document else ()
            self.document = step.progress.document.with_steps(made)
        self.progress, self.compared_with = step.progress, step.compared_with
        self.unkept = step.unkept

    def _take_cached(self, step: Step, document: Document) -> Step:
        """Take over what people have made of it before, unless it is to be as it was heard."""
        self.origin = Origin.CACHED
        if not self.is_pristine:
            return step
        plain = document.original.called(self.request.options.speakers)
        return replace(step, progress=Progress.of(plain))

    def answer(self, number: int, *, is_taken: bool) -> None:
        """Remember whether a step was taken, as long as a page may not know that."""
        self.answers[number] = is_taken
        while len(self.answers) > MOST_ANSWERS:
            del self.answers[next(iter(self.answers))]

    @property
    def transcript(self) -> Transcript | None:
        """What was heard, with all that was done to it; None before anything was."""
        return self.document.transcript if self.document else None

    @property
    def corrections(self) -> tuple[Amendment, ...]:
        """What people have put right, in order."""
        return self.document.corrections if self.document else ()

    @property
    def has_holes(self) -> bool:
        """Whether sound is missing in the middle of it."""
        warnings = self.transcript.warnings if self.transcript else ()
        return any(each.code == "missing_sound" for each in warnings)

    @property
    def is_masked(self) -> bool:
        """Whether something personal was taken out of its words."""
        return self.transcript is not None and self.transcript.is_masked

    @property
    def hides_sound(self) -> bool:
        """Whether nobody may hear the recording: not yet, or not as it is."""
        if self.playback is not None:
            return False
        return self.is_masked or (self.caller.principal.masks and not self.is_over)

    @property
    def name(self) -> str:
        """Name of the recording; of calls it is often the number that was called."""
        name = self.title or (self.path.name if self.path else "")
        return mask_text(name) if self.caller.principal.masks else name

    @property
    def held_files(self) -> tuple[Path, ...]:
        """Its recording, and what is played in its place."""
        return tuple(path for path in (self.path, self.playback) if path)

    @property
    def parts(self) -> tuple[Job, ...]:
        """The second opinion, and what makes that which is played."""
        return tuple(each for each in (self.second_opinion, self.being_prepared) if each)

    @property
    def seconds(self) -> tuple[float, float | None]:
        """Seconds of the recording that are done, and those in all."""
        progress = self.progress
        return (progress.seconds_done, progress.seconds_total) if progress else (0.0, None)

    @property
    def sound(self) -> Sound | None:
        """Its recording, if there is a file."""
        return Sound(self.path, self.meter) if self.path else None


class Transcriptions:
    """Transcribes; whoever wants to see how far a recording is looks at its job."""

    def __init__(
        self,
        runner: Runner,
        transcribers: Transcribers,
        limits: AudioLimits,
        history: History | None = None,
        opener: Opener = HERE,
        privacy: PrivacySettings | None = None,
    ) -> None:
        """Have recordings opened by ``opener``, and words masked as ``privacy`` has it."""
        self.privacy = privacy or PrivacySettings()
        self._runner, self._transcribers = runner, transcribers
        self._limits, self._history, self._opener = limits, history, opener

    def submit(self, job: Transcription, *, always: bool = False) -> None:
        """Have ``job`` done when its turn comes; one that is over already stays as it is.

        Where too many wait it has failed at once, unless it is to be done ``always``.
        """
        if job.path is not None and not job.is_over:
            self._runner.submit(job, partial(self.run, job, job.path), always=always)

    def run(self, job: Transcription, path: Path) -> None:
        """Do ``job`` here and now; raises what goes wrong."""
        for _ in self.steps(job, path):
            job.touch()

    def steps(self, job: Transcription, source: Source) -> Iterator[None]:
        """Do ``job``, and yield after every change; raises what goes wrong."""
        asked = job.request
        try:
            opening = self._opener.open(
                source, self._limits, asked.options, name=job.name, cancelled=job.stop.is_set
            )
            with opening as recording:
                if not self._transcribers.has(
                    asked.engine,
                    reads=asked.sentiment,
                    adapter=asked.adapter,
                    cascade=asked.cascade,
                ):
                    job.enter(State.LOADING)
                    yield
                with self._transcribers.use(
                    asked.engine,
                    job.stop.is_set,
                    reads=asked.sentiment,
                    adapter=asked.adapter,
                    cascade=asked.cascade,
                ) as loaded:
                    yield from self._steps(job, recording, loaded)
            if job.is_played and job.path and (job.has_holes or job.is_masked):
                job.playback = self._playback(job, job.path)
        except Interrupted as error:
            job.entry = error.entry
            self._keep_early_corrections(job)
            raise InterruptedKeptError from error
        except Cancelled as error:
            if self._runner.interrupted():
                raise InterruptedWorkError from error
            raise

    def _steps(
        self, job: Transcription, recording: WaveformSource, loaded: Loaded
    ) -> Iterator[None]:
        transcriber = self._transcriber(loaded, job)
        job.enter(State.RUNNING)
        yield
        metered = MeteredRecording(recording, job.meter, job.name)
        for step in transcriber.steps(metered, job.request.options, job.stop.is_set):
            job.take(step)
            if step.progress.finished:
                if job.unkept is not None:
                    log.warning("%s is not kept: %s", job.name, job.unkept)
                self._keep_early_corrections(job)
            yield

    def _playback(self, job: Transcription, path: Path) -> Path | None:
        """Write what sounds at the times of the transcript; None if it was stopped or cannot be.

        Chromium 156 counts on through a hole, and seeks behind it to the wrong place.
        """
        written = path.with_name(f"{path.stem}.playback.mp3")
        try:
            options = job.request.options
            with self._opener.open(path, self._limits, options, name=job.name) as recording:
                content = covered_mp3(recording, cover_of_job(job, self.privacy), job.stop.is_set)
            if job.stop.is_set():
                return None
            written.write_bytes(content)
        except (AudioError, OSError) as error:
            log.warning("%s is played as it is: %s", job.name, error)
            return None
        return written

    def correct(self, job: Transcription, corrected: Document) -> None:
        """Give ``job``, whose ``editing`` is held, its document with other corrections.

        Raises ``StoreError`` when the history could not take them; the job has them all the same,
        unless it was ``ChangedElsewhereError``.
        """
        before, document = job.corrections, job.document
        job.document = corrected
        if job.corrections == before:
            return
        try:
            self._keep_corrections(job, corrected, before)
        except ChangedElsewhereError as error:
            job.document, job.changed = document, error
            raise

    def load(self, job: Transcription) -> None:
        """Give ``job``, whose ``editing`` is held, what the history has of it by now.

        Raises ``StoreError``.
        """
        if self._history and job.entry:
            before = cover_of_job(job, self.privacy)
            kept = self._history.seen_by(caller().principal).store.open(job.entry.id)
            job.entry, job.document = kept.entry, kept.document
            # Somebody else may have written what nobody is to hear.
            if cover_of_job(job, self.privacy) != before:
                job.playback = None
                if job.being_prepared:
                    job.being_prepared.cancel()
            job.changed = job.unkept = None

    def _keep_corrections(
        self, job: Transcription, corrected: Document, before: tuple[Amendment, ...]
    ) -> None:
        """Keep corrections; those of a recording recognised anew stand in the place of all."""
        if self._history and job.entry:
            replaced = before if job.request.recalls else None
            history = self._history.seen_by(caller().principal)
            job.entry = history.correct(job.entry, corrected, replaced)
            job.unkept = None

    def _keep_early_corrections(self, job: Transcription) -> None:
        """Keep what was corrected before there was an entry to keep it in."""
        with job.editing:
            if job.document and job.corrections and job.origin is Origin.RECOGNISED:
                try:
                    self._keep_corrections(job, job.document, ())
                except (StoreError, AccessError) as error:
                    job.unkept = error
                    log.warning("the corrections of %s are not kept: %s", job.name, error)

    def _transcriber(self, loaded: Loaded, job: Transcription) -> CachingTranscriber:
        transcriber = resumed(loaded.transcriber, job.known(loaded) if job.known else ())
        return CachingTranscriber(
            Retold(job.heard) if job.heard else transcriber,
            self._history.seen_by(caller().principal).of(loaded) if self._history else None,
            reads_cache=job.request.recalls and job.heard is None,
            interrupted=(lambda: False) if job.known else self._runner.interrupted,
            observer=NOBODY if job.heard else self._runner.observer,
            masking=self.privacy if masks_for_caller(self.privacy) else None,
        )


def cover_of_job(job: Transcription, privacy: PrivacySettings) -> Cover:
    """Return what covers masked words in a job's sound."""
    return cover_of(job.transcript, privacy) if job.transcript else NOTHING


def covered_mp3(recording: WaveformSource, cover: Cover, unwanted: Cancel) -> bytes:
    """Read a recording to its end, or until it is ``unwanted``, and encode it with its cover."""
    blocks = takewhile(lambda _: not unwanted(), recording.blocks(BLOCK_SECONDS))
    return to_mp3(map(mixture, cover.blocks(blocks)))
