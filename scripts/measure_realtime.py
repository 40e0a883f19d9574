"""Measure live text: ``python -m scripts.measure_realtime [--model random-full]``.

A console runs in a process of its own, and a recording is sent to its socket /live as a microphone
would send it: a tenth of a second at a time, when that has passed. Printed are

    told         seconds from the arrival of the newest sound in a text to the text, as the server
                 says; of final text they include the silence by which an utterance ends
    seen         the same for whoever sends the sound, from sending the tenth of a second that has
                 it to reading the text
    a second     interim texts, while somebody speaks or not
    of a core    processor time of the server, beside the time that passed

each as the median of the rounds; what is told or seen is the median and the 95th percentile of a
round. Beside them stands the load of the machine.
"""

import argparse
import json
import os
import statistics
import tempfile
import threading
import time
import wave
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from websockets.sync.client import ClientConnection, connect

from scripts.screenshots import EXAMPLE, EXAMPLES
from scripts.server import Server, served

CHUNK_SECONDS = 0.1
PATIENCE_SECONDS = 120
KINDS = ("interim", "final")


@dataclass
class Told:
    """What came of one kind, in seconds."""

    told: list[float] = field(default_factory=list)
    seen: list[float] = field(default_factory=list)


class Talk:
    """A recording on its way."""

    def __init__(self, socket: ClientConnection, path: Path) -> None:
        with wave.open(str(path)) as recording:
            self._rate = recording.getframerate()
            self._sound = recording.readframes(recording.getnframes())
        self._socket = socket
        self._sent: list[float] = []
        """When each chunk was, in monotonic seconds."""
        self.heard = {kind: Told() for kind in KINDS}

    def hold(self) -> float:
        """Say all of it and hear what comes; returns the seconds that it took to say."""
        self._socket.send(json.dumps({"type": "begin", "sample_rate": self._rate}))
        while json.loads(self._socket.recv(PATIENCE_SECONDS))["type"] != "ready":
            pass
        began = time.monotonic()
        listening = threading.Thread(target=self._listen)
        listening.start()
        size = round(self._rate * CHUNK_SECONDS) * 2
        for number, start in enumerate(range(0, len(self._sound), size)):
            until = began + (number + 1) * CHUNK_SECONDS  # a microphone has it once it is over
            time.sleep(max(until - time.monotonic(), 0))
            self._sent.append(time.monotonic())
            self._socket.send(self._sound[start : start + size])
        seconds = time.monotonic() - began
        self._socket.send(json.dumps({"type": "stop"}))
        listening.join()
        return seconds

    def _listen(self) -> None:
        while (message := json.loads(self._socket.recv(PATIENCE_SECONDS)))["type"] != "finished":
            heard = self.heard[message["type"]]
            newest = int(message["segment"]["end"] / CHUNK_SECONDS - 1e-6)
            sent = self._sent[min(newest, len(self._sent) - 1)]
            heard.told.append(message["latency_seconds"])
            heard.seen.append(time.monotonic() - sent)


def talked(server: Server, path: Path) -> Iterator[tuple[str, float]]:
    """Hold one talk, and say what it was like."""
    before = server.processor_seconds
    with connect(f"ws://127.0.0.1:{server.port}/live") as socket:
        talk = Talk(socket, path)
        seconds = talk.hold()
    used = server.processor_seconds - before
    for kind in KINDS:
        for name, values in vars(talk.heard[kind]).items():
            for part, value in zip(
                ("median", "95 %"), np.percentile(values, (50, 95)), strict=True
            ):
                yield f"{kind} text {name}, {part}, seconds", float(value)
    yield "interim texts a second", len(talk.heard["interim"].told) / seconds
    yield "of a core, %", 100 * used / seconds


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description="How late live text is.")
    parser.add_argument("--model", default="embedded", help="as config.yaml has it (embedded)")
    parser.add_argument(
        "--recording", type=Path, default=EXAMPLES / EXAMPLE, help="16-bit mono WAV"
    )
    parser.add_argument("--rounds", type=int, default=3, help="one after the other (3)")
    arguments = parser.parse_args()
    rows: dict[str, list[float]] = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        served(Server(Path(folder), model=arguments.model)) as server,
    ):
        for _ in range(arguments.rounds):
            for what, value in talked(server, arguments.recording):
                rows.setdefault(what, []).append(value)
    print(f"load of the last five minutes: {os.getloadavg()[1]:.1f}")
    print("\n| what | value |\n| --- | --- |")
    for what, values in rows.items():
        print(f"| {what} | {statistics.median(values):.3g} |")


if __name__ == "__main__":
    main()
