"""How many characters a line of subtitles has room for."""

import math
import unicodedata
from dataclasses import dataclass

from richspeech.errors import OptionError
from richspeech.language.catalog import Notice

LATIN_PER_LINE, WIDE_PER_LINE = 42, 16
"""As Netflix's style guides have it for English and for Chinese."""
LATIN_RANGE, WIDE_RANGE = (16, 84), (6, 32)
"""From half a phone, held upright, to twice what is usual."""


@dataclass(frozen=True)
class LineRoom:
    """Room of a line; where both kinds of characters mix, each takes its share of it.

    Raises ``OptionError`` for fewer or more than there may be.
    """

    latin: int = LATIN_PER_LINE
    """Narrow characters that fill a line alone: 16 to 84."""
    wide: int = WIDE_PER_LINE
    """Wide ones, as Unicode's East Asian Width says: 6 to 32."""

    def __post_init__(self) -> None:
        _require_within("latin", self.latin, LATIN_RANGE)
        _require_within("wide", self.wide, WIDE_RANGE)

    @property
    def whole(self) -> int:
        """All of a line, in the smallest unit that measures both kinds."""
        return math.lcm(self.latin, self.wide)

    @property
    def blank(self) -> int:
        """What a blank takes of it, as any narrow character does."""
        return self.whole // self.latin

    def taken_by(self, text: str) -> int:
        """Return what a text takes of it."""
        wide = sum(map(is_wide, text))
        return wide * (self.whole // self.wide) + (len(text) - wide) * self.blank


def is_wide(character: str) -> bool:
    """Tell whether a character is as wide as a Chinese one."""
    return unicodedata.east_asian_width(character) in "WF"


def _require_within(kind: str, value: int, span: tuple[int, int]) -> None:
    low, high = span
    if not low <= value <= high:
        what = Notice(f"what.{kind}_per_line")
        raise OptionError("option.per_line", what=what, value=value, low=low, high=high)


USUAL_ROOM = LineRoom()
