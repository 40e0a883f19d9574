"""Command line: ``python -m richspeech transcribe FILE…``, ``batch``, ``doctor`` and ``bench``.

Results go to stdout, or into files with ``--output``; progress, logs and errors to stderr. The exit
status is 1 when a file could not be read; the others are done all the same.
"""

import argparse
import importlib.metadata
import json
import logging
import platform
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from getpass import getpass
from pathlib import Path
from typing import Any

from postprocess import LOCALES, STYLES
from richspeech.audio.decode import AudioLimits, open_recording
from richspeech.audio.playback import to_mp3
from richspeech.bench import SECTIONS
from richspeech.cli.batch import add_arguments as add_batch_arguments
from richspeech.cli.batch import run_batch
from richspeech.cli.batch_report import unkept_line
from richspeech.cli.embeddings import add_arguments as add_embeddings_arguments
from richspeech.cli.embeddings import embeddings
from richspeech.cli.emotion import add_arguments as add_emotion_arguments
from richspeech.cli.emotion import emotion
from richspeech.cli.highlights import add_arguments as add_highlights_arguments
from richspeech.cli.highlights import highlights
from richspeech.cli.history import add_arguments as add_history_arguments
from richspeech.cli.history import history
from richspeech.engines import loader
from richspeech.engines.emotion2vec.load import listener_in_words
from richspeech.engines.hub import tell_of_embedded
from richspeech.engines.sentiment.load import find_classifier
from richspeech.errors import OptionError, RichSpeechError
from richspeech.model.options import Options, language_hint
from richspeech.passwords import hash_password
from richspeech.recognition.pipeline import Progress, Transcriber
from richspeech.settings import CONFIG, ENGINES, Settings, load_settings
from richspeech.storage.history import listener_of
from richspeech.storage.recall import UnkeptProgress
from richspeech.writers import BINARY_WRITERS, WRITERS, WriterOptions, write

log = logging.getLogger(__name__)

PACKAGES = (
    *("funasr", "modelscope", "torch", "torchaudio", "transformers", "onnxruntime", "gradio"),
    *("av", "kaldi-native-fbank"),
)

STREAMED_FORMATS = ("txt", "md", "srt", "json")
"""Their results may follow one another on stdout."""

