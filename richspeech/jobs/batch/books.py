"""What a batch keeps: results first, then the line that says so."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from richspeech.jobs.batch.manifest import Record
from richspeech.jobs.batch.results import Results
from richspeech.jobs.batch.rows import BatchRow
from richspeech.jobs.batch.sources import Item
from richspeech.jobs.caching import Step
from richspeech.model.job_state import State
from richspeech.model.options import Options
from richspeech.review.risk import assess_risk
from richspeech.settings import Settings

Append: TypeAlias = Callable[[Record], None]
"""Takes the line of a recording whose results are there."""


@dataclass(frozen=True)
class Task:
    """What all recordings of a batch have in common."""

    settings: Settings
    options: Options
    results: Results


class Books:
    """Writes the results of some recordings; for all threads, as far as ``append`` is."""

    def __init__(
        self,
        items: Sequence[Item],
        task: Task,
        append: Append,
    ) -> None:
        self._versions = {item.name: item.version for item in items}
        self._results, self._risk, self._append = task.results, task.settings.risk, append

    def keep(self, item: Item, last: Step) -> int:
        """Keep a transcript; return its risk."""
        transcript = last.progress.transcript
        self._results.write(item, transcript)
        self._append(
            Record(
                name=item.name,
                version=item.version,
                state="done",
                finished=_now(),
                duration=round(transcript.duration, 4),
                processing_seconds=round(transcript.processing_seconds, 4),
            )
        )
        return assess_risk(transcript, self._risk).score

    def note(self, row: BatchRow) -> None:
        """Keep why a recording failed."""
        if row.state is State.FAILED:
            version = self._versions[row.name]
            self._append(Record(row.name, version, "failed", _now(), error=str(row.error)))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
