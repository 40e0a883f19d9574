"""Frames of a recording's picture, and how editors spell their numbers (SMPTE ST 12-1).

At 29.97 and 59.94 frames a second, drop-frame timecode leaves out the first numbers of nine minutes
of ten, so that it stays with the clock; a camera says which kind it counts by a semicolon.
"""

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Self

from opentimelineio.opentime import RationalTime, from_timecode, to_timecode

SPELLED = re.compile(r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d[:;]\d\d", re.ASCII)

DAY_SECONDS = 24 * 3_600


@dataclass(frozen=True)
class Grid:
    """How the frames of a picture are numbered."""

    rate: Fraction
    """Frames a second."""
    offset: float = 0.0
    """Seconds of the picture at which the recording begins."""
    first: int = 0
    """Number of the first frame: the timecode that the file has, in frames since midnight."""
    drops: bool = False
    """Whether numbers are spelled as drop-frame timecode."""

    @classmethod
    def of(cls, rate: Fraction, offset: float = 0.0, timecode: str | None = None) -> Self:
        """Make that of a file; a timecode that is none, or is of another rate, is not taken."""
        if timecode is None or not SPELLED.fullmatch(timecode):
            return cls(rate, offset)
        try:
            first = from_timecode(timecode, float(rate))
        except ValueError:
            return cls(rate, offset)
        return cls(rate, offset, round(first.value), drops=";" in timecode)

    def frame(self, seconds: float) -> int:
        """Return the number of the frame that begins nearest to a time of the recording."""
        return self.first + max(0, round((seconds + self.offset) * self.rate))

    def spell(self, frame: int) -> str:
        """Write a number as HH:MM:SS:FF, or HH:MM:SS;FF where it drops; a day begins anew."""
        if self.drops:
            rate = float(self.rate)
            return str(to_timecode(RationalTime(frame, rate), rate, drop_frame=True))
        whole = round(self.rate)
        seconds, frames = divmod(frame, whole)
        minutes, second = divmod(seconds % DAY_SECONDS, 60)
        hours, minute = divmod(minutes, 60)
        return f"{hours:02}:{minute:02}:{second:02}:{frames:02}"
