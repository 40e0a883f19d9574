"""The command line with a transcriber that notes what it begins, and stops half-way.

    python -m tests.integration.hanging_batch DIARY MOST ARGUMENT…

After MOST recordings it hears no more and waits to be killed.
"""

import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

from richspeech.cli import app as command_line
from richspeech.engines import loader
from richspeech.engines.hub import EMBEDDED_RECOGNISER, Source, Weights
from richspeech.language.catalog import Notice
from richspeech.model.options import Options
from richspeech.model.transcript import Transcript
from richspeech.recognition.pipeline import Cancel, Progress
from richspeech.recognition.reading import WaveformSource
from richspeech.settings import Settings


class HangingEar:
    """Hears silence everywhere."""

    def __init__(self, diary: Path, most: int) -> None:
        self._diary, self._left = diary, threading.Semaphore(most)

    def transcribe(
        self, recording: WaveformSource, _options: Options, _cancelled: Cancel
    ) -> Iterator[Progress]:
        with self._diary.open("a", encoding="utf-8") as file:
            file.write(f"{getattr(recording, 'name', '')}\n")
        self._left.acquire()
        seconds = sum(len(block) for block in recording.blocks(10.0)) / 16_000
        yield Progress(Transcript(seconds, 0.1, "slow", "none"), (), seconds, finished=True)


def load(_settings: Settings, engine: str) -> loader.Loaded:
    weights = Weights(EMBEDDED_RECOGNISER, "none", Source.EMBEDDED, Notice("why.named_folder"))
    ear = HangingEar(Path(sys.argv[1]), int(sys.argv[2]))
    return loader.Loaded(ear, engine, weights, weights, "cpu", Notice("device.asked"))


if __name__ == "__main__":
    with patch.object(loader, "load_engine", load):
        sys.exit(command_line.main(["batch", *sys.argv[3:]]))
