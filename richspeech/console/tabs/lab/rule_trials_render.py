"""Tried rules → HTML: which segments they change, and why."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from richspeech.console.render import Chip, emotion_chip, empty, event_chip, message
from richspeech.console.tabs.lab.rule_trials import RuleTrial
from richspeech.console.templates import draw
from richspeech.language.catalog import say
from richspeech.language.languages import language_name
from richspeech.model.labels import word_of
from richspeech.model.relabelling import RULE_PREFIX
from richspeech.model.transcript import Segment
from richspeech.stages.relabelling import Change, Firing

MOST_ROWS = 300
"""On the page; who sees more changes a rule, not single segments."""

COLUMNS = ("lab_time", "text", "lab_measured", "lab_before", "lab_after", "lab_why")


def effect(trial: RuleTrial | None, file: str, backup: str, locale: str) -> Markup:
    """Say what became of the rules, and draw the segments with which they have to do."""
    if trial is None:
        return empty("lab_effect_empty", locale)
    if trial.problem is not None:
        return message("error", trial.problem.sentence(locale), role="alert")
    saved = say("lab_saved", locale, file=file, backup=backup)
    head = message("done", saved) if trial.is_saved else Markup()
    changes = trial.changes
    if changes is None:
        return head or message("info", say("lab_effect_no_transcript", locale))
    if not changes:
        return head + message("info", say("lab_effect_none", locale, total=trial.segments))
    said = say(
        "lab_effect_some",
        locale,
        total=trial.segments,
        fired=sum(bool(change.firings) for change in changes),
        changed=sum(change.differs for change in changes),
    )
    return head + message("info", said) + _table(changes, locale)


def _table(changes: Sequence[Change], locale: str) -> Markup:
    rows = [_row(change, locale) for change in changes[:MOST_ROWS]]
    return draw("tabs/lab/changes.html", locale, columns=COLUMNS, rows=rows)


@dataclass(frozen=True)
class Row:
    """A segment with which the rules have to do."""

    start: float
    text: str
    measured: Sequence[Chip]
    before: Sequence[Chip]
    after: Sequence[Chip]
    differs: bool
    reasons: Sequence[str]


def _row(change: Change, locale: str) -> Row:
    return Row(
        change.before.start,
        change.before.text,
        measured=_chips(change.measured, locale),
        before=_chips(change.before, locale),
        after=_chips(change.after, locale),
        differs=change.differs,
        reasons=[*reasons(change, locale)],
    )


def _chips(segment: Segment, locale: str) -> list[Chip]:
    events = (event_chip(event, segment, locale) for event in segment.events)
    return [emotion_chip(segment, locale), *events]


def reasons(change: Change, locale: str) -> Iterator[str]:
    """Say, rule by rule, why it applies and what it does."""
    for firing in change.firings:
        because, then = (
            say("list_semicolon", locale).join(parts)
            for parts in (_because(firing, locale), _then(firing, locale))
        )
        yield f"{say('lab_rule', locale, name=firing.rule.name)}: {because} → {then}"
    if not change.firings:
        names = [name for name in change.before.rules if not name.startswith(RULE_PREFIX)]
        yield say("lab_no_longer", locale, names=", ".join(names))


def _because(firing: Firing, locale: str) -> Iterator[str]:
    when = firing.rule.when
    if when.emotion is not None:
        yield say("lab_because_emotion", locale, label=word_of(when.emotion, locale))
    if when.event is not None:
        yield say("lab_because_event", locale, label=word_of(when.event, locale))
    if when.language is not None:
        yield say("lab_because_language", locale, label=language_name(when.language, locale))
    for sure in _measured(firing) if when.probability_below is not None else ():
        limit = f"{when.probability_below:.0%}"
        yield say("lab_because_probability", locale, sure=f"{sure:.0%}", limit=limit)
    yield from _because_of_words(firing, locale)


def _measured(firing: Firing) -> Iterator[float]:
    """Yield the probabilities that ``probability_below`` is about."""
    when, labels = firing.rule.when, firing.labels
    if when.emotion is not None and labels.emotion_probability is not None:
        yield labels.emotion_probability
    if when.event is not None and when.event in labels.event_probabilities:
        yield labels.event_probabilities[when.event]


def _because_of_words(firing: Firing, locale: str) -> Iterator[str]:
    if firing.words:
        yield say("lab_because_any_words", locale, words=", ".join(firing.words))
    if firing.ending is not None:
        yield say("lab_because_ending", locale, ending=firing.ending)
    if firing.rule.when.no_words:
        yield say("lab_because_no_words", locale, count=len(firing.rule.when.no_words))


def _then(firing: Firing, locale: str) -> Iterator[str]:
    rule = firing.rule
    if rule.set_emotion is not None:
        yield say("lab_so_set_emotion", locale, label=word_of(rule.set_emotion, locale))
    if rule.drop_emotion:
        yield say("lab_so_drop_emotion", locale)
    if rule.set_event is not None:
        yield say("lab_so_set_event", locale, label=word_of(rule.set_event, locale))
    if rule.drop_event and rule.when.event is not None:
        yield say("lab_so_drop_event", locale, label=word_of(rule.when.event, locale))
