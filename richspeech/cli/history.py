"""``python -m richspeech history ACTION``: what was kept, searched, filed under tags, and pruned.

Pruning deletes what ``history.keep_days`` says is old. The console does so by itself, but never
more than half at once, in case a clock is wrong; here a person decides.
"""

import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Annotated, Literal

from cyclopts import Parameter

from richspeech.cli.accounts import write_rows
from richspeech.cli.options import Config
from richspeech.errors import OptionError
from richspeech.language.figures import clock
from richspeech.language.printing import shown
from richspeech.operations.audit import audit_written
from richspeech.places import CONFIG
from richspeech.settings import load_settings
from richspeech.storage.listing import Listing, list_found
from richspeech.storage.query import parse_query
from richspeech.storage.transcripts import Store

EXAMPLES = (
    "history list risk:high tag:callback",
    "history tag 12 callback vip",
    "history untag 12 vip",
    "history prune",
    "history prune --yes",
)
MOST_LISTED = 50
HEAD = ("number", "made (UTC)", "length", "risk", "name", "tags")


def history(
    action: Annotated[
        Literal["list", "tag", "untag", "prune"], Parameter(metavar="list|tag|untag|prune")
    ],
    /,
    *words: Annotated[str, Parameter(name="WORDS")],
    yes: bool = False,
    config: Config = CONFIG,
) -> int:
    """Search transcripts, tag them, or delete those older than history.keep_days.

    Args:
        action: what to do; prune counts what is too old
        words: of list, a search as on the page; of tag and untag, a number and tags
        yes: delete what prune counts
        config: settings file

    """
    loaded = load_settings(config)
    settings = loaded.history
    if not settings.enabled:
        raise OptionError("cli.history_off")
    if action == "prune" and settings.keep_days is None:
        raise OptionError("cli.history_forever")
    with (
        audit_written(loaded.operations),
        closing(Store(settings.url, loaded.privacy, loaded.risk)) as store,
    ):
        if action == "list":
            _list(store, " ".join(words))
        elif action == "prune":
            sys.stdout.write(f"{_pruned(store, settings.keep_days or 0, deletes=yes)}\n")
        else:
            sys.stdout.write(f"{_retagged(store, action, words)}\n")
    return 0


def _list(store: Store, line: str) -> None:
    zone = datetime.now().astimezone().tzinfo or UTC
    listing = list_found(store, parse_query(line), limit=MOST_LISTED, timezone=zone)
    write_rows([HEAD, *_rows(listing)])
    if listing.found > len(listing.entries):
        sys.stderr.write(f"{listing.found} were found; these are the newest.\n")
    if listing.unrated:
        sys.stderr.write(f"The risk of {listing.unrated} is not known yet: list once more.\n")


def _rows(listing: Listing) -> Iterator[tuple[str, ...]]:
    for entry in listing.entries:
        risk = listing.risks.get(entry.id)
        yield (
            str(entry.id),
            f"{entry.created:%Y-%m-%d %H:%M}",
            clock(entry.duration),
            f"{risk.level} {risk.score}" if risk else "",
            shown(entry.name or ""),
            " ".join(listing.tags[entry.id]),
        )


def _retagged(store: Store, action: str, words: tuple[str, ...]) -> str:
    number, *tags = words or ("",)
    if not (number.isascii() and number.isdecimal() and tags):
        raise OptionError("cli.incomplete", what="NUMBER TAG", command=f"history {action}")
    change = store.tags.add if action == "tag" else store.tags.remove
    return " ".join(change(int(number), *tags))


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
