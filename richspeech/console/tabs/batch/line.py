"""One recording of a batch in one line: what the template needs of it is made here."""

from collections.abc import Sequence
from dataclasses import dataclass

from postprocess import Emotion
from richspeech.console.tabs.batch.followed import Followed
from richspeech.console.tabs.batch.inbox import SIGNS, Group, group_of
from richspeech.console.templates import percent
from richspeech.language.catalog import say
from richspeech.language.figures import clock
from richspeech.language.printing import shown
from richspeech.model.job_state import State
from richspeech.model.labels import word_of
from richspeech.review.explained import told
from richspeech.review.insight import Share
from richspeech.review.overview import Overview
from richspeech.storage.jobs import JobSummary

FEW_SPEAKERS = 2
"""That are named; more are counted."""
LONGEST_QUOTE = 120
"""Characters that a line has room for."""
PLAIN = (Emotion.NEUTRAL, Emotion.UNKNOWN)
"""Behind all others, which are what people look for."""


@dataclass(frozen=True)
class Line:
    """What is drawn of a row."""

    row: JobSummary
    group: Group
    badge: str
    """Its risk, or its state, in words."""
    facts: Sequence[str]
    """Who speaks, and how long it is."""
    reason: str = ""
    """Why it failed or is begun once more, or of its risk what weighs most."""
    quote: str = ""
    start: str = ""
    """Where that is said."""
    moods: Sequence[Share] = ()
    mood: str = ""
    """The first of them in words."""
    all_moods: str = ""
    share: float | None = None
    """Of what is being heard, 0 to 1; None while unknown."""
    warnings: Sequence[str] = ()
    """What is amiss with it, though it was heard."""

    @property
    def sign(self) -> str:
        """What tells its group without colour."""
        return SIGNS[self.group]

    @property
    def has_failed(self) -> bool:
        """Whether it will not be begun again by itself."""
        return self.row.state is State.FAILED

    @property
    def is_done(self) -> bool:
        """Whether it can be opened."""
        return self.row.state is State.FINISHED

    @property
    def is_running(self) -> bool:
        """Whether it is being heard."""
        return self.row.state is State.RUNNING

    @property
    def may_cancel(self) -> bool:
        """Whether it could still be stopped."""
        return self.row.state in (State.WAITING, State.RUNNING)


def line_of(row: JobSummary, followed: Followed, locale: str) -> Line:
    """Say what there is to say of a recording."""
    group, overview = group_of(row, followed), followed.overviews.get(row.id)
    if row.state is State.FINISHED and overview is not None:
        return _heard(row, group, overview, locale)
    return Line(
        row,
        group,
        say(f"state_{row.state.value}", locale),
        _progress(row),
        row.error.sentence(locale) if row.error else "",
        share=min(row.seconds_done / row.seconds_total, 1.0) if row.seconds_total else None,
    )


def _heard(row: JobSummary, group: Group, overview: Overview, locale: str) -> Line:
    reason, quote = overview.reason, overview.quote
    moods = sorted(overview.emotions, key=lambda each: each.label in PLAIN)
    return Line(
        row,
        group,
        say(f"batch_risk_{group.value}", locale, score=overview.score),
        [*_speakers(overview, locale), clock(overview.seconds)],
        told(reason, locale) if reason is not None else "",
        _short(quote.text) if quote is not None else "",
        clock(quote.start) if quote is not None else "",
        moods,
        _with_share(moods[0], locale) if moods else "",
        say("list_comma", locale).join(_with_share(each, locale) for each in moods),
        warnings=[each.sentence(locale) for each in overview.warnings],
    )


def _progress(row: JobSummary) -> list[str]:
    if row.state is State.RUNNING and row.seconds_total:
        return [f"{clock(row.seconds_done)} / {clock(row.seconds_total)}"]
    return [clock(row.seconds_done)] if row.state is State.FINISHED else []


def _speakers(overview: Overview, locale: str) -> list[str]:
    names = [shown(name) for name in overview.speakers]
    if len(names) > FEW_SPEAKERS:
        return [say("batch_speakers", locale, count=len(names))]
    return [say("list_comma", locale).join(names)] if names else []


def _with_share(mood: Share, locale: str) -> str:
    return f"{word_of(Emotion(mood.label), locale)} {percent(mood.share)}"


def _short(text: str) -> str:
    words = shown(text)
    return words if len(words) <= LONGEST_QUOTE else f"{words[: LONGEST_QUOTE - 1]}…"
