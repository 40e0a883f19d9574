"""Pace: how fast people speak, in what is counted in their language.

Characters a minute in Chinese, Cantonese and Japanese, words a minute in English, Korean and other
languages, over the seconds of speech; a Latin word among characters is one character, and so is a
number, since digits do not tell how they were read.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeGuard

from postprocess import NO_SPEECH
from richspeech.model.languages import is_of_characters
from richspeech.model.transcript import Segment

_CHARACTER = (
    r"\u3005-\u3007\u3041-\u3096\u30a1-\u30fa\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_COUNTED = re.compile(rf"[{_CHARACTER}]|[^\W_{_CHARACTER}]+(?:['’-][^\W_{_CHARACTER}]+)*")
"""A Han character or kana, or a word of any other script."""


@dataclass(frozen=True)
class SpeechRate:
    """How fast one language is spoken."""

    language: str
    unit: str
    """characters or words."""
    count: int
    seconds: float
    """Of speech in this language."""
    per_minute: float


def unit_of(language: str) -> str:
    """Name what is counted in a language."""
    return "characters" if is_of_characters(language) else "words"


def per_minute(segment: Segment) -> float | None:
    """Return the pace of one segment; None without words, language or length."""
    return _per_minute(_count(segment), segment.duration)


def speech_rates(spoken: Iterable[Segment]) -> tuple[SpeechRate, ...]:
    """Return the pace in each language of some segments with words, the longest spoken first."""
    segments = [each for each in spoken if _is_spoken(each.language)]
    languages = dict.fromkeys(each.language for each in segments if each.language)
    rates = (_rate(lang, [s for s in segments if s.language == lang]) for lang in languages)
    return tuple(sorted(filter(None, rates), key=lambda rate: -rate.seconds))


def _rate(language: str, segments: Iterable[Segment]) -> SpeechRate | None:
    heard = [(_count(each), each.duration) for each in segments]
    count, seconds = sum(count for count, _ in heard), sum(seconds for _, seconds in heard)
    pace = _per_minute(count, seconds)
    return None if pace is None else SpeechRate(language, unit_of(language), count, seconds, pace)


def _count(segment: Segment) -> int:
    return len(_COUNTED.findall(segment.text)) if _is_spoken(segment.language) else 0


def _is_spoken(language: str | None) -> TypeGuard[str]:
    return language not in (None, NO_SPEECH)


def _per_minute(count: int, seconds: float) -> float | None:
    return 60 * count / seconds if count and seconds > 0 else None
