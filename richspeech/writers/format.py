"""Format: what the command line and the page know of a way to write transcripts."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from richspeech.model.transcript import Transcript
from richspeech.writers.options import WriterOptions


class Purpose(StrEnum):
    """What a format is for: nobody should have to read ten buttons."""

    TEXT = "text"
    SUBTITLES = "subtitles"
    DATA = "data"
    REPORT = "report"


@dataclass(frozen=True)
class Format:
    """One way to write a transcript into a file."""

    name: str
    """The ending of its files, too."""
    purpose: Purpose
    media_type: str
    write: Callable[[Transcript, WriterOptions], str | bytes]
    is_binary: bool = False
    """Whether it is nothing for a terminal."""
    is_streamed: bool = False
    """Whether several transcripts, one after the other, still make one stream of this format."""
