"""Transcript → cues: what stands on the screen, and when, after the habits of broadcasters.

    segment ▸ words, each with the time that was measured for it ▸ cuts ▸ lines ▸ schedule

Rules
    * A cue has at most two lines. A line has room for 42 Latin or 16 wide characters (wide as
      Unicode's East Asian Width says) or what is chosen; where both mix, each takes its share.
    * A cue lasts 1 to 7 seconds. A long sound is named when it begins, not for as long as it lasts.
    * A segment that needs several cues is cut after a sentence, else after a clause or at a pause,
      else between words, and only where a token gives the time at which the next word begins.
    * A cue begins and ends with its segment, or with the words at its cuts, but a second from its
      words at most, however long the applause before or after them.
    * Cues keep the order of the segments and never overlap, but with those of another speaker. All
      words are there; a blank at which a line breaks is all that goes. Segments with neither words
      nor sounds have no cue.
    * Two neighbours share a cue, a line each, where the first would be gone within a second.
    * Times lie on a grid of 10 ms, as those of segments do and as ass and lrc spell them.

Where they give way, since no word goes and no time is made up
    * Words whose times nobody measured (all of them with the reference engine) cannot be cut apart.
      Such a segment is one cue. If two lines do not hold it, it has as many as it needs, and lasts
      as long as the segment.
    * A cue stays shorter than a second where the next one comes sooner and finds no room beside it.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from postprocess import Emotion
from richspeech.model.transcript import Segment, Transcript
from richspeech.writers.labels import COLOURS, speaker_of
from richspeech.writers.options import WriterOptions
from richspeech.writers.words import Word, words_of

MOST_LINES = 2

SHORTEST, LONGEST = 1.0, 7.0
"""Seconds of a cue."""
LINGER = 1.0
"""Most seconds between a cue's first or last word and its own start or end."""
PAUSE = 0.5
"""Seconds between two words that count as much as a comma."""
GRID = 0.01

SENTENCE_ENDS = frozenset(".!?。！？…")
CLAUSE_ENDS = frozenset(",;:，；：、—")
CLOSERS = "\"'”’」』）)】》]"
SENTENCE, CLAUSE, BLANK, NOTHING = 3, 2, 1, 0
"""How good a place is for a cut."""


@dataclass(frozen=True)
class Line:
    """One line of a cue."""

    text: str
    emotion: Emotion | None
    """To be shown as colour; None where nothing is to be shown."""


@dataclass(frozen=True)
class Cue:
    """What stands on the screen for a while."""

    start: float
    end: float
    lines: tuple[Line, ...]
    speaker: str = ""
    """Who speaks, where parts of the recording were heard apart."""

    @property
    def duration(self) -> float:
        """Seconds."""
        return _on_grid(self.end - self.start)


@dataclass(frozen=True)
class _Draft:
    """A cue before its lines are laid out."""

    start: float
    end: float
    words: Sequence[Word]


def build_cues(
    transcript: Transcript,
    options: WriterOptions,
    *,
    most_lines: int = MOST_LINES,
    name_emotions: bool = True,
) -> list[Cue]:
    """Return the cues of a transcript in order.

    ``name_emotions`` is for formats without colours: the emotion follows a segment's last word.
    With ``most_lines`` 1 no cue ever has a second line.
    """
    voices: defaultdict[str, list[Segment]] = defaultdict(list)
    for segment in sorted(transcript.segments, key=lambda segment: segment.start):
        voices[speaker_of(segment)].append(segment)
    cues = [
        replace(cue, speaker=speaker)
        for speaker, segments in voices.items()
        for cue in _of_one(segments, options, most_lines, name_emotions=name_emotions)
    ]
    return sorted(cues, key=lambda cue: cue.start)


def _of_one(
    segments: Iterable[Segment], options: WriterOptions, most_lines: int, *, name_emotions: bool
) -> list[Cue]:
    """Return the cues of one voice, or of all where they were heard as one."""
    cues = []
    for segment in segments:
        emotion = _shown_emotion(segment, options)
        words = words_of(segment, options, emotion if name_emotions else None)
        for draft in _cut(words, segment.start, segment.end, most_lines):
            lines = tuple(Line(text, emotion) for text in _lay_out(draft.words, most_lines))
            cues.append(Cue(_on_grid(draft.start), _on_grid(draft.end), lines))
    return _share(_schedule(cues), most_lines)


def _shown_emotion(segment: Segment, options: WriterOptions) -> Emotion | None:
    shown = options.emotions and options.style != "plain" and segment.emotion in COLOURS
    return segment.emotion if shown else None


def _on_grid(seconds: float) -> float:
    return round(seconds, 2)


# Cuts ---------------------------------------------------------------------------------------------


def _cut(words: Sequence[Word], start: float, end: float, most_lines: int) -> Iterator[_Draft]:
    """Divide the words of a segment into cues."""
    if words and words[0].start is not None:
        start = max(start, words[0].start - LINGER)
    while words:
        reach = _reach(words, start, most_lines)
        count = _best_cut(words, reach, start, end, words[0].room.whole * most_lines)
        here, words = words[:count], words[count:]
        following = words[0].start if words else None
        limit = end if following is None else following
        last = here[-1].end
        until = limit if last is None else min(limit, last + LINGER)
        yield _Draft(start, until if count > reach else min(until, start + LONGEST), here)
        start = limit


