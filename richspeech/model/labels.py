"""The one table of labels: emotions of both recognisers, sounds, and how words are meant.

Python, the page's styles and scripts, the report and the subtitles take what a label looks like
from here. What people read of it stands with all other words, one file a language: ``label_happy``
is its word, ``sign_happy`` the character that stands for it where there is no room for a word.

Each label has one colour on light and one on dark grounds. Colour on card and on its own ground
(``Hue.ground``) has a contrast of 4.5 or more, so that it is text, line and area alike; text on
an area of the colour is written in that of the card.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from types import MappingProxyType
from typing import Any

from postprocess import AudioEvent, Emotion
from richspeech.language.catalog import knows, locales, say
from richspeech.model.emotion_scores import NineEmotion
from richspeech.model.sentiment import Sentiment


@dataclass(frozen=True)
class Theme:
    """What the colours stand on."""

    card: str
    """#rrggbb, so are all colours here."""
    ground_share: float
    """How much of a colour is mixed into the card to make the ground of a chip, 0 to 1."""


LIGHT = Theme("#ffffff", 0.12)
DARK = Theme("#161d23", 0.2)


@dataclass(frozen=True)
class Hue:
    """One colour, as it is on a light and on a dark card."""

    light: str
    dark: str

    def on(self, theme: Theme) -> str:
        """Return the colour itself."""
        return self.dark if theme is DARK else self.light

    def ground(self, theme: Theme) -> str:
        """Return what text of the colour stands on in a chip: a little of it in the card."""
        return _mixed(self.on(theme), theme.card, theme.ground_share)


@dataclass(frozen=True)
class Look:
    """What a label looks like."""

    symbol: str
    """An emoji, told apart without colour."""
    hue: Hue


_EVENT_HUE = Hue("#09625d", "#7fcac4")
"""Sounds share one, that of the page: they are told apart by word and place."""

EMOTIONS: Mapping[str, Look] = MappingProxyType(
    {
        NineEmotion.HAPPY: Look("😊", Hue("#8a6200", "#e8c84a")),
        NineEmotion.SAD: Look("😔", Hue("#0b55a5", "#6fabf5")),
        NineEmotion.ANGRY: Look("😡", Hue("#b3321c", "#ff8f66")),
        NineEmotion.NEUTRAL: Look("😐", Hue("#55636f", "#a9b6c1")),
        NineEmotion.FEARFUL: Look("😰", Hue("#97307b", "#ee9bd3")),
        NineEmotion.DISGUSTED: Look("🤢", Hue("#1a6e3c", "#62cf8c")),
        NineEmotion.SURPRISED: Look("😮", Hue("#00748c", "#63d3e6")),
        NineEmotion.OTHER: Look("🎭", Hue("#6743c4", "#b8a1f7")),
        NineEmotion.UNKNOWN: Look("❔", Hue("#5f6c78", "#9caab7")),
    }
)
"""Those of both recognisers, by value; SenseVoice has all of them but OTHER."""

EVENTS: Mapping[str, Look] = MappingProxyType(
    {
        AudioEvent.SPEECH: Look("💬", _EVENT_HUE),
        AudioEvent.BGM: Look("🎼", _EVENT_HUE),
        AudioEvent.APPLAUSE: Look("👏", _EVENT_HUE),
        AudioEvent.LAUGHTER: Look("😀", _EVENT_HUE),
        AudioEvent.CRY: Look("😭", _EVENT_HUE),
        AudioEvent.SNEEZE: Look("🤧", _EVENT_HUE),
        AudioEvent.BREATH: Look("💨", _EVENT_HUE),
        AudioEvent.COUGH: Look("😷", _EVENT_HUE),
        AudioEvent.SING: Look("🎤", _EVENT_HUE),
    }
)

SENTIMENTS: Mapping[str, Look] = MappingProxyType(
    {
        Sentiment.POSITIVE: Look("👍", Hue("#39701a", "#a5d46a")),
        Sentiment.NEGATIVE: Look("👎", Hue("#a32a34", "#f78f93")),
        Sentiment.NEUTRAL: Look("➖", EMOTIONS["neutral"].hue),
        Sentiment.EXCITED: Look("🔥", Hue("#9a5200", "#f5b35c")),
    }
)

