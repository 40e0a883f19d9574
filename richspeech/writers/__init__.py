"""Transcript → file. One line a format in ``FORMATS``; ``write`` writes one.

from richspeech.writers import WriterOptions, write
Path("talk.srt").write_bytes(write(transcript, "srt"))
Path("talk.html").write_bytes(write(transcript, "html", WriterOptions(locale="en")))

labels ◂ cues ◂ subtitles        srt, vtt, ass, lrc
       ◂ text, data              txt, md · json, csv
       ◂ document, report        docx · html
"""

from types import MappingProxyType

from richspeech.model.transcript import Transcript
from richspeech.writers.data import write_csv, write_json
from richspeech.writers.document import write_docx
from richspeech.writers.format import Format, Purpose
from richspeech.writers.labels import display_text, styled
from richspeech.writers.options import DEFAULT_OPTIONS, WriterOptions, require_known
from richspeech.writers.report import write_html
from richspeech.writers.subtitles import write_ass, write_lrc, write_srt, write_vtt
from richspeech.writers.text import write_md, write_txt

__all__ = [
    "FORMATS",
    "WRITERS",
    "Format",
    "Purpose",
    "WriterOptions",
    "display_text",
    "styled",
    "write",
]

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

FORMATS = (
    Format("txt", Purpose.TEXT, "text/plain", write_txt, is_streamed=True),
    Format("docx", Purpose.TEXT, DOCX, write_docx, is_binary=True),
    Format("md", Purpose.TEXT, "text/markdown", write_md, is_streamed=True),
    Format("srt", Purpose.SUBTITLES, "application/x-subrip", write_srt, is_streamed=True),
    Format("vtt", Purpose.SUBTITLES, "text/vtt", write_vtt),
    Format("ass", Purpose.SUBTITLES, "text/x-ssa", write_ass),
    Format("lrc", Purpose.SUBTITLES, "text/plain", write_lrc),
    Format("json", Purpose.DATA, "application/json", write_json, is_streamed=True),
    Format("csv", Purpose.DATA, "text/csv", write_csv),
    Format("html", Purpose.REPORT, "text/html", write_html),
)
"""One line a format, in the order in which people read them."""

WRITERS = MappingProxyType({each.name: each for each in FORMATS})
"""The formats by their names."""


def write(transcript: Transcript, form: str, options: WriterOptions = DEFAULT_OPTIONS) -> bytes:
    """Return the content of a file in one of the formats; text is UTF-8.

    Raises ``OptionError`` for a format that does not exist.
    """
    require_known("format", form, tuple(WRITERS))
    content = WRITERS[form].write(transcript, options)
    # a half of a surrogate pair, which JSON can smuggle in, is no character and becomes "?"
    return content.encode(errors="replace") if isinstance(content, str) else content
