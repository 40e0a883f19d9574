"""Other rules for what was heard already: nothing is recognised again.

    segment → its labels as the model measured them → the rules, one after the other → segment

Words, times, probabilities and hotwords stay. What a person has corrected is no matter of rules:
apply them to the transcript as it was heard, and make the corrections afterwards.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from postprocess import AudioEvent, Emotion, Labels, Rule, apply_rules
from richspeech.model.agreement import DEFAULT_LIMITS
from richspeech.model.edits import SETTINGS, RulesEdit
from richspeech.model.relabelling import as_measured, labels_of, relabel_segment
from richspeech.model.sentiment import Limits
from richspeech.model.transcript import Segment, Transcript


@dataclass(frozen=True)
class Firing:
    """A rule that changed a segment, and what in it made the rule apply."""

    rule: Rule
    labels: Labels
    """As the rules before have left them."""
    words: tuple[str, ...]
    """Those of the rule's ``any_words`` that stand in the text."""
    ending: str | None
    """The one of the rule's ``endings`` with which the text ends."""


@dataclass(frozen=True)
class Change:
    """A segment with whose labels the rules have to do."""

    index: int
    """Number of the segment in the transcript, from 0."""
    measured: Segment
    """As the model heard it."""
    before: Segment
    """As it stands in the transcript."""
    after: Segment
    firings: tuple[Firing, ...]

    @property
    def differs(self) -> bool:
        """Whether the rules lead to other labels than those in the transcript."""
        return _labels(self.before) != _labels(self.after)


def follow_rules(
    _: Sequence[Segment], rules: Sequence[Rule], limits: Limits = DEFAULT_LIMITS
) -> RulesEdit:
    """Return what the rules of the settings do to segments, whichever they are."""
    return RulesEdit(rules=tuple(rules), limits=limits, by=SETTINGS, made=datetime.now(UTC))


def try_rules(transcript: Transcript, rules: Sequence[Rule]) -> tuple[Change, ...]:
    """Return the segments to which a rule applies now, or did before, and why."""
    changes = (
        Change(index, as_measured(segment), segment, relabel_segment(segment, rules), ())
        for index, segment in enumerate(transcript.segments)
    )
    explained = (replace(each, firings=tuple(firings(each.measured, rules))) for each in changes)
    return tuple(change for change in explained if change.firings or change.differs)


def firings(measured: Segment, rules: Sequence[Rule]) -> Iterator[Firing]:
    """Yield the rules that change a segment, in their order, each with its reason."""
    labels = labels_of(measured)
    for rule in rules:
        changed, fired = apply_rules(labels, [rule])
        if fired:
            yield Firing(rule, labels, _words(rule, labels), _ending(rule, labels))
        labels = changed


def _words(rule: Rule, labels: Labels) -> tuple[str, ...]:
    alone = ((word, replace(rule.when, any_words=(word,))) for word in rule.when.any_words)
    found = (word for word, when in alone if apply_rules(labels, [replace(rule, when=when)])[1])
    return tuple(found)


def _ending(rule: Rule, labels: Labels) -> str | None:
    alone = ((ending, replace(rule.when, endings=(ending,))) for ending in rule.when.endings)
    found = (ending for ending, when in alone if apply_rules(labels, [replace(rule, when=when)])[1])
    return next(found, None)


def _labels(segment: Segment) -> tuple[Emotion, tuple[AudioEvent, ...]]:
    return segment.emotion, segment.events
