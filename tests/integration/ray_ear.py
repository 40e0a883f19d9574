"""The command line on a Ray whose engines note what they begin; some of it ends their process.

    python -m tests.integration.ray_ear ARGUMENT…

Beside each recording it leaves NAME.begun, a line an attempt: the number of the process. What is
called "late" waits for a file "go" in the same folder, "once" ends its process the first time, and
"always" every time. It imports Ray at once, so it wants the environment of ``session``.
"""

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

from richspeech.cli import app as command_line
from richspeech.jobs.batch.books import Task
from richspeech.jobs.batch.ray import cluster
from richspeech.jobs.batch.ray.worker import Ear, Found
from richspeech.jobs.batch.sources import Item
from richspeech.jobs.caching import Step
from richspeech.model.transcript import Transcript
from richspeech.recognition.pipeline import Cancel, Progress
from richspeech.settings import Settings

IDENTITY = "of an ear that hears nothing"


def find(_settings: Settings) -> Found:
    return Found(IDENTITY, ())


class NotingEar(Ear):
    """Hears silence everywhere, without any engine."""

    def __init__(self, task: Task, identity: str, attempts: Any) -> None:
        assert identity == IDENTITY
        self._task, self._attempts = task, attempts
        self._transcribe = silence


def silence(item: Item, _cancelled: Cancel) -> Iterator[Step]:
    recording = Path(item.origin)
    noted = recording.with_name(f"{recording.name}.begun")
    with noted.open("a", encoding="utf-8") as file:
        file.write(f"{os.getpid()}\n")
    attempts = len(noted.read_text(encoding="utf-8").splitlines())
    if recording.stem == "always" or (recording.stem == "once" and attempts == 1):
        os.kill(os.getpid(), signal.SIGKILL)
    while recording.stem.startswith("late") and not recording.with_name("go").exists():
        time.sleep(0.05)
    yield Step(Progress(Transcript(0.1, 0.1, "slow", "none"), (), 0.1, finished=True))


def main() -> int:
    with patch.object(cluster, "find", find), patch.object(cluster, "Ear", NotingEar):
        return command_line.main(["batch", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
