"""Transcript → docx: a document to edit, one paragraph per segment."""

from io import BytesIO

import docx
from docx.document import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_UNDERLINE
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from docx.styles.style import BaseStyle

from richspeech.language.figures import clock
from richspeech.model.transcript import Segment, Transcript
from richspeech.writers.labels import (
    emotion_label,
    event_labels,
    facts,
    has_content,
    heading,
    misheard_label,
    on_one_line,
    printable,
    remark,
    sentiment_label,
    speaker_of,
    words_to_check,
)
from richspeech.writers.options import DEFAULT_OPTIONS, WriterOptions

PARAGRAPH_STYLE, TIME_STYLE, LABEL_STYLE = "Segment", "Segment Time", "Segment Label"
"""So that all segments, times or labels can be changed or selected at once."""

_USED_STYLES = (
    "Normal",
    "Title",
    "Title Char",
    "Default Paragraph Font",
    "Normal Table",
    "No List",
)
_LATIN_FONT, _EAST_ASIAN_FONT = "Calibri", "Microsoft YaHei"
_INDENT = Cm(1.8)
_MOST_CHARACTERS = 255
"""Of a property of the document, by ECMA-376; python-docx raises ``ValueError`` for more."""


def write_docx(transcript: Transcript, options: WriterOptions = DEFAULT_OPTIONS) -> bytes:
    """Return a Word document: a title, what is known of the whole, the segments."""
    document = docx.Document()
    _prepare_styles(document)
    title = printable(options.title or heading("transcript", options.locale))
    said = remark(transcript, options.locale)
    properties = document.core_properties
    properties.title, properties.author = title[:_MOST_CHARACTERS], ""
    properties.comments = (said or "")[:_MOST_CHARACTERS]
    document.add_heading(title, level=0)
    known = facts(transcript, options.locale)
    document.add_paragraph(" · ".join(f"{head} {value}" for head, value in known))
    if said:
        document.add_paragraph(said)
    segments = [segment for segment in transcript.segments if has_content(segment)]
    for segment in segments:
        _add_segment(document, segment, options, options.limit_of(transcript))
    if not segments:
        document.add_paragraph(heading("nothing", options.locale))
    content = BytesIO()
    document.save(content)
    return content.getvalue()


def _add_segment(
    document: Document, segment: Segment, options: WriterOptions, below: float | None
) -> None:
    """Write time, words and labels; all lines of the words stand beside the time."""
    paragraph = document.add_paragraph(style=PARAGRAPH_STYLE)
    paragraph.add_run(clock(segment.start), style=TIME_STYLE)
    speaker = f"{name}: " if (name := speaker_of(segment)) else ""
    lead = f"\t{speaker}"
    for text, is_unsure in words_to_check(segment, below):
        if is_unsure and lead:
            paragraph.add_run(lead)
            lead = ""
        run = paragraph.add_run(lead + on_one_line(text))
        run.underline = WD_UNDERLINE.DOTTED if is_unsure else None
        lead = ""
    labels = [
        label
        for name in (emotion_label, event_labels, sentiment_label, misheard_label)
        if (label := name(segment, options.style, options.locale))
    ]
    if segment.corrected:
        labels.append(heading("corrected", options.locale))
    if labels:
        paragraph.add_run(("  " if segment.text else "") + " · ".join(labels), style=LABEL_STYLE)


def _prepare_styles(document: Document) -> None:
    """Leave of python-docx's template what is used, since every run searches all of its styles."""
    for style in [each for each in document.styles if each.name not in _USED_STYLES]:
        style.delete()
    for name in ("Normal", "Title"):
        _set_fonts(document.styles[name])
    layout = document.styles.add_style(PARAGRAPH_STYLE, WD_STYLE_TYPE.PARAGRAPH)
    layout.base_style = document.styles["Normal"]
    layout.paragraph_format.left_indent = _INDENT
    layout.paragraph_format.first_line_indent = -_INDENT
    for name in (TIME_STYLE, LABEL_STYLE):
        style = document.styles.add_style(name, WD_STYLE_TYPE.CHARACTER)
        style.font.size = Pt(9)
        style.font.color.rgb = RGBColor(0x56, 0x64, 0x73)


def _set_fonts(style: BaseStyle) -> None:
    """Name fonts for both scripts: the template shows Chinese in Japanese shapes."""
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    fonts.attrib.clear()
    for script in ("ascii", "hAnsi", "cs"):
        fonts.set(qn(f"w:{script}"), _LATIN_FONT)
    fonts.set(qn("w:eastAsia"), _EAST_ASIAN_FONT)
