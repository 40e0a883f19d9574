"""What is sent under load: clips whose words are known, and what came of each."""

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import count

SIZES = {3.0: 40, 8.0: 30, 15.0: 15, 30.0: 10, 60.0: 4, 180.0: 1}
"""Lengths of clips in seconds, and how many of a hundred clips have each."""
BROKEN = (b"", b"no sound at all", b"RIFF\x24\x00\x00\x00WAVEfmt ", b"<html></html>", bytes(4096))
"""What is no recording."""
NUMBER_BITS = 32
SAMPLE_BYTES = 2


class Outcome(StrEnum):
    """What came of something that was sent."""

    RIGHT = "right"
    LATER = "told to come later"
    REFUSED = "broken, and told so"
    LEFT = "hung up"
    WRONG = "wrong words"
    MIXED_UP = "words of another clip"
    FAILED = "failed"


BAD = (Outcome.WRONG, Outcome.MIXED_UP, Outcome.FAILED)


@dataclass(frozen=True)
class Clip:
    """A recording whose words are known."""

    name: str
    seconds: float
    content: bytes
    """A WAV file."""
    text: str = ""

    def numbered(self, number: int) -> "Clip":
        """Return the same with a number in the lowest bits of its last samples."""
        content = bytearray(self.content)
        for bit in range(NUMBER_BITS):
            place = len(content) - SAMPLE_BYTES * (bit + 1)
            content[place] = content[place] & ~1 | (number >> bit & 1)
        return replace(self, content=bytes(content))


@dataclass(frozen=True)
class Record:
    """One thing that was sent, and what came of it."""

    way: str
    clip: str
    clip_seconds: float
    outcome: Outcome
    seconds: float
    """From the first byte to the last of the answer."""
    waited: float = 0.0
    """Seconds since it was first tried, where it was told to come later before."""
    note: str = ""


@dataclass
class Plan:
    """What is sent, and all that came of it."""

    clips: Sequence[Clip]
    seconds: float
    """For how long something new is sent."""
    ends: float = 0.0
    """By the monotonic clock, once it has begun."""
    records: list[Record] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    chance: random.Random = field(default_factory=lambda: random.Random(0))

    def begin(self) -> None:
        """Let the time run."""
        self.ends = time.monotonic() + self.seconds

    @property
    def is_over(self) -> bool:
        """Whether nothing new is sent."""
        return time.monotonic() >= self.ends

    def broken(self) -> Clip:
        """Return what is no recording."""
        return Clip("broken.wav", 0.0, self.chance.choice(BROKEN))

    def choose(self) -> Clip:
        """Return a clip as nobody has sent it yet; short ones are more frequent."""
        [clip] = self.chance.choices(self.clips, [SIZES[each.seconds] for each in self.clips])
        return clip.numbered(next(self.numbers))

    def outcome_of(self, clip: Clip, text: str | None) -> tuple[Outcome, str]:
        """Compare what was answered with what the clip says."""
        if same(text, clip.text):
            return Outcome.RIGHT, ""
        is_other = any(same(text, each.text) for each in self.clips)
        return (Outcome.MIXED_UP if is_other else Outcome.WRONG), f"{clip.text!r} became {text!r}"


def same(one: str | None, other: str) -> bool:
    """Say whether two texts differ in nothing but spaces: the page joins utterances otherwise."""
    return one is not None and "".join(one.split()) == "".join(other.split())
