"""Reviews → HTML: insight, highlights and risk. What the templates need is made here."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil
from typing import TypeVar

from markupsafe import Markup

from postprocess import AudioEvent, Emotion
from richspeech.console import render
from richspeech.console.templates import draw, percent
from richspeech.jobs.export import CUTS
from richspeech.language.catalog import say
from richspeech.language.figures import clock, duration_text
from richspeech.language.languages import language_name
from richspeech.model.labels import sign_of, voice_of, word_of
from richspeech.model.sentiment import Sentiment
from richspeech.model.transcript import Transcript
from richspeech.model.trim import LONGEST_SECONDS, SHORTEST_SECONDS
from richspeech.review.conversation import Conversation, Silence, Span, TalkOver
from richspeech.review.evidence import SILENCE
from richspeech.review.explained import signed, told, why_level
from richspeech.review.highlights import Highlight
from richspeech.review.insight import Insight, Window
from richspeech.review.lists import LISTS
from richspeech.review.review import Review
from richspeech.review.risk import Risk
from richspeech.settings import RiskSettings

Spent = TypeVar("Spent", bound=Span)

FEW_WINDOWS = 24
"""So many columns have room for a sign on a phone."""
FAINTEST = 0.005
"""A smaller share of a window is not drawn."""
FEW_FINDINGS = 3
"""Of a reason that are shown at once; the others unfold."""
MOST_HAPPENED = 100
"""Lines that say when two spoke at once, or nobody did; more are in the table and in JSON."""
MOST_MOODS = MOST_SOUNDS = 2
"""What one line has room for."""
IN_LEGEND = 0.05
"""An emotion that never has such a share of a window is not named below the curve."""


@dataclass(frozen=True)
class Part:
    """One emotion in a window of the curve."""

    emotion: Emotion
    share: float
    """0 to 1."""
    is_strongest: bool


@dataclass(frozen=True)
class Column:
    """One window of the curve."""

    start: float
    """Seconds."""
    width: float
    """That of a whole window is 1."""
    told: str
    """All of it in words."""
    parts: Sequence[Part]
    """In the order of ``Emotion``."""


@dataclass(frozen=True)
class Happened:
    """One line of what happened between speakers."""

    start: float
    """Seconds."""
    told: str


def verdict(found: Review, heard: Transcript, locale: str) -> Markup:
    """Say in one line what a recording is like: risk, mood, sounds, speakers, length, speed."""
    return draw(
        "panels/review/verdict.html",
        locale,
        risk=found.risk,
        moods=found.insight.emotions[:MOST_MOODS],
        sentiment=render.whole_sentiment(heard, locale),
        sounds=found.insight.events[:MOST_SOUNDS],
        speakers=len(heard.speakers),
        seconds=heard.duration,
        speed=render.times_faster(heard.rtfx, locale),
        emotion_word=lambda label: word_of(Emotion(label), locale),
        event_word=lambda label: word_of(AudioEvent(label), locale),
        sign=partial(sign_of, locale=locale),
        marks=json.dumps(marks(found)),
    )


def marks(found: Review) -> dict[str, list[tuple[float, float]]]:
    """Return when what stands out is heard, for the map of a recording, in seconds."""
    risks = (each for point in found.risk.points if point.points > 0 for each in point.evidence)
    return {
        "highlights": [_tenths(each.start, each.end) for each in found.highlights],
        "risks": sorted(_tenths(each.start, each.end) for each in risks),
    }


def _tenths(start: float, end: float) -> tuple[float, float]:
    return round(start, 1), round(end, 1)


def insight(
    found: Insight, locale: str, *, hears_sounds: bool = True, speakers: Sequence[str] = ()
) -> Markup:
    """Draw bars with numbers, rates, counts, the emotions over time, and the conversation.

    Unless the engine ``hears_sounds``, nothing is said of them. The ``speakers`` are all of the
    transcript, whose order decides their colours.
    """
    windows = found.windows if found.emotions else ()
    return draw(
        "panels/review/insight.html",
        locale,
        found=found,
        hears_sounds=hears_sounds,
        talk=talk(found.conversation, locale, speakers),
        columns=[*_columns(found, windows, locale)],
        window_seconds=windows[0].end - windows[0].start if windows else None,
        few_windows=FEW_WINDOWS,
        legend=[each for each in Emotion if each in _in_legend(found)],
        emotion_word=lambda label: word_of(Emotion(label), locale),
        event_word=lambda label: word_of(AudioEvent(label), locale),
        language_word=partial(language_name, locale=locale),
        time_word=lambda label: say(f"time_{label}", locale),
        sign=partial(sign_of, locale=locale),
    )


def talk(found: Conversation, locale: str, speakers: Sequence[str]) -> Markup:
    """Draw each speaker's part, and when two spoke at once, or nobody; the longest are listed."""
    overs, silences = _longest(found.talk_overs), _longest(found.silences)
    return draw(
        "panels/review/talk.html",
        locale,
        found=found,
        overs=[_over(each, locale) for each in overs],
        overs_left_out=len(found.talk_overs) - len(overs),
        silences=[_silence(each, locale) for each in silences],
        silences_left_out=len(found.silences) - len(silences),
        language_word=partial(language_name, locale=locale),
        voice=lambda name: voice_of(speakers.index(name) if name in speakers else 0),
    )


