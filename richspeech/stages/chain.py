"""What is done to segments after they were recognised: one list of plain functions.

    recognised → sentences → hotwords ┤ as measured ├ label rules → sentiment

What stands before the middle belongs to recognition. What comes after it can be done anew, and
otherwise, as long as somebody has the segments as measured.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial, reduce

from postprocess import Rule
from richspeech.model.agreement import DEFAULT_LIMITS
from richspeech.model.options import Options
from richspeech.model.relabelling import apply_label_rules
from richspeech.model.sentiment import Limits
from richspeech.model.transcript import Segment
from richspeech.settings import HotwordSettings
from richspeech.stages.hotwords import write_hotwords
from richspeech.stages.sentences import cut_sentences
from richspeech.stages.sentiment import Reader, read_segments

Stage = Callable[[Sequence[Segment]], tuple[Segment, ...]]
"""Takes segments in the order of time, and gives as many or more, within the same bounds."""


@dataclass(frozen=True)
class Chain:
    """The stages of one request, in order."""

    measuring: tuple[Stage, ...] = ()
    editing: tuple[Stage, ...] = ()

    def measured(self, recognised: Sequence[Segment]) -> tuple[Segment, ...]:
        """Return the segments as measured."""
        return run(self.measuring, recognised)

    def edited(self, measured: Sequence[Segment]) -> tuple[Segment, ...]:
        """Return the segments as they are given out."""
        return run(self.editing, measured)


def run(stages: Iterable[Stage], segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """Let segments go through one stage after the other."""
    return reduce(lambda passed, stage: stage(passed), stages, tuple(segments))


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

    def chain(self, options: Options) -> Chain:
        """Return the stages of a request."""
        measuring: list[Stage] = [cut_sentences] if self.divides else []
        editing: list[Stage] = []
        if options.hotwords:
            measuring.append(
                partial(write_hotwords, hotwords=options.hotwords, limits=self.hotword_limits)
            )
        if self.rules:
            editing.append(partial(apply_label_rules, rules=self.rules))
        if self.reader is not None:
            editing.append(partial(read_segments, reader=self.reader, limits=self.limits))
        return Chain(tuple(measuring), tuple(editing))
