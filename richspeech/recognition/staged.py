"""A transcriber whose segments go through the stages of their request as soon as they are there."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from richspeech.model.document import Document
from richspeech.model.edits import StageEdit, joined
from richspeech.model.options import Options
from richspeech.model.transcript import Segment, Transcript
from richspeech.recognition.pipeline import (
    Cancel,
    Progress,
    Transcriber,
    attending,
    reader_of,
    resumed,
)
from richspeech.recognition.reading import Reader, WaveformSource
from richspeech.stages.chain import Chain, Recipe


class StagedTranscriber:
    """Recognises with another transcriber; its steps tell of the segments before and after."""

    def __init__(
        self,
        transcriber: Transcriber,
        recipe: Recipe,
        check: Callable[[Options], None] = lambda _: None,
    ) -> None:
        """``check`` refuses options that the transcriber cannot follow, before it begins."""
        attends = recipe.cascade is not None
        self._transcriber = attending(transcriber) if attends else transcriber
        self._recipe, self._check = recipe, check

    @property
    def reader(self) -> Reader | None:
        """What its transcriber reads recordings with."""
        return reader_of(self._transcriber)

    def resuming(self, known: Sequence[Segment]) -> "StagedTranscriber":
        """Return one whose transcriber goes on behind these; the stages see all."""
        return StagedTranscriber(resumed(self._transcriber, known), self._recipe, self._check)

    def transcribe(
        self, recording: WaveformSource, options: Options, cancelled: Cancel = lambda: False
    ) -> Iterator[Progress]:
        """Yield the other's steps, each new segment as the stages leave it.

        Raises ``OptionError`` as the check does, what the other raises, and what a stage does when
        its model cannot be loaded.
        """
        self._check(options)
        steps = self._transcriber.transcribe(recording, options, cancelled)
        return staged(steps, self._recipe.chain(options))

    def edited(self, measured: Transcript, options: Options) -> Document:
        """Return what was measured before, as the stages leave it; raises what a stage does."""
        segments, edits = self._recipe.chain(options).edited(measured.segments)
        return Document.known(measured, edits, replace(measured, segments=segments))


def staged(steps: Iterator[Progress], chain: Chain) -> Iterator[Progress]:
    """Let what is new in each step go through the chain; the time of that is processing, too."""
    measured: tuple[Segment, ...] = ()
    edited: tuple[Segment, ...] = ()
    edits: tuple[StageEdit, ...] = ()
    count, elapsed = 0, 0.0
    for step in steps:
        started = time.perf_counter()
        if step.revised:
            measured, edited, edits, count = (), (), (), 0
        recognised = step.transcript.segments[count:]
        count += len(recognised)
        fresh = chain.measured(recognised)
        new, made = chain.edited(fresh)
        measured, edited = measured + fresh, edited + new
        edits = _joined(edits, made)
        elapsed += time.perf_counter() - started
        seconds = step.transcript.processing_seconds + elapsed
        transcript = replace(step.transcript, processing_seconds=seconds, segments=edited)
        as_measured = replace(transcript, segments=measured)
        yield replace(step, transcript=transcript, measured=as_measured, edits=edits, new=new)


def _joined(earlier: tuple[StageEdit, ...], later: tuple[StageEdit, ...]) -> tuple[StageEdit, ...]:
    """Return the edits of all segments so far; the same stages have made both."""
    if not (earlier and later):
        return earlier or later
    return tuple(joined(one, other) for one, other in zip(earlier, later, strict=True))
