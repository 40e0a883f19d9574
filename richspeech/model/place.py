"""Where a line of an edited transcript comes from: it stays so, whatever is done to other lines."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field


@dataclass(frozen=True, order=True)
class Place:
    """A segment as it was measured, and which part of it."""

    index: Annotated[int, Field(ge=0)]
    """Number of the segment in what was measured, from 0."""
    part: Annotated[int, Field(ge=0)] = 0
    """0 is the segment itself, or what is left of it; each cut gives what lies behind it a number
    that no other part of the segment has had."""
