"""A transcriber that tells the voices of one signal apart, once it has heard them all.

Utterances are embedded while the recogniser is at work on them. Until the last step segments have
no speaker; the last step has all of them anew, cut where the speaker changes. Whatever fails on the
way costs the speakers alone: a warning says what it was.
"""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from richspeech.audio.mono import SAMPLE_RATE, Waveform
from richspeech.audio.pauses import stretches
from richspeech.model.options import Options
from richspeech.model.recording_warning import RecordingWarning
from richspeech.model.transcript import Segment
from richspeech.model.voiceprint import Voiceprint
from richspeech.recognition.pipeline import (
    Cancel,
    Overheard,
    Progress,
    Transcriber,
    attending,
    reader_of,
    resumed,
)
from richspeech.recognition.reading import Reader, WaveformSource
from richspeech.recognition.utterance import Utterance
from richspeech.stages.speakers import letters_of, with_speakers
from richspeech.stages.voices import (
    WINDOW_SECONDS,
    Turn,
    Windows,
    directions_of,
    tell_apart,
    window_spans,
)

log = logging.getLogger(__name__)

WINDOW_SAMPLES = round(WINDOW_SECONDS * SAMPLE_RATE)


class VoiceEncoder(Protocol):
    """Turns windows of sound into directions: ``engines.voices.load``."""

    @property
    def name(self) -> str:
        """What it is, and which weights it has; of no other are directions comparable."""

    @property
    def same_from(self) -> float:
        """Mean cosine from which on two clusters of windows are one voice."""

    @property
    def is_embedded(self) -> bool:
        """Whether it knows synthetic voices alone."""

    def embed(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the direction of each: [W, T] samples at 16 kHz → [W, D], of length 1 or 0."""


class VoiceEncoders(Protocol):
    """An encoder that is loaded when it is needed."""

    def use(self) -> AbstractContextManager[VoiceEncoder]:
        """Keep it loaded in the block; raises ``ModelError`` or ``SettingsError``."""


class Listener:
    """Keeps the directions of all windows of one recording, and nothing of its sound."""

    def __init__(self, encoder: VoiceEncoder) -> None:
        self._encoder = encoder
        self._windows: dict[str | None, list[Windows]] = {}

    @property
    def is_embedded(self) -> bool:
        """Whether what hears knows synthetic voices alone."""
        return self._encoder.is_embedded

    def hear(self, utterance: Utterance) -> None:
        """Take an utterance; what is on a channel of its own has its speaker."""
        if utterance.strand.channel is not None:
            return
        windows = windows_of(utterance, self._encoder)
        self._windows.setdefault(utterance.strand.track, []).extend(windows)

    def turns(self, count: int | None) -> dict[str | None, tuple[Turn, ...]]:
        """Return who speaks when, by track; ``count`` says how many speak on each, if known."""
        same_from = self._encoder.same_from
        return {t: tell_apart(each, same_from, count) for t, each in self._windows.items()}

    def prints(self, turns: Mapping[str | None, Sequence[Turn]]) -> dict[str, Voiceprint]:
        """Return how each speaker of these turns sounds, by their letters."""
        return {
            letter: Voiceprint(self._encoder.name, tuple(directions[number].tolist()))
            for track, each in turns.items()
            for directions in [directions_of(self._windows[track], each)]
            for (of, number), letter in letters_of(turns).items()
            if of == track and number in directions
        }


def windows_of(utterance: Utterance, encoder: VoiceEncoder) -> list[Windows]:
    """Return the windows of each stretch of speech in an utterance, with their directions."""
    found = stretches(utterance.log_mel, utterance.start)
    spans = [each for stretch in found if (each := window_spans(*stretch))]
    if not spans:
        return []
    sound = np.stack([_sound(utterance, *span) for each in spans for span in each])
    ends = np.cumsum([len(each) for each in spans])[:-1]
    embeddings = np.split(encoder.embed(sound), ends)
    return [Windows(*each) for each in zip(spans, embeddings, strict=True)]


def _sound(utterance: Utterance, start: float, end: float) -> Waveform:
    """Return a window; what is shorter than others is repeated, as CAM++ was trained."""
    first, last = (round((each - utterance.start) * SAMPLE_RATE) for each in (start, end))
    return np.resize(utterance.waveform[first:last], WINDOW_SAMPLES)


class VoicedTranscriber:
    """Recognises with another transcriber, and tells voices apart where options ask for it."""

    def __init__(self, transcriber: Transcriber, voices: VoiceEncoders) -> None:
        self._transcriber, self._voices = transcriber, voices

    @property
    def reader(self) -> Reader | None:
        """What its transcriber reads recordings with."""
        return reader_of(self._transcriber)

    def resuming(self, known: Sequence[Segment]) -> "VoicedTranscriber":
        """Return one whose transcriber goes on behind these; voices are heard anew."""
        return VoicedTranscriber(resumed(self._transcriber, known), self._voices)

    def attending(self) -> "VoicedTranscriber":
        """Return one whose transcriber measures how voices sound."""
        return VoicedTranscriber(attending(self._transcriber), self._voices)

    def transcribe(
        self, recording: WaveformSource, options: Options, cancelled: Cancel = lambda: False
    ) -> Iterator[Progress]:
        """Yield the other's steps; raises what it raises, and nothing that voices do."""
        if options.voices == "off" or not isinstance(self._transcriber, Overheard):
            yield from self._transcriber.transcribe(recording, options, cancelled)
            return
        with ExitStack() as stack:
            attempt = _Attempt(self._voices, stack)
            steps = self._transcriber.overheard(attempt.hear)
            for step in steps.transcribe(recording, options, cancelled):
                yield attempt.finished(step, options) if step.finished else step


class _Attempt:
    """Voices of one recording, until something fails."""

    def __init__(self, voices: VoiceEncoders, stack: ExitStack) -> None:
        self._failure: str | None = None
        self._listener: Listener | None = None
        with self._guarded():
            self._listener = Listener(stack.enter_context(voices.use()))

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Give up on voices where they fail, and on nothing else.

        Our errors are a RuntimeError or a ValueError, as is all that torch, numpy and scipy raise.
        """
        try:
            yield
        except (RuntimeError, ValueError, MemoryError) as error:
            self._failure = " ".join(str(error).split()) or type(error).__name__
            self._listener = None
            log.info("voices are not told apart: %s", self._failure)  # its warning says so

    def hear(self, utterance: Utterance) -> None:
        with self._guarded():
            if self._listener is not None:
                self._listener.hear(utterance)

    def finished(self, step: Progress, options: Options) -> Progress:
        """Return the last step with the speakers, or with why there are none."""
        count = options.voices if isinstance(options.voices, int) else None
        began = time.perf_counter()
        segments, voices = step.transcript.segments, dict[str, Voiceprint]()
        is_embedded = False
        with self._guarded():
            if self._listener is not None:
                is_embedded = self._listener.is_embedded
                turns = self._listener.turns(count)
                voices = self._listener.prints(turns)
                segments = with_speakers(segments, turns)
        elapsed = time.perf_counter() - began
        warnings = step.transcript.warnings
        if is_embedded:
            warnings = (*warnings, RecordingWarning.of("voices_synthetic"))
        if self._failure is not None:
            warnings = (*warnings, RecordingWarning.of("voices_failed", why=self._failure))
        transcript = replace(
            step.transcript,
            segments=segments,
            warnings=warnings,
            processing_seconds=step.transcript.processing_seconds + elapsed,
        )
        return replace(step, transcript=transcript, new=segments, revised=True, voices=voices)
