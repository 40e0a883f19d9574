"""Measure Paraformer and ct-punc on sentences that neither they nor the recogniser learned from."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jiwer
import numpy as np

from richspeech.engines.common.automodel import load_automodel
from scripts.embedded import dataset, paraformer, punctuation, sounds
from scripts.embedded.dataset import Plan
from scripts.embedded.punctuation import MARKS, NOTHING
from scripts.embedded.voices import SAMPLE_RATE, Waveform

PAD = np.zeros(int(0.3 * SAMPLE_RATE), np.float32)
"""Silence at either end of what is recognised, as detected speech has it."""
ROW = 4
"""Sentences of a row: an utterance of about ten seconds."""
PAUSE_SECONDS = (0.2, 0.8)


@dataclass(frozen=True)
class Reading:
    """What was said, and what Paraformer wrote."""

    truth: str
    heard: str
    timed: int
    """How many characters it gave times to."""


def recognise(model: Any, waveform: Waveform) -> tuple[str, int]:
    """Return the text without spaces and how many times came with it."""
    found = model.generate(np.concatenate([PAD, waveform, PAD]), output_timestamp=True)
    if not found:
        return "", 0
    return found[0]["text"].replace(" ", ""), len(found[0]["timestamp"])


def readings(
    model: Any, spoken: list[tuple[str, Waveform]], snr_db: float | None = None
) -> list[Reading]:
    """Have every waveform recognised, in noise if a signal-to-noise ratio is given."""
    rng = np.random.default_rng(5)
    heard = (w if snr_db is None else sounds.add_noise(w, snr_db, rng) for _, w in spoken)
    texts = (text for text, _ in spoken)
    return [Reading(t, *recognise(model, w)) for t, w in zip(texts, heard, strict=True)]


def speak(plan: Plan) -> list[tuple[str, Waveform]]:
    """Say the sentences of a test."""
    jobs = dataset.compose(plan, paraformer.learned_sentences())
    return [(truth.woitn, waveform) for truth, waveform in dataset.performances(jobs)]


def in_rows(spoken: list[tuple[str, Waveform]]) -> list[tuple[str, Waveform]]:
    """Put ROW sentences in a row with pauses between them."""
    rng = np.random.default_rng(6)
    rows = []
    for at in range(0, len(spoken) - ROW + 1, ROW):
        pieces: list[Waveform] = []
        for _, waveform in spoken[at : at + ROW]:
            pause = int(rng.uniform(*PAUSE_SECONDS) * SAMPLE_RATE)
            pieces += [waveform, np.zeros(pause, np.float32)]
        text = "".join(text for text, _ in spoken[at : at + ROW])
        rows.append((text, np.concatenate(pieces[:-1])))
    return rows


def paraformer_table(folder: Path) -> str:
    """Return character errors and missing times, in percent."""
    model = load_automodel(folder, "Paraformer", "cpu", threads=1)
    seen, new = speak(paraformer.TEST_SEEN), speak(paraformer.TEST_NEW)
    sets = {
        "known voices": readings(model, seen),
        "voices never heard": readings(model, new),
        f"voices never heard, {ROW} sentences in a row": readings(model, in_rows(new)),
        "voices never heard, noise at 10 dB": readings(model, new, 10.0),
    }
    lines = ["| held-out set | utterances | characters | CER | right length |", "| --- " * 5 + "|"]
    for name, found in sets.items():
        rate = jiwer.cer([r.truth for r in found], [r.heard for r in found])
        lengths = np.mean([len(r.heard) == len(r.truth) for r in found])
        characters = sum(len(r.truth) for r in found)
        lines.append(
            f"| {name} | {len(found)} | {characters} | {100 * rate:.1f} | {100 * lengths:.1f} |"
        )
    return "\n".join(lines)


def marks_found(model: Any, line: punctuation.Line) -> list[int]:
    """Return the mark after each character, as ``generate`` gives them."""
    found: list[int] = model.generate(line.characters)[0]["punc_array"].tolist()
    return found


def f1(truth: list[int], found: list[int], marks: frozenset[int]) -> float:
    """Return the micro-averaged F1 over ``marks``: the right mark after the right character."""
    right = sum(t == f for t, f in zip(truth, found, strict=True) if t in marks)
    given = sum(mark in marks for mark in truth) + sum(mark in marks for mark in found)
    return 2 * right / given


def punctuation_table(folder: Path) -> str:
    """Return the F1 of each mark and of all."""
    model = load_automodel(folder, "CTTransformer", "cpu", threads=1)
    lines = [punctuation.line_of(row) for row in punctuation.held_out()]
    truth = [mark for line in lines for mark in line.marks]
    found = [mark for line in lines for mark in marks_found(model, line)]
    numbers = {name: frozenset({MARKS.index(name)}) for name in MARKS[NOTHING + 1 :]}
    numbers["all four"] = frozenset.union(*numbers.values())
    rows = ["| mark | in the text | F1 in % |", "| --- | --- | --- |"]
    for name, marks in numbers.items():
        count = sum(mark in marks for mark in truth)
        rows.append(f"| {name} | {count} | {100 * f1(truth, found, marks):.1f} |")
    return "\n".join(rows)
