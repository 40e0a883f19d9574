"""``python -m richspeech transcribe FILE…``: transcripts to stdout, or into files of ``--output``.

The exit status is 1 when a file could not be read; the others are done all the same.
"""

import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from richspeech.access.principal import Role
from richspeech.audio.container import AudioLimits
from richspeech.audio.mono import mixture
from richspeech.audio.playback import to_mp3
from richspeech.audio.strands import open_strands
from richspeech.cli.options import LOOK, MODEL, RECOGNITION, History, Look, Model, Raw, Recognition
from richspeech.cli.terminal import tell_failure, tell_of_warnings, unkept_line
from richspeech.engines.hub import tell_of_embedded
from richspeech.errors import OptionError, RichSpeechError, UsageError
from richspeech.jobs.caching import CachingTranscriber, Step
from richspeech.model.options import Options
from richspeech.model.transcript import Transcript
from richspeech.privacy.mask import mask_text
from richspeech.privacy.sound import cover_of
from richspeech.recognition.pipeline import Progress
from richspeech.settings import PrivacySettings
from richspeech.writers import WRITERS, WriterOptions, write

FILES_AT_ONCE = 4
"""Short files fill the model's batches together, and several are decoded at once for a GPU."""


EXAMPLES = (
    "transcribe meeting.mp4 > meeting.txt",
    "transcribe --format srt --style emoji talk.mp3 > t.srt",
    "transcribe --format json a.wav b.wav > all.jsonl",
    "transcribe --raw ulaw:8000 call.raw",
    "transcribe --format docx --output minutes.docx talk.mp4",
)


@dataclass(frozen=True)
class _Writing:
    """How recordings are read and results written."""

    form: str
    look: Look
    limits: AudioLimits
    options: Options
    privacy: PrivacySettings
    named: Sequence[str | None]
    """Who was named on the command line, by channel."""


def transcribe(
    *files: Annotated[Path, Parameter(name="FILE", required=True)],
    form: Annotated[str, Parameter(name="--format", choices=tuple(WRITERS))] = "txt",
    output: Annotated[Path | None, Parameter(metavar="FILE|FOLDER")] = None,
    raw: Raw = None,
    look: Look = LOOK,
    recognition: Recognition = RECOGNITION,
    history: History = False,
    model: Model = MODEL,
) -> int:
    """Transcribe recordings, several at once; results keep their order.

    Args:
        files: audio or video files
        form: format of the results
        output: write there instead of stdout

    """
    settings = model.settings()
    options = replace(recognition.options(settings), raw=raw)
    outputs = iter(outputs_of(files, form, output))
    from richspeech.service import open_service  # noqa: PLC0415 - a help text needs no engine

    with open_service(settings, keeps=history) as service, service.main_engine() as loaded:
        named = recognition.named
        writing = _Writing(form, look, service.limits, options, settings.privacy, named)
        tell_of_embedded(*loaded.all_weights)
        return _transcribe_files(files, service.caching(loaded), outputs, writing)


def _transcribe_files(
    files: Sequence[Path],
    transcriber: CachingTranscriber,
    outputs: Iterator[Path | None],
    writing: _Writing,
) -> int:
    stop, turns = threading.Event(), [threading.Event() for _ in files]
    turns[0].set()
    pool = ThreadPoolExecutor(FILES_AT_ONCE)
    work = partial(_transcribe_file, transcriber, writing, stop)
    try:
        jobs = deque(
            (path, turn, pool.submit(work, path, turn))
            for path, turn in zip(files, turns, strict=True)
        )
        failures = 0
        while jobs:
            path, turn, last = jobs.popleft()
            turn.set()
            failures += not _write(path, last, next(outputs), writing)
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)
    return 1 if failures else 0


def _transcribe_file(
    transcriber: CachingTranscriber,
    writing: _Writing,
    stop: threading.Event,
    path: Path,
    turn: threading.Event,
) -> Step:
    """Transcribe one file; its progress is shown once its result is the next to be written."""
    with open_strands(path, writing.limits, writing.options) as recording:
        for step in transcriber.steps(recording, writing.options, stop.is_set):
            if turn.is_set():
                _show(path.name, step.progress)
    return step


def outputs_of(files: Sequence[Path], form: str, output: Path | None) -> list[Path | None]:
    """Return where the result of each file goes, None for stdout.

    ``output`` is a file if it has an ending and there is one result, and a folder otherwise. Raises
    ``UsageError`` where results would overwrite or spoil each other.
    """
    if output is None:
        written = WRITERS[form]
        if written.is_binary or (len(files) > 1 and not written.is_streamed):
            raise UsageError("cli.terminal", form=form)
        return [None] * len(files)
    if len(files) == 1 and output.suffix and not output.is_dir():
        return [output]
    names = [f"{path.stem}.{form}" for path in files]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise UsageError("cli.twice", name=str(twice))
    return [output / name for name in names]


def _write(path: Path, last: Future[Step], output: Path | None, writing: _Writing) -> bool:
    """Write what came of a file: its transcript where it belongs, or a sentence to stderr."""
    try:
        step = last.result()
        transcript = step.progress.transcript
        options = _writer_options(path, writing, transcript)
        _put(write(transcript, writing.form, options), output)
    except RichSpeechError as error:
        tell_failure(path.name, error)
        return False
    tell_of_warnings(path.name, transcript, writing.named)
    if step.unkept is not None:
        print(unkept_line(path.name, str(step.unkept)), file=sys.stderr)
    return True


def _writer_options(path: Path, writing: _Writing, transcript: Transcript) -> WriterOptions:
    """Return the choices of the command line; the report gets the sound as well."""
    audio = None
    if writing.form == "html":
        with open_strands(path, writing.limits, writing.options) as recording:
            cover = cover_of(transcript, writing.privacy)
            audio = to_mp3(map(mixture, cover.blocks(recording.blocks())))
    privacy = writing.privacy
    name = mask_text(path.name, None, privacy.kinds) if privacy.masks(Role.ADMIN) else path.name
    return writing.look.options(name, audio)


def _put(content: bytes, output: Path | None) -> None:
    """Write to a file, or to stdout if there is none; raises ``OptionError``.

    Raises ``OSError`` when stdout takes nothing more: then there is no place for the others either.
    """
    if output is None:
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
        return
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_bytes(content)
    except OSError as error:
        raise OptionError("cli.output", name=str(output), why=str(error.strerror)) from error


def _show(name: str, progress: Progress) -> None:
    """Write one line of progress to a terminal; a file gets none."""
    if not sys.stderr.isatty():
        return
    total = "" if progress.seconds_total is None else f" of {progress.seconds_total:.0f}"
    left = "" if progress.seconds_left is None else f", {progress.seconds_left:.0f} s left"
    end = "\n" if progress.finished else ""
    print(f"\r{name}: {progress.seconds_done:.0f}{total} s{left}   ", end=end, file=sys.stderr)
