"""``python -m richspeech history prune [--yes]``: delete what ``history.keep_days`` says is old.

The console does so by itself, but never more than half at once, in case a clock is wrong; here a
person decides.
"""

import sys
from contextlib import closing
from typing import Annotated, Literal

from cyclopts import Parameter

from richspeech.cli.options import Config
from richspeech.errors import OptionError
from richspeech.operations.audit import audit_written
from richspeech.places import CONFIG
from richspeech.settings import load_settings
from richspeech.storage.transcripts import Store

EXAMPLES = ("history prune", "history prune --yes")


def history(
    action: Annotated[Literal["prune"], Parameter(metavar="prune")],  # noqa: ARG001 - no other yet
    /,
    *,
    yes: bool = False,
    config: Config = CONFIG,
) -> int:
    """Count or delete transcripts older than history.keep_days.

    Args:
        action: what to do
        yes: delete them; without it they are only counted
        config: settings file

    """
    loaded = load_settings(config)
    settings = loaded.history
    if not settings.enabled:
        raise OptionError("cli.history_off")
    if settings.keep_days is None:
        raise OptionError("cli.history_forever")
    with audit_written(loaded.operations), closing(Store(settings.url)) as store:
        said = _pruned(store, settings.keep_days, deletes=yes)
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
