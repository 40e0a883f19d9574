"""The command line: ``python -m richspeech COMMAND``.

Results go to stdout; progress, logs and errors to stderr. The exit status is 1 when a file could
not be read or something does not allow a start, and 2 when the command was written wrongly.
"""

import argparse
import logging
import sys
from collections.abc import Callable, Sequence

from richspeech.cli import (
    batch,
    bench,
    doctor,
    embeddings,
    emotion,
    hash_password,
    highlights,
    history,
    transcribe,
)
from richspeech.errors import RichSpeechError

COMMANDS: dict[
    str, tuple[Callable[[argparse.ArgumentParser], None], str, Callable[[argparse.Namespace], int]]
] = {
    "transcribe": (
        transcribe.add_arguments,
        "transcribe recordings to stdout",
        transcribe.transcribe,
    ),
    "batch": (batch.add_arguments, "transcribe folders and zips, to be resumed", batch.batch),
    "doctor": (
        doctor.add_arguments,
        "print versions, device and which weights would be used",
        doctor.doctor,
    ),
    "emotion": (emotion.add_arguments, "hear nine emotions in recordings", emotion.emotion),
    "embeddings": (
        embeddings.add_arguments,
        "tell which recordings sound alike, and group them",
        embeddings.embeddings,
    ),
    "highlights": (
        highlights.add_arguments,
        "insight, highlights and risk of a recording",
        highlights.highlights,
    ),
    "history": (history.add_arguments, "delete old transcripts", history.history),
    "bench": (bench.add_arguments, "measure speed and memory", bench.bench),
    "hash-password": (
        lambda _: None,
        "print what the settings may hold as a password",
        hash_password.hash_typed_password,
    ),
}


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line; wrong usage ends the process with status 2."""
    parser = argparse.ArgumentParser(
        prog="python -m richspeech", description="Rich speech transcription."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (declare, summary, _) in COMMANDS.items():
        declare(commands.add_parser(name, help=summary))
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; errors that are ours become one sentence on stderr and status 1."""
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s"
    )
    arguments = parse_args(argv)
    try:
        return COMMANDS[arguments.command][2](arguments)
    except RichSpeechError as error:
        print(error, file=sys.stderr)
        return 1
