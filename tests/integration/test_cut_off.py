"""A server that is told to end amid its work: whoever waits for an answer is told that it ends."""

import base64
import json
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosedOK
from websockets.sync.client import ClientConnection

from tests.fakes import wait_until
from tests.sockets import connect

from .test_operations import LONG, PATIENCE_SECONDS, ROUTE, Server, form_of, headers, started

STOP_SECONDS = 6.0
"""Three of them for work that has begun, and does not go on."""
FRAME = bytes(32_000)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with started(tmp_path, STOP_SECONDS) as server:
        yield server


def streamed(server: Server) -> HTTPResponse:
    """A stream that has begun."""
    line = server.line()
    line.request("POST", ROUTE, form_of(LONG, stream="true"), headers())
    answer = line.getresponse()
    assert answer.status == 200
    assert b"delta" in answer.readline()
    return answer


def talk_realtime(wire: ClientConnection) -> None:
    """Talk, and commit nothing."""
    audio = {"type": "input_audio_buffer.append", "audio": base64.b64encode(FRAME).decode()}
    wire.send(json.dumps(audio))
    assert json.loads(wire.recv())["type"] == "session.created"


def talk_funasr(wire: ClientConnection) -> None:
    wire.send(json.dumps({"mode": "2pass", "is_speaking": True}))
    wire.send(FRAME)


def rest_of(wire: ClientConnection) -> list[dict[str, Any]]:
    """What comes until the server closes, as it should."""
    messages = []
    try:
        while True:
            messages.append(json.loads(wire.recv(timeout=PATIENCE_SECONDS)))
    except ConnectionClosedOK:
        return messages


def test_whoever_is_cut_off_is_told(server: Server) -> None:
    address = f"ws://127.0.0.1:{server.port}"
    with (
        connect(f"{address}/v1/realtime") as realtime,
        connect(f"{address}/funasr") as funasr,
        ThreadPoolExecutor() as pool,
    ):
        talk_realtime(realtime)
        talk_funasr(funasr)
        plain = pool.submit(server.post, LONG, language="zh")
        stream = streamed(server)
        wait_until(lambda: server.sum_of("jobs_running", kind="transcribe") == 2)
        server.process.send_signal(signal.SIGTERM)
        told = [*pool.map(rest_of, (realtime, funasr))]
        events = stream.read().decode().strip().split("\n\n")  # raises where it is truncated
        status, answer, _ = plain.result()
    error = json.loads(events[-1].removeprefix("data: "))["error"]
    assert error["code"] == "interrupted_kept"
    assert (error["type"], error["message"][-1]) == ("server_error", ".")
    assert [json.loads(each.removeprefix("data: "))["type"] for each in events[:-1]] == [
        "transcript.text.delta"
    ] * (len(events) - 1)
    assert status == 503
    assert json.loads(answer)["error"]["code"] in ("interrupted", "interrupted_kept")
    assert told[0][-1]["type"] == "error"
    assert told[0][-1]["error"]["code"] == "stopping"
    assert told[1][-1]["code"] == "stopping"
    assert server.process.wait(PATIENCE_SECONDS) == 0
    assert "Traceback" not in (server.folder / "log").read_text("utf-8")
