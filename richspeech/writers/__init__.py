"""Transcript → file. One function a format; ``WRITERS`` names them, ``write`` calls one.

from richspeech.writers import WriterOptions, write
Path("talk.srt").write_bytes(write(transcript, "srt"))
Path("talk.html").write_bytes(write(transcript, "html", WriterOptions(locale="en")))

labels ◂ cues ◂ subtitles        srt, vtt, ass, lrc
       ◂ text, data              txt, md · json, csv
       ◂ document, report        docx · html
"""

from collections.abc import Callable
from types import MappingProxyType
from typing import TypeAlias

from richspeech.model.transcript import Transcript
from richspeech.writers.data import write_csv, write_json
from richspeech.writers.document import write_docx
from richspeech.writers.labels import display_text, styled
from richspeech.writers.options import DEFAULT_OPTIONS, WriterOptions, require_known
from richspeech.writers.report import write_html
from richspeech.writers.subtitles import write_ass, write_lrc, write_srt, write_vtt
from richspeech.writers.text import write_md, write_txt

__all__ = [
    "BINARY_WRITERS",
    "TEXT_WRITERS",
    "WRITERS",
    "WriterOptions",
    "display_text",
    "styled",
    "write",
]

TextWriter: TypeAlias = Callable[[Transcript, WriterOptions], str]
BinaryWriter: TypeAlias = Callable[[Transcript, WriterOptions], bytes]

TEXT_WRITERS: MappingProxyType[str, TextWriter] = MappingProxyType(
    {
        "txt": write_txt,
        "md": write_md,
        "srt": write_srt,
        "vtt": write_vtt,
        "ass": write_ass,
        "lrc": write_lrc,
        "json": write_json,
        "csv": write_csv,
        "html": write_html,
    }
)
BINARY_WRITERS: MappingProxyType[str, BinaryWriter] = MappingProxyType({"docx": write_docx})

WRITERS: MappingProxyType[str, TextWriter | BinaryWriter] = MappingProxyType(
    {**TEXT_WRITERS, **BINARY_WRITERS}
)
"""Format name, which is also the file's ending, to its function."""


def write(transcript: Transcript, form: str, options: WriterOptions = DEFAULT_OPTIONS) -> bytes:
    """Return the content of a file in one of the formats; text is UTF-8.

    Raises ``OptionError`` for a format that does not exist.
    """
    require_known("format", form, tuple(WRITERS))
    content = WRITERS[form](transcript, options)
    # a half of a surrogate pair, which JSON can smuggle in, is no character and becomes "?"
    return content.encode(errors="replace") if isinstance(content, str) else content
