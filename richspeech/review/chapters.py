"""Chapters: highlights as a WebVTT chapter file, which players list and jump to."""

from collections.abc import Iterable
from html import escape

from richspeech.review.highlights import Highlight
from richspeech.writers.subtitles import vtt_time


def write_chapters(highlights: Iterable[Highlight], locale: str = "zh") -> str:
    """Write one cue a highlight, its title in a language of ``LOCALES``."""
    cues = (
        f"{number}\n{vtt_time(each.start)} --> {vtt_time(each.end)}\n"
        f"{escape(_on_one_line(each.title(locale)), quote=False)}\n"
        for number, each in enumerate(highlights, start=1)
    )
    return "\n".join(("WEBVTT\n", *cues))


def _on_one_line(text: str) -> str:
    return " ".join(text.split())
