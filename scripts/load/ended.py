"""What became of durable jobs: how each ended, with which words, and what the history has of it."""

import sys
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

from richspeech.errors import StoreError
from richspeech.model.job_state import State
from richspeech.queue.queue import JobQueue
from richspeech.storage.query import parse_query
from richspeech.storage.transcripts import Store
from scripts.load.plan import Clip, same

SECONDS_BETWEEN_LOOKS = 1.0
PATIENCE_SECONDS = 900.0


def are_over(queue: JobQueue) -> bool:
    """Say whether no job waits or is at work; not while the database cannot say."""
    try:
        return all(job.state.is_over for job in queue.list())
    except StoreError:
        return False


def wait_until_over(queue: JobQueue) -> None:
    """Wait until all jobs are over; ends the program where that takes too long."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not are_over(queue):
        if time.monotonic() > until:
            sys.exit("some jobs do not end")
        time.sleep(SECONDS_BETWEEN_LOOKS)


def what_became(queue: JobQueue, store: Store, asked: Mapping[str, Clip]) -> dict[str, Any]:
    """Look at every job that was handed in, by its id, and at what the history has of it."""
    jobs = {job.id: job for job in queue.list()}
    states = Counter(jobs[each].state.value if each in jobs else "lost" for each in asked)
    texts = {
        each: queue.result(each).transcript.text
        for each in asked
        if each in jobs and jobs[each].state is State.FINISHED
    }
    kept = Counter(entry.name for entry in store.search(parse_query(""), limit=len(asked) * 10))
    return {
        "states": dict(states),
        "right": sum(same(text, asked[each].text) for each, text in texts.items()),
        "wrong": [
            [asked[each].text, text]
            for each, text in texts.items()
            if not same(text, asked[each].text)
        ],
        "transcripts": len(kept),
        "twice": [name for name, count in kept.items() if count > 1],
    }
