"""What is said when a job is over, and how far that has come."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from richspeech.model.job_state import State


class DeliveryState(StrEnum):
    """How far somebody was told."""

    WAITING = "waiting"
    """For the next attempt, or for an answer."""
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"
    """After as many attempts as the settings allow, or since nobody wants it."""


@dataclass(frozen=True)
class Told:
    """How far the receiver of a job was told that it is over."""

    state: DeliveryState
    attempts: int
    """Begun so far."""
    answer: str | None
    """What came of the last one: a status of HTTP, or a word such as timeout; None before."""


@dataclass(frozen=True)
class JobEnd:
    """That a job is over; of what was heard nothing."""

    id: str
    """Of the job."""
    batch: str | None
    name: str
    """Of the recording, as it was handed in."""
    state: State
    """One of those that are over."""
    created: datetime
    ended: datetime
    seconds_total: float | None
    """Of the recording; None while unknown."""
    error_code: str | None
    """Why it failed, if it did."""

    def to_dict(self) -> dict[str, Any]:
        """Return the payload of a webhook as Standard Webhooks has it, with keys of the API."""
        has_failed = self.state is State.FAILED
        return {
            "type": f"job.{self.state}",
            "timestamp": self.ended.isoformat(),
            "data": {
                "id": self.id,
                "batch": self.batch,
                "name": self.name,
                "state": self.state.value,
                "code": self.error_code if has_failed else self.state.value,
                "created": int(self.created.timestamp()),
                "ended": int(self.ended.timestamp()),
                "seconds_total": self.seconds_total,
                "url": f"/v1/jobs/{self.id}",
            },
        }
