"""What a person does to the lines of a transcript beside correcting them: cut, join, take out."""

from dataclasses import dataclass
from typing import Annotated, TypeAlias

from pydantic import Field

from richspeech.errors import OptionError
from richspeech.model.place import Place

Seconds: TypeAlias = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _Step:
    """A step that is no correction of labels or words."""

    @property
    def changes(self) -> tuple[()]:
        """What it changes in labels and words: nothing."""
        return ()


@dataclass(frozen=True)
class Split(_Step):
    """One line becomes two."""

    cut: Place
    """What lies before the cut keeps this place."""
    part: Annotated[int, Field(ge=1)]
    """Of the same segment: what lies behind it."""
    at: Seconds
    """When one ends and the other begins; words go where the middle of their time lies."""
    texts: tuple[str, str] | None = None
    """Their words, where the times of words do not tell which those are."""

    def require_fit(self, count: int) -> None:
        """Raise ``OptionError`` unless the line comes from one of ``count`` segments."""
        require_place(self.cut, count)


@dataclass(frozen=True)
class Merge(_Step):
    """Two lines become one, which has the place of the first."""

    first: Place
    second: Place
    """The line that follows on the same channel."""

    def require_fit(self, count: int) -> None:
        """Raise ``OptionError`` unless both come from some of ``count`` segments."""
        require_place(self.first, count)
        require_place(self.second, count)


@dataclass(frozen=True)
class Removal(_Step):
    """A line that is in no view and no file any more."""

    removed: Place

    def require_fit(self, count: int) -> None:
        """Raise ``OptionError`` unless it comes from one of ``count`` segments."""
        require_place(self.removed, count)


Step: TypeAlias = Split | Merge | Removal


def require_place(place: Place, count: int) -> None:
    """Raise ``OptionError`` unless a place is of one of ``count`` segments."""
    if place.index >= count:
        raise OptionError("correction.no_segment", number=place.index, count=count)
