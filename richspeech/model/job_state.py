"""How far work is, and what may follow on what.

waiting → loading → running → finished | cancelled | failed
   each of them → stopping → finished | cancelled | failed
"""

from enum import StrEnum
from types import MappingProxyType


class State(StrEnum):
    """How far a job, or a recording of a batch, is."""

    WAITING = "waiting"
    LOADING = "loading"
    """Its turn has come, but the model is not there yet."""
    RUNNING = "running"
    STOPPING = "stopping"
    """Somebody wants it to end, and it has not yet."""
    FINISHED = "finished"
    CANCELLED = "cancelled"
    FAILED = "failed"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return not NEXT[self]


_ENDS = (State.FINISHED, State.CANCELLED, State.FAILED)

NEXT: MappingProxyType[State, tuple[State, ...]] = MappingProxyType(
    {
        State.WAITING: (State.LOADING, State.RUNNING, State.STOPPING, *_ENDS),
        State.LOADING: (State.LOADING, State.RUNNING, State.STOPPING, *_ENDS),
        State.RUNNING: (State.LOADING, State.RUNNING, State.STOPPING, *_ENDS),
        State.STOPPING: (State.STOPPING, *_ENDS),
        State.FINISHED: (),
        State.CANCELLED: (),
        State.FAILED: (),
    }
)
"""What may follow on each; a recording that is opened from elsewhere is finished at once."""


def require_next(before: State, after: State, what: str) -> None:
    """Raise ``ValueError`` for a step that cannot be; ``what`` names the work."""
    if after not in NEXT[before]:
        message = f"{what} is {before} and cannot become {after}."
        raise ValueError(message)
