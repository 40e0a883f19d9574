"""Measure how long a transcript of many lines takes to be edited and masked.

    python scripts/measure_edits.py 1000

Prints seconds for masking after two replacements in every line, for joining every two lines, and
for shifting the end of each.
"""

import sys
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from postprocess import Emotion
from richspeech.model.corrections import Correction
from richspeech.model.document import Document
from richspeech.model.edits import Amendment, CorrectionEdit
from richspeech.model.place import Place
from richspeech.model.steps import Merge
from richspeech.model.transcript import Segment, Token, Transcript
from richspeech.privacy.mask import mask_document

WORDS = "他说要退款，打给他。"
SECONDS_APART = 2.0


def main() -> None:
    """Print one line."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    heard = Document(_transcript(count))
    replaced = heard
    for found, by in (("退款", "退货"), ("退货", "换货")):
        replaced = _edited(replaced, [replaced.replacing(found, by)])
    started = time.perf_counter()
    mask_document(replaced)
    masked = time.perf_counter()
    joints = (Merge(Place(at), Place(at + 1)) for at in range(0, count - 1, 2))
    _ = _edited(heard, joints).transcript
    joined = time.perf_counter()
    shifts = (Correction(at, end=SECONDS_APART * at + 1.5) for at in range(count))
    _ = _edited(heard, shifts).transcript
    shifted = time.perf_counter()
    print(
        f"{count} lines: mask {masked - started:.2f} s, joints {joined - masked:.2f} s, "
        f"shifts {shifted - joined:.2f} s"
    )


def _edited(document: Document, amendments: Iterable[Amendment]) -> Document:
    made = datetime.now(UTC)
    return document.with_steps([CorrectionEdit(correction=each, made=made) for each in amendments])


def _transcript(count: int) -> Transcript:
    segments = tuple(_segment(at * SECONDS_APART) for at in range(count))
    return Transcript(count * SECONDS_APART, 1.0, "sensevoice", "none", segments)


def _segment(start: float) -> Segment:
    tokens = tuple(
        Token(word, start + 0.1 * at, start + 0.1 * at + 0.1, 0.9) for at, word in enumerate(WORDS)
    )
    neutral, end = Emotion.NEUTRAL, start + 1.2
    return Segment(start, end, WORDS, "zh", 0.9, neutral, {}, (), {}, tokens, WORDS)


if __name__ == "__main__":
    main()
