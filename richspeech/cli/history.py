"""``python -m richspeech history prune [--yes]``: delete what ``history.keep_days`` says is old.

The console does so by itself, but never more than half at once, in case a clock is wrong; here a
person decides.
"""

import argparse
import sys
from contextlib import closing

from richspeech.cli.options import add_config_argument
from richspeech.errors import OptionError
from richspeech.settings import load_settings
from richspeech.storage.transcripts import Store


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command understands."""
    actions = parser.add_subparsers(dest="action", required=True)
    prune = actions.add_parser("prune", help="say how many transcripts are older than keep_days")
    prune.add_argument("--yes", action="store_true", help="delete them")
    add_config_argument(prune)


def history(arguments: argparse.Namespace) -> int:
    """Say how many transcripts are too old, or delete them; return the exit status."""
    settings = load_settings(arguments.config).history
    if not settings.enabled:
        message = "The history is switched off: set history.enabled first."
        raise OptionError(message)
    if settings.keep_days is None:
        message = "No transcript is ever too old: set history.keep_days first."
        raise OptionError(message)
    with closing(Store(settings.url)) as store:
        said = _pruned(store, settings.keep_days, deletes=arguments.yes)
    sys.stdout.write(f"{said}\n")
    return 0


def _pruned(store: Store, days: int, *, deletes: bool) -> str:
    if deletes:
        return f"{store.prune(days)} transcripts were deleted."
    aged = store.aged(days)
    if aged.newest is None or not aged.old:
        return f"None of {aged.total} transcripts is older than {days} days."
    return (
        f"{aged.old} of {aged.total} transcripts are more than {days} days older than the newest, "
        f"of {aged.newest:%Y-%m-%d %H:%M} UTC: add --yes to delete them."
    )
