"""Where a person has a highlight begin and end, in the place of what rules have found."""

from collections.abc import Iterable
from dataclasses import dataclass

from richspeech.errors import OptionError
from richspeech.model.steps import Seconds

SHORTEST_SECONDS = 0.5
"""Less is over before anybody has heard anything."""
LONGEST_SECONDS = 600.0
"""As long as a highlight may be by the settings."""
ALIKE_SECONDS = 0.01
"""Times that were written and read again differ by less."""

Span = tuple[float, float]
"""Start and end in seconds."""


@dataclass(frozen=True)
class Trim:
    """Other points for one highlight; those that rules have found take a trim back.

    Raises ``OptionError`` for what is too short or too long, and for an end before its start.
    """

    found: tuple[Seconds, Seconds]
    """Where rules have it, which tells the highlights of a recording apart."""
    start: Seconds
    """Seconds."""
    end: Seconds

    def __post_init__(self) -> None:
        length = round(self.end - self.start, 3)
        if not self.takes_back and not SHORTEST_SECONDS <= length <= LONGEST_SECONDS:
            raise OptionError(
                "trim.length", length=length, least=SHORTEST_SECONDS, most=LONGEST_SECONDS
            )

    @property
    def takes_back(self) -> bool:
        """Whether the highlight is where rules have it."""
        return (self.start, self.end) == self.found

    @property
    def changes(self) -> tuple[()]:
        """What it changes in segments: nothing."""
        return ()

    def require_fit(self, _: int) -> None:
        """Points fit every transcript: a highlight that is not there stays so."""

    def is_of(self, found: Span) -> bool:
        """Tell whether it is of the highlight that rules have found there."""
        pairs = zip(self.found, found, strict=True)
        return all(abs(one - other) < ALIKE_SECONDS for one, other in pairs)


def in_force(trims: Iterable[Trim]) -> tuple[Trim, ...]:
    """Return the last one of each highlight, unless that takes the others back."""
    last: list[Trim] = []
    for each in trims:
        last = [*(other for other in last if not other.is_of(each.found)), each]
    return tuple(each for each in last if not each.takes_back)
