"""Measure Whisper base on people: ``python -m scripts.evaluate_whisper``.

Every clip of ../shared/audio/speech with words goes through the product's own voice activity
detection, with the published weights of fsmn-vad, into the engine. ``--write`` puts the table into
docs/whisper.md, between its markers. Costs are processor seconds, which other work on the machine
changes little.
"""

import argparse
import csv
import logging
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jiwer
from faster_whisper import WhisperModel

from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import open_recording
from richspeech.engines.common.fbank import Fbank
from richspeech.engines.common.fsmn_vad import FsmnVad
from richspeech.engines.hub import EMBEDDED_DETECTOR
from richspeech.engines.whisper import engine
from richspeech.engines.whisper.packaged import packaged_weights
from richspeech.language.catalog import Notice
from richspeech.model.options import Options
from richspeech.model.transcript import Transcript
from richspeech.places import HOME as PROJECT
from richspeech.recognition.pipeline import Pipeline
from richspeech.recognition.reading import Reader
from richspeech.recognition.scheduler import Scheduler
from richspeech.review.comparison import words_of
from richspeech.settings import CACHE_FOLDER

SHARED = PROJECT.parent / "shared"
AUDIO, DETECTOR = SHARED / "audio", SHARED / "models" / "fsmn-vad"
TABLE = PROJECT / "docs" / "whisper.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
LIMITS = AudioLimits(10**8, 600.0)
IN_PIECES = ("/fsdd/", "/syllables/")
"""Folders of single digits and syllables, which nobody says for themselves."""
UNWRITTEN = ("transcript", "short sample", "Russian sample")
REMARK = re.compile(r"\s*[\[(].*$")


@dataclass(frozen=True)
class Clip:
    """A recording of somebody who speaks."""

    path: Path
    language: str
    words: str | None
    """What is said; None where nobody has written it down."""

    @property
    def name(self) -> str:
        """Of the file."""
        return self.path.name


@dataclass(frozen=True)
class Setup:
    """One way to hear."""

    title: str
    compute_type: str = "float32"
    beam_size: int = engine.BEAM_SIZE
    short_window_seconds: float = engine.SHORT_WINDOW_SECONDS
    detector: Path = DETECTOR


SETUPS = (
    Setup("as set: float32, beam of 5, window from 15 s"),
    Setup("float32, likeliest token each time", beam_size=1),
    Setup("float32, window of 30 s", short_window_seconds=engine.WINDOW_SECONDS),
    Setup("int8", "int8"),
    Setup("int8, likeliest token each time", "int8", beam_size=1),
    Setup("int8, window of 30 s", "int8", short_window_seconds=engine.WINDOW_SECONDS),
    Setup("float32, utterances by models/fsmn-vad-tiny", detector=EMBEDDED_DETECTOR),
)


@cache
def clips() -> tuple[Clip, ...]:
    """Return the recordings of people in ../shared/audio/speech; none where they are absent."""
    return (*_clips(),)


def _clips() -> Iterator[Clip]:
    table = AUDIO / "EXPECTED.tsv"
    if not table.is_file():
        return
    with table.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            path, said = row["path"], row["transcript_or_label"]
            if path.startswith("speech/") and not any(each in path for each in IN_PIECES):
                unwritten = any(each in said for each in UNWRITTEN)
                words = None if unwritten else REMARK.sub("", said)
                yield Clip(AUDIO / path, row["language"], words)


def error_rate(pairs: Sequence[tuple[str, str]], language: str) -> float:
    """Return WER for English, else CER, of pairs of what was said and what was heard.

    Case, punctuation and spaces do not count; errors of all are added up before they are divided.
    """
    space = " " if language == "en" else ""
    said, heard = (
        [space.join(word.compared for word in words_of(text)) for text in side]
        for side in zip(*pairs, strict=True)
    )
    return float(jiwer.wer(said, heard) if language == "en" else jiwer.cer(said, heard))


def measured(setup: Setup) -> str:
    """Return a row of the table."""
    folder = packaged_weights(CACHE_FOLDER, Notice("why.packaged")).folder
    model = WhisperModel(str(folder), device="cpu", compute_type=setup.compute_type)
    recogniser = engine.Whisper(model, setup.beam_size, setup.short_window_seconds)
    with closing(Scheduler(recogniser, batch_seconds=20, queue_seconds=300)) as scheduler:
        pipeline = Pipeline(
            scheduler, Reader(Fbank(), FsmnVad.load(setup.detector)), model=folder.name
        )
        begun = time.process_time()
        heard = [(clip, transcribe(pipeline, clip)) for clip in clips()]
        cost = time.process_time() - begun
    cells = [_cell(heard, language) for language in ("en", "zh", "ja", "ko", "yue")]
    sounding = sum(transcript.duration for _, transcript in heard)
    return " | ".join((f"| {setup.title}", *cells, f"{cost / sounding:.2f} |"))


def transcribe(pipeline: Pipeline, clip: Clip) -> Transcript:
    """Hear a clip."""
    with open_recording(clip.path, LIMITS) as recording:
        *_, last = pipeline.transcribe(recording, Options())
    return last.transcript


def _cell(heard: Sequence[tuple[Clip, Transcript]], language: str) -> str:
    found = [(clip, transcript) for clip, transcript in heard if clip.language == language]
    pairs = [(clip.words, each.text) for clip, each in found if clip.words]
    right = sum(each.language == language for _, each in found)
    return f"{100 * error_rate(pairs, language):.1f} ({right} of {len(found)})"


def main() -> None:
    """Measure, print, and with ``--write`` keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the table into docs/whisper.md")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    rows = [
        "| | en, WER | zh, CER | ja, CER | ko, CER | yue, CER | CPU s a second |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for setup in SETUPS:
        rows.append(measured(setup))
        print(rows[-1], flush=True)
    if arguments.write:
        before, rest = TABLE.read_text(encoding="utf-8").split(BEGIN)
        table = "\n".join((BEGIN, *rows, END))
        TABLE.write_text(before + table + rest.split(END)[1], encoding="utf-8")


if __name__ == "__main__":
    main()