VOICES = (
    Hue("#2d2a8c", "#cdd3ff"),
    Hue("#6b3410", "#f6d3b8"),
    Hue("#00423c", "#aef2e2"),
    Hue("#6a0f4e", "#ffcdea"),
    Hue("#3a4a00", "#dcef9f"),
    Hue("#1b2a3a", "#f2f5f9"),
)
"""Of speakers, by their numbers; those behind the last begin again. All are deeper on light and
paler on dark than any emotion, so that nobody's voice looks like a mood."""

Label = Emotion | NineEmotion | AudioEvent | Sentiment


def look_of(label: Label) -> Look:
    """Return what a label looks like."""
    table = {AudioEvent: EVENTS, Sentiment: SENTIMENTS}.get(type(label), EMOTIONS)
    return table[label]


def word_of(label: Label, locale: str) -> str:
    """Name a label for people."""
    return say(f"label_{label}", locale)


def sign_of(label: Label, locale: str) -> str:
    """Return one character for a label: its own, or the first of its word."""
    key = f"sign_{label}"
    return say(key, locale) if knows(key) else word_of(label, locale)[0].upper()


def voice_of(number: int) -> str:
    """Return the name of a speaker's colours, as ``label_styles`` has it; numbers begin at 0."""
    return f"voice-{number % len(VOICES)}"


def sentiment_named(text: str) -> Sentiment | None:
    """Read a sentiment in any of the languages, in any case; None when it is none."""
    wanted = text.strip().lower()
    named = (s for s in Sentiment if wanted in (word_of(s, each) for each in locales()))
    return next(named, None)


def labels_data() -> dict[str, Any]:
    """Return words and signs of all labels in all languages, for the page's scripts."""
    events = [event for event in AudioEvent if event is not AudioEvent.SPEECH]
    return {
        "emotions": _words(Emotion),
        "nine": _words(NineEmotion),
        "events": _words(events),
        "sentiments": _words(Sentiment),
        "revised": _words((*Emotion, *AudioEvent)),
        "signs": {each.value: _by_locale(sign_of, each) for each in (*Emotion, *events)},
        "voices": len(VOICES),
        "symbols": {each.value: look_of(each).symbol for each in Sentiment},
        "pictures": {each.value: look_of(each).symbol for each in (*Emotion, *events)},
    }


def _words(labels: Any) -> dict[str, dict[str, str]]:
    return {label.value: _by_locale(word_of, label) for label in labels}


def _by_locale(text: Any, label: Label) -> dict[str, str]:
    return {locale: text(label, locale) for locale in locales()}


def label_styles(dark: str = ".dark") -> str:
    """Return CSS that gives every label its colours, as ``--NAME`` and ``--NAME-ground``.

    Elements of the class ``tone-NAME``, and chips of the class ``NAME``, have them as ``--label``
    and ``--label-ground``. ``dark`` is the selector under which the page is dark; where it begins
    with @ it is a query, and stands around the rule for the root.
    """
    wrap = f"{dark} {{ :root {{ %s }} }}" if dark.startswith("@") else f"{dark} {{ %s }}"
    rules = (
        f".chip.{name}, .tone-{name} "
        f"{{ --label: var(--{name}); --label-ground: var(--{name}-ground); }}"
        for name in _hues()
    )
    light, night = (" ".join(_properties(theme)) for theme in (LIGHT, DARK))
    return "\n".join((f":root {{ {light} }}", wrap % night, *rules, ""))


def _properties(theme: Theme) -> Iterator[str]:
    for name, hue in _hues().items():
        yield f"--{name}: {hue.on(theme)}; --{name}-ground: {hue.ground(theme)};"


def _hues() -> dict[str, Hue]:
    looks = chain(EMOTIONS.items(), SENTIMENTS.items())
    voices = {voice_of(number): hue for number, hue in enumerate(VOICES)}
    return {**{str(name): look.hue for name, look in looks}, "event": _EVENT_HUE, **voices}


def _mixed(colour: str, other: str, share: float) -> str:
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(one * share + two * (1 - share)):02x}" for one, two in pairs)


def _channels(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))