FILES_AT_ONCE = 4
"""Short files fill the model's batches together, and several are decoded at once for a GPU."""


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line; wrong usage ends the process with status 2."""
    parser = argparse.ArgumentParser(
        prog="python -m richspeech", description="Rich speech transcription."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    transcribe = commands.add_parser("transcribe", help="transcribe recordings to stdout")
    transcribe.add_argument("files", nargs="+", type=Path, metavar="FILE")
    transcribe.add_argument("--format", choices=tuple(WRITERS), default="txt")
    transcribe.add_argument(
        "--output", type=Path, metavar="FILE|FOLDER", help="write there, not to stdout"
    )
    transcribe.add_argument("--style", choices=STYLES, default="label", help="how labels are shown")
    transcribe.add_argument(
        "--locale", choices=LOCALES, default="zh", help="language of the labels"
    )
    transcribe.add_argument("--no-emotions", action="store_true", help="subtitles without emotions")
    transcribe.add_argument("--no-sounds", action="store_true", help="subtitles without sounds")
    batch = commands.add_parser("batch", help="transcribe folders and zips, to be resumed")
    add_batch_arguments(batch)
    for command in (transcribe, batch):
        _add_recognition_arguments(command)
        command.add_argument(
            "--history",
            action="store_true",
            help="answer from the console's history, and keep there",
        )
    doctor = commands.add_parser(
        "doctor", help="print versions, device and which weights would be used"
    )
    for command in (transcribe, batch, doctor):
        _add_model_arguments(command)
    add_emotion_arguments(commands.add_parser("emotion", help="hear nine emotions in recordings"))
    add_embeddings_arguments(
        commands.add_parser("embeddings", help="tell which recordings sound alike, and group them")
    )
    add_highlights_arguments(
        commands.add_parser("highlights", help="insight, highlights and risk of a recording")
    )
    add_history_arguments(commands.add_parser("history", help="delete old transcripts"))
    _add_bench_arguments(commands.add_parser("bench", help="measure speed and memory"))
    commands.add_parser("hash-password", help="print what the settings may hold as a password")
    return parser.parse_args(argv)


def _add_recognition_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--language", help="auto, zh, yue, en, ja or ko")
    parser.add_argument("--allowed-languages", metavar="zh,en", help="auto chooses among these")
    parser.add_argument("--no-itn", action="store_true", help="no punctuation, no digits")
    parser.add_argument(
        "--merge-length", type=float, metavar="SECONDS", help="join utterances up to this length"
    )
    parser.add_argument("--ban-unknown-emotion", action="store_true", help="always name an emotion")
    parser.add_argument("--hotwords", metavar="WORDS", help="likely words, parted by spaces")
    parser.add_argument("--hotword-file", type=Path, metavar="FILE", help="one hotword a line")


def _add_model_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, default=CONFIG, help="settings file")
    parser.add_argument("--model", help="embedded, a ModelScope id, or a folder")
    parser.add_argument("--engine", choices=ENGINES)
    parser.add_argument(
        "--sentiment",
        action=argparse.BooleanOptionalAction,
        help="how the words are meant; on with engine paraformer",
    )
    parser.add_argument("--device", help="cuda:0, cpu, …")


def _add_bench_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one object instead of tables")
    parser.add_argument("--weights", default="embedded", help="embedded, random-full, or a folder")
    parser.add_argument("--seconds", type=float, default=600.0, help="of speech, 30 or more")
    parser.add_argument(
        "--long-seconds", type=float, default=36_000.0, help="of the recording of section long"
    )
    parser.add_argument("--repeat", type=int, default=5, help="runs of which the median counts")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=SECTIONS, metavar="SECTION")
    parser.add_argument("--config", type=Path, default=CONFIG, help="settings file")
    parser.add_argument("--device", help="cuda:0, cpu, …")


def settings_of(arguments: argparse.Namespace) -> Settings:
    """Read the settings file, overridden by what the command line names."""
    names = {"engine": arguments.engine, "device": arguments.device}
    model = {key: value for key, value in names.items() if value}
    asked: dict[str, dict[str, Any]] = {"model": model}
    if arguments.sentiment is not None:
        asked["sentiment"] = {"engines": ENGINES if arguments.sentiment else ()}
    settings = load_settings(arguments.config, **asked)
    if not arguments.model:
        return settings
    if settings.model.engine == loader.PARAFORMER:
        return load_settings(arguments.config, **asked, paraformer={"id": arguments.model})
    return load_settings(arguments.config, **asked | {"model": model | {"id": arguments.model}})


def options_of(arguments: argparse.Namespace, defaults: Options) -> Options:
    """Return the settings' options, overridden by the command line; raises ``OptionError``."""
    merge_length, allowed = arguments.merge_length, arguments.allowed_languages
    return Options(
        language=language_hint(arguments.language) if arguments.language else defaults.language,
        allowed_languages=tuple(allowed.split(",")) if allowed else defaults.allowed_languages,
        inverse_text_normalization=defaults.inverse_text_normalization and not arguments.no_itn,
        merge=defaults.merge if merge_length is None else merge_length > 0,
        merge_length_s=merge_length or defaults.merge_length_s,
        ban_unknown_emotion=defaults.ban_unknown_emotion or arguments.ban_unknown_emotion,
        hotwords=(*(arguments.hotwords or "").split(), *_hotwords_in(arguments.hotword_file)),
    )


def _hotwords_in(file: Path | None) -> list[str]:
    """Read one hotword a line; raises ``OptionError``."""
    if file is None:
        return []
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        message = f"The hotword file {file.name} cannot be read: give a text file in UTF-8."
        raise OptionError(message) from error
    return [" ".join(line.split()) for line in lines if line.strip()]


