"""How somebody looks at a batch."""

from dataclasses import dataclass


@dataclass(frozen=True)
class BatchView:
    """What the list of recordings shows."""

    by_name: bool = False
    """Instead of by risk."""
    page: int = 0
