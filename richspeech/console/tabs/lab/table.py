"""An experiment as files: csv for spreadsheets, json for programs. Names are the Transcript's."""

import csv
import json
from collections.abc import Sequence
from dataclasses import asdict
from io import StringIO
from typing import Any

from richspeech.jobs.compare import SIDES, Experiment, Trial
from richspeech.model.transcript import Segment, plain
from richspeech.review.comparison import LABELS, Comparison, Row, Score, text_of
from richspeech.writers.data import harmless

COLUMNS = (
    *("start", "end", "words_a", "errors"),
    *(f"{name}_{side}" for name in ("text", *LABELS) for side in SIDES),
    "differs",
)
"""Of csv. ``errors``: words of b changed, missing or added; ``differs``: labels that do."""

_BYTE_ORDER_MARK = "\ufeff"


def write_csv(comparison: Comparison) -> str:
    """Write a row for each time that was heard (RFC 4180), marked as UTF-8 for Excel."""
    table = StringIO()
    writer = csv.DictWriter(table, COLUMNS)
    writer.writeheader()
    writer.writerows(
        {name: _cell(value) for name, value in _row(row).items()} for row in comparison.rows
    )
    return _BYTE_ORDER_MARK + table.getvalue()


def write_json(experiment: Experiment) -> str:
    """Write both sides with their settings, speeds and scores, and the rows of csv."""
    result = experiment.result
    comparison = result.comparison if result else None
    scores = result.scores if result else (None, None)
    document: dict[str, Any] = {
        "recording": experiment.name,
        "reference": experiment.reference or None,
        **{
            side: _side(trial, score)
            for side, trial, score in zip(SIDES, experiment.trials, scores, strict=True)
        },
        "words_a": comparison.words if comparison else None,
        "errors": comparison.errors if comparison else None,
        "differing": comparison.differing if comparison else None,
        "rows": [_row(row) for row in comparison.rows] if comparison else [],
    }
    return json.dumps(plain(document), ensure_ascii=False, indent=1) + "\n"


def _side(trial: Trial, score: Score | None) -> dict[str, Any]:
    side, heard = trial.side, trial.transcript
    return {
        "engine": side.engine,
        "model": heard.model if heard else side.weights,
        "adapter": trial.adapter,
        "cascade": trial.cascade,
        "options": asdict(side.request.options),
        "rules": [rule.name for rule in side.request.rules or ()],
        "error": str(trial.error) if trial.error else None,
        "duration": heard.duration if heard else None,
        "processing_seconds": heard.processing_seconds if heard else None,
        "rtfx": heard.rtfx if heard else None,
        "character_error_rate": score.character_error_rate if score else None,
        "word_error_rate": score.word_error_rate if score else None,
        "text": heard.text if heard else None,
    }


def _row(row: Row) -> dict[str, Any]:
    sides = tuple(zip(SIDES, (row.left, row.right), strict=True))
    return {
        "start": round(row.start, 4),
        "end": round(row.end, 4),
        "words_a": row.alignment.words,
        "errors": row.alignment.errors,
        **{f"text_{side}": text_of(segments) for side, segments in sides},
        **{
            f"{name}_{side}": labels_of(segments, name)
            for name in LABELS
            for side, segments in sides
        },
        "differs": list(row.differing),
    }


def labels_of(segments: Sequence[Segment], name: str) -> list[str]:
    """Return the values of a label in a row, each once, in their order."""
    values = (getattr(segment, name) for segment in segments)
    several = (value if name == "events" else (value,) for value in values)
    return [str(each) for each in dict.fromkeys(v for group in several for v in group) if each]


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(value)
    return harmless(value) if isinstance(value, str) else str(value)
