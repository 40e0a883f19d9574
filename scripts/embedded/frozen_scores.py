"""Measure the recogniser on the frozen test: words, numbers, and neutral speech."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import jiwer
import numpy as np

from richspeech.model.transcript import Transcript
from scripts.embedded import frozen, numbers
from scripts.embedded.corpus import LANGUAGES, plain_form
from scripts.embedded.frozen import Take
from scripts.embedded.voices import Waveform


class Hear(Protocol):
    """Recognises a waveform, with ITN or without."""

    def __call__(self, waveform: Waveform, /, *, itn: bool) -> Transcript:
        """Return what was heard."""


@dataclass(frozen=True)
class Heard:
    """A take and what was made of it."""

    take: Take
    transcript: Transcript

    @property
    def language(self) -> str:
        """Of what was said."""
        return self.take.line.sentence.language

    @property
    def number_right(self) -> bool:
        """Whether the number is written as it was said, and not as part of another."""
        number = re.escape(_tight(self.take.line.number))
        return bool(re.search(rf"(?<![\d.]){number}(?!\.?\d)", _tight(self.transcript.text)))

    @property
    def neutral(self) -> bool:
        """Whether its words were taken for neutral."""
        emotions = [str(s.emotion) for s in self.transcript.segments if s.text]
        return bool(emotions) and set(emotions) == {"neutral"}


def listen(hear: Hear) -> list[Heard]:
    """Have every take recognised whose sound there is; numbers with ITN, words without."""
    found = []
    for take in frozen.takes():
        waveform = frozen.waveform(take)
        if waveform is not None:
            found.append(Heard(take, hear(waveform, itn=take.group == frozen.NUMBERS)))
    return found


def words_table(found: Sequence[Heard]) -> str:
    """Return CER without spaces, and WER for English, in percent."""
    rows = []
    for group in frozen.WORD_SETS:
        of = [h for h in found if h.take.group == group]
        if of:
            rows.append([group, str(len(of)), *(_rate(of, language) for language in LANGUAGES)])
    return _table(["frozen test, words", "utterances", *LANGUAGES], rows)


def _rate(found: Iterable[Heard], language: str) -> str:
    of = [h for h in found if h.language == language]
    if not of:
        return ""
    truth = [h.take.line.sentence.woitn for h in of]
    heard = [plain_form(h.transcript.text) for h in of]
    if language == "en":
        return f"{100 * float(jiwer.wer(truth, heard)):.1f}"
    return f"{100 * float(jiwer.cer([*map(_tight, truth)], [*map(_tight, heard)])):.1f}"


def numbers_table(found: Sequence[Heard]) -> str:
    """Return percent of numbers right, by kind and language."""
    of = [h for h in found if h.take.group == frozen.NUMBERS]
    rows = []
    for kind in (*numbers.KINDS, "all"):
        shares = [
            [
                h.number_right
                for h in of
                if kind in (h.take.line.kind, "all") and h.language in spoken
            ]
            for spoken in (*((language,) for language in LANGUAGES), LANGUAGES)
        ]
        rows.append([kind, str(len(shares[-1])), *map(_percent, shares)])
    return _table(["frozen test, numbers right", "utterances", *LANGUAGES, "all"], rows)


def neutral_table(found: Sequence[Heard]) -> str:
    """Return percent taken for neutral, by speed and pitch."""
    of = [h for h in found if h.take.group == frozen.NEUTRAL]
    by_speed = {
        speed: [h for index, h in enumerate(of) if index // 5 % 5 == at]
        for at, speed in enumerate(frozen.SPEEDS)
    }
    rows = [
        [
            f"{speed} words a minute",
            *(_percent([h.neutral for h in said if h.take.pitch == p]) for p in frozen.PITCHES),
            _percent([h.neutral for h in said]),
        ]
        for speed, said in by_speed.items()
    ]
    everything = [
        "every speed",
        *(_percent([h.neutral for h in of if h.take.pitch == p]) for p in frozen.PITCHES),
        _percent([h.neutral for h in of]),
    ]
    pitches = [f"pitch {p}" for p in frozen.PITCHES]
    return _table(["frozen test, neutral right", *pitches, "every pitch"], [*rows, everything])


def table(hear: Hear) -> str:
    """Return the three tables."""
    found = listen(hear)
    return "\n\n".join(make(found) for make in (words_table, numbers_table, neutral_table))


def _percent(right: Sequence[bool]) -> str:
    return f"{100 * float(np.mean(right)):.1f}" if right else ""


def _tight(text: str) -> str:
    return text.replace(" ", "")


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
