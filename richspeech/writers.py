"""Transcript → file. One function a format; ``WRITERS`` names them."""

import json
from collections.abc import Callable
from types import MappingProxyType

from postprocess import RichPiece, join_texts, render
from richspeech.transcript import Segment, Transcript


def plain_piece(segment: Segment) -> RichPiece:
    """Return ``segment`` as the tag grammar sees it."""
    return RichPiece(
        language=segment.language, emotion=segment.emotion, events=segment.events, text=segment.text
    )


def styled(segment: Segment, style: str, locale: str) -> str:
    """Return the words of ``segment`` with its labels in a style of ``postprocess``."""
    return render([plain_piece(segment)], style=style, locale=locale)


def write_txt(transcript: Transcript, style: str = "label", locale: str = "zh") -> str:
    """One line a segment; a segment without words shows its sounds."""
    lines = (styled(segment, style, locale) for segment in transcript.segments)
    return "".join(f"{line}\n" for line in lines if line)


def write_json(transcript: Transcript, style: str = "label", locale: str = "zh") -> str:  # noqa: ARG001
    """One document on one line; style and locale change nothing, since all labels are in it."""
    return json.dumps(transcript.to_dict(), ensure_ascii=False) + "\n"


def write_srt(transcript: Transcript, style: str = "label", locale: str = "zh") -> str:
    """SubRip: number, times, text; segments without anything to show are left out."""
    texts = ((segment, styled(segment, style, locale)) for segment in transcript.segments)
    shown = [(segment, text) for segment, text in texts if text]
    return "\n".join(
        f"{number}\n{srt_time(segment.start)} --> {srt_time(segment.end)}\n{text}\n"
        for number, (segment, text) in enumerate(shown, start=1)
    )


def srt_time(seconds: float) -> str:
    """Spell a time as SubRip does: HH:MM:SS,mmm."""
    total_ms = max(round(seconds * 1_000), 0)
    total_s, milliseconds = divmod(total_ms, 1_000)
    minutes, s = divmod(total_s, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{s:02},{milliseconds:03}"


WRITERS: MappingProxyType[str, Callable[..., str]] = MappingProxyType(
    {"txt": write_txt, "json": write_json, "srt": write_srt}
)
"""Format name, which is also the file's ending, to its function."""


def display_text(transcript: Transcript, style: str, locale: str) -> str:
    """Return the whole text in a style, segments joined as their languages want."""
    return join_texts((s.language, styled(s, style, locale)) for s in transcript.segments)
