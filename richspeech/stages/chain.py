"""What is done to segments after they were recognised: one list of plain functions.

    recognised → sentences → hotwords → rounded ┤ as measured ├ names of speakers → label rules
                                                                → sentiment → cascade

What stands before the middle belongs to recognition. What comes after it is an edit, which can be
done anew, and otherwise, as long as somebody has the segments as measured. They are rounded as they
will be written, so that a rule finds the same numbers when they are read again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial, reduce

from postprocess import Rule
from richspeech.model.agreement import DEFAULT_LIMITS
from richspeech.model.edits import SpeakersEdit, StageEdit
from richspeech.model.options import Options
from richspeech.model.sentiment import Limits
from richspeech.model.transcript import Segment, rounded
from richspeech.settings import HotwordSettings
from richspeech.stages.cascade import Cascade, revise_segments
from richspeech.stages.hotwords import write_hotwords
from richspeech.stages.relabelling import follow_rules
from richspeech.stages.sentences import cut_sentences
from richspeech.stages.sentiment import Reader, read_segments

Stage = Callable[[Sequence[Segment]], tuple[Segment, ...]]
"""Takes segments in the order of time, and gives as many or more, within the same bounds."""
Editor = Callable[[Sequence[Segment]], StageEdit]
"""Finds what is to be done to segments as measured and edited so far."""


@dataclass(frozen=True)
class Chain:
    """The stages of one request, in order."""

    measuring: tuple[Stage, ...] = ()
    editing: tuple[Editor, ...] = ()

    def measured(self, recognised: Sequence[Segment]) -> tuple[Segment, ...]:
        """Return the segments as measured."""
        return reduce(lambda passed, stage: stage(passed), self.measuring, tuple(recognised))

    def edited(
        self, measured: Sequence[Segment]
    ) -> tuple[tuple[Segment, ...], tuple[StageEdit, ...]]:
        """Return the segments as they are given out, and what was done to them: nothing to none."""
        segments, edits = tuple(measured), []
        if not segments:
            return (), ()
        for find in self.editing:
            edit = find(segments)
            edits.append(edit)
            segments = edit.apply(segments)
        return segments, tuple(edits)


@dataclass(frozen=True)
class Recipe:
    """What decides the stages, beside the options of a request."""

    rules: tuple[Rule, ...] = ()
    hotword_limits: HotwordSettings = field(default_factory=HotwordSettings)
    divides: bool = False
    """Whether an utterance is cut into sentences, as that of an engine without punctuation is."""
    reader: Reader | None = None
    """Reads the words for their sentiment; None leaves that out."""
    limits: Limits = DEFAULT_LIMITS
    """Weigh the voice against what was read."""
    cascade: Cascade | None = None
    """Revises labels; None leaves that out."""

    def chain(self, options: Options) -> Chain:
        """Return the stages of a request."""
        measuring: list[Stage] = [cut_sentences] if self.divides else []
        editing: list[Editor] = []
        if options.hotwords:
            measuring.append(
                partial(
                    write_hotwords,
                    hotwords=options.weighed_hotwords,
                    limits=self.hotword_limits,
                    protected=options.protected_words,
                )
            )
        measuring.append(rounded_segments)
        if any(options.speakers):
            editing.append(partial(SpeakersEdit.by_channel, names=options.speakers))
        if self.rules:
            editing.append(partial(follow_rules, rules=self.rules, limits=self.limits))
        if self.reader is not None:
            editing.append(partial(read_segments, reader=self.reader, limits=self.limits))
        if self.cascade is not None:
            editing.append(partial(revise_segments, cascade=self.cascade, limits=self.limits))
        return Chain(tuple(measuring), tuple(editing))


def rounded_segments(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """Return the segments as they will be written."""
    return tuple(map(rounded, segments))
