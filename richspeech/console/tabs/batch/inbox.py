"""Which recordings of a batch are listed, and in which order.

What has failed comes first, then what is in work, then what is done by its risk and by its name,
then all else.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

from pydantic import BaseModel

from richspeech.console.row_list import LEVEL_SIGNS
from richspeech.console.tabs.batch.followed import Followed
from richspeech.model.job_state import State
from richspeech.storage.jobs import BatchSummary, JobSummary
from richspeech.storage.query import fold

_DIGITS = re.compile("([0-9]+)")


class Group(StrEnum):
    """What people look at by itself."""

    FAILED = "failed"
    HIGH = "high"
    MEDIUM = "medium"
    UNKNOWN = "unknown"
    """Its risk; it stands above the low ones, since somebody should listen."""
    LOW = "low"
    UNFINISHED = "unfinished"
    """In work, waiting, cancelled, or done a moment ago."""


SIGNS: Mapping[Group, str] = MappingProxyType(
    {
        Group.FAILED: "✕",
        **{Group(level): sign for level, sign in LEVEL_SIGNS.items()},
        Group.UNFINISHED: "…",
    }
)
"""Told apart without colour, and without reading."""

STATES = (
    *(State.FAILED, State.RUNNING, State.STOPPING, State.FINISHED),
    *(State.WAITING, State.CANCELLED),
)
"""What comes before what."""


class Chosen(BaseModel):
    """What the page sends of a group that is to be listed alone."""

    id: Group | Literal["all"]


class Step(BaseModel):
    """What the page sends of whoever wants the recording before or behind the open one."""

    id: Literal["next", "previous"]


@dataclass(frozen=True)
class BatchView:
    """How somebody looks at a batch, and which batches there are to choose from."""

    by_name: bool = False
    """Instead of by risk."""
    page: int = 0
    group: Group | None = None
    """Listed alone; None lists all."""
    line: str = ""
    """What is searched for: words that all have to occur."""
    said: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Ids of the jobs in whose transcripts the history finds a word, by the word."""
    opened: str = ""
    """Id of the job that was opened last."""
    recent: tuple[BatchSummary, ...] = ()
    """The newest first."""

    @property
    def words(self) -> tuple[str, ...]:
        """What is searched for, as it is searched."""
        return tuple(fold(self.line).split())


def group_of(row: JobSummary, followed: Followed) -> Group:
    """Say where a recording belongs."""
    if row.state is State.FAILED:
        return Group.FAILED
    if row.state is not State.FINISHED or row.id not in followed.overviews:
        return Group.UNFINISHED
    overview = followed.overviews[row.id]
    return Group.UNKNOWN if overview is None else Group(overview.level)


def counts(followed: Followed) -> Counter[Group]:
    """Count the recordings of each group."""
    return Counter(group_of(row, followed) for row in followed.rows.values())


def listed(followed: Followed, view: BatchView) -> list[JobSummary]:
    """Return the recordings that somebody wants to see, in order."""
    wanted = (
        row
        for row in followed.rows.values()
        if view.group in (None, group_of(row, followed)) and _is_found(row, followed, view)
    )
    if view.by_name:
        return sorted(wanted, key=lambda row: in_words(row.name))
    return in_order(wanted, followed)


def in_order(rows: Iterable[JobSummary], followed: Followed) -> list[JobSummary]:
    """Sort by state, risk and name."""
    groups = [*Group]

    def place(row: JobSummary) -> tuple[int, int, int, object]:
        overview = followed.overviews.get(row.id)
        score = overview.score if overview is not None else 0
        group = groups.index(group_of(row, followed))
        return STATES.index(row.state), group, -score, in_words(row.name)

    return sorted(rows, key=place)


def in_words(name: str) -> list[tuple[int, str]]:
    """Return what sorts names as people do: call-2 before call-10."""
    pieces = _DIGITS.split(name.casefold())
    # Of two numbers the longer one is greater, whatever its length.
    return [(len(each.lstrip("0")) if at % 2 else 0, each) for at, each in enumerate(pieces)]


def place_of(followed: Followed, view: BatchView) -> tuple[int, int]:
    """Return where the open recording stands among those that can be opened, and of how many.

    Counted from 1; 0 for what is not listed any more.
    """
    ids = [row.id for row in _openable(followed, view)]
    return ids.index(view.opened) + 1 if view.opened in ids else 0, len(ids)


def beside(followed: Followed, view: BatchView, step: Step) -> JobSummary | None:
    """Return the recording before or behind the one that is open, among those that can be opened.

    None where there is none; the first one where nothing was opened.
    """
    rows = _openable(followed, view)
    ids = [row.id for row in rows]
    if view.opened not in ids:
        return rows[0] if rows else None
    at = ids.index(view.opened) + (1 if step.id == "next" else -1)
    return rows[at] if 0 <= at < len(rows) else None


def _openable(followed: Followed, view: BatchView) -> list[JobSummary]:
    return [row for row in listed(followed, view) if row.state is State.FINISHED]


def _is_found(row: JobSummary, followed: Followed, view: BatchView) -> bool:
    if not view.words:
        return True
    shown = fold(" ".join([row.name, *_shown(row, followed)]))
    return all(word in shown or row.id in view.said.get(word, ()) for word in view.words)


def _shown(row: JobSummary, followed: Followed) -> Iterator[str]:
    overview = followed.overviews.get(row.id)
    if overview is None:
        return
    yield from overview.speakers
    if overview.quote is not None:
        yield overview.quote.text
    if overview.reason is not None:
        yield from overview.reason.sentence.texts.values()