def _reach(words: Sequence[Word], start: float, most_lines: int) -> int:
    """Count the words that one cue has room and time for; at least one."""
    lines, used, line = 1, 0, words[0].room.whole
    for count, word in enumerate(words):
        known = [time for time in (word.start, word.end) if time is not None]
        if known and known[-1] > start + LONGEST:
            return max(count, 1)
        added = word.width + (word.gap if used else 0)
        if used + added > line:
            lines, used, added = lines + 1, 0, word.width
        if lines > most_lines:
            return max(count, 1)
        used += added
    return len(words)


def _best_cut(words: Sequence[Word], reach: int, start: float, end: float, room: int) -> int:
    """Count the words of the next cue: all, or up to the best place among those within reach.

    Of equally good clauses the last one counts; where there is none, what comes before the next
    one is divided evenly, so that no single word is left for a cue of its own.
    """
    if reach == len(words):
        return reach
    places = [n for n in range(1, len(words)) if (words[n].start or start) > start]
    within = [n for n in places if n <= reach]
    if not within:
        return places[0] if places else len(words)
    even = _even_width(words, reach, room)

    def merit(n: int) -> tuple[bool, int, float]:
        at = words[n].start or start
        strength = _strength(words[n - 1], words[n])
        nearness = n if strength >= CLAUSE else -abs(_width(words[:n]) - even)
        return min(at - start, end - at) >= SHORTEST, strength, nearness

    return max(within, key=merit)


def _even_width(words: Sequence[Word], reach: int, room: int) -> float:
    """Return the width of each cue if the words up to the next clause beyond reach share evenly."""
    clauses = range(reach + 1, len(words))
    last = next((n for n in clauses if _strength(words[n - 1], words[n]) >= CLAUSE), len(words))
    total = _width(words[:last])
    return total / math.ceil(total / room)


def _strength(before: Word, after: Word) -> int:
    """Say how good a place between two words is for a cut."""
    last = before.text.rstrip(CLOSERS)[-1:]
    if last in SENTENCE_ENDS:
        return SENTENCE
    is_pause = (
        before.end is not None and after.start is not None and after.start - before.end >= PAUSE
    )
    if last in CLAUSE_ENDS or is_pause:
        return CLAUSE
    return BLANK if after.spaced else NOTHING


# Lines --------------------------------------------------------------------------------------------


def _lay_out(words: Sequence[Word], most_lines: int) -> list[str]:
    """Set words in one line, else in two of like length, else in as many as they need."""
    widths = list(accumulate(word.width + word.gap for word in words))
    total, line = widths[-1] - words[0].gap, words[0].room.whole
    if most_lines == 1 or total <= line:
        return [_text(words)]
    breaks = []
    for n in range(1, len(words)):
        first = widths[n - 1] - words[0].gap
        second = total - first - words[n].gap
        if max(first, second) <= line:
            bonus = _strength(words[n - 1], words[n]) * line // 8
            breaks.append((abs(first - second) - bonus, n))
    if breaks:
        _, n = min(breaks)
        return [_text(words[:n]), _text(words[n:])]
    return _filled(words)


def _filled(words: Sequence[Word]) -> list[str]:
    """Fill one line after the other."""
    lines: list[list[Word]] = [[]]
    used, line = 0, words[0].room.whole
    for word in words:
        added = word.width + (word.gap if used else 0)
        if used + added > line:
            lines.append([])
            used, added = 0, word.width
        lines[-1].append(word)
        used += added
    return [_text(each) for each in lines]


def _width(words: Sequence[Word]) -> int:
    return sum(word.width + word.gap for word in words)


def _text(words: Sequence[Word]) -> str:
    first, *rest = words
    return first.text + "".join(f" {word.text}" if word.spaced else word.text for word in rest)


# Schedule -----------------------------------------------------------------------------------------


def _schedule(cues: Sequence[Cue]) -> list[Cue]:
    """Give every cue a second where the next one leaves it, and let none reach into the next."""
    scheduled: list[Cue] = []
    earliest = 0.0
    for number, cue in enumerate(cues, start=1):
        following = cues[number].start if number < len(cues) else math.inf
        start = max(cue.start, earliest)
        end = min(max(cue.end, start + SHORTEST), following)
        earliest = _on_grid(max(end, start + GRID))
        scheduled.append(Cue(start, earliest, cue.lines))
    return scheduled


def _share(cues: Sequence[Cue], most_lines: int) -> list[Cue]:
    """Join a cue that would flash by with the one after it, where both fit."""
    kept: list[Cue] = []
    for cue in cues:
        if kept and _fit_together(kept[-1], cue, most_lines):
            first = kept.pop()
            kept.append(Cue(first.start, cue.end, first.lines + cue.lines))
        else:
            kept.append(cue)
    return kept


def _fit_together(first: Cue, second: Cue, most_lines: int) -> bool:
    return (
        first.duration < SHORTEST
        and len(first.lines) + len(second.lines) <= most_lines
        and _on_grid(second.end - first.start) <= LONGEST
    )