def _longest(found: Sequence[Spent]) -> Sequence[Spent]:
    """Leave out the shortest of too many; the others stay in order of time."""
    chosen = sorted(found, key=lambda each: -each.seconds)[:MOST_HAPPENED]
    return sorted(chosen, key=lambda each: each.start)


def _over(over: TalkOver, locale: str) -> Happened:
    key = "talk_over" if over.by else "talk_over_both"
    by, broken = (over.by, over.over) if over.by else over.speakers
    time = duration_text(over.seconds, locale)
    return Happened(over.start, say(key, locale, by=by, over=broken, time=time))


def _silence(silence: Silence, locale: str) -> Happened:
    kind = "talk_hold" if silence.is_hold else "talk_silence"
    key = f"{kind}_music" if silence.has_music else kind
    time = duration_text(silence.seconds, locale)
    return Happened(silence.start, say(key, locale, time=time))


def _columns(found: Insight, windows: Sequence[Window], locale: str) -> Iterator[Column]:
    for at, window in enumerate(windows):
        shares = {Emotion(name): curve[at] for name, curve in found.emotion_curves.items()}
        felt = {emotion: share for emotion, share in shares.items() if share and share >= FAINTEST}
        width = (window.end - window.start) / (windows[0].end - windows[0].start)
        yield _column(window, width, felt, locale)


def _column(window: Window, width: float, felt: Mapping[Emotion, float], locale: str) -> Column:
    strongest = sorted(felt, key=lambda emotion: -felt[emotion])
    told = "  ".join(f"{word_of(each, locale)} {percent(felt[each])}" for each in strongest)
    parts = [Part(each, felt[each], each is strongest[0]) for each in Emotion if each in felt]
    span = f"{clock(window.start)}–{clock(ceil(window.end))}"
    return Column(window.start, width, f"{span}  {told or say('curve_quiet', locale)}", parts)


def _in_legend(found: Insight) -> set[str]:
    return {each.label for each in found.emotions} | {
        name
        for name, curve in found.emotion_curves.items()
        if any(share and share >= IN_LEGEND for share in curve)
    }


def highlights(
    found: Sequence[Highlight], transcript: Transcript, locale: str, *, can_cut: bool
) -> Markup:
    """Draw each with a box to tick, its span and its evidence, and what can be made of them."""
    said = {segment.start: segment.text for segment in transcript.segments}
    return draw(
        "panels/review/highlights.html",
        locale,
        found=found,
        cuts=CUTS,
        lists=tuple(LISTS),
        can_cut=can_cut,
        rooms=rooms(found, transcript.duration),
        least=SHORTEST_SECONDS,
        most=LONGEST_SECONDS,
        seconds=transcript.duration,
        quote=partial(_quote, said),
        word=partial(_word, locale),
    )


def rooms(found: Sequence[Highlight], duration: float) -> list[tuple[float, float]]:
    """Return from when to when each may lie, in seconds: between those before and behind it."""
    ends = (0.0, *(each.end for each in found))
    starts = (*(each.start for each in found[1:]), duration)
    return list(zip(ends, starts, strict=False))


def found_highlights(found: Sequence[Highlight], locale: str) -> Markup:
    """Draw each with its span, and nothing that can be made of them."""
    return draw("panels/review/found.html", locale, found=found)


def _quote(said: Mapping[float, str], highlight: Highlight) -> str:
    """Return what is said there, each segment once."""
    quotes = (said.get(evidence.start, "") for evidence in highlight.evidence)
    return " ".join(dict.fromkeys(filter(None, quotes)))


def risk(found: Risk, settings: RiskSettings, locale: str) -> Markup:
    """Draw the score, its level, and what it is made of."""
    return draw(
        "panels/review/risk.html",
        locale,
        risk=found,
        settings=settings,
        word=partial(_word, locale),
        few=FEW_FINDINGS,
        signed=signed,
        said=told,
        why=why_level(found, settings, locale),
    )


def _word(locale: str, label: str) -> str:
    """Name an emotion, a sentiment, an event or silence; what was said stays as it was said."""
    if label == SILENCE:
        return say("silence", locale)
    if label in {*Emotion}:
        return word_of(Emotion(label), locale)
    if label in {*Sentiment}:
        return word_of(Sentiment(label), locale)
    return word_of(AudioEvent(label), locale) if label in {*AudioEvent} else label
