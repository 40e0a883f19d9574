"""Recordings whose end is held back, or that are read slowly: no machine is too fast for a test."""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from richspeech.audio.decode import Recording
from richspeech.audio.mono import SAMPLE_RATE, Waveforms
from richspeech.cli.app import main
from richspeech.cli.terminal import leave
from richspeech.recognition.reading import BLOCK_SECONDS

GATE = "GATE"
"""In the environment: a file whose coming opens what is held back."""
SECONDS_FOR_A_BLOCK = 0.5

HELD = "from tests.held import hold, serve; hold(20.0); serve()"
"""The console as a program that reads some twenty seconds, and the rest once the gate is open."""
SLOW = "from tests.held import serve, slow_down; slow_down(); serve()"
"""The console as a program to which each block of a recording called slow takes half a second; of
one called late, those that an export reads."""

_blocks = Recording.blocks


def hold(seconds: float) -> None:
    """Read so much of each recording until the gate is open."""
    gate = Path(os.environ[GATE])

    def read(recording: Recording, *arguments: float) -> Iterator[Waveforms]:
        done = 0.0
        for block in _blocks(recording, *arguments):
            while done > seconds and not gate.exists():
                time.sleep(0.05)
                yield block[..., :0]  # who cancels is heard
            yield block
            done += block.shape[-1] / SAMPLE_RATE

    setattr(Recording, "blocks", read)  # noqa: B010


def slow_down() -> None:
    """Read recordings with such a name slowly."""

    def read(recording: Recording, *arguments: float) -> Iterator[Waveforms]:
        is_export = arguments != (BLOCK_SECONDS,)  # a recogniser's blocks are as long as that
        is_slow = recording.name.startswith(("slow", "late") if is_export else "slow")
        for block in _blocks(recording, *arguments):
            time.sleep(SECONDS_FOR_A_BLOCK * is_slow)
            yield block

    setattr(Recording, "blocks", read)  # noqa: B010


def serve() -> None:
    """Be ``richspeech serve`` with the arguments of this process."""
    leave(main(["serve", *sys.argv[1:]]))
