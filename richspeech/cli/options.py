"""Options that several commands share, and the settings and options that come of them."""

import argparse
from pathlib import Path
from typing import Any

from postprocess import STYLES
from richspeech.engines.registry import engine_named
from richspeech.errors import OptionError
from richspeech.language.catalog import locales
from richspeech.model.options import Options, language_hint
from richspeech.settings import CONFIG, ENGINES, Settings, load_settings


def add_look_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare how labels are written."""
    parser.add_argument("--style", choices=STYLES, default="label", help="how labels are shown")
    parser.add_argument("--locale", choices=locales(), default="zh", help="language of the labels")
    parser.add_argument("--no-emotions", action="store_true", help="subtitles without emotions")
    parser.add_argument("--no-sounds", action="store_true", help="subtitles without sounds")


def add_history_argument(parser: argparse.ArgumentParser) -> None:
    """Declare whether the history is used."""
    parser.add_argument(
        "--history", action="store_true", help="answer from the console's history, and keep there"
    )


def add_config_argument(parser: argparse.ArgumentParser) -> None:
    """Declare where the settings are read."""
    parser.add_argument("--config", type=Path, default=CONFIG, help="settings file")


def add_weights_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare which weights run where."""
    parser.add_argument("--model", help="embedded, a ModelScope id, or a folder")
    parser.add_argument("--device", help="cuda:0, cpu, …")
    add_config_argument(parser)


def add_recognition_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the recogniser is asked for."""
    parser.add_argument("--language", help="auto, zh, yue, en, ja or ko")
    parser.add_argument("--allowed-languages", metavar="zh,en", help="auto chooses among these")
    parser.add_argument("--no-itn", action="store_true", help="no punctuation, no digits")
    parser.add_argument(
        "--merge-length", type=float, metavar="SECONDS", help="join utterances up to this length"
    )
    parser.add_argument("--ban-unknown-emotion", action="store_true", help="always name an emotion")
    parser.add_argument("--hotwords", metavar="WORDS", help="likely words, parted by spaces")
    parser.add_argument("--hotword-file", type=Path, metavar="FILE", help="one hotword a line")


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare which engine runs, with which weights, and whether it reads the words."""
    add_weights_arguments(parser)
    parser.add_argument("--engine", choices=ENGINES)
    parser.add_argument(
        "--sentiment",
        action=argparse.BooleanOptionalAction,
        help="how the words are meant; on with engine paraformer",
    )


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
    group = engine_named(settings.model.engine).settings
    asked[group] = asked.get(group, {}) | {"id": arguments.model}
    return load_settings(arguments.config, **asked)


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
