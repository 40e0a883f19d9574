"""Highlights: the spans of a recording worth playing again, each with the seconds that justify it.

    rules → runs of one label → padded spans → the strongest first, overlaps joined → the top ones
    → where people have them begin and end

The rules and all lengths are settings (`highlights` in config.yaml). A score is seconds: those of
the evidence, each counted by its probability (in full where the model gave none, see evidence.py),
times the weight of the rule; joined highlights add theirs up.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from richspeech.errors import OptionError
from richspeech.language.localized import LocalizedText
from richspeech.model.labels import word_of
from richspeech.model.rules import HighlightRule
from richspeech.model.transcript import DECIMALS, Transcript, plain
from richspeech.model.trim import Span, Trim
from richspeech.review.evidence import Evidence, Label, label_runs, total_seconds
from richspeech.settings import HighlightSettings

Run = tuple[Evidence, ...]
SLACK_SECONDS = 0.001
"""By which rounded times may overlap; the second one begins where the first one ends."""


@dataclass(frozen=True)
class Highlight:
    """One span, and why it was chosen."""

    start: float
    """Seconds."""
    end: float
    """Seconds."""
    rules: tuple[str, ...]
    """Names of the rules that chose it; the one with most of the score first."""
    titles: tuple[LocalizedText, ...]
    """What they found, in the same order, each once."""
    score: float
    evidence: tuple[Evidence, ...]
    """In order of time, within the span that rules have found."""
    found: Span | None = None
    """That span in seconds, where a person has given it other points; None where nobody has."""

    @property
    def found_span(self) -> Span:
        """Where rules have it, whatever somebody has made of it."""
        return self.found or (self.start, self.end)

    @property
    def key(self) -> str:
        """What tells it from the others: where rules have it, since there none overlap."""
        return "{:.3f}-{:.3f}".format(*self.found_span)

    def title(self, locale: str) -> str:
        """Name it for people, in one of ``LOCALES``."""
        return " · ".join(title.in_locale(locale) for title in self.titles)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        form: dict[str, Any] = plain(self)
        return form


def pick_highlights(transcript: Transcript, settings: HighlightSettings) -> tuple[Highlight, ...]:
    """Return the best highlights in order of time; they do not overlap.

    They are where people want them, as the ``trims`` of the transcript say.
    """
    candidates = [
        _highlight(rule, label, run, transcript.duration, settings)
        for rule in settings.rules
        for label, run in _picked(rule, transcript, settings)
    ]
    kept: list[Highlight] = []
    for candidate in sorted(candidates, key=_strongest_first):
        _add(kept, candidate, settings.max_seconds)
    best = sorted(kept, key=_strongest_first)[: settings.top]
    picked = tuple(sorted(best, key=_start))
    return tuple(_trimmed(picked, transcript)) if transcript.trims else picked


def _start(highlight: Highlight) -> float:
    return highlight.start


def _strongest_first(highlight: Highlight) -> tuple[float, float]:
    return -highlight.score, highlight.start


# What people make of it ---------------------------------------------------------------------------


def trimming(
    highlights: Sequence[Highlight], key: str, start: float | None, end: float | None, within: float
) -> Trim:
    """Return what has the highlight of that key begin and end elsewhere, in seconds.

    None is where rules have it. Raises ``OptionError`` where there is no such highlight, for what
    does not lie in the first ``within`` seconds or is too short or long, and for what reaches into
    another highlight.
    """
    highlight = next((each for each in highlights if each.key == key), None)
    if highlight is None:
        raise OptionError("trim.gone")
    first, last = (round(each, DECIMALS) for each in highlight.found_span)
    if start is None and end is None:
        return Trim((first, last), first, last)
    trim = Trim(
        (first, last),
        first if start is None else round(start, DECIMALS),
        last if end is None else round(end, DECIMALS),
    )
    if trim.end > within:
        raise OptionError("trim.outside", duration=within)
    for each in highlights:
        if (
            each is not highlight
            and max(trim.start, each.start) < min(trim.end, each.end) - SLACK_SECONDS
        ):
            raise OptionError("trim.overlap", start=each.start, end=each.end)
    return trim


def _trimmed(picked: Sequence[Highlight], transcript: Transcript) -> Iterator[Highlight]:
    """Give them other points; each begins where the one before ends, at the earliest."""
    end = 0.0
    for each in sorted((_given(each, transcript.trims) for each in picked), key=_start):
        cut = replace(each, start=max(each.start, end), end=min(each.end, transcript.duration))
        if cut.start < cut.end:
            end = cut.end
            yield cut


def _given(highlight: Highlight, trims: Iterable[Trim]) -> Highlight:
    span = (highlight.start, highlight.end)
    trim = next((each for each in trims if each.is_of(span)), None)
    return (
        highlight
        if trim is None
        else replace(highlight, start=trim.start, end=trim.end, found=span)
    )


# A rule finds ------------------------------------------------------------------------------------


def _picked(
    rule: HighlightRule, transcript: Transcript, settings: HighlightSettings
) -> list[tuple[Label, Run]]:
    found = list(_runs(rule, transcript, settings))
    if rule.pick == "peak":
        return [(label, (max(run, key=_probability),)) for label, run in found]
    if rule.pick == "longest" and found:
        return [max(found, key=lambda each: total_seconds(each[1]))]
    return found


def _runs(
    rule: HighlightRule, transcript: Transcript, settings: HighlightSettings
) -> Iterator[tuple[Label, Run]]:
    labels: tuple[Label, ...] = (*rule.emotions, *rule.events)
    for label in labels:
        found = label_runs(
            transcript.segments,
            label,
            min_probability=settings.min_probability,
            max_gap_seconds=settings.max_gap_seconds,
        )
        yield from ((label, run) for run in found)


def _probability(evidence: Evidence) -> float:
    return 1.0 if evidence.probability is None else evidence.probability


def _highlight(
    rule: HighlightRule, label: Label, run: Run, duration: float, settings: HighlightSettings
) -> Highlight:
    start, end = _span(run, duration, settings)
    inside = tuple(replace(each, end=min(each.end, end)) for each in run if each.start < end)
    score = rule.weight * sum(each.seconds * _probability(each) for each in inside)
    title = rule.title.filled(lambda locale: {"label": word_of(label, locale)})
    return Highlight(start, end, (rule.name,), (title,), score, inside)


def _span(run: Run, duration: float, settings: HighlightSettings) -> tuple[float, float]:
    """Pad as far as the longest length lets, and widen to the shortest within the recording."""
    room = settings.max_seconds - (run[-1].end - run[0].start)
    padding = min(settings.padding_seconds, max(0.0, room / 2))
    start = max(0.0, run[0].start - padding)
    end = min(duration, run[-1].end + padding)
    lack = settings.min_seconds - (end - start)
    if lack > 0:
        start = max(0.0, start - lack / 2)
        end = min(duration, start + settings.min_seconds)
        start = max(0.0, min(start, end - settings.min_seconds))
    return start, min(end, start + settings.max_seconds)


# Overlaps -----------------------------------------------------------------------------------------


def _add(kept: list[Highlight], candidate: Highlight, max_seconds: float) -> None:
    """Put a candidate among the stronger ones, which are in order and apart.

    It is joined with those that it overlaps, or left out where that would be too long.
    """
    first = bisect_right(kept, candidate.start, key=lambda each: each.end)
    last = bisect_left(kept, candidate.end, key=lambda each: each.start)
    joined = candidate
    for stronger in sorted(kept[first:last], key=lambda each: each.score):
        joined = _joined(stronger, joined)
    if joined is candidate or joined.end - joined.start <= max_seconds:
        kept[first:last] = [joined]


def _joined(strong: Highlight, weak: Highlight) -> Highlight:
    return Highlight(
        start=min(strong.start, weak.start),
        end=max(strong.end, weak.end),
        rules=tuple(dict.fromkeys(strong.rules + weak.rules)),
        titles=tuple(dict.fromkeys(strong.titles + weak.titles)),
        score=strong.score + weak.score,
        evidence=_in_order((*strong.evidence, *weak.evidence)),
    )


def _in_order(evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Sort by time; what two rules found stands there once."""
    return tuple(sorted(dict.fromkeys(evidence), key=lambda each: (each.start, each.label)))
