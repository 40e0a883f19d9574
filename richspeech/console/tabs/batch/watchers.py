"""Who looks at batches."""

from dataclasses import dataclass, field


@dataclass
class Watchers:
    """What paints each page of a window: the last that began."""

    by_page: dict[str, object] = field(default_factory=dict)
