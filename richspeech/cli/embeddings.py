"""``python -m richspeech embeddings FILE…``: which recordings sound alike, and in which groups.

One JSON document a line for each recording, or each segment of one: its nearest others with their
cosine similarity, its group and its place on a map. A FILE is a recording or a .npy file that
``emotion --embedding`` or this command wrote.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from richspeech.audio.container import AudioLimits
from richspeech.audio.mono import mixture
from richspeech.audio.strands import as_heard, open_strands
from richspeech.cli.options import WEIGHTS, Tracks, Weights
from richspeech.cli.terminal import tell_failure
from richspeech.emotion.embedding_map import draw_map
from richspeech.emotion.embeddings import (
    Groups,
    Vector,
    embedding_name,
    group,
    load_embedding,
    nearest,
    save_embedding,
)
from richspeech.engines.emotion2vec.load import LoadedEmotionRecogniser, load_emotion_recogniser
from richspeech.engines.hub import tell_of_embedded
from richspeech.errors import OptionError, RichSpeechError, UsageError
from richspeech.model.options import Tracks as HeardTracks
from richspeech.model.transcript import Transcript
from richspeech.settings import Settings
from richspeech.stages.second_opinion import segment_scores

EXAMPLES = (
    "embeddings a.wav b.wav c.wav --nearest 1",
    "embeddings a.wav b.wav c.wav --groups 2 --map map.svg",
    "embeddings talk.wav --transcript talk.json",
)

NEAREST = 5
DIGITS = 4


@dataclass(frozen=True, eq=False)
class Voice:
    """One recording, or a segment of one."""

    file: str
    vector: Vector
    place: tuple[float, float] | None = None
    """Start and end of the segment in seconds; None for a whole recording."""
    embedding: Path | None = None
    """The .npy file."""

    @property
    def name(self) -> str:
        """Tells it from the others for people."""
        spot = "" if self.place is None else f" {self.place[0]:.1f}–{self.place[1]:.1f}"
        return f"{Path(self.file).name}{spot}"


@dataclass(frozen=True)
class Wanted:
    """What is asked of all files together."""

    files: tuple[Path, ...]
    output: Path | None
    nearest: int
    groups: int | None
    map: Path | None
    transcript: Path | None
    tracks: HeardTracks | int | None

    def __post_init__(self) -> None:
        """Raise ``UsageError`` for what does not go together, before anything is recognised."""
        if self.transcript and len(self.files) > 1:
            raise UsageError("cli.one_transcript")
        if self.map and not self.groups:
            raise UsageError("cli.map")
        if self.nearest < 0:
            raise UsageError("cli.nearest", count=self.nearest)


def embeddings(
    *files: Annotated[Path, Parameter(name="FILE", required=True)],
    output: Annotated[Path | None, Parameter(metavar="DIR")] = None,
    nearest: Annotated[int, Parameter(metavar="COUNT")] = NEAREST,
    groups: Annotated[int | None, Parameter(metavar="COUNT")] = None,
    map_file: Annotated[Path | None, Parameter(name="--map", metavar="FILE.svg")] = None,
    transcript: Annotated[Path | None, Parameter(metavar="FILE.json")] = None,
    tracks: Tracks = None,
    weights: Weights = WEIGHTS,
) -> int:
    """Compare and group recordings by how they sound; one JSON document per line.

    Args:
        files: recordings, or .npy files of their embeddings
        output: folder for the embeddings
        nearest: how many of the most similar to list
        groups: number of groups to form
        map_file: draw a map of the groups here
        transcript: compare the segments of one recording

    """
    settings = weights.settings("emotion")
    return _compare(Wanted(files, output, nearest, groups, map_file, transcript, tracks), settings)


def _compare(wanted: Wanted, settings: Settings) -> int:
    """Embed or read the files, compare them, print the documents; return the exit status."""
    reader = _Reader(settings, wanted.transcript, wanted.output, wanted.tracks)
    voices, failures = [], 0
    for path in wanted.files:
        try:
            voices.extend(reader.voices(path))
        except RichSpeechError as error:
            tell_failure(path.name, error)
            failures += 1
    grouped = group([each.vector for each in voices], wanted.groups) if wanted.groups else None
    for document in documents(voices, wanted.nearest, grouped):
        sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
    if grouped is not None and wanted.map:
        names = [each.name for each in voices]
        _write(wanted.map, draw_map(grouped.points, grouped.labels, names))
    return 1 if failures else 0


def documents(
    voices: Sequence[Voice], count: int, grouped: Groups | None
) -> Iterator[dict[str, Any]]:
    """Give one document a voice; ``count`` is how many others it names."""
    vectors = [each.vector for each in voices]
    for index, voice in enumerate(voices):
        others = [*range(index), *range(index + 1, len(voices))]
        alike = nearest(voice.vector, [vectors[other] for other in others], count)
        document = _place(voice)
        if voice.embedding is not None:
            document["embedding"] = str(voice.embedding)
        if grouped is not None:
            document["group"] = int(grouped.labels[index])
            document["point"] = [round(float(x), DIGITS) for x in grouped.points[index]]
        document["nearest"] = [
            _place(voices[others[each.index]]) | {"similarity": round(each.similarity, DIGITS)}
            for each in alike
        ]
        yield document


def _place(voice: Voice) -> dict[str, Any]:
    if voice.place is None:
        return {"file": voice.file}
    return {"file": voice.file, "start": voice.place[0], "end": voice.place[1]}


@dataclass(frozen=True)
class _Reader:
    """Makes voices of files; the recogniser is loaded for the first recording."""

    settings: Settings
    transcript: Path | None
    output: Path | None
    tracks: HeardTracks | int | None

    @cached_property
    def loaded(self) -> LoadedEmotionRecogniser:
        loaded = load_emotion_recogniser(self.settings)
        tell_of_embedded(loaded.weights)
        return loaded

    def voices(self, path: Path) -> list[Voice]:
        """Return the voice of a file, or one a segment; raises ``RichSpeechError``."""
        if path.suffix == ".npy":
            return [Voice(str(path), load_embedding(path), embedding=path)]
        limits = self.settings.limits
        segments = _transcript(self.transcript).segments if self.transcript else ()
        audio = AudioLimits(limits.max_bytes, limits.max_seconds)
        with open_strands(path, audio, as_heard(segments, self.tracks)) as recording:
            blocks, strands = recording.blocks(), recording.strands
            if self.transcript is None:
                heard = self.loaded.recogniser.recognise(map(mixture, blocks))
                return [self._kept(path, Voice(str(path), heard.embedding), None)]
            found = segment_scores(segments, blocks, self.loaded.recogniser, strands)
        return [
            self._kept(path, Voice(str(path), heard.embedding, (each.start, each.end)), index)
            for index, (each, heard) in enumerate(zip(segments, found, strict=True))
            if heard is not None
        ]

    def _kept(self, path: Path, voice: Voice, segment: int | None) -> Voice:
        if self.output is None:
            return voice
        place = self.output / embedding_name(path, segment)
        try:
            self.output.mkdir(parents=True, exist_ok=True)
            save_embedding(place, voice.vector)
        except OSError as error:
            raise OptionError("cli.output", name=str(place), why=str(error.strerror)) from error
        return replace(voice, embedding=place)


def _transcript(path: Path) -> Transcript:
    try:
        return Transcript.from_dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError) as error:
        if isinstance(error, RichSpeechError):
            raise
        raise OptionError("cli.transcript", name=path.name) from error


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OptionError("cli.map_unwritable", name=str(path), why=str(error.strerror)) from error
