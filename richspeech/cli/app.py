"""The command line: ``python -m richspeech COMMAND``, or ``richspeech COMMAND`` where installed.

Results go to stdout; progress, logs and errors to stderr. The exit status is 1 when a file could
not be read or something does not allow a start, and 2 when the command was written wrongly. A
command is imported when it is called.
"""

import logging
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from cyclopts import App

from richspeech.cli.terminal import leave, open_streams
from richspeech.cli.usage import WRONG_USAGE, make_program, run

COMMANDS = {
    "transcribe": "transcribe recordings to stdout or files",
    "batch": "transcribe folders and zips, resumable",
    "watch": "transcribe whatever comes into a folder",
    "emotion": "recognise nine emotions in recordings",
    "calibrate": "make the probabilities of a model hold",
    "embeddings": "compare and group recordings by how they sound",
    "highlights": "print insight, highlights and risk for a recording",
    "risk": "tell how risky a call is, and why",
    "history": "delete transcripts older than history.keep_days",
    "voices": "list, export and forget the voices that are remembered",
    "adapt": "learn from corrected clips: make an adapter",
    "adapters": "list adapters and what they were worth",
    "cascade": "learn from corrected clips which labels to revise",
    "serve": "start the web console",
    "worker": "do jobs that consoles hand in, on any machine",
    "mcp": "serve tools for programs on stdin and stdout",
    "users": "add, list, remove and change those who may log in",
    "keys": "make, list and revoke API keys",
    "doctor": "print versions, the device and the weights in use",
    "bench": "measure speed and memory",
    "hash-password": "print the hash of a password for the settings",
}
"""What each does. It is a function of its name, in a module of the same, with ``_`` for ``-``."""
PARTS = {
    "cascade": {
        "train": "learn from corrected clips which labels to revise: make a cascade",
        "list": "list cascades and what they were worth",
    },
}
"""Commands that are several: each is a function of both names, such as ``train_cascade``."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status."""
    open_streams()
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s"
    )
    words = sys.argv[1:] if argv is None else [*argv]
    app = make_app(words)
    if not words:
        app.help_print(console=app.error_console)
        return WRONG_USAGE
    return run(app, words)


def start() -> NoReturn:
    """Do what this process was called for, and end it; a server ends at once."""
    status = main()
    if sys.argv[1:2] in (["serve"], ["mcp"]):
        leave(status)
    raise SystemExit(status)


def make_app(words: Sequence[str]) -> App:
    """Declare all commands; the help text of the one that is called has its examples."""
    app = make_program(program(), "Rich speech transcription.")
    for name, summary in COMMANDS.items():
        own = name.replace("-", "_")
        if name in PARTS:
            app.command(_several(own, summary, PARTS[name]))
        else:
            app.command(f"richspeech.cli.{own}:{own}", name=name, help=summary)
    if words and words[0] in COMMANDS:
        shown = (f"  {program()} {example}" for example in examples_of(app, words[0]))
        app.help_epilogue = "\n".join(("Examples:", *shown))
    return app


def _several(name: str, summary: str, parts: Mapping[str, str]) -> App:
    """Declare a command whose parts have options of their own."""
    group = App(name=name, help=summary)
    for part, does in parts.items():
        group.command(f"richspeech.cli.{name}:{part}_{name}", name=part, help=does)
    return group


def examples_of(app: App, command: str) -> tuple[str, ...]:
    """Return what the help text of a command shows, without the name of the program."""
    called = app[command]
    if command in PARTS:
        called = called[next(iter(PARTS[command]))]
    examples: tuple[str, ...] = sys.modules[called.default_command.__module__].EXAMPLES
    return examples


def program() -> str:
    """Return how this program was called."""
    called = Path(sys.argv[0]).stem
    return called if called == "richspeech" else "python -m richspeech"