def transcribe(arguments: argparse.Namespace) -> int:
    """Transcribe the files, some at once; results come in their order. Return the exit status."""
    settings = settings_of(arguments)
    options = options_of(arguments, loader.default_options(settings))
    outputs = iter(outputs_of(arguments.files, arguments.format, arguments.output))
    loaded, limits = loader.load(settings), loader.audio_limits(settings)
    tell_of_embedded(*loaded.all_weights)
    with listener_of(settings, loaded, remembers=arguments.history) as listener:
        return _transcribe_files(arguments, listener, limits, options, outputs)


def _transcribe_files(
    arguments: argparse.Namespace,
    listener: Transcriber,
    limits: AudioLimits,
    options: Options,
    outputs: Iterator[Path | None],
) -> int:
    stop, turns = threading.Event(), [threading.Event() for _ in arguments.files]
    turns[0].set()
    pool = ThreadPoolExecutor(FILES_AT_ONCE)
    try:
        jobs = deque(
            (path, turn, pool.submit(_transcribe_file, path, listener, limits, options, turn, stop))
            for path, turn in zip(arguments.files, turns, strict=True)
        )
        failures = 0
        while jobs:
            path, turn, last = jobs.popleft()
            turn.set()
            failures += not _write(path, last, next(outputs), limits, arguments)
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)
    return 1 if failures else 0


def _transcribe_file(
    path: Path,
    listener: Transcriber,
    limits: AudioLimits,
    options: Options,
    turn: threading.Event,
    stop: threading.Event,
) -> Progress:
    """Transcribe one file; its progress is shown once its result is the next to be written."""
    with open_recording(path, limits) as recording:
        for progress in listener.transcribe(recording, options, stop.is_set):
            if turn.is_set():
                _show(path.name, progress)
    return progress


def outputs_of(files: Sequence[Path], form: str, output: Path | None) -> list[Path | None]:
    """Return where the result of each file goes, None for stdout.

    ``output`` is a file if it has an ending and there is one result, and a folder otherwise. Raises
    ``OptionError`` where results would overwrite or spoil each other.
    """
    if output is None:
        if form in BINARY_WRITERS or (len(files) > 1 and form not in STREAMED_FORMATS):
            message = f"Results in {form} cannot share the terminal: name a folder with --output."
            raise OptionError(message)
        return [None] * len(files)
    if len(files) == 1 and output.suffix and not output.is_dir():
        return [output]
    names = [f"{path.stem}.{form}" for path in files]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        message = f"Two results would be named {twice}: rename a recording or run them apart."
        raise OptionError(message)
    return [output / name for name in names]


def _write(
    path: Path,
    last: Future[Progress],
    output: Path | None,
    limits: AudioLimits,
    arguments: argparse.Namespace,
) -> bool:
    """Write what came of a file: its transcript where it belongs, or a sentence to stderr."""
    try:
        heard = last.result()
        content = write(
            heard.transcript, arguments.format, _writer_options(path, limits, arguments)
        )
        _put(content, output)
    except RichSpeechError as error:
        sentence = str(error)
        named = sentence if path.name in sentence else f"{path.name}: {sentence}"
        print(named, file=sys.stderr)
        return False
    if isinstance(heard, UnkeptProgress):
        print(unkept_line(path.name, str(heard.error)), file=sys.stderr)
    return True


def _writer_options(
    path: Path, limits: AudioLimits, arguments: argparse.Namespace
) -> WriterOptions:
    """Return the choices of the command line; the report gets the sound as well."""
    audio = None
    if arguments.format == "html":
        with open_recording(path, limits) as recording:
            audio = to_mp3(recording.blocks())
    return WriterOptions(
        style=arguments.style,
        locale=arguments.locale,
        emotions=not arguments.no_emotions,
        sounds=not arguments.no_sounds,
        title=path.name,
        audio=audio,
    )


