"""Highlights → file with their times. One function a format; ``LISTS`` names them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

from richspeech.review.chapters import write_chapters
from richspeech.review.edl import USUAL_FRAME_RATE, write_edl
from richspeech.review.highlights import Highlight
from richspeech.review.timeline import write_otio


@dataclass(frozen=True)
class Reel:
    """What a list says of the recording; every format takes what it can hold."""

    name: str
    """Of the recording's file."""
    frame_rate: Fraction | None = None
    """Frames a second; None where nobody asks for one and there is no picture."""
    video: bool = False
    """Whether there is a picture beside the sound."""
    timecode: str | None = None
    """Of the first picture, as the file has it."""
    offset: float = 0.0
    """Seconds of the picture at which the recording begins; without one, seconds since midnight."""
    locale: str = "zh"
    """Language of the titles."""

    @property
    def rate(self) -> Fraction:
        """Frames a second that times are rounded to."""
        return self.frame_rate or USUAL_FRAME_RATE


@dataclass(frozen=True)
class ListFormat:
    """How one kind of list is written."""

    ending: str
    """Of the file's name."""
    write: Callable[[Sequence[Highlight], Reel], str]
    """Raises ``OptionError`` for what the format cannot hold."""
    in_frames: bool = True
    """Whether times are frames of the video, which has to be opened for it."""


def _at_timecode(write: Callable[..., str]) -> Callable[[Sequence[Highlight], Reel], str]:
    """Hand a writer what timelines need to know of the recording."""

    def written(found: Sequence[Highlight], reel: Reel) -> str:
        return write(
            found,
            name=reel.name,
            frame_rate=reel.rate,
            video=reel.video,
            timecode=reel.timecode,
            offset=reel.offset,
        )

    return written


LISTS: Mapping[str, ListFormat] = MappingProxyType(
    {
        "chapters": ListFormat(
            ".chapters.vtt",
            lambda found, reel: write_chapters(found, reel.locale),
            in_frames=False,
        ),
        "edl": ListFormat(".edl", _at_timecode(write_edl)),
        "otio": ListFormat(".otio", _at_timecode(write_otio)),
    }
)
"""Name of a format, which is also that of its option, to how it is written."""
