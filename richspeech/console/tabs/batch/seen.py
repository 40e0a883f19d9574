"""How somebody looks at batches."""

from dataclasses import dataclass, field

from richspeech.storage.jobs import BatchSummary


@dataclass(frozen=True)
class BatchView:
    """What the list of recordings shows, and which batches there are to choose from."""

    by_name: bool = False
    """Instead of by risk."""
    page: int = 0
    recent: tuple[BatchSummary, ...] = ()
    """The newest first."""


@dataclass
class Watchers:
    """What paints each page of a window: the last that began."""

    by_page: dict[str, object] = field(default_factory=dict)
