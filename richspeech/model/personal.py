"""Personal data: what is looked for, and what a transcript says of what was masked in it."""

from dataclasses import dataclass, replace
from enum import StrEnum


class PersonalKind(StrEnum):
    """What tells who somebody is, or how to reach or to rob them."""

    PHONE = "phone"
    """Mobile and landline numbers."""
    IDENTITY_CARD = "identity_card"
    BANK_CARD = "bank_card"
    EMAIL = "email"
    ADDRESS = "address"
    """With a number: a street alone is nobody's."""
    PLATE = "plate"
    """Of a car."""
    NAME = "name"
    """As somebody says their own."""


@dataclass(frozen=True)
class Masked:
    """What was masked in a segment: of which kind, and when it was said."""

    kind: PersonalKind
    start: float | None
    """Seconds, as the words were measured; None where they were not."""
    end: float | None

    def within(self, start: float, end: float) -> "Masked":
        """Return it with times: those of a span in which it is said, where nobody measured them."""
        first, last = start if self.start is None else self.start, self.end
        return replace(self, start=first, end=end if last is None else last)

    def moved(self, seconds: float) -> "Masked":
        """Return it with later times, as far as they were measured."""
        start, end = (None if t is None else t + seconds for t in (self.start, self.end))
        return replace(self, start=start, end=end)
