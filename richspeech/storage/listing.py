"""What lists tell of some transcripts of the history: the same to the page, the API and MCP.

Risks come from the rules in force. What is kept or corrected is rated at once (``Store``); what is
from before, or of other rules, is rated by whoever lists, some at a time, before anything is
searched, so that ``risk:high`` finds it wherever it is asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from richspeech.storage.query import Query, Term
from richspeech.storage.transcripts import Entry, Store, StoredRisk

RATE_SECONDS = 0.3
"""For transcripts whose risk is not known by the rules in force, whenever something is listed."""


@dataclass(frozen=True)
class Listing:
    """Some of what a search has found."""

    entries: Sequence[Entry]
    labels: Mapping[int, Sequence[Term]]
    """What was heard in each entry, by its number."""
    owners: Mapping[int, str]
    """Whose each entry is, where it is somebody's."""
    risks: Mapping[int, StoredRisk]
    """Of each entry, where it is known."""
    tags: Mapping[int, Sequence[str]]
    """Of each entry."""
    found: int
    """How many there are in all."""
    unrated: int
    """Entries of the whole history whose risk is not known yet: a search for risks misses them."""


def list_found(
    store: Store,
    query: Query,
    *,
    limit: int,
    offset: int = 0,
    timezone: tzinfo,
    by_risk: bool = False,
) -> Listing:
    """Look up ``limit`` of what matches, as ``Store.search``; raises ``StoreError``."""
    unrated = store.rate(RATE_SECONDS)
    entries = store.search(query, limit=limit, offset=offset, timezone=timezone, by_risk=by_risk)
    numbers = [entry.id for entry in entries]
    return Listing(
        entries,
        store.labels(numbers),
        store.owners(numbers),
        store.risks(numbers),
        store.tags.of(numbers),
        store.count(query, timezone=timezone),
        unrated,
    )