def _put(content: bytes, output: Path | None) -> None:
    """Write to a file, or to stdout if there is none; raises ``OptionError``."""
    if output is None:
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
        return
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_bytes(content)
    except OSError as error:
        message = f"{output} cannot be written ({error.strerror}): choose another --output."
        raise OptionError(message) from error


def _show(name: str, progress: Progress) -> None:
    """Write one line of progress to a terminal; a file gets none."""
    if not sys.stderr.isatty():
        return
    total = "" if progress.seconds_total is None else f" of {progress.seconds_total:.0f}"
    left = "" if progress.seconds_left is None else f", {progress.seconds_left:.0f} s left"
    end = "\n" if progress.finished else ""
    print(f"\r{name}: {progress.seconds_done:.0f}{total} s{left}   ", end=end, file=sys.stderr)


def batch(arguments: argparse.Namespace) -> int:
    """Transcribe many recordings into a folder; return the exit status."""
    settings = settings_of(arguments)
    return run_batch(arguments, settings, options_of(arguments, loader.default_options(settings)))


def doctor(arguments: argparse.Namespace) -> int:
    """Print what this installation is and would use."""
    from richspeech.engines.common.device import choose_device  # noqa: PLC0415 - torch takes a second
    from richspeech.engines.common.funasr_door import fbank_backend  # noqa: PLC0415

    settings = settings_of(arguments)
    print(f"python              {platform.python_version()} on {platform.platform()}")
    for name in PACKAGES:
        print(f"{name:<20}{_version(name)}")
    device, reason = choose_device(settings.model.device)
    print(f"{'device':<20}{device} ({reason})")
    print(f"{'funasr fbank':<20}{fbank_backend()}")
    models = loader.find_models(settings)
    found = {
        "model": models.recogniser,
        "vad model": models.detector,
        "punctuation model": models.punctuation,
        "sentiment model": find_classifier(settings).weights,
    }
    for label, weights in found.items():
        if weights is not None:
            print(f"{label:<20}{weights.name} ({weights.reason})")
    print(f"{'emotion model':<20}{listener_in_words(settings)}")
    return 0


def bench(arguments: argparse.Namespace) -> int:
    """Measure, and print tables or one JSON object; progress goes to stderr."""
    try:
        from richspeech.bench import report, sections, setup  # noqa: PLC0415 - torch takes a second
    except ModuleNotFoundError as error:
        print(f"The bench needs {error.name}; install requirements-dev.txt.", file=sys.stderr)
        return 1
    logging.getLogger("richspeech.bench").setLevel(logging.INFO)
    asked = setup.make_setup(
        arguments.weights,
        device=arguments.device,
        config=arguments.config,
        seconds=arguments.seconds,
        long_seconds=arguments.long_seconds,
        repeat=arguments.repeat,
    )
    findings = sections.run(asked, arguments.only)
    print(json.dumps(findings, indent=1) if arguments.json else report.markdown(findings), end="")
    return 0


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def hash_typed_password(arguments: argparse.Namespace) -> int:  # noqa: ARG001 - as every command
    """Ask for a password, or read one line of stdin; print its hash. Return the exit status."""
    if sys.stdin.isatty():
        password = getpass("Password: ")
        if getpass("Once more: ") != password:
            message = "The two passwords differ: try again."
            raise OptionError(message)
    else:
        password = sys.stdin.readline().rstrip("\n")
    if not password:
        message = "The password is empty: type one."
        raise OptionError(message)
    print(hash_password(password))
    return 0


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "transcribe": transcribe,
    "batch": batch,
    "emotion": emotion,
    "embeddings": embeddings,
    "doctor": doctor,
    "hash-password": hash_typed_password,
    "bench": bench,
    "highlights": highlights,
    "history": history,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; errors that are ours become one sentence on stderr and status 1."""
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s"
    )
    arguments = parse_args(argv)
    try:
        return COMMANDS[arguments.command](arguments)
    except RichSpeechError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
