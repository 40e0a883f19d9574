"""Run folders: a result, its audio and its embedding, kept together."""

import json
import shutil
import uuid
import wave
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from richspeech.audio.mono import SAMPLE_RATE, Waveform
from richspeech.emotion.embeddings import save_embedding
from richspeech.errors import OptionError

AUDIO, RESULT, EMBEDDING = "processed_audio.wav", "result.json", "embedding.npy"


@dataclass
class Run:
    """One run folder."""

    folder: Path
    """Where it is: a hidden name while it is being written, then outputs_YYYYMMDD_HHMMSS."""

    def tee(self, blocks: Iterable[Waveform]) -> Iterator[Waveform]:
        """Pass the sound on, and keep it as 16-bit 16 kHz wav on the way."""
        with wave.open(str(self.folder / AUDIO), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(SAMPLE_RATE)
            for block in blocks:
                file.writeframes((block * 32_767).round().astype("<i2").tobytes())
                yield block

    def save_result(self, result: Mapping[str, Any]) -> None:
        """Write result.json."""
        text = json.dumps(result, ensure_ascii=False, indent=1)
        (self.folder / RESULT).write_text(text + "\n", encoding="utf-8")

    def save_embedding(self, embedding: NDArray[np.floating]) -> None:
        """Write embedding.npy."""
        save_embedding(self.folder / EMBEDDING, embedding)


@contextmanager
def keep_run(outputs: Path, started: datetime) -> Iterator[Run]:
    """Give a folder to write into; it gets its name when the block ends, and vanishes if it fails.

    Of two runs in one second, even of two processes, the second is called …_2.
    Raises ``OptionError`` when ``outputs`` cannot be written.
    """
    run = Run(outputs / f".{uuid.uuid4().hex}")
    try:
        run.folder.mkdir(parents=True)
    except OSError as error:
        raise OptionError("runs.unwritable", name=str(outputs), why=type(error).__name__) from error
    try:
        yield run
        run.folder = _named(run.folder, outputs / f"outputs_{started:%Y%m%d_%H%M%S}")
    except BaseException:
        shutil.rmtree(run.folder, ignore_errors=True)
        raise


def _named(folder: Path, name: Path) -> Path:
    """Rename ``folder``; a name is taken in the same instant in which it is found to be free."""
    for number in count(1):
        wanted = name if number == 1 else name.with_name(f"{name.name}_{number}")
        try:
            return folder.rename(wanted)
        except OSError:
            if not wanted.exists():
                raise
    raise AssertionError
