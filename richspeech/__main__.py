"""Command line: ``python -m richspeech transcribe FILE…`` and ``python -m richspeech doctor``.

Results go to stdout; progress, logs and errors to stderr. The exit status is 1 when a file could
not be read; the others are done all the same.
"""

import argparse
import importlib.metadata
import logging
import platform
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from postprocess import LOCALES, STYLES
from richspeech import loader
from richspeech.audio import AudioLimits, open_recording
from richspeech.errors import RichSpeechError
from richspeech.options import Options, language_hint
from richspeech.pipeline import Progress
from richspeech.settings import CONFIG, Settings, load_settings
from richspeech.transcript import Transcript
from richspeech.writers import WRITERS

log = logging.getLogger(__name__)

PACKAGES = ("funasr", "modelscope", "torch", "torchaudio", "gradio", "av", "kaldi-native-fbank")


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
        "--style", choices=STYLES, default="label", help="how txt and srt show labels"
    )
    transcribe.add_argument(
        "--locale", choices=LOCALES, default="zh", help="language of the labels"
    )
    transcribe.add_argument("--language", help="auto, zh, yue, en, ja or ko")
    transcribe.add_argument("--allowed-languages", metavar="zh,en", help="auto chooses among these")
    transcribe.add_argument("--no-itn", action="store_true", help="no punctuation, no digits")
    transcribe.add_argument(
        "--merge-length", type=float, metavar="SECONDS", help="join utterances up to this length"
    )
    transcribe.add_argument(
        "--ban-unknown-emotion", action="store_true", help="always name an emotion"
    )
    doctor = commands.add_parser(
        "doctor", help="print versions, device and which weights would be used"
    )
    for command in (transcribe, doctor):
        _add_model_arguments(command)
    return parser.parse_args(argv)


def _add_model_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, default=CONFIG, help="settings file")
    parser.add_argument("--model", help="embedded, a ModelScope id, or a folder")
    parser.add_argument("--engine", choices=("sensevoice", "reference"))
    parser.add_argument("--device", help="cuda:0, cpu, …")


def settings_of(arguments: argparse.Namespace) -> Settings:
    """Read the settings file, overridden by what the command line names."""
    names = {"id": arguments.model, "engine": arguments.engine, "device": arguments.device}
    return load_settings(
        arguments.config, model={key: value for key, value in names.items() if value}
    )


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
    )


def transcribe(arguments: argparse.Namespace) -> int:
    """Transcribe every file; return the exit status."""
    settings = settings_of(arguments)
    options = options_of(arguments, loader.default_options(settings))
    loaded = loader.load(settings)
    failures = 0
    for path in arguments.files:
        try:
            transcript = _transcribe_file(path, loaded, loader.audio_limits(settings), options)
        except RichSpeechError as error:
            sentence = str(error)
            named = sentence if path.name in sentence else f"{path.name}: {sentence}"
            print(named, file=sys.stderr)
            failures += 1
            continue
        sys.stdout.write(WRITERS[arguments.format](transcript, arguments.style, arguments.locale))
        sys.stdout.flush()
    return 1 if failures else 0


def _transcribe_file(
    path: Path, loaded: loader.Loaded, limits: AudioLimits, options: Options
) -> Transcript:
    with open_recording(path, limits) as recording:
        for progress in loaded.transcriber.transcribe(recording, options, lambda: False):
            _show(path.name, progress)
    return progress.transcript


def _show(name: str, progress: Progress) -> None:
    """Write one line of progress to a terminal; a file gets none."""
    if not sys.stderr.isatty():
        return
    total = "" if progress.seconds_total is None else f" of {progress.seconds_total:.0f}"
    left = "" if progress.seconds_left is None else f", {progress.seconds_left:.0f} s left"
    end = "\n" if progress.finished else ""
    print(f"\r{name}: {progress.seconds_done:.0f}{total} s{left}   ", end=end, file=sys.stderr)


def doctor(arguments: argparse.Namespace) -> int:
    """Print what this installation is and would use."""
    from richspeech.engines.device import choose_device  # noqa: PLC0415 - torch takes a second
    from richspeech.engines.funasr_door import fbank_backend  # noqa: PLC0415

    settings = settings_of(arguments)
    print(f"python              {platform.python_version()} on {platform.platform()}")
    for name in PACKAGES:
        print(f"{name:<20}{_version(name)}")
    device, reason = choose_device(settings.model.device)
    print(f"{'device':<20}{device} ({reason})")
    print(f"{'fbank backend':<20}{fbank_backend()}")
    for label, weights in zip(("model", "vad model"), loader.find_models(settings), strict=True):
        print(f"{label:<20}{weights.name} ({weights.reason})")
    return 0


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "transcribe": transcribe,
    "doctor": doctor,
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
