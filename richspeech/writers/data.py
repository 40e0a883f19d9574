"""Transcript → json, csv: for programs and spreadsheets. Names are those of the Transcript."""

import csv
import json
from io import StringIO

from richspeech.engines.hub import is_embedded_name
from richspeech.model.transcript import Segment, Transcript
from richspeech.writers.labels import has_sentiment, has_speakers, printable
from richspeech.writers.options import DEFAULT_OPTIONS, WriterOptions

CSV_COLUMNS = (
    *("start", "end", "language", "language_probability", "emotion", "emotion_probability"),
    *("events", "text", "rules", "second_emotion", "corrected"),
)

SENTIMENT_COLUMNS = ("sentiment", "sentiment_probability", "agreement")
"""Behind the others where words were read for their sentiment."""

STRAND_COLUMNS = ("track", "channel", "speaker")
"""Behind those where parts of the recording were heard apart."""

MISHEARD_COLUMN = "misheard_probability"
"""Behind those where the model was calibrated for that."""

MODEL_COLUMN = "model"
"""Last of all where the model is one for demonstration, so that nobody takes it for another."""

BYTE_ORDER_MARK = "\ufeff"
_FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def write_json(transcript: Transcript, options: WriterOptions = DEFAULT_OPTIONS) -> str:  # noqa: ARG001
    """Write one document on one line; options change nothing, since all labels are in it."""
    return json.dumps(transcript.to_dict(), ensure_ascii=False) + "\n"


def write_csv(transcript: Transcript, options: WriterOptions = DEFAULT_OPTIONS) -> str:  # noqa: ARG001
    """Write a row a segment (RFC 4180); names and labels are those of json in every locale.

    The byte order mark tells Excel that this is UTF-8. A text that a spreadsheet would take for a
    formula gets the apostrophe that makes it a text.
    """
    table = StringIO()
    writer = csv.writer(table)
    read, apart = has_sentiment(transcript), has_speakers(transcript)
    more = (*(SENTIMENT_COLUMNS if read else ()), *(STRAND_COLUMNS if apart else ()))
    calibrated = any(each.misheard_probability is not None for each in transcript.segments)
    more += (MISHEARD_COLUMN,) if calibrated else ()
    is_embedded = is_embedded_name(transcript.model)
    writer.writerow((*CSV_COLUMNS, *more, *([MODEL_COLUMN] if is_embedded else [])))
    model = [transcript.model] if is_embedded else []
    writer.writerows(
        (
            *_csv_row(segment),
            *(_sentiment_cells(segment) if read else ()),
            *(_strand_cells(segment) if apart else ()),
            *((_number(segment.misheard_probability),) if calibrated else ()),
            *model,
        )
        for segment in transcript.segments
    )
    return BYTE_ORDER_MARK + table.getvalue()


def _csv_row(segment: Segment) -> tuple[str, ...]:
    return (
        *(_number(segment.start), _number(segment.end)),
        *(harmless(segment.language or ""), _number(segment.language_probability)),
        *(segment.emotion.value, _number(segment.emotion_probability)),
        " ".join(event.value for event in segment.events),
        *(harmless(segment.text), harmless(" ".join(segment.rules))),
        *(segment.second_emotion or "", " ".join(segment.corrected)),
    )


def _sentiment_cells(segment: Segment) -> tuple[str, ...]:
    sentiment, agreement = segment.sentiment, segment.agreement
    sure = segment.sentiment_probabilities.get(sentiment) if sentiment else None
    return sentiment or "", _number(sure), agreement.accord if agreement else ""


def _strand_cells(segment: Segment) -> tuple[str, ...]:
    track, speaker = (harmless(each or "") for each in (segment.track, segment.speaker))
    return track, "" if segment.channel is None else str(segment.channel), speaker


def _number(value: float | None) -> str:
    return "" if value is None else str(round(value, 4))


def harmless(text: str) -> str:
    """Put a text on one line that no spreadsheet takes for a formula."""
    line = printable(text)
    return f"'{line}" if line.startswith(_FORMULA_STARTS) else line
