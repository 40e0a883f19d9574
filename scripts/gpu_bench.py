"""What a GPU makes of a corpus: recordings, the recogniser alone, many clients, how busy it is.

    .venv/bin/python -m scripts.gpu_bench --minutes 8 --out gpu.json
    .venv/bin/python -m scripts.gpu_bench --device cpu --weights embedded --recordings 4

Every part has a share of the minutes and says how much it got done in it, so a lent card is never
held for longer. Weights are made on the way unless they were carried along in ``.cache/bench``.
"""

import argparse
import json
import logging
import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from richspeech.audio.mono import SAMPLE_RATE
from richspeech.bench.cache import CACHE
from richspeech.bench.machine import describe
from richspeech.bench.sections import Bench
from richspeech.bench.setup import make_setup
from richspeech.bench.speech import clips, write_wav
from richspeech.model.options import Options
from richspeech.recognition.utterance import Request

RECORDING_SECONDS = 180.0
CLIENTS, CLIP_SECONDS = 16, 10.0
BATCH_SECONDS = (20.0, 60.0, 200.0, 600.0)
"""Audio of a batch with its padding, for the recogniser alone."""
READERS = 8
"""Recordings that are transcribed at a time."""
QUERY = ["nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits"]

log = logging.getLogger(__name__)


@dataclass
class Load:
    """How busy the card was, in percent, twice a second."""

    seen: list[float] = field(default_factory=list)

    @contextmanager
    def watched(self, device: str) -> Iterator[None]:
        """Look while the block runs; a processor has nothing to see."""
        over = threading.Event()
        thread = threading.Thread(target=self._watch, args=(over,))
        if device.startswith("cuda"):
            thread.start()
        try:
            yield
        finally:
            over.set()
            if thread.is_alive():
                thread.join()

    def _watch(self, over: threading.Event) -> None:
        while not over.wait(0.5):
            done = subprocess.run(QUERY, capture_output=True, text=True, check=False)
            if done.returncode == 0:
                self.seen.append(float(done.stdout.split()[0]))

    @property
    def mean(self) -> float | None:
        """Percent; None where nothing was seen."""
        return statistics.mean(self.seen) if self.seen else None


def within(seconds: float, work: Callable[[], float]) -> tuple[float, float]:
    """Repeat ``work`` until the time is up; return its audio seconds and the time they took."""
    began, audio = time.perf_counter(), 0.0
    while not audio or time.perf_counter() - began < seconds:
        audio += work()
    return audio, time.perf_counter() - began


def corpus(bench: Bench, count: int, seconds: float, folder: Path) -> dict[str, Any]:
    """Transcribe as many of the recordings as there is time for, ours and as ``AutoModel`` does."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number:03}.wav" for number in range(count)]
    recordings = clips(bench.speech, min(RECORDING_SECONDS, bench.setup.seconds), count)
    for path, recording in zip(paths, recordings, strict=True):
        write_wav(recording.speech, path)
    length = recordings[0].duration
    bench.ours.transcribe_file(paths[0])
    bench.authors.transcribe_file(paths[0])
    load, deadline = Load(), time.perf_counter() + seconds / 2

    def ours(path: Path) -> float:
        if time.perf_counter() > deadline:
            return 0.0
        bench.ours.transcribe_file(path)
        return length

    began = time.perf_counter()
    with load.watched(bench.device), ThreadPoolExecutor(READERS) as readers:
        done = sum(readers.map(ours, paths))
    mine = done / (time.perf_counter() - began)
    left = iter(paths)

    def reference() -> float:
        bench.authors.transcribe_file(next(left, paths[0]))
        return length

    audio, taken = within(seconds / 2, reference)
    theirs = audio / taken
    return {
        "recordings": round(done / length),
        "rtfx": mine,
        "reference_recordings": round(audio / length),
        "reference_rtfx": theirs,
        "ratio": mine / theirs,
        "gpu_percent": load.mean,
    }


def recogniser(bench: Bench, seconds: float) -> dict[str, float]:
    """Recognise utterances that are cut already, in batches of several sizes; RTFx of speech."""
    found = {}
    utterances = sorted(bench.utterances, key=lambda each: each.duration)
    for size in BATCH_SECONDS:
        batches: list[list[Request]] = [[]]
        for each in utterances:
            if batches[-1] and each.duration * (len(batches[-1]) + 1) > size:
                batches.append([])
            batches[-1].append(Request(each, Options()))
        spoken = sum(each.duration for each in utterances)

        def once(batches: list[list[Request]] = batches, spoken: float = spoken) -> float:
            for batch in batches:
                bench.engine.recognise(batch)
            return spoken

        once()
        audio, taken = within(seconds / len(BATCH_SECONDS), once)
        found[f"{size:g} s"] = audio / taken
    return found


def clients(bench: Bench, seconds: float) -> dict[str, float]:
    """Let sixteen ask at once, and one who has all clips beforehand."""
    recordings = clips(bench.speech, CLIP_SECONDS, CLIENTS)
    total = CLIENTS * CLIP_SECONDS

    def together() -> float:
        bench.ours.transcribe_together(recordings)
        return total

    def one_after_the_other() -> float:
        for each in recordings:
            bench.ours.transcribe(each)
        return total

    rates = []
    for work in (together, one_after_the_other):
        work()
        audio, taken = within(seconds / 2, work)
        rates.append(audio / taken)
    return {"rtfx": rates[0], "one_after_the_other_rtfx": rates[1]}


def main() -> None:
    """Measure, and write a JSON after each part."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--weights", default="random-full")
    parser.add_argument("--recordings", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=600.0, help="of speech, made once")
    parser.add_argument("--minutes", type=float, default=8.0, help="for everything measured")
    parser.add_argument("--out", type=Path, default=Path("gpu_bench.json"))
    asked = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    bench = Bench(make_setup(asked.weights, device=asked.device, seconds=asked.seconds))
    budget = asked.minutes * 60
    folder = CACHE / "corpus"
    parts: dict[str, Callable[[], Any]] = {
        "recogniser_rtfx": lambda: recogniser(bench, 0.2 * budget),
        "corpus": lambda: corpus(bench, asked.recordings, 0.5 * budget, folder),
        "clients": lambda: clients(bench, 0.2 * budget),
    }
    found: dict[str, Any] = {
        "machine": describe(bench.device),
        "device": str(bench.device_reason),
        "encoder": bench.engine.encoder.description,
        "speech_seconds": len(bench.speech) / SAMPLE_RATE,
        "torch": torch.__version__,
    }
    for name, part in parts.items():
        log.info("%s", name)
        found[name] = part()
        log.info("%s", found[name])
        asked.out.write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
