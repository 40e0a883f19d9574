"""Transcript → txt, md: to read and to paste."""

import re
from collections.abc import Sequence

from richspeech.language.figures import clock
from richspeech.model.transcript import Segment, Transcript
from richspeech.writers.labels import (
    emotion_label,
    event_labels,
    facts,
    has_content,
    has_sentiment,
    has_speakers,
    heading,
    misheard_suffix,
    printable,
    remark,
    sentiment_label,
    speaker_of,
    styled,
)
from richspeech.writers.options import DEFAULT_OPTIONS, WriterOptions


def write_txt(transcript: Transcript, options: WriterOptions = DEFAULT_OPTIONS) -> str:
    """One line a segment; a segment without words shows its sounds."""
    shown = (_spoken(segment, options) for segment in transcript.segments)
    return "".join(f"{printable(line)}\n" for line in shown if line)


def _spoken(segment: Segment, options: WriterOptions) -> str:
    line, speaker = styled(segment, options.style, options.locale), speaker_of(segment)
    line += misheard_suffix(segment, options.style, options.locale) if segment.text else ""
    return f"{speaker}: {line}" if line and speaker else line


def write_md(transcript: Transcript, options: WriterOptions = DEFAULT_OPTIONS) -> str:
    """Markdown: a heading, what is known of the whole, and a table with a row a segment."""
    locale = options.locale
    known = " · ".join(f"{head} {value}" for head, value in facts(transcript, locale))
    head = f"# {_escaped(options.title or heading('transcript', locale))}\n\n{_escaped(known)}\n\n"
    if said := remark(transcript, locale):
        head += f"{_escaped(said)}\n\n"
    segments = [segment for segment in transcript.segments if has_content(segment)]
    if not segments:
        return f"{head}{heading('nothing', locale)}\n"
    has_names = has_speakers(transcript)
    columns = ["start", *(["speaker"] if has_names else []), "text"]
    if options.style != "plain":
        columns += ["emotion", "events", *(["sentiment"] if has_sentiment(transcript) else [])]
    rows = [[heading(column, locale) for column in columns], ["---"] * len(columns)]
    rows += [
        [_escaped(cell) for cell in _cells(each, options, named=has_names)][: len(columns)]
        for each in segments
    ]
    return head + "".join(f"{_row(cells)}\n" for cells in rows)


def _cells(segment: Segment, options: WriterOptions, *, named: bool) -> tuple[str, ...]:
    labels = (
        label(segment, options.style, options.locale)
        for label in (emotion_label, event_labels, sentiment_label)
    )
    speaker = (speaker_of(segment),) if named else ()
    text = segment.text + misheard_suffix(segment, options.style, options.locale)
    return clock(segment.start), *speaker, text, *labels


_MARKUP = re.compile(r"[\\`*_\[\]<>|~&$#]")
"""What CommonMark, its tables and its formulas give a meaning within a cell."""


def _escaped(text: str) -> str:
    return _MARKUP.sub(r"\\\g<0>", printable(text))


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
