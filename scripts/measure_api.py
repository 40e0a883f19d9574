"""Measure what the API costs beside the engine alone: ``python -m scripts.measure_api``.

A console runs in a process of its own; the engine alone runs here, with the same weights. Rounds
alternate between the two, and medians count. Beside them stand shares by the time of the processor,
which tell more on a busy machine. Printed are three figures, each with both sides:

    first delta    seconds from a request with stream=true to its first delta, and those in which
                   the engine has the first words of the same file
    clients        sixteen clients with a clip of ten seconds each, at once, and one caller who has
                   all clips beforehand: finds speech in one after the other, then recognises in
                   batches sorted by length
    upload         megabytes by which the process grows at most while a file is uploaded
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from richspeech.audio.decode import open_recording
from richspeech.bench.sections import CLIENTS, Bench
from richspeech.bench.setup import Setup, make_setup
from richspeech.bench.speech import LIMITS, clips, find_utterances, write_wav
from richspeech.bench.weights import RANDOM_FULL
from richspeech.places import HOME as ROOT
from scripts.screenshots import answers

URL = "/v1/audio/transcriptions"
CLIP_SECONDS, LONG_SECONDS = 10.0, 60.0
BOUNDARY = "a-boundary-that-no-sound-has"
CHUNK_BYTES = 2**20
PATIENCE_SECONDS = 600
BYTES_PER_MB = 10**6


@dataclass(frozen=True)
class Server:
    """A console in a process of its own."""

    process: psutil.Process
    address: str

    @property
    def processor_seconds(self) -> float:
        """What it has used so far."""
        times = self.process.cpu_times()
        return times.user + times.system

    def post(self, chunks: Iterator[bytes], size: int) -> Generator[bytes]:
        """Send a form and yield the lines of the answer as they come."""
        connection = HTTPConnection(urlsplit(self.address).netloc, timeout=PATIENCE_SECONDS)
        kind = f"multipart/form-data; boundary={BOUNDARY}"
        headers = {"content-type": kind, "content-length": str(size)}
        try:
            connection.request("POST", URL, chunks, headers)
            yield from connection.getresponse()
        finally:
            connection.close()


@contextmanager
def started(model: str) -> Iterator[Server]:
    """Start a console without a history; it has loaded its model."""
    port = 6106
    command = [sys.executable, "app_sensevoice.py", "--model", model, "--port", str(port)]
    own = {"RICHSPEECH_HISTORY__ENABLED": "false", "RICHSPEECH_MODEL__VAD_ID": "embedded"}
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | own, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            if not answers(process, f"http://127.0.0.1:{port}/readyz"):
                log.seek(0)
                sys.exit(f"the console did not start:\n{log.read().decode()[-2000:]}")
            yield Server(psutil.Process(process.pid), f"http://127.0.0.1:{port}")
        finally:
            process.terminate()
            process.wait(30)


def form(content: bytes, **fields: str) -> bytes:
    """Return a form with a recording."""
    parts = [_head(f'name="{name}"') + value.encode() for name, value in fields.items()]
    parts.append(_head('name="file"; filename="clip.wav"') + content)
    return b"\r\n".join([*parts, f"--{BOUNDARY}--\r\n".encode()])


def _head(disposition: str) -> bytes:
    return f"--{BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n".encode()


def alternate(rounds: int, *sides: Callable[[], float]) -> list[float]:
    """Return the median seconds of each, taken in turn after one round that does not count."""
    taken = [[side() for side in sides] for _ in range(rounds + 1)]
    return [statistics.median(times) for times in zip(*taken[1:], strict=True)]


def first_delta(server: Server, bench: Bench, rounds: int, folder: Path) -> None:
    """Print how long the first words take."""
    path = folder / "long.wav"
    write_wav(clips(bench.speech, LONG_SECONDS, 1)[0].speech, path)
    body = form(path.read_bytes(), stream="true")

    def stream() -> float:
        began = time.perf_counter()
        with closing(server.post(iter([body]), len(body))) as lines:
            next(line for line in lines if line.startswith(b"data: {"))
            return time.perf_counter() - began

    def engine() -> float:
        began = time.perf_counter()
        with (
            open_recording(path, LIMITS) as recording,
            closing(bench.ours.follow(recording)) as steps,  # type: ignore[type-var]
        ):
            next(step for step in steps if step.transcript.segments)
            return time.perf_counter() - began

    over_http, alone = alternate(rounds, stream, engine)
    print(
        f"first delta: {over_http:.3f} s, engine alone {alone:.3f} s, {over_http / alone:.2f} times"
    )


def clients(server: Server, bench: Bench, rounds: int, folder: Path) -> None:
    """Print how much many clients get done, and one caller who has all their clips."""
    recordings = clips(bench.speech, CLIP_SECONDS, CLIENTS)
    bodies = []
    for number, recording in enumerate(recordings):
        path = folder / f"{number}.wav"
        write_wav(recording.speech, path)
        bodies.append(form(path.read_bytes()))

    def ask(body: bytes) -> str:
        return str(json.loads(b"".join(server.post(iter([body]), len(body))))["text"])

    worked: dict[str, list[float]] = {"clients": [], "caller": []}

    def at_once() -> float:
        began, used = time.perf_counter(), server.processor_seconds
        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(ask, bodies))
        worked["clients"].append(server.processor_seconds - used)
        return time.perf_counter() - began

    def one_caller() -> float:
        began, used = time.perf_counter(), time.process_time()
        found = [find_utterances(each.speech, bench.detector) for each in recordings]
        for batch in bench.batches([each for row in found for each in row]):
            bench.engine.recognise(batch)
        worked["caller"].append(time.process_time() - used)
        return time.perf_counter() - began

    together, alone = alternate(rounds, at_once, one_caller)
    audio = CLIENTS * CLIP_SECONDS
    costs = {side: statistics.median(each[1:]) for side, each in worked.items()}
    print(
        f"{CLIENTS} clients: {audio / together:.1f} times real time, one caller "
        f"{audio / alone:.1f}, share {alone / together:.2f}; seconds of the processor: "
        f"{costs['clients']:.2f} and {costs['caller']:.2f}, share "
        f"{costs['caller'] / costs['clients']:.2f}"
    )


def upload(server: Server, megabytes: int) -> None:
    """Print by how much the server grows while it takes a file that is no recording."""
    head, tail = form(b"").split(b"\r\n\r\n", 1)
    size, chunk = megabytes * BYTES_PER_MB, b"no sound" * (CHUNK_BYTES // 8)

    def content() -> Iterator[bytes]:
        yield head + b"\r\n\r\n"
        for sent in range(0, size, CHUNK_BYTES):
            yield chunk[: size - sent]
        yield tail

    total = len(head) + 4 + size + len(tail)
    before, spent = server.process.memory_info().rss, 0.0
    with peak_of(server.process) as peak:
        began = time.perf_counter()
        answer = b"".join(server.post(content(), total))
        spent = time.perf_counter() - began
    grown = (max(peak) - before) / BYTES_PER_MB
    print(
        f"upload of {megabytes} MB: {grown:.0f} MB of memory more, {spent:.1f} s; {answer.decode()}"
    )


@contextmanager
def peak_of(process: psutil.Process) -> Iterator[list[int]]:
    """Watch the memory of a process."""
    seen, done = [process.memory_info().rss], threading.Event()

    def watch() -> None:
        while not done.wait(0.02):
            with suppress(psutil.NoSuchProcess):
                seen.append(process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        done.set()
        watcher.join()


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default=RANDOM_FULL, help="random-full, embedded or a folder")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--megabytes", type=int, default=2_000, help="of the upload")
    asked = parser.parse_args(arguments)
    setup: Setup = make_setup(asked.model, device="cpu", seconds=CLIENTS * CLIP_SECONDS)
    bench, folder = Bench(setup), Path(tempfile.mkdtemp())
    try:
        with started(setup.model) as server:
            first_delta(server, bench, asked.rounds, folder)
            clients(server, bench, asked.rounds, folder)
            upload(server, asked.megabytes)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
