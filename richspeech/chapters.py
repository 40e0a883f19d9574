"""Chapters: highlights as a WebVTT file of chapters, which players list and jump to."""

from collections.abc import Iterable
from html import escape

from richspeech.highlights import Highlight


def write_chapters(highlights: Iterable[Highlight], locale: str = "zh") -> str:
    """Write one cue a highlight, its title in a language of ``LOCALES``."""
    cues = (
        f"{number}\n{vtt_time(each.start)} --> {vtt_time(each.end)}\n"
        f"{escape(_on_one_line(each.title(locale)), quote=False)}\n"
        for number, each in enumerate(highlights, start=1)
    )
    return "\n".join(("WEBVTT\n", *cues))


def vtt_time(seconds: float) -> str:
    """Spell a time as WebVTT does: HH:MM:SS.mmm."""
    total_seconds, milliseconds = divmod(round(seconds * 1_000), 1_000)
    total_minutes, second = divmod(total_seconds, 60)
    hours, minute = divmod(total_minutes, 60)
    return f"{hours:02}:{minute:02}:{second:02}.{milliseconds:03}"


def _on_one_line(text: str) -> str:
    return " ".join(text.split())
